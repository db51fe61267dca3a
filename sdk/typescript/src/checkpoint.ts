// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { compare, concat, equal, fromBase64, fromHex, toBase64, toHex, utf8 } from "./bytes.js";
import { addressOf, hashOfHeader, type Header, type Validator } from "./comet.js";
import { XinglinError } from "./errors.js";
import { bytesOf, type Genesis } from "./genesis.js";
import { asString, asUint64, find, parseDecimal, parseJson, type Json } from "./json.js";
import { limits } from "./limits.js";
import { verifySignature } from "./signatures.js";

/** Checkpoints that members co-sign: formats-checkpoint.md. */

interface Key {
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
}

interface Member {
  /** the 16 bytes of its id */
  readonly organisation: Uint8Array;
  readonly weight: number;
  readonly keys: readonly Key[];
}

interface Signature {
  readonly organisation: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

interface Checkpoint {
  readonly network: Uint8Array;
  readonly height: bigint;
  readonly headerHash: Uint8Array;
  readonly validators: readonly Validator[];
  readonly members: readonly Member[];
  readonly signatures: readonly Signature[];
}

/** Where following validators begins; of the genesis the height is 0. */
export interface Start {
  readonly height: bigint;
  readonly headerHash: Uint8Array;
  readonly validators: readonly Validator[];
}

/** What a verified checkpoint attests. Organisations are DIDs, network and hash lower-case hex. */
export interface CheckpointProof {
  readonly network: string;
  readonly height: bigint;
  readonly headerHash: string;
  /** How many order the next height. */
  readonly validators: number;
  readonly members: readonly { readonly organisation: string; readonly weight: number }[];
  readonly signedBy: readonly string[];
  readonly signedWeight: number;
  readonly totalWeight: number;
}

const schema = "xinglin/checkpoint/v1";
/** The purpose of keys that sign checkpoints. */
const manage = 2n;
const didPrefix = "did:xinglin:";
const base32 = "abcdefghijklmnopqrstuvwxyz234567";
const idBytes = 16;
const int64Max = (1n << 63n) - 1n;

function malformed(what: string): never {
  throw new XinglinError("checkpoint_malformed", what);
}

/** The DID of an id's 16 bytes. */
function didOf(id: Uint8Array): string {
  let number = BigInt(`0x${toHex(id)}`) << 2n; // 128 bits in 26 letters of 5
  let text = "";
  for (let i = 0; i < 26; i++) {
    text = base32[Number(number & 31n)]! + text;
    number >>= 5n;
  }
  return didPrefix + text;
}

/** The 16 bytes of a DID in its canonical form. */
function idOf(did: string | undefined): Uint8Array | undefined {
  if (did === undefined || !/^did:xinglin:[a-z2-7]{26}$/.test(did)) return undefined;
  let number = 0n;
  for (const letter of did.slice(didPrefix.length)) {
    number = (number << 5n) | BigInt(base32.indexOf(letter));
  }
  if ((number & 3n) !== 0n || number === 0n) return undefined;
  return fromHex((number >> 2n).toString(16).padStart(idBytes * 2, "0"));
}

/** An object with exactly so many members: one that was renamed is missed, one added is seen. */
function checkShape(value: Json | undefined, members: number, what: string): void {
  if (!(value instanceof Map) || value.size !== members) malformed(what);
}

function readList(value: Json | undefined, min: number, max: number, what: string): Json[] {
  if (!Array.isArray(value) || value.length < min || value.length > max) return malformed(what);
  return value;
}

function readBase64(parent: Json, name: string, bytesMax: number): Uint8Array {
  const text = asString(find(parent, name));
  if (text === undefined || text.length > Math.floor((bytesMax + 2) / 3) * 4) {
    return malformed(name);
  }
  const content = fromBase64(text);
  return content === undefined || content.length === 0 ? malformed(name) : content;
}

function readHash(parent: Json | undefined, name: string): Uint8Array {
  const hash = fromHex(asString(find(parent, name)) ?? "");
  return hash?.length === 32 ? hash : malformed(name);
}

function readPositive(parent: Json | undefined, name: string): bigint {
  const number = parseDecimal(asString(find(parent, name)));
  return number === undefined || number === 0n || number > int64Max ? malformed(name) : number;
}

function readOrganisation(parent: Json): Uint8Array {
  return idOf(asString(find(parent, "organisation"))) ?? malformed("organisation");
}

function compareKeys(a: Key, b: Key): number {
  return a.algorithm - b.algorithm || compare(a.publicKey, b.publicKey);
}

function compareOrganisations(a: Signature | Member, b: Signature | Member): number {
  return compare(a.organisation, b.organisation);
}

/** Each item is above the one before it. */
function checkRising<T>(items: readonly T[], order: (a: T, b: T) => number, what: string): void {
  for (let i = 1; i < items.length; i++) {
    if (order(items[i - 1]!, items[i]!) >= 0) malformed(`${what}: order`);
  }
}

function readValidators(value: Json | undefined): Validator[] {
  let total = 0n;
  const out = readList(value, 1, limits.validatorsMax, "validators").map((one) => {
    checkShape(one, 2, "validators");
    const publicKey = readBase64(one, "public_key", 32);
    const power = readPositive(one, "power");
    total += power;
    if (publicKey.length !== 32 || total > limits.votingPowerTotalMax) malformed("validators");
    return { publicKey, address: addressOf(publicKey), power };
  });
  const order = (a: Validator, b: Validator): number =>
    a.power === b.power ? compare(a.address, b.address) : a.power > b.power ? -1 : 1;
  for (let i = 1; i < out.length; i++) {
    if (order(out[i - 1]!, out[i]!) > 0) malformed("validators: order");
  }
  return out;
}

function readMember(value: Json): Member {
  checkShape(value, 3, "members");
  const organisation = readOrganisation(value);
  const weight = asUint64(find(value, "weight"));
  if (weight === undefined || weight > limits.memberWeightMax) return malformed("weight");
  const keys = readList(find(value, "keys"), 0, limits.memberKeysMax, "keys").map((one) => {
    checkShape(one, 2, "keys");
    const algorithm = asUint64(find(one, "algorithm"));
    if (algorithm === undefined || algorithm === 0n || algorithm > 255n) {
      return malformed("algorithm");
    }
    const publicKey = readBase64(one, "public_key", limits.checkpointKeyBytesMax);
    return { algorithm: Number(algorithm), publicKey };
  });
  checkRising(keys, compareKeys, "keys");
  return { organisation, weight: Number(weight), keys };
}

function readSignature(value: Json): Signature {
  checkShape(value, 3, "signatures");
  return {
    organisation: readOrganisation(value),
    publicKey: readBase64(value, "public_key", limits.checkpointKeyBytesMax),
    signature: readBase64(value, "signature", limits.signatureBytesMax),
  };
}

function readCheckpoint(document: string | Uint8Array): Checkpoint {
  const root = parseJson(bytesOf(document), limits.checkpointBytesMax);
  checkShape(root, 3, "unknown member");
  if (find(root, "schema") !== schema) malformed("schema");
  const given = find(root, "checkpoint");
  checkShape(given, 5, "checkpoint");
  const content = {
    network: readHash(given, "network"),
    height: readPositive(given, "height"),
    headerHash: readHash(given, "header_hash"),
    validators: readValidators(find(given, "validators")),
    members: readList(find(given, "members"), 1, limits.membersMax, "members").map(readMember),
  };
  checkRising(content.members, compareOrganisations, "members");
  const signatures = readList(find(root, "signatures"), 0, limits.membersMax, "signatures");
  const read = signatures.map(readSignature);
  checkRising(read, compareOrganisations, "signatures");
  return { ...content, signatures: read };
}

/** What members sign: written again from what was read. */
function signedBytes(checkpoint: Checkpoint): Uint8Array {
  const content = JSON.stringify({
    network: toHex(checkpoint.network),
    height: String(checkpoint.height),
    header_hash: toHex(checkpoint.headerHash),
    validators: checkpoint.validators.map(({ publicKey, power }) => ({
      public_key: toBase64(publicKey), power: String(power),
    })),
    members: checkpoint.members.map(({ organisation, weight, keys }) => ({
      organisation: didOf(organisation),
      weight,
      keys: keys.map(({ algorithm, publicKey }) => ({
        algorithm, public_key: toBase64(publicKey),
      })),
    })),
  });
  return concat(utf8(schema), Uint8Array.of(0), utf8(content));
}

/** `undefined` for a key that does not manage. */
function readFoundingKey(value: Json): Key | undefined {
  const purposes = asUint64(find(value, "purposes"));
  const algorithm = asUint64(find(value, "algorithm"));
  const publicKey = fromBase64(asString(find(value, "public_key")) ?? "?");
  if (purposes === undefined || algorithm === undefined || algorithm > 255n || !publicKey) {
    throw new XinglinError("genesis_malformed", "keys");
  }
  return (purposes & manage) === 0n ? undefined : { algorithm: Number(algorithm), publicKey };
}

function items(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** The managing keys that a genesis gives to an organisation. */
function foundingKeys(organisations: Json[], did: string): Key[] {
  const out: Key[] = [];
  for (const party of organisations) {
    if (find(party, "did") !== did) continue;
    for (const value of items(find(party, "keys"))) {
      const key = readFoundingKey(value);
      if (out.length === limits.memberKeysMax) throw new XinglinError("genesis_malformed", "keys");
      if (key !== undefined) out.push(key);
    }
  }
  return out.sort(compareKeys);
}

/** The members of a genesis with their managing keys. */
function foundingMembers(genesis: Genesis): Member[] {
  const refuse = (): never => {
    throw new XinglinError("genesis_malformed", "members");
  };
  const state = find(genesis.document, "app_state");
  const members = items(find(find(state, "governance"), "members"));
  if (members.length === 0 || members.length > limits.membersMax) refuse();
  const organisations = items(find(find(state, "identity"), "organisations"));
  const out = members.map((one): Member => {
    const did = asString(find(one, "organisation"));
    const organisation = idOf(did);
    const weight = asUint64(find(one, "weight"));
    if (did === undefined || organisation === undefined || weight === undefined) return refuse();
    if (weight > limits.memberWeightMax) refuse();
    return { organisation, weight: Number(weight), keys: foundingKeys(organisations, did) };
  });
  return out.sort(compareOrganisations);
}

/** Those whose signatures count. */
function signersOf(checkpoint: Checkpoint, judges: readonly Member[]): Member[] {
  const message = signedBytes(checkpoint);
  const out: Member[] = [];
  for (const { organisation, publicKey, signature } of checkpoint.signatures) {
    const member = judges.find((one) => equal(one.organisation, organisation));
    const key = member?.keys.find((one) => equal(one.publicKey, publicKey));
    if (member === undefined || key === undefined) continue;
    if (!verifySignature(key.algorithm, publicKey, message, signature)) {
      throw new XinglinError("checkpoint_signature_invalid", didOf(organisation));
    }
    out.push(member);
  }
  return out;
}

function weightOf(members: readonly Member[]): number {
  return members.reduce((sum, member) => sum + member.weight, 0);
}

/**
 * Where verifying may begin, the genesis first, and what the last checkpoint attests.
 * @throws XinglinError as `verifyCheckpoint`.
 */
export function acceptCheckpoints(
  genesis: Genesis,
  documents: readonly (string | Uint8Array)[],
): { readonly starts: readonly Start[]; readonly last: CheckpointProof | undefined } {
  const founding = { height: 0n, headerHash: new Uint8Array(), validators: genesis.validators };
  const starts: Start[] = [founding];
  let last: CheckpointProof | undefined;
  if (documents.length === 0) return { starts, last };
  const checkpoints = documents.map(readCheckpoint);
  if (checkpoints.length > limits.checkpointsMax) malformed("too many checkpoints");
  let judges: readonly Member[] = foundingMembers(genesis);
  for (const one of checkpoints) {
    const network = toHex(one.network);
    if (network !== genesis.networkId) throw new XinglinError("checkpoint_wrong_network");
    if (one.height <= starts.at(-1)!.height) throw new XinglinError("checkpoint_out_of_order");
    const signers = signersOf(one, judges);
    const [signedWeight, totalWeight] = [weightOf(signers), weightOf(judges)];
    if (signedWeight * 3 <= totalWeight * 2) {
      const detail = `signed weight ${signedWeight} of ${totalWeight}`;
      throw new XinglinError("checkpoint_weight_insufficient", detail);
    }
    const { height, headerHash, validators } = one;
    starts.push({ height, headerHash, validators });
    judges = one.members;
    last = {
      network, height, headerHash: toHex(headerHash), validators: validators.length,
      members: one.members.map(({ organisation, weight }) => ({
        organisation: didOf(organisation), weight,
      })),
      signedBy: signers.map((member) => didOf(member.organisation)),
      signedWeight, totalWeight,
    };
  }
  return { starts, last };
}

/**
 * Checks a checkpoint with the genesis and the checkpoints before it, lowest height first, and says
 * what it attests.
 * @throws XinglinError json_invalid, json_too_large, genesis_malformed, checkpoint_malformed,
 *   checkpoint_wrong_network, checkpoint_out_of_order, checkpoint_signature_invalid,
 *   checkpoint_weight_insufficient. Nothing else.
 */
export function verifyCheckpoint(
  checkpoint: string | Uint8Array,
  genesis: Genesis,
  earlier: readonly (string | Uint8Array)[] = [],
): CheckpointProof {
  return acceptCheckpoints(genesis, [...earlier, checkpoint]).last!;
}

/** Does it say of itself that it is a checkpoint? */
export function isCheckpoint(bytes: Uint8Array): boolean {
  try {
    return find(parseJson(bytes, limits.checkpointBytesMax), "schema") === schema;
  } catch {
    return false;
  }
}

/**
 * The last start below a header.
 * @throws XinglinError trust_path_broken: a checkpoint names another header at this height.
 */
export function startFor(starts: readonly Start[], header: Header): Start {
  const named = starts.find((one) => one.height === header.height);
  if (named !== undefined && !equal(named.headerHash, hashOfHeader(header))) {
    throw new XinglinError("trust_path_broken", "a checkpoint names another header");
  }
  return starts.findLast((one) => one.height < header.height) ?? starts[0]!;
}
