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
  return ed25519.verify(signature, message, key, { zip215: true });
}

/**
 * Ed25519 as transactions are verified, the rule of libsodium 1.0.18: S < L; canonical key; neither
 * key nor R of small order; S·B − k·A encodes to R byte for byte.
 */
function verifyEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false;
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= order) return false;
  let point;
  try {
    point = Point.fromBytes(key, false);
  } catch {
    return false; // not canonical, or no point of the curve
  }
  if (point.isSmallOrder()) return false;
  const k = littleEndian(sha512(concat(r, key, message))) % order;
  const expected = Point.BASE.multiplyUnsafe(s).subtract(point.multiplyUnsafe(k));
  return !expected.isSmallOrder() && equal(expected.toBytes(), r);
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
