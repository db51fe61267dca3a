// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { concat, equal, fromHex, toHex } from "./bytes.js";
import { acceptCheckpoints, startFor } from "./checkpoint.js";
import { readLightBlock, type LightBlock } from "./comet.js";
import { XinglinError } from "./errors.js";
import { bytesOf, type Genesis } from "./genesis.js";
import { asString, asUint64, find, parseDecimal, parseJson, type Json } from "./json.js";
import { signersOf, verifyTrustPath } from "./light_client.js";
import { limits } from "./limits.js";
import { algorithms, verifySignature, type AlgorithmName } from "./signatures.js";
import { writeTime } from "./time.js";
import { readTransaction, type Signer } from "./transaction.js";
import {
  appHash, historyLeaf, provesAbsence, provesPresence, rootOfInclusion, tagged, taggedHash,
  type StateProof,
} from "./trees.js";
import { bytesField, numberField } from "./wire.js";

/** JSON receipts: formats.md §8. */

/** One leaf of the history: which transaction was executed where, and what came of it. */
export interface HistoryEntry {
  readonly transactionId: Uint8Array;
  readonly height: bigint;
  /** of the envelope in its block, from 0 */
  readonly index: number;
  /** of the transaction in its envelope, from 0 */
  readonly envelopeIndex: number;
  /** 0: applied; else the number with which a contract refused */
  readonly status: number;
  readonly resultDigest: Uint8Array;
}

interface SignerProof {
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

interface TransactionPart {
  readonly entry: HistoryEntry;
  readonly historyIndex: bigint;
  readonly historyPath: readonly Uint8Array[];
  readonly body: Uint8Array;
  readonly signers: readonly SignerProof[];
  readonly result: Uint8Array;
}

interface StatePart {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly proof: StateProof;
}

interface Receipt {
  readonly transaction: TransactionPart | undefined;
  readonly state: StatePart | undefined;
  readonly stateRoot: Uint8Array;
  readonly historyRoot: Uint8Array;
  readonly historySize: bigint;
  readonly block: LightBlock;
  /** Changes of validators up to this height are left out; 0: none are. */
  readonly since: bigint;
  readonly trustPath: readonly LightBlock[];
}

/** What a verified receipt proves. Ids and addresses are lower-case hex. */
export interface Proof {
  readonly chainId: string;
  /** The height whose header carries the proof, and its time (RFC 3339). */
  readonly signedHeight: bigint;
  readonly signedTime: string;
  /** Every validator whose signature of that header verifies. */
  readonly signedBy: readonly { readonly address: string; readonly power: bigint }[];
  /** How many signed, and how many could have. */
  readonly signatures: number;
  readonly validators: number;
  /** Present when the receipt is one of an executed transaction. */
  readonly transaction?: ProvedTransaction;
  /** Present when the receipt says what a state key held. */
  readonly state?: ProvedState;
}

export interface ProvedTransaction {
  readonly id: string;
  readonly height: bigint;
  readonly index: number;
  readonly envelopeIndex: number;
  readonly status: number;
  /** The keys that signed it, in the body's order. */
  readonly signers: readonly {
    readonly keyId: string;
    readonly algorithm: AlgorithmName;
    readonly publicKey: Uint8Array;
  }[];
  /** The signed bytes and the canonical TransactionResult. */
  readonly body: Uint8Array;
  readonly result: Uint8Array;
}

export interface ProvedState {
  readonly key: Uint8Array;
  /** With its version byte; `null`: the key held nothing. */
  readonly value: Uint8Array | null;
}

const members = new Set([
  "schema", "entry", "history_index", "history_path", "body", "signers", "result", "state",
  "state_root", "history_root", "history_size", "block", "since",
  "trust_path",
]);
const hashBytes = 32;

function malformed(member: string): never {
  throw new XinglinError("receipt_malformed", member);
}

function readBytes(parent: Json | undefined, name: string, bytesMax: number): Uint8Array {
  const text = asString(find(parent, name));
  if (text === undefined || text.length > bytesMax * 2) return malformed(name);
  return fromHex(text) ?? malformed(name);
}

function readHash(parent: Json | undefined, name: string): Uint8Array {
  const hash = readBytes(parent, name, hashBytes);
  return hash.length === hashBytes ? hash : malformed(name);
}

function readList(parent: Json | undefined, name: string, lengthMax: number): Json[] {
  const list = find(parent, name);
  return Array.isArray(list) && list.length <= lengthMax ? list : malformed(name);
}

function readHashes(parent: Json | undefined, name: string, lengthMax: number): Uint8Array[] {
  return readList(parent, name, lengthMax).map((item) => {
    const hash = fromHex(asString(item) ?? "");
    return hash?.length === hashBytes ? hash : malformed(name);
  });
}

/** 64 bits, written as a string. */
function readCount(parent: Json | undefined, name: string): bigint {
  return parseDecimal(asString(find(parent, name))) ?? malformed(name);
}

/** 32 bits, written as a number. */
function readSmall(parent: Json | undefined, name: string): number {
  const number = asUint64(find(parent, name));
  return number === undefined || number > 0xffff_ffffn ? malformed(name) : Number(number);
}

function readTransactionPart(root: Json): TransactionPart | undefined {
  const entry = find(root, "entry");
  if (entry === undefined) return undefined;
  return {
    entry: {
      transactionId: readHash(entry, "transaction_id"),
      height: readCount(entry, "height"),
      index: readSmall(entry, "index"),
      envelopeIndex: readSmall(entry, "envelope_index"),
      status: readSmall(entry, "status"),
      resultDigest: readHash(entry, "result_digest"),
    },
    historyIndex: readCount(root, "history_index"),
    historyPath: readHashes(root, "history_path", limits.historyPathMax),
    body: readBytes(root, "body", limits.transactionBytesMax),
    signers: readList(root, "signers", limits.signersMax).map((signer) => ({
      publicKey: readBytes(signer, "public_key", limits.signatureBytesMax),
      signature: readBytes(signer, "signature", limits.signatureBytesMax),
    })),
    result: readBytes(root, "result", limits.envelopeBytesMax),
  };
}

function readState(root: Json): StatePart | undefined {
  const state = find(root, "state");
  if (state === undefined) return undefined;
  const key = readBytes(state, "key", limits.stateKeyBytesMax);
  if (key.length === 0) malformed("key");
  const value =
    find(state, "value") === null ? null : readBytes(state, "value", limits.stateValueBytesMax);
  if (value?.length === 0) malformed("value");
  const siblings = readHashes(state, "siblings", limits.stateSiblingsMax);
  const end = find(state, "leaf");
  if (end !== null && !(end instanceof Map)) malformed("leaf");
  const leaf =
    end === null
      ? null
      : { path: readHash(end, "path"), valueHash: readHash(end, "value_hash") };
  return { key, value, proof: { siblings, leaf } };
}

function readSince(root: Json, block: LightBlock): bigint {
  if (find(root, "since") === undefined) return 0n;
  const since = readCount(root, "since");
  return since > 0n && since < block.header.height ? since : malformed("since");
}

function readReceipt(bytes: Uint8Array): Receipt {
  const root = parseJson(bytes, limits.receiptBytesMax);
  if (!(root instanceof Map) || root.get("schema") !== "xinglin/receipt/v1") {
    return malformed("schema");
  }
  // A member whose name was altered must not turn into one that is silently left out.
  for (const name of root.keys()) if (!members.has(name)) malformed("unknown member");
  const roots = {
    transaction: readTransactionPart(root),
    state: readState(root),
    stateRoot: readHash(root, "state_root"),
    historyRoot: readHash(root, "history_root"),
    historySize: readCount(root, "history_size"),
  };
  const block = readLightBlock(root.get("block"));
  return {
    ...roots,
    block,
    since: readSince(root, block),
    trustPath: readList(root, "trust_path", limits.trustPathMax).map(readLightBlock),
  };
}

/** The canonical HistoryEntry. */
export function encodeEntry(entry: HistoryEntry): Uint8Array {
  return concat(
    bytesField(1, entry.transactionId),
    numberField(2, entry.height),
    numberField(3, entry.index),
    numberField(4, entry.envelopeIndex),
    numberField(5, entry.status),
    bytesField(6, entry.resultDigest),
  );
}

/** The id of a key: formats.md §2. */
export function keyIdOf(algorithm: number, publicKey: Uint8Array): Uint8Array {
  return taggedHash("key-id", Uint8Array.of(algorithm), publicKey);
}

/** The keys are those that the body names, and each signed it. */
function verifySigners(
  { body, signers }: TransactionPart,
  named: readonly Signer[],
): ProvedTransaction["signers"] {
  const message = tagged("transaction-signature", body);
  return named.map(({ keyId, algorithm }, i) => {
    const { publicKey, signature } = signers[i]!;
    const itsKey = equal(keyIdOf(algorithm, publicKey), keyId);
    if (!itsKey || !verifySignature(algorithm, publicKey, message, signature)) {
      throw new XinglinError("receipt_signature_invalid");
    }
    const [name] = Object.entries(algorithms).find(([, number]) => number === algorithm)!;
    return { keyId: toHex(keyId), algorithm: name as AlgorithmName, publicKey };
  });
}

function verifyTransaction(
  receipt: Receipt,
  part: TransactionPart,
  networkId: string,
): ProvedTransaction {
  const { entry, historyIndex, historyPath, body, result } = part;
  const leaf = historyLeaf(encodeEntry(entry));
  const root = rootOfInclusion(leaf, historyIndex, receipt.historySize, historyPath);
  if (root === undefined || !equal(root, receipt.historyRoot)) {
    throw new XinglinError("receipt_entry_mismatch");
  }
  // The header carries the app hash of an earlier block, so it is above the entry's.
  if (receipt.block.header.height <= entry.height) {
    throw new XinglinError("receipt_entry_mismatch", "header is not above the entry");
  }
  if (!equal(taggedHash("transaction-id", body), entry.transactionId)) {
    throw new XinglinError("receipt_digest_mismatch", "transaction");
  }
  if (!equal(taggedHash("result", result), entry.resultDigest)) {
    throw new XinglinError("receipt_digest_mismatch", "result");
  }
  const transaction = readTransaction(body, part.signers.map((signer) => signer.signature));
  if (transaction === undefined) throw new XinglinError("receipt_signature_invalid");
  // The chain id is a name; this binds every byte of the genesis.
  if (toHex(transaction.network) !== networkId) throw new XinglinError("receipt_wrong_network");
  const { height, index, envelopeIndex, status } = entry;
  const id = toHex(entry.transactionId);
  const signers = verifySigners(part, transaction.signers);
  return { id, height, index, envelopeIndex, status, signers, body, result };
}

function verifyState(state: StatePart, root: Uint8Array): ProvedState {
  const { key, value, proof } = state;
  const path = taggedHash("state-path", key);
  const proved =
    value === null
      ? provesAbsence(proof, path, root)
      : provesPresence(proof, path, taggedHash("state-value", value), root);
  if (!proved) throw new XinglinError("receipt_state_proof_invalid");
  return { key, value };
}

/**
 * Checks a receipt against its network's genesis, without clock, network or anything else to
 * trust, and says what it proves. `receipt` is the text or the bytes of the JSON document: a
 * document that something else has parsed already may have lost what an alteration added. With a
 * transaction every byte of the genesis counts, of state alone its chain id and validators.
 * `checkpoints` are checkpoint files, lowest height first: the receipt is followed from the last
 * one below its header, or from the genesis.
 * @throws XinglinError json_invalid, json_too_large, receipt_malformed, receipt_wrong_network,
 *   receipt_entry_mismatch, receipt_digest_mismatch, receipt_signature_invalid,
 *   receipt_state_proof_invalid, receipt_app_hash_mismatch, trust_start_unknown,
 *   trust_path_broken, header_invalid,
 *   commit_invalid, validators_mismatch, commit_power_insufficient; of
 *   checkpoints those of `verifyCheckpoint`. Nothing else.
 */
export function verifyReceipt(
  receipt: string | Uint8Array,
  genesis: Genesis,
  checkpoints: readonly (string | Uint8Array)[] = [],
): Proof {
  const { starts } = acceptCheckpoints(genesis, checkpoints);
  const given = readReceipt(bytesOf(receipt));
  const { block, stateRoot, historyRoot, historySize } = given;
  const { header } = block;
  if (header.chainId !== genesis.chainId) throw new XinglinError("receipt_wrong_network");
  if (given.transaction === undefined && given.state === undefined) {
    malformed("neither an entry nor a state proof");
  }
  const transaction =
    given.transaction && verifyTransaction(given, given.transaction, genesis.networkId);
  const state = given.state && verifyState(given.state, stateRoot);
  if (!equal(header.appHash, appHash(stateRoot, historyRoot, historySize))) {
    throw new XinglinError("receipt_app_hash_mismatch");
  }
  const start = startFor(starts, header);
  if (start.height < given.since) {
    throw new XinglinError("trust_start_unknown", `height ${given.since}`);
  }
  verifyTrustPath(genesis.chainId, start, given.trustPath, block);
  const signedBy = signersOf(block).map(({ address, power }) => ({
    address: toHex(address), power,
  }));
  return {
    chainId: header.chainId,
    signedHeight: header.height,
    signedTime: writeTime(header.time),
    signedBy,
    signatures: signedBy.length,
    validators: block.validators.length,
    ...(transaction && { transaction }),
    ...(state && { state }),
  };
}
