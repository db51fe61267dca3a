// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { ed25519 } from "@noble/curves/ed25519";
import { p256 } from "@noble/curves/nist";
import { sha256, sha512 } from "@noble/hashes/sha2";
import { concat, equal, littleEndian } from "./bytes.js";
import { verifyAssertion } from "./passkey.js";

/** The network's two rules for Ed25519 and its rule for P-256: formats-crypto.md §2, §3. */

/** Algorithm numbers of formats-crypto.md §1. */
export const algorithms = { ed25519: 1, p256: 2, webauthn_p256: 3 } as const;
export type AlgorithmName = keyof typeof algorithms;

const suite = 1;
const { Point } = ed25519;
const order = Point.Fn.ORDER;

type CurvePoint = InstanceType<typeof Point>;

/** The point of an encoding; `undefined` when it has none. */
function decode(encoded: Uint8Array, leniently: boolean): CurvePoint | undefined {
  try {
    return Point.fromBytes(encoded, leniently);
  } catch {
    return undefined;
  }
}

/** S·B − k·A, which should be R; `undefined` when S ≥ L or the key has no point. */
function expectedR(
  key: CurvePoint | undefined,
  keyBytes: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): CurvePoint | undefined {
  const s = littleEndian(signature.subarray(32));
  if (key === undefined || s >= order) return undefined;
  // Over the encodings as received: the library's own `verify` hashes them encoded again.
  const k = littleEndian(sha512(concat(signature.subarray(0, 32), keyBytes, message))) % order;
  return Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k));
}

/**
 * Ed25519 as commits are verified, by ZIP-215: lenient encodings, the cofactored equation.
 * Bytes of another length are a signature that does not verify.
 */
export function verifyCommitSignature(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (key.length !== 32 || signature.length !== 64) return false;
  const r = decode(signature.subarray(0, 32), true);
  const expected = expectedR(decode(key, true), key, message, signature);
  return r !== undefined && expected !== undefined && expected.subtract(r).isSmallOrder();
}

/**
 * Ed25519 as transactions are verified, the rule of libsodium 1.0.18: S < L; canonical key; neither
 * key nor R of small order; S·B − k·A encodes to R byte for byte.
 */
function verifyEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false;
  const point = decode(key, false);
  if (point === undefined || point.isSmallOrder()) return false;
  const expected = expectedR(point, key, message, signature);
  if (expected === undefined || expected.isSmallOrder()) return false;
  return equal(expected.toBytes(), signature.subarray(0, 32));
}

/** ECDSA with SHA-256; key compressed, signature r ‖ s, s high or low. */
export function verifyP256(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (key.length !== 33 || signature.length !== 64) return false;
  try {
    const options = { prehash: false, lowS: false, format: "compact" } as const;
    return p256.verify(signature, sha256(message), key, options);
  } catch {
    return false; // no point of the curve, or r or s out of range
  }
}

/**
 * Is `signature`, which begins with its suite byte, one of `message` by `key`?
 * Never throws; an unknown algorithm or suite is a signature that does not verify.
 */
export function verifySignature(
  algorithm: number,
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature[0] !== suite) return false;
  const own = signature.subarray(1);
  switch (algorithm) {
    case algorithms.ed25519:
      return verifyEd25519(key, message, own);
    case algorithms.p256:
      return verifyP256(key, message, own);
    case algorithms.webauthn_p256:
      return verifyAssertion(key, message, own);
    default:
      return false;
  }
}
