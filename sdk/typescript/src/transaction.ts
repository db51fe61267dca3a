// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { concat, toHex } from "./bytes.js";
import { limits } from "./limits.js";
import { algorithms } from "./signatures.js";
import { bytesField, presentField, readMessage, type Fields } from "./wire.js";

export interface Signer {
  readonly keyId: Uint8Array;
  readonly algorithm: number;
}

/** Which network a transaction is for and who must sign it: formats.md §3. */
export interface Transaction {
  /** The id over the genesis' bytes. */
  readonly network: Uint8Array;
  readonly signers: readonly Signer[];
}

const uint32Max = (1n << 32n) - 1n;
const uint64Max = (1n << 64n) - 1n;
const small = { numberMax: uint32Max };

const bodySchema = {
  1: small, 2: "bytes", 3: "repeated", 4: { numberMax: uint64Max }, 5: "bytes", 6: "repeated",
} as const;
const signerSchema = { 1: "bytes", 2: small } as const;
const messageSchema = { 1: small, 2: small, 3: "bytes" } as const;

function readSigner(bytes: Uint8Array): Signer | undefined {
  const fields = readMessage(bytes, signerSchema);
  if (fields === undefined) return undefined;
  const keyId = fields.bytes(1);
  const algorithm = Number(fields.number(2));
  const known = Object.values<number>(algorithms).includes(algorithm);
  return known && keyId.length === 32 ? { keyId, algorithm } : undefined;
}

function isMessage(bytes: Uint8Array): boolean {
  const fields = readMessage(bytes, messageSchema);
  if (fields === undefined) return false;
  const contract = fields.number(1);
  const type = fields.number(2);
  const payloadBytes = fields.bytes(3).length;
  return (
    contract >= 1n && contract <= 127n && type >= 1n && type <= 65535n &&
    payloadBytes <= limits.payloadBytesMax
  );
}

function hasBodyFields(fields: Fields): boolean {
  const messages = fields.repeated(6);
  return (
    fields.number(1) === 1n && fields.bytes(2).length === 32 && fields.number(4) > 0n &&
    fields.bytes(5).length === 16 && messages.length >= 1 &&
    messages.length <= limits.messagesMax && messages.every(isMessage)
  );
}

/**
 * The network and, in order, the signers that a body names; `undefined` unless body and signatures
 * together are one canonical transaction within its bounds, with as many signatures as signers.
 */
export function readTransaction(
  body: Uint8Array,
  signatures: readonly Uint8Array[],
): Transaction | undefined {
  const raw = concat(bytesField(1, body), ...signatures.map((one) => presentField(2, one)));
  if (raw.length > limits.transactionBytesMax) return undefined;
  const fields = readMessage(body, bodySchema);
  if (fields === undefined || !hasBodyFields(fields)) return undefined;
  const named = fields.repeated(3);
  if (named.length < 1 || named.length > limits.signersMax) return undefined;
  const signers = named.map(readSigner).filter((signer) => signer !== undefined);
  if (signers.length !== named.length || signers.length !== signatures.length) return undefined;
  const different = new Set(signers.map((signer) => toHex(signer.keyId)));
  if (different.size !== signers.length) return undefined;
  return { network: fields.bytes(2), signers };
}
