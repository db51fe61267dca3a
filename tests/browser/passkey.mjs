// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Signs in for an app with a passkey, in headless Chromium at a phone's width, in Chinese:
//   node passkey.mjs URL-OF-AUTHORIZE DID JWK
// Prints where the app is sent back to. The passkey is the private JWK, in a virtual authenticator.
import { createPrivateKey } from 'node:crypto';
import { chromium } from 'playwright-core';

const [url, did, jwk] = process.argv.slice(2);
const width = 360;
const browser = await chromium.launch({
  executablePath: process.env.XL_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const context = await browser.newContext({
  viewport: { width, height: 740 },
  locale: 'zh-CN',
  ignoreHTTPSErrors: true,
});
const page = await context.newPage();
const complaints = [];
page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
page.on('pageerror', (error) => complaints.push(String(error)));
await context.route('https://app.example/**', (route) => route.fulfill({ body: 'back' }));

const authenticator = await context.newCDPSession(page);
await authenticator.send('WebAuthn.enable');
const { authenticatorId } = await authenticator.send('WebAuthn.addVirtualAuthenticator', {
  options: {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  },
});
const key = createPrivateKey({ key: JSON.parse(jwk), format: 'jwk' });
await authenticator.send('WebAuthn.addCredential', {
  authenticatorId,
  credential: {
    credentialId: Buffer.from('a passkey of the test').toString('base64'),
    isResidentCredential: true,
    rpId: 'localhost',
    privateKey: key.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    userHandle: Buffer.from('somebody').toString('base64'),
    signCount: 1,
  },
});

async function checkPage(words) {
  const text = await page.textContent('main');
  if (!text.includes(words)) throw new Error(`the page does not say ${words}: ${text}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > width) throw new Error(`the page is ${wide} wide`);
}

try {
  await page.goto(url);
  await checkPage('通行密钥');
  await page.fill('#did', did);
  await page.click('#passkey button');
  await page.waitForURL('**/oauth/consent/**', { timeout: 30000 }).catch(async (error) => {
    throw new Error(`${await page.textContent('#passkey [role=alert]')} ${error}`);
  });
  await checkPage('同意');
  await page.click('button[value=allow]');
  await page.waitForURL('https://app.example/**', { timeout: 30000 });
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  console.log(page.url());
} finally {
  await browser.close();
}
