// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/page.h"

namespace xl::gateway::smart {
namespace {

/// A key made here, which cannot be taken out of the browser, is delegated to by the passkey and
/// signs in; the page goes on once that, or another device, has signed in.
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

// SEC1 compressed: the ledger's form of a P-256 key.
function compressed(raw) {
  const out = new Uint8Array(33);
  out[0] = 2 + (raw[64] & 1);
  out.set(raw.slice(1, 33), 1);
  return out;
}

async function passkey(form) {
  const base = form.dataset.address;
  const did = form.elements.did.value.trim();
  const key = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const sign = async (text) => toText(await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' }, key.privateKey, toBytes(text)));
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', key.publicKey));
  const begun = await post(`${base}/begin`, { did, session_key: toText(compressed(raw)) });
  const asked = await post(`${base}/delegate`, { proof: await sign(begun.possession) });
  const credential = await navigator.credentials.get({ publicKey: {
    challenge: toBytes(asked.challenge),
    rpId: asked.rp_id,
    userVerification: 'required',
    timeout: 120000,
  } });
  const shown = credential.response;
  const delegated = await post(`${base}/assert`, {
    authenticator_data: toText(shown.authenticatorData),
    client_data: toText(shown.clientDataJSON),
    signature: toText(shown.signature),
  });
  const done = await post(`${base}/finish`, { signature: await sign(delegated.sign_in) });
  localStorage.setItem('xinglin-did', did);
  location.assign(done.next);
}

const form = document.getElementById('passkey');
if (form) {
  const button = form.querySelector('button');
  const told = form.querySelector('[role=alert]');
  form.elements.did.value = localStorage.getItem('xinglin-did') || '';
  form.hidden = !window.PublicKeyCredential || !crypto.subtle;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    told.textContent = '';
    try {
      await passkey(form);
    } catch (error) {
      told.textContent = error.message;
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
