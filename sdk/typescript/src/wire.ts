// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { concat } from "./bytes.js";

/** Protocol buffers (proto3) in the one canonical form that formats.md §3 allows. */

const varintBytesMax = 10;

function varint(value: bigint): Uint8Array {
  const out: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 128n) {
      out.push(Number(rest));
      return Uint8Array.from(out);
    }
    out.push(Number(rest & 127n) | 128);
  }
}

/** Field with a varint; nothing when it is 0. Negative numbers take ten bytes. */
export function numberField(field: number, value: bigint | number): Uint8Array {
  const number = BigInt(value);
  if (number === 0n) return new Uint8Array();
  return concat(varint(BigInt(field << 3)), varint(number));
}

/** Field of type sfixed64; nothing when it is 0. */
export function fixed64Field(field: number, value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array();
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigInt64(0, value, true);
  return concat(varint(BigInt((field << 3) | 1)), out);
}

/** Field with bytes, a text or a message, written even when it is empty. */
export function presentField(field: number, value: Uint8Array): Uint8Array {
  return concat(varint(BigInt((field << 3) | 2)), varint(BigInt(value.length)), value);
}

/** Field with bytes or a text; nothing when it is empty. */
export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return value.length === 0 ? new Uint8Array() : presentField(field, value);
}

/** `message` behind its length. */
export function lengthPrefixed(message: Uint8Array): Uint8Array {
  return concat(varint(BigInt(message.length)), message);
}

/** What a field may be: one number of at most that value, one value of bytes, or many. */
export type FieldKind = { readonly numberMax: bigint } | "bytes" | "repeated";

/** The fields of a message that was read; absent numbers are 0, absent bytes empty. */
export interface Fields {
  number(field: number): bigint;
  bytes(field: number): Uint8Array;
  repeated(field: number): Uint8Array[];
}

class Reader {
  private at = 0;
  constructor(private readonly input: Uint8Array) {}

  get atEnd(): boolean {
    return this.at === this.input.length;
  }

  /** The shortest form only. */
  varint(): bigint | undefined {
    let value = 0n;
    for (let i = 0; i < varintBytesMax; i++) {
      const byte = this.input[this.at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) return (i > 0 && byte === 0) || value >> 64n !== 0n ? undefined : value;
    }
    return undefined;
  }

  take(size: bigint): Uint8Array | undefined {
    if (size > BigInt(this.input.length - this.at)) return undefined;
    const from = this.at;
    this.at += Number(size);
    return this.input.subarray(from, this.at);
  }
}

/**
 * Reads a message: fields ascending, each once unless repeated, defaults left out, nothing unknown.
 * `undefined` for anything else. `schema` gives the kind of each field by its number.
 */
export function readMessage(
  input: Uint8Array,
  schema: Readonly<Record<number, FieldKind>>,
): Fields | undefined {
  const reader = new Reader(input);
  const numbers = new Map<number, bigint>();
  const values = new Map<number, Uint8Array[]>();
  let last = 0;
  while (!reader.atEnd) {
    const tag = reader.varint();
    if (tag === undefined || tag > 0xffn) return undefined;
    const field = Number(tag >> 3n);
    const kind = schema[field];
    if (kind === undefined || field < last || (field === last && kind !== "repeated")) {
      return undefined;
    }
    last = field;
    const wireType = Number(tag & 7n);
    const value = reader.varint();
    if (value === undefined) return undefined;
    if (typeof kind === "object") {
      if (wireType !== 0 || value === 0n || value > kind.numberMax) return undefined;
      numbers.set(field, value);
      continue;
    }
    const bytes = wireType === 2 ? reader.take(value) : undefined;
    if (bytes === undefined || (kind === "bytes" && bytes.length === 0)) return undefined;
    values.set(field, [...(values.get(field) ?? []), bytes]);
  }
  return {
    number: (field) => numbers.get(field) ?? 0n,
    bytes: (field) => values.get(field)?.[0] ?? new Uint8Array(),
    repeated: (field) => values.get(field) ?? [],
  };
}
