// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { sha256 } from "@noble/hashes/sha2";
import { bigEndian64, concat, equal, utf8 } from "./bytes.js";

/** Digests and both Merkle trees: formats-crypto.md §1, §8, §9. */

export { sha256 };

const suite = 1;
const emptySubtree = new Uint8Array(32);

/** Domain tags: formats.md §1. */
export type Tag =
  | "transaction-id" | "transaction-signature" | "key-id" | "network-id"
  | "state-path" | "state-value" | "result" | "app-hash";

/** tag ‖ 00 ‖ suite ‖ parts: what is signed, or hashed by `taggedHash`. */
export function tagged(tag: Tag, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat(utf8(`xinglin/${tag}/v1`), Uint8Array.of(0, suite), ...parts);
}

/** H(tag, parts), 32 bytes. */
export function taggedHash(tag: Tag, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(tagged(tag, ...parts));
}

/** What a header carries of the ledger: formats.md §6. */
export function appHash(state: Uint8Array, history: Uint8Array, size: bigint): Uint8Array {
  return taggedHash("app-hash", state, history, bigEndian64(size));
}

/** A leaf of the append-only tree. */
export function historyLeaf(entry: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(0), entry));
}

function historyNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** The RFC 9162 root over leaves given as bytes. */
export function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  let level = leaves.map(historyLeaf);
  if (level.length === 0) return sha256(new Uint8Array());
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const right = level[i + 1];
      // A last node without sibling rises unchanged, which gives the RFC's split.
      above.push(right === undefined ? level[i]! : historyNode(level[i]!, right));
    }
    level = above;
  }
  return level[0]!;
}

/**
 * The root that a path leads to from a leaf (RFC 9162 §2.1.3.2); `undefined` when the path has not
 * exactly the nodes that this index and size ask for.
 */
export function rootOfInclusion(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (index >= size) return undefined;
  let fn = index;
  let sn = size - 1n;
  let node = leaf;
  for (const sibling of path) {
    if (sn === 0n) return undefined;
    if ((fn & 1n) === 1n || fn === sn) {
      node = historyNode(sibling, node);
      while (fn !== 0n && (fn & 1n) === 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      node = historyNode(node, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n ? node : undefined;
}

/** Where the walk down the state tree ended. */
export interface StateLeaf {
  readonly path: Uint8Array;
  readonly valueHash: Uint8Array;
}

/** A proof about one path of the state tree: siblings from the root down. */
export interface StateProof {
  readonly siblings: readonly Uint8Array[];
  readonly leaf: StateLeaf | null;
}

function bit(path: Uint8Array, depth: number): number {
  return (path[depth >> 3]! >> (7 - (depth & 7))) & 1;
}

function climb(end: Uint8Array, proof: StateProof, path: Uint8Array): Uint8Array {
  let node = end;
  for (let depth = proof.siblings.length - 1; depth >= 0; depth--) {
    const sibling = proof.siblings[depth]!;
    const [left, right] = bit(path, depth) === 1 ? [sibling, node] : [node, sibling];
    node = sha256(concat(Uint8Array.of(3), left, right));
  }
  return node;
}

function stateLeaf(leaf: StateLeaf): Uint8Array {
  return sha256(concat(Uint8Array.of(2), leaf.path, leaf.valueHash));
}

/** Does the proof show that `path` holds that value under `root`? */
export function provesPresence(
  proof: StateProof,
  path: Uint8Array,
  valueHash: Uint8Array,
  root: Uint8Array,
): boolean {
  const leaf = proof.leaf;
  if (leaf === null || !equal(leaf.path, path) || !equal(leaf.valueHash, valueHash)) return false;
  return equal(climb(stateLeaf(leaf), proof, path), root);
}

/** Does the proof show that nothing stands at `path` under `root`? */
export function provesAbsence(proof: StateProof, path: Uint8Array, root: Uint8Array): boolean {
  const leaf = proof.leaf;
  if (leaf === null) return equal(climb(emptySubtree, proof, path), root);
  if (equal(leaf.path, path)) return false;
  // Another leaf holds the subtree alone: it must stand on the way to `path`.
  for (let depth = 0; depth < proof.siblings.length; depth++) {
    if (bit(leaf.path, depth) !== bit(path, depth)) return false;
  }
  return equal(climb(stateLeaf(leaf), proof, path), root);
}
