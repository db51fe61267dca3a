// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { XinglinError } from "./errors.js";
import { limits } from "./limits.js";

/**
 * RFC 8259, strictly, and bounded. `JSON.parse` will not do: it takes the last of two members of
 * one name, where another reader takes the first, and it turns numbers into doubles.
 */

/** A number as it was written. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;
export type JsonObject = Map<string, Json>;

const numberText = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const integerText = /^-?(?:0|[1-9][0-9]*)$/;
const escapes: Record<string, string> = {
  '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t",
};
const int64Max = (1n << 63n) - 1n;
const uint64Max = (1n << 64n) - 1n;

class Parser {
  private at = 0;
  private elements = 0;

  constructor(private readonly text: string) {}

  document(): Json {
    this.space();
    const value = this.value(0);
    this.space();
    if (this.at < this.text.length) this.invalid("text behind the value");
    return value;
  }

  /** Recursion is bounded by `jsonDepthMax`. */
  private value(depth: number): Json {
    if (++this.elements > limits.jsonElementsMax) throw new XinglinError("json_too_large");
    const first = this.text[this.at];
    if (first === "{" || first === "[") {
      if (depth === limits.jsonDepthMax) throw new XinglinError("json_too_large", "nesting");
      return first === "{" ? this.object(depth + 1) : this.array(depth + 1);
    }
    if (first === '"') return this.string();
    for (const [word, meaning] of [["true", true], ["false", false], ["null", null]] as const) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return meaning;
      }
    }
    numberText.lastIndex = this.at;
    const number = numberText.exec(this.text);
    if (number === null) return this.invalid("expected a value");
    this.at += number[0].length;
    return new JsonNumber(number[0]);
  }

  private object(depth: number): JsonObject {
    const out: JsonObject = new Map();
    this.items("}", () => {
      if (this.text[this.at] !== '"') this.invalid("expected a member name");
      const name = this.string();
      if (out.has(name)) this.invalid("duplicate member name");
      this.space();
      this.expect(":");
      this.space();
      out.set(name, this.value(depth));
    });
    return out;
  }

  private array(depth: number): Json[] {
    const out: Json[] = [];
    this.items("]", () => out.push(this.value(depth)));
    return out;
  }

  /** From an opening bracket to its closing one, with commas between the items. */
  private items(close: string, item: () => void): void {
    this.at++;
    this.space();
    if (this.text[this.at] !== close) {
      for (;;) {
        item();
        this.space();
        if (this.text[this.at] === close) break;
        this.expect(",");
        this.space();
      }
    }
    this.at++;
  }

  private string(): string {
    let out = "";
    let from = ++this.at;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (Number.isNaN(code)) return this.invalid("string without end");
      if (code < 0x20) return this.invalid("control character in a string");
      if (code === 0x22 || code === 0x5c) {
        out += this.text.slice(from, this.at++);
        if (code === 0x22) return out;
        out += this.escape();
        from = this.at;
      } else {
        this.at++;
      }
    }
  }

  private escape(): string {
    const letter = this.text[this.at++] ?? "";
    const meaning = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
    if (meaning !== undefined) return meaning;
    const unit = letter === "u" ? this.hex4() : this.invalid("malformed escape");
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    const paired = unit < 0xdc00 && this.text.startsWith("\\u", this.at);
    if (!paired) return this.invalid("lone surrogate");
    this.at += 2;
    const low = this.hex4();
    if (low < 0xdc00 || low > 0xdfff) return this.invalid("lone surrogate");
    return String.fromCharCode(unit, low);
  }

  private hex4(): number {
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) return this.invalid("malformed escape");
    this.at += 4;
    return parseInt(digits, 16);
  }

  private space(): void {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at++;
  }

  private expect(character: string): void {
    if (this.text[this.at] !== character) this.invalid(`expected '${character}'`);
    this.at++;
  }

  private invalid(what: string): never {
    throw new XinglinError("json_invalid", `${what} at ${this.at}`);
  }
}

/**
 * Parses one JSON text of at most `bytesMax` bytes: UTF-8 without byte order mark, no lone
 * surrogates, no member twice.
 * @throws XinglinError json_invalid, json_too_large.
 */
export function parseJson(bytes: Uint8Array, bytesMax: number): Json {
  if (bytes.length > bytesMax) throw new XinglinError("json_too_large", `over ${bytesMax} bytes`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new XinglinError("json_invalid", "malformed UTF-8");
  }
  return new Parser(text).document();
}

/** The member of that name; `undefined` when there is none or `value` is no object. */
export function find(value: Json | undefined, name: string): Json | undefined {
  return value instanceof Map ? value.get(name) : undefined;
}

/** The text of a string; `undefined` for every other value. */
export function asString(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A number written without fraction and exponent that fits 64 bits with sign. */
export function asInt64(value: Json | undefined): bigint | undefined {
  if (!(value instanceof JsonNumber) || !integerText.test(value.text)) return undefined;
  if (value.text.length > 20) return undefined;
  const number = BigInt(value.text);
  return number >= -int64Max - 1n && number <= int64Max ? number : undefined;
}

/** As `asInt64` but without sign, also in `-0`. */
export function asUint64(value: Json | undefined): bigint | undefined {
  if (!(value instanceof JsonNumber)) return undefined;
  return value.text.startsWith("-") ? undefined : parseDecimal(value.text);
}

/** A decimal of 64 bits without sign, leading zero or space. */
export function parseDecimal(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^(?:0|[1-9][0-9]{0,19})$/.test(text)) return undefined;
  const number = BigInt(text);
  return number <= uint64Max ? number : undefined;
}
