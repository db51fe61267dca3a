// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

/** Bytes and their texts. Readers answer `undefined` for what is malformed and never throw. */

const encoder = new TextEncoder();
const hexDigits = "0123456789abcdef";
const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** All parts one behind the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Below, equal to or above zero as `a` sorts before, with or behind `b`, byte by byte. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The same bytes? Not constant-time: nothing here is secret. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return compare(a, b) === 0;
}

/** Lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += hexDigits[byte >> 4]! + hexDigits[byte & 15]!;
  return out;
}

/** Bytes of lower-case hexadecimal digits; `undefined` for anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  return decodeHex(text, /^[0-9a-f]*$/);
}

/** Bytes of upper-case hexadecimal digits, as CometBFT writes them; else `undefined`. */
export function fromUpperHex(text: string): Uint8Array | undefined {
  return decodeHex(text, /^[0-9A-F]*$/);
}

function decodeHex(text: string, form: RegExp): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !form.test(text)) return undefined;
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

/** Bytes of padded base64 (RFC 4648 §4) whose unused bits are zero; else `undefined`. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const digits = text.endsWith("==") ? text.slice(0, -2) : text.replace(/=$/, "");
  if (digits.length % 4 === 1) return undefined;
  const out: number[] = [];
  let group = 0;
  let bits = 0;
  for (const digit of digits) {
    const value = base64Digits.indexOf(digit);
    if (value < 0) return undefined;
    group = (group << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push(group >> bits);
      group &= (1 << bits) - 1;
    }
  }
  return group === 0 ? Uint8Array.from(out) : undefined;
}

/** base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  const digits = encodeBase64(bytes);
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, "=");
}

/** base64url without padding (RFC 4648 §5). */
export function toBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_");
}

function encodeBase64(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let k = 0; k <= Math.min(left, 3); k++) {
      out += base64Digits[(group >> (18 - 6 * k)) & 63]!;
    }
  }
  return out;
}

/** 8 bytes, big-endian. */
export function bigEndian64(value: bigint): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value);
  return out;
}

/** The number whose little-endian bytes these are. */
export function littleEndian(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt("0x" + toHex(bytes.slice().reverse()));
}
