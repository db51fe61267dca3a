// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { sha256 } from "@noble/hashes/sha2";
import { concat, equal, toBase64Url, utf8 } from "./bytes.js";
import { XinglinError } from "./errors.js";
import { JsonNumber, parseJson, type JsonObject } from "./json.js";
import { verifyP256 } from "./signatures.js";

/** Passkeys' assertions: formats-crypto.md §4. */

const pointBytes = 33;
const rpIdBytesMax = 253;
const authenticatorDataBytesMin = 37;
const authenticatorDataBytesMax = 512;
const clientDataBytesMax = 1024;
const clientDataMembersMax = 16;
const flagsUserPresentAndVerified = 0x05;

/** A host name in lower case. */
function isRpId(text: string): boolean {
  return text.length <= rpIdBytesMax && /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/.test(text);
}

function isPortSuffix(text: string): boolean {
  return text === "" || (/^:[1-9][0-9]{0,4}$/.test(text) && Number(text.slice(1)) <= 65535);
}

function belongsTo(origin: string, rpId: string): boolean {
  const local = "http://localhost";
  if (rpId === "localhost" && origin.startsWith(local)) {
    return isPortSuffix(origin.slice(local.length));
  }
  const https = "https://";
  if (!origin.startsWith(https)) return false;
  const [host] = origin.slice(https.length).split(":", 1);
  const port = origin.slice(https.length + host!.length);
  return isRpId(host!) && isPortSuffix(port) && (host === rpId || host!.endsWith(`.${rpId}`));
}

/** The members of clientDataJSON; `undefined` when it is anything but one flat object. */
function readClientData(json: Uint8Array): JsonObject | undefined {
  let value;
  try {
    value = parseJson(json, clientDataBytesMax);
  } catch (error) {
    if (error instanceof XinglinError) return undefined;
    throw error;
  }
  if (!(value instanceof Map) || value.size > clientDataMembersMax) return undefined;
  for (const member of value.values()) {
    const scalar = member === null || typeof member !== "object" || member instanceof JsonNumber;
    if (!scalar) return undefined;
  }
  return value;
}

function takeField(input: Uint8Array): [field: Uint8Array, rest: Uint8Array] | undefined {
  const [high, low] = input;
  if (high === undefined || low === undefined) return undefined;
  const end = 2 + high * 256 + low;
  return end > input.length ? undefined : [input.subarray(2, end), input.subarray(end)];
}

/** `key` is point ‖ rpId; `assertion` is what stands behind the suite byte. Never throws. */
export function verifyAssertion(
  key: Uint8Array,
  message: Uint8Array,
  assertion: Uint8Array,
): boolean {
  const rpId = String.fromCharCode(...key.subarray(pointBytes));
  if (!isRpId(rpId)) return false;
  const first = takeField(assertion);
  const second = first === undefined ? undefined : takeField(first[1]);
  if (first === undefined || second === undefined) return false;
  const [authenticatorData] = first;
  const [clientData, signature] = second;
  if (signature.length !== 64 || authenticatorData.length < authenticatorDataBytesMin) return false;
  if (authenticatorData.length > authenticatorDataBytesMax) return false;
  if (clientData.length > clientDataBytesMax) return false;

  const client = readClientData(clientData);
  if (client === undefined) return false;
  const origin = client.get("origin");
  const crossOrigin = client.get("crossOrigin") ?? (client.has("crossOrigin") ? null : false);
  if (client.get("type") !== "webauthn.get" || crossOrigin !== false) return false;
  if (client.get("challenge") !== toBase64Url(sha256(message))) return false;
  if (typeof origin !== "string" || !belongsTo(origin, rpId)) return false;

  if (!equal(authenticatorData.subarray(0, 32), sha256(utf8(rpId)))) return false;
  const flags = authenticatorData[32]! & flagsUserPresentAndVerified;
  if (flags !== flagsUserPresentAndVerified) return false;
  const signed = concat(authenticatorData, sha256(clientData));
  return verifyP256(key.subarray(0, pointBytes), signed, signature);
}
