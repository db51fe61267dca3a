// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { concat, equal, fromBase64, toHex, utf8 } from "./bytes.js";
import { XinglinError } from "./errors.js";
import { type Genesis } from "./genesis.js";
import { asString, asUint64, find, type Json } from "./json.js";
import { limits } from "./limits.js";
import { keyIdOf } from "./receipt.js";
import { algorithms, verifySignature, type AlgorithmName } from "./signatures.js";
import { historyLeaf, rootOfInclusion } from "./trees.js";
import { readMessage } from "./wire.js";

/** COSE receipts: formats-cose.md. One member's statement, without the validators' signatures. */

/** The key that a COSE receipt is checked with where the genesis does not name it. */
export interface SignerKey {
  readonly algorithm: AlgorithmName;
  readonly publicKey: Uint8Array;
}

/** What a member states with a COSE receipt that verified. Ids and digests are lower-case hex. */
export interface Statement {
  readonly transactionId: string;
  readonly height: bigint;
  readonly index: number;
  readonly envelopeIndex: number;
  readonly status: number;
  readonly resultDigest: string;
  /** Not covered by the signature: where the signer says that the entry stands. */
  readonly historyIndex: bigint;
  readonly historySize: bigint;
  readonly historyRoot: string;
  /** `did` and `name` are those of the genesis; absent for a key that the caller gave. */
  readonly signer: { readonly keyId: string; readonly did?: string; readonly name?: string };
}

const cosePathBytesMax = limits.historyPathMax * 34;
const coseBytesMax = 512 + limits.coseEntryBytesMax + cosePathBytesMax;
const sign1Tag = 18;
const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6 } as const;
const cborNull = 0xf6;
/** -8 EdDSA and -7 ES256, written as -1 - n. */
const coseAlgorithms: Readonly<Record<string, bigint>> = { ed25519: 7n, p256: 6n };
const entryLabel = "xinglin-history-entry";
const uint32 = { numberMax: (1n << 32n) - 1n };
const uint64 = { numberMax: (1n << 64n) - 1n };

function malformed(): never {
  throw new XinglinError("receipt_malformed", "COSE");
}

/** Deterministic CBOR (RFC 8949 §4.2.1): another encoding of the same value is refused. */
class CborReader {
  private at = 0;
  constructor(private readonly input: Uint8Array) {}

  head(kind: number): bigint {
    const first = this.take(1)[0]!;
    const info = first & 31;
    if (first >> 5 !== kind || info > 27) malformed();
    if (info < 24) return BigInt(info);
    const size = 1 << (info - 24);
    const value = BigInt("0x" + toHex(this.take(size)));
    const smallest = size === 1 ? 24n : 1n << BigInt(4 * size);
    return value < smallest ? malformed() : value;
  }
  expect(kind: number, value: number): void {
    if (this.head(kind) !== BigInt(value)) malformed();
  }
  string(kind: number, bytesMax: number): Uint8Array {
    const size = this.head(kind);
    return size > BigInt(bytesMax) ? malformed() : this.take(Number(size));
  }
  hash(): Uint8Array {
    const bytes = this.string(major.bytes, 32);
    return bytes.length === 32 ? bytes : malformed();
  }
  expectNull(): void {
    if (this.take(1)[0] !== cborNull) malformed();
  }
  end(): void {
    if (this.at !== this.input.length) malformed();
  }
  private take(size: number): Uint8Array {
    if (size > this.input.length - this.at) malformed();
    this.at += size;
    return this.input.subarray(this.at - size, this.at);
  }
}

interface Cose {
  readonly header: Uint8Array;
  readonly algorithm: bigint;
  readonly keyId: Uint8Array;
  readonly size: bigint;
  readonly index: bigint;
  readonly path: readonly Uint8Array[];
  readonly entry: Uint8Array;
  readonly signature: Uint8Array;
}

function readHeader(header: Uint8Array): Pick<Cose, "header" | "algorithm" | "keyId"> {
  const reader = new CborReader(header);
  reader.expect(major.map, 3);
  reader.expect(major.unsigned, 1);
  const algorithm = reader.head(major.negative);
  reader.expect(major.unsigned, 4);
  const keyId = reader.hash();
  reader.expect(major.unsigned, 395);
  reader.expect(major.unsigned, 1);
  reader.end();
  return { header, algorithm, keyId };
}

function readProof(proof: Uint8Array): Pick<Cose, "size" | "index" | "path"> {
  const reader = new CborReader(proof);
  reader.expect(major.array, 3);
  const size = reader.head(major.unsigned);
  const index = reader.head(major.unsigned);
  const length = reader.head(major.array);
  if (length === 0n || length > BigInt(limits.historyPathMax)) malformed();
  const path = Array.from({ length: Number(length) }, () => reader.hash());
  reader.end();
  return { size, index, path };
}

function readCose(input: Uint8Array): Cose {
  if (input.length > coseBytesMax) malformed();
  const reader = new CborReader(input);
  reader.expect(major.tag, sign1Tag);
  reader.expect(major.array, 4);
  const header = reader.string(major.bytes, input.length);
  reader.expect(major.map, 2);
  reader.expect(major.unsigned, 396);
  reader.expect(major.map, 1);
  reader.expect(major.negative, 0);
  reader.expect(major.array, 1);
  const proof = reader.string(major.bytes, input.length);
  const label = reader.string(major.text, entryLabel.length);
  if (!equal(label, utf8(entryLabel))) malformed();
  const entry = reader.string(major.bytes, limits.coseEntryBytesMax);
  reader.expectNull();
  const signature = reader.string(major.bytes, 64);
  if (signature.length !== 64) malformed();
  reader.end();
  return { ...readHeader(header), ...readProof(proof), entry, signature };
}

interface KnownKey {
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
  readonly did?: string;
  readonly name?: string;
}

function itemsOf(list: Json | undefined): Json[] {
  return Array.isArray(list) ? list : [];
}

/** The key of this id among those that the genesis gives its organisations. */
function keyInGenesis(genesis: Genesis, keyId: Uint8Array): KnownKey | undefined {
  const identity = find(find(genesis.document, "app_state"), "identity");
  for (const one of itemsOf(find(identity, "organisations"))) {
    for (const key of itemsOf(find(one, "keys"))) {
      const algorithm = Number(asUint64(find(key, "algorithm")) ?? 0n);
      const publicKey = fromBase64(asString(find(key, "public_key")) ?? "*");
      if (algorithm > 255 || publicKey === undefined) continue;
      if (!equal(keyIdOf(algorithm, publicKey), keyId)) continue;
      const did = asString(find(one, "did")) ?? "";
      return { algorithm, publicKey, did, name: asString(find(one, "name")) ?? "" };
    }
  }
  return undefined;
}

/** Does a document begin as a COSE receipt does? A JSON receipt never does. */
export function beginsLikeCose(bytes: Uint8Array): boolean {
  return bytes[0] === ((major.tag << 5) | sign1Tag);
}

function checkSignature(cose: Cose, key: KnownKey, root: Uint8Array): void {
  const name = Object.entries(algorithms).find(([, number]) => number === key.algorithm)?.[0];
  const itsKey =
    coseAlgorithms[name ?? ""] === cose.algorithm &&
    equal(keyIdOf(key.algorithm, key.publicKey), cose.keyId);
  if (!itsKey) throw new XinglinError("receipt_signature_invalid", "of another key");
  // Sig_structure of RFC 9052 §4.4: ["Signature1", protected header, h'', root].
  const signed = concat(
    Uint8Array.of(0x84, 0x6a), utf8("Signature1"),
    Uint8Array.of(0x58, cose.header.length), cose.header,
    Uint8Array.of(0x40, 0x58, root.length), root,
  );
  const signature = concat(Uint8Array.of(1), cose.signature);
  if (!verifySignature(key.algorithm, key.publicKey, signed, signature)) {
    throw new XinglinError("receipt_signature_invalid");
  }
}

/**
 * Checks a COSE receipt with the key that the genesis gives an organisation, or with `signer`, and
 * says what its signer states. It proves no more than that this member says so.
 * @throws XinglinError receipt_malformed, receipt_signer_unknown, receipt_entry_mismatch,
 *   receipt_signature_invalid. Nothing else.
 */
export function verifyCoseReceipt(
  receipt: Uint8Array,
  genesis: Genesis,
  signer?: SignerKey,
): Statement {
  const cose = readCose(receipt);
  const given = signer && { ...signer, algorithm: algorithms[signer.algorithm] };
  const key = keyInGenesis(genesis, cose.keyId) ?? given;
  if (key === undefined) throw new XinglinError("receipt_signer_unknown");
  const entry = readMessage(cose.entry, {
    1: "bytes", 2: uint64, 3: uint32, 4: uint32, 5: uint32, 6: "bytes",
  });
  if (entry?.bytes(1).length !== 32 || entry.bytes(6).length !== 32) return malformed();
  const root = rootOfInclusion(historyLeaf(cose.entry), cose.index, cose.size, cose.path);
  if (root === undefined) throw new XinglinError("receipt_entry_mismatch");
  checkSignature(cose, key, root);
  const { did, name } = key as KnownKey;
  return {
    transactionId: toHex(entry.bytes(1)),
    height: entry.number(2),
    index: Number(entry.number(3)),
    envelopeIndex: Number(entry.number(4)),
    status: Number(entry.number(5)),
    resultDigest: toHex(entry.bytes(6)),
    historyIndex: cose.index,
    historySize: cose.size,
    historyRoot: toHex(root),
    signer: {
      keyId: toHex(cose.keyId),
      ...(did !== undefined && { did }),
      ...(name !== undefined && { name }),
    },
  };
}
