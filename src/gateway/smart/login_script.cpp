// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/page.h"

namespace xl::gateway::smart {
namespace {

/// A key made here, which cannot be taken out of the browser, is delegated to by the passkey and
/// signs in; the page goes on once that, or another device, has signed in. On the page that makes a
/// passkey: the browser makes it and proves it, and the page waits until the ledger has it.
constexpr std::string_view script_text = R"js('use strict';
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const toBytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

async function post(path, value) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(value),
  });
  const body = await answer.json();
  if (answer.ok) return body;
  const chinese = document.documentElement.lang.startsWith('zh');
  throw new Error(`${body.code}: ${chinese ? body.title_zh : body.detail}`);
}

// What a browser refuses has a code of ours too; what the server refuses has brought its own.
function words(error, told) {
  switch (error.name) {
    case 'InvalidStateError': return told.known;
    case 'NotAllowedError': case 'AbortError': case 'ConstraintError': return told.refused;
    case 'SecurityError': case 'NotSupportedError': return told.impossible;
    case 'TypeError': return told.unreachable;
    default: return error.message;
  }
}

const withoutPasskeys = !window.PublicKeyCredential || !crypto.subtle;

function assertion(credential) {
  const shown = credential.response;
  return {
    credential: toText(credential.rawId),
    authenticator_data: toText(shown.authenticatorData),
    client_data: toText(shown.clientDataJSON),
    signature: toText(shown.signature),
  };
}

// SEC1 compressed: the ledger's form of a P-256 key.
function compressed(raw) {
  const out = new Uint8Array(33);
  out[0] = 2 + (raw[64] & 1);
  out.set(raw.slice(1, 33), 1);
  return out;
}

// Which credential this browser used last for a DID: of several it is asked first.
function usedLast() {
  try {
    return JSON.parse(localStorage.getItem('xinglin-passkey-used')) || {};
  } catch {
    return {};
  }
}

// Of several passkeys another may answer than the one that was asked: then it is asked once more,
// for a signature of its own.
async function delegate(base, did, asked) {
  for (let turn = 0; ; turn += 1) {
    const credential = await navigator.credentials.get({ publicKey: {
      challenge: toBytes(asked.challenge),
      rpId: asked.rp_id,
      allowCredentials: asked.credentials.map((id) => ({ type: 'public-key', id: toBytes(id) })),
      userVerification: 'required',
      timeout: 120000,
    } });
    const used = { ...usedLast(), [did]: toText(credential.rawId) };
    const answer = await post(`${base}/assert`, assertion(credential));
    localStorage.setItem('xinglin-passkey-used', JSON.stringify(used));
    if (answer.sign_in || turn > 1) return answer;
    asked = answer;
  }
}

async function passkey(form) {
  const base = form.dataset.address;
  const did = form.elements.did.value.trim();
  const key = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const sign = async (text) => toText(await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' }, key.privateKey, toBytes(text)));
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', key.publicKey));
  const begun = await post(`${base}/begin`, {
    did, session_key: toText(compressed(raw)), credential: usedLast()[did] || '' });
  const asked = await post(`${base}/delegate`, { proof: await sign(begun.possession) });
  const delegated = await delegate(base, did, asked);
  const done = await post(`${base}/finish`, { signature: await sign(delegated.sign_in) });
  localStorage.setItem('xinglin-did', did);
  location.assign(done.next);
}

const form = document.getElementById('passkey');
if (form) {
  const button = form.querySelector('button');
  const told = form.querySelector('[role=alert]');
  form.elements.did.value = localStorage.getItem('xinglin-did') || '';
  form.hidden = withoutPasskeys;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    told.textContent = '';
    try {
      await passkey(form);
    } catch (error) {
      told.textContent = words(error, form.dataset);
      button.disabled = false;
    }
  });
}

// Which passkeys this browser made for whom: only it knows, so that none is made twice.
function remembered() {
  try {
    return JSON.parse(localStorage.getItem('xinglin-passkeys')) || {};
  } catch {
    return {};
  }
}

async function makePasskey(base, did) {
  const asked = await post(`${base}/begin`, { did });
  const credential = await navigator.credentials.create({ publicKey: {
    challenge: toBytes(asked.challenge),
    rp: { id: asked.rp_id, name: asked.rp_name },
    user: { id: toBytes(asked.user_id), name: asked.user_name, displayName: asked.user_name },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    excludeCredentials: (remembered()[did] || []).map(
      (id) => ({ type: 'public-key', id: toBytes(id) })),
    attestation: 'none',
    timeout: 120000,
  } });
  // SubjectPublicKeyInfo of P-256 ends with the point.
  const raw = new Uint8Array(credential.response.getPublicKey()).slice(-65);
  const known = await post(`${asked.address}/key`, {
    public_key: toText(compressed(raw)), credential: toText(credential.rawId) });
  return { did, address: asked.address, id: credential.rawId, challenge: known.challenge,
    rpId: known.rp_id };
}

async function prove(passkey) {
  const credential = await navigator.credentials.get({ publicKey: {
    challenge: toBytes(passkey.challenge),
    rpId: passkey.rpId,
    allowCredentials: [{ type: 'public-key', id: passkey.id }],
    userVerification: 'required',
    timeout: 120000,
  } });
  return post(`${passkey.address}/proof`, assertion(credential));
}

const enrol = document.getElementById('enrol');
if (enrol) {
  const at = (id) => document.getElementById(id);
  const told = at('told');
  const button = enrol.querySelector('button');
  let passkey;
  const finish = () => {
    const made = remembered();
    made[passkey.did] = [...(made[passkey.did] || []), toText(passkey.id)].slice(-16);
    localStorage.setItem('xinglin-passkeys', JSON.stringify(made));
    localStorage.setItem('xinglin-did', passkey.did);
    at('approve').hidden = true;
    at('made').hidden = false;
  };
  const look = async () => {
    try {
      const answer = await fetch(`${passkey.address}/state`);
      const state = await answer.json();
      if (state.added) return finish();
      if (!answer.ok && state.code) {
        at('approve').hidden = true;
        enrol.parentElement.hidden = false;
        passkey = undefined;
        button.disabled = false;
        const chinese = document.documentElement.lang.startsWith('zh');
        told.textContent = `${state.code}: ${chinese ? state.title_zh : state.detail}`;
        return undefined;
      }
    } catch {
      // The node may be back in a moment.
    }
    return setTimeout(look, 2000);
  };
  // Browsers from 2022 on tell the new key itself.
  enrol.hidden = withoutPasskeys || !('getPublicKey' in AuthenticatorAttestationResponse.prototype);
  if (enrol.hidden) told.textContent = enrol.dataset.impossible;
  enrol.elements.did.value = localStorage.getItem('xinglin-did') || '';
  enrol.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    told.textContent = '';
    const did = enrol.elements.did.value.trim();
    try {
      if (!passkey || passkey.did !== did) passkey = await makePasskey(enrol.dataset.address, did);
      const shown = await prove(passkey);
      at('code').textContent = shown.code;
      at('command').textContent = shown.command;
      at('key').textContent = shown.key_id;
      enrol.parentElement.hidden = true;
      at('approve').hidden = false;
      setTimeout(look, 2000);
    } catch (error) {
      told.textContent = words(error, enrol.dataset);
      // Some browsers want a click of its own for the signature.
      if (passkey) button.textContent = enrol.dataset.again;
      button.disabled = false;
    }
  });
}

const waiting = document.getElementById('waiting');
if (waiting) {
  const look = async () => {
    const answer = await fetch(waiting.dataset.address);
    if (!answer.ok) return location.reload();
    const state = await answer.json();
    if (state.signed_in) return location.assign(state.next);
    return setTimeout(look, 2000);
  };
  setTimeout(look, 2000);
}
)js";

}  // namespace

http::Response login_script() {
  http::Response out;
  out.content_type = "text/javascript; charset=utf-8";
  out.headers["x-content-type-options"] = "nosniff";
  out.body = script_text;
  return out;
}

}  // namespace xl::gateway::smart
