// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { compare, concat, fromBase64, fromUpperHex, toHex, utf8 } from "./bytes.js";
import { XinglinError } from "./errors.js";
import { asInt64, asString, find, parseDecimal, type Json } from "./json.js";
import { limits } from "./limits.js";
import { readTime, type Time } from "./time.js";
import { rootOf, sha256 } from "./trees.js";
import {
  bytesField, fixed64Field, lengthPrefixed, numberField, presentField,
} from "./wire.js";

/**
 * CometBFT's header, commit and validator set (v0.38 to v0.40: types/block.go,
 * types/validator_set.go, types/canonical.go): read from its JSON, hashed, and what votes sign.
 */

export interface BlockId {
  readonly hash: Uint8Array;
  readonly partsTotal: bigint;
  readonly partsHash: Uint8Array;
}

export interface Header {
  readonly versionBlock: bigint;
  readonly versionApp: bigint;
  readonly chainId: string;
  readonly height: bigint;
  readonly time: Time;
  readonly lastBlockId: BlockId;
  readonly lastCommitHash: Uint8Array;
  readonly dataHash: Uint8Array;
  readonly validatorsHash: Uint8Array;
  readonly nextValidatorsHash: Uint8Array;
  readonly consensusHash: Uint8Array;
  readonly appHash: Uint8Array;
  readonly lastResultsHash: Uint8Array;
  readonly evidenceHash: Uint8Array;
  readonly proposerAddress: Uint8Array;
}

export interface Validator {
  readonly publicKey: Uint8Array;
  readonly address: Uint8Array;
  readonly power: bigint;
}

/** What a slot of a commit says. */
export const flags = { absent: 1n, commit: 2n, nil: 3n } as const;

export interface CommitSignature {
  readonly flag: bigint;
  readonly address: Uint8Array;
  readonly time: Time;
  readonly signature: Uint8Array;
}

export interface Commit {
  readonly height: bigint;
  readonly round: bigint;
  readonly blockId: BlockId;
  readonly signatures: readonly CommitSignature[];
}

/** A header, the votes that made it final, and the set that voted. */
export interface LightBlock {
  readonly header: Header;
  readonly commit: Commit;
  readonly validators: readonly Validator[];
}

const empty = new Uint8Array();
const int64Max = (1n << 63n) - 1n;
const uint32Max = (1n << 32n) - 1n;
const int32Max = (1n << 31n) - 1n;

function malformed(member: string): never {
  throw new XinglinError("receipt_malformed", member);
}

/** An integer written as a string, or as a plain number where CometBFT does so. */
function readInteger(parent: Json | undefined, name: string): bigint {
  const member = find(parent, name);
  const number = asInt64(member);
  if (number !== undefined) return number;
  const decimal = parseDecimal(asString(member));
  return decimal === undefined || decimal > int64Max ? malformed(name) : decimal;
}

/** Upper-case hex, as CometBFT writes it; a missing or null member is empty. */
function readHex(parent: Json | undefined, name: string): Uint8Array {
  const member = find(parent, name);
  if (member === undefined || member === null) return empty;
  if (typeof member !== "string" || member.length > limits.hexTextMax) return malformed(name);
  return fromUpperHex(member) ?? malformed(name);
}

function readBlockId(parent: Json | undefined, name: string): BlockId {
  const member = find(parent, name);
  const hash = readHex(member, "hash");
  // CometBFT's RPC says `parts`, its light-client tools `part_set_header`.
  const rpcName = find(member, "parts");
  const parts = rpcName !== undefined ? rpcName : find(member, "part_set_header");
  if (parts === undefined || parts === null) return { hash, partsTotal: 0n, partsHash: empty };
  const partsTotal = readInteger(parts, "total");
  if (partsTotal < 0n || partsTotal > uint32Max) malformed("total");
  return { hash, partsTotal, partsHash: readHex(parts, "hash") };
}

function readHeader(json: Json | undefined): Header {
  if (!(json instanceof Map)) malformed("header");
  const version = find(json, "version");
  const versionBlock = readInteger(version, "block");
  const versionApp = find(version, "app") === undefined ? 0n : readInteger(version, "app");
  if (versionBlock < 0n || versionApp < 0n) malformed("version");
  const chainId = asString(find(json, "chain_id")) ?? malformed("chain_id");
  if (utf8(chainId).length > limits.chainIdBytesMax) malformed("chain_id");
  return {
    versionBlock,
    versionApp,
    chainId,
    height: readInteger(json, "height"),
    time: readTime(asString(find(json, "time"))) ?? malformed("time"),
    lastBlockId: readBlockId(json, "last_block_id"),
    lastCommitHash: readHex(json, "last_commit_hash"),
    dataHash: readHex(json, "data_hash"),
    validatorsHash: readHex(json, "validators_hash"),
    nextValidatorsHash: readHex(json, "next_validators_hash"),
    consensusHash: readHex(json, "consensus_hash"),
    appHash: readHex(json, "app_hash"),
    lastResultsHash: readHex(json, "last_results_hash"),
    evidenceHash: readHex(json, "evidence_hash"),
    proposerAddress: readHex(json, "proposer_address"),
  };
}

function readCommitSignature(json: Json): CommitSignature {
  const flag = readInteger(json, "block_id_flag");
  if (flag < 1n || flag > 3n) malformed("block_id_flag");
  const address = readHex(json, "validator_address");
  const time = readTime(asString(find(json, "timestamp"))) ?? malformed("timestamp");
  const text = asString(find(json, "signature")) ?? "";
  if (text.length > limits.hexTextMax) malformed("signature");
  return { flag, address, time, signature: fromBase64(text) ?? malformed("signature") };
}

function readCommit(json: Json | undefined): Commit {
  if (!(json instanceof Map)) malformed("commit");
  const height = readInteger(json, "height");
  const round = readInteger(json, "round");
  if (round < 0n || round > int32Max) malformed("round");
  const blockId = readBlockId(json, "block_id");
  const list = find(json, "signatures");
  if (list === null) return { height, round, blockId, signatures: [] }; // Go's empty list
  if (!Array.isArray(list) || list.length > limits.validatorsMax) return malformed("signatures");
  return { height, round, blockId, signatures: list.map(readCommitSignature) };
}

/** First 20 bytes of SHA-256 of a validator's public key. */
export function addressOf(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).slice(0, 20);
}

/** In a genesis addresses are lower-case, and may be left out. */
function statesAddress(stated: Json | undefined, address: Uint8Array, inGenesis: boolean): boolean {
  const digits = toHex(address);
  if (!inGenesis) return stated === digits.toUpperCase();
  return stated === undefined || stated === null || stated === "" || stated === digits;
}

function readValidator(json: Json): Validator {
  const key = find(json, "pub_key");
  const text = asString(find(key, "value"));
  if (find(key, "type") !== "tendermint/PubKeyEd25519" || text === undefined || text.length > 64) {
    return malformed("pub_key");
  }
  const publicKey = fromBase64(text) ?? malformed("pub_key");
  const address = addressOf(publicKey);
  const inGenesis = find(json, "power") !== undefined;
  if (!statesAddress(find(json, "address"), address, inGenesis)) malformed("address");
  return { publicKey, address, power: readInteger(json, inGenesis ? "power" : "voting_power") };
}

/**
 * The `validators` of a genesis or of a light block, in the order that their hash and their
 * commits use: power descending, then address ascending.
 * @throws XinglinError receipt_malformed.
 */
export function readValidators(parent: Json | undefined): Validator[] {
  const list = find(parent, "validators");
  if (!Array.isArray(list) || list.length > limits.validatorsMax) return malformed("validators");
  const inOrder = (a: Validator, b: Validator): number =>
    a.power === b.power ? compare(a.address, b.address) : a.power > b.power ? -1 : 1;
  return list.map(readValidator).sort(inOrder);
}

/** `signed_header` and `validator_set`. @throws XinglinError receipt_malformed. */
export function readLightBlock(json: Json | undefined): LightBlock {
  const signedHeader = find(json, "signed_header");
  return {
    header: readHeader(find(signedHeader, "header")),
    commit: readCommit(find(signedHeader, "commit")),
    validators: readValidators(find(json, "validator_set")),
  };
}

// CometBFT embeds these messages as non-nullable: they are always written, even when empty.

function encodeTime(time: Time): Uint8Array {
  return concat(numberField(1, time.seconds), numberField(2, time.nanos));
}

function encodeBlockId(id: BlockId): Uint8Array {
  const parts = concat(numberField(1, id.partsTotal), bytesField(2, id.partsHash));
  return concat(bytesField(1, id.hash), presentField(2, parts));
}

/** The root over the header's 14 encoded fields: what validators sign. */
export function hashOfHeader(header: Header): Uint8Array {
  return rootOf([
    concat(numberField(1, header.versionBlock), numberField(2, header.versionApp)),
    bytesField(1, utf8(header.chainId)),
    numberField(1, header.height),
    encodeTime(header.time),
    encodeBlockId(header.lastBlockId),
    bytesField(1, header.lastCommitHash),
    bytesField(1, header.dataHash),
    bytesField(1, header.validatorsHash),
    bytesField(1, header.nextValidatorsHash),
    bytesField(1, header.consensusHash),
    bytesField(1, header.appHash),
    bytesField(1, header.lastResultsHash),
    bytesField(1, header.evidenceHash),
    bytesField(1, header.proposerAddress),
  ]);
}

/** The root over a set in its order. */
export function hashOfValidators(validators: readonly Validator[]): Uint8Array {
  return rootOf(
    validators.map((one) =>
      concat(presentField(1, bytesField(1, one.publicKey)), numberField(2, one.power)),
    ),
  );
}

/** What a validator signed with its vote for the commit's block: a CanonicalVote and its length. */
export function voteBytes(chainId: string, commit: Commit, vote: CommitSignature): Uint8Array {
  const precommit = 2;
  return lengthPrefixed(
    concat(
      numberField(1, precommit),
      fixed64Field(2, commit.height),
      fixed64Field(3, commit.round),
      presentField(4, encodeBlockId(commit.blockId)),
      presentField(5, encodeTime(vote.time)),
      bytesField(6, utf8(chainId)),
    ),
  );
}
