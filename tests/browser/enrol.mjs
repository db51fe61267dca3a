// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Makes a passkey on the organisation's page and signs in for an app with it, in headless Chromium
// with a virtual authenticator:
//   node enrol.mjs URL-OF-AUTHORIZE DID FILE [WIDTH LOCALE FOLDER]
// Writes the code that the page shows into FILE, waits until somebody's own key has signed for the
// passkey, and prints where the app is sent back to. FOLDER: for pictures of the pages.
import { renameSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [url, did, file, widthText = '360', locale = 'zh-CN', folder] = process.argv.slice(2);
const width = Number(widthText);
const zh = locale.startsWith('zh');
const browser = await chromium.launch({
  executablePath: process.env.XL_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const context = await browser.newContext({
  viewport: { width, height: 740 },
  locale,
  ignoreHTTPSErrors: true,
});
const page = await context.newPage();
const complaints = [];
page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
page.on('pageerror', (error) => complaints.push(String(error)));
await context.route('https://app.example/**', (route) => route.fulfill({ body: 'back' }));

const authenticator = await context.newCDPSession(page);
await authenticator.send('WebAuthn.enable');
await authenticator.send('WebAuthn.addVirtualAuthenticator', {
  options: {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  },
});

async function checkPage(name, words) {
  const text = await page.innerText('main');
  if (!text.includes(words)) throw new Error(`the page does not say ${words}: ${text}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > width) throw new Error(`the page ${name} is ${wide} wide`);
  if (folder) {
    await page.screenshot({ path: `${folder}/${name}-${locale}-${width}.png`, fullPage: true });
  }
}

async function make() {
  await page.fill('#did', did);
  await page.click('#enrol button');
}

try {
  await page.goto(url);
  await checkPage('login', zh ? '还没有通行密钥' : 'No passkey yet');
  await page.click('#passkey a');
  await checkPage('enrol', zh ? '创建通行密钥' : 'Make a passkey');
  // Of nobody: refused with a code, and the page goes on.
  await page.fill('#did', `did:xinglin:${'a'.repeat(26)}`);
  await page.click('#enrol button');
  await page.waitForFunction(() => document.getElementById('told').textContent.includes('XL'));
  await checkPage('enrol-refused', 'XL');
  complaints.length = 0;  // the browser notes the refusal
  await make();
  await page.waitForFunction(() => document.getElementById('code').textContent.length === 9, null, {
    timeout: 30000,
  }).catch(async (error) => {
    throw new Error(`${await page.textContent('#told')} ${error}`);
  });
  await checkPage('enrol-code', zh ? '现有的密钥' : 'the key that you have');
  writeFileSync(`${file}.part`, await page.textContent('#code'));
  renameSync(`${file}.part`, file);
  await page.waitForSelector('#made', { timeout: 60000 });
  await checkPage('enrol-made', zh ? '已可使用' : 'The passkey works');
  const signIn = await page.getAttribute('#made a', 'href');
  // This device holds one now.
  await page.goto(page.url());
  await make();
  await page.waitForFunction(
    () => document.getElementById('told').textContent.includes('XL4226'), null, { timeout: 30000 });
  await checkPage('enrol-known', 'XL4226');
  await page.goto(signIn);
  if (await page.inputValue('#did') !== did) throw new Error('the DID is not remembered');
  await page.click('#passkey button');
  await page.waitForURL('**/oauth/consent/**', { timeout: 30000 }).catch(async (error) => {
    throw new Error(`${await page.textContent('#passkey [role=alert]')} ${error}`);
  });
  await checkPage('consent', zh ? '同意' : 'Allow');
  await page.click('button[value=allow]');
  await page.waitForURL('https://app.example/**', { timeout: 30000 });
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  console.log(page.url());
} finally {
  await browser.close();
}
