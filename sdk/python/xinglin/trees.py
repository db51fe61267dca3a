# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Digests and both Merkle trees: formats-crypto.md §1, §8, §9."""

import hashlib
from dataclasses import dataclass
from typing import List, Optional, Sequence

_SUITE = b"\x01"
_EMPTY_SUBTREE = bytes(32)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def tagged(tag: str, *parts: bytes) -> bytes:
    """tag ‖ 00 ‖ suite ‖ parts, `tag` without `xinglin/` and `/v1`: formats.md §1."""
    return f"xinglin/{tag}/v1".encode() + b"\0" + _SUITE + b"".join(parts)


def tagged_hash(tag: str, *parts: bytes) -> bytes:
    """H(tag, parts), 32 bytes."""
    return sha256(tagged(tag, *parts))


def app_hash(state_root: bytes, history_root: bytes, history_size: int) -> bytes:
    """What a header carries of the ledger: formats.md §6."""
    return tagged_hash("app-hash", state_root, history_root, history_size.to_bytes(8, "big"))


def history_leaf(entry: bytes) -> bytes:
    """A leaf of the append-only tree."""
    return sha256(b"\0" + entry)


def _history_node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The RFC 9162 root over leaves given as bytes."""
    level = [history_leaf(leaf) for leaf in leaves]
    if not level:
        return sha256(b"")
    while len(level) > 1:
        above = [_history_node(*pair) for pair in zip(level[::2], level[1::2])]
        # A last node without sibling rises unchanged, which gives the RFC's split.
        level = above + level[len(level) - len(level) % 2 :]
    return level[0]


def root_of_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes]
) -> Optional[bytes]:
    """The root that a path leads to from a leaf (RFC 9162 §2.1.3.2).

    None when the path has not exactly the nodes that this index and size ask for.
    """
    if index >= size:
        return None
    fn, sn, node = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            node = _history_node(sibling, node)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            node = _history_node(node, sibling)
        fn >>= 1
        sn >>= 1
    return None if sn else node


@dataclass(frozen=True)
class StateLeaf:
    """Where the walk down the state tree ended."""

    path: bytes
    value_hash: bytes


@dataclass(frozen=True)
class StateProof:
    """A proof about one path of the state tree: siblings from the root down."""

    siblings: List[bytes]
    leaf: Optional[StateLeaf]


def _bit(path: bytes, depth: int) -> int:
    return path[depth >> 3] >> (7 - (depth & 7)) & 1


def _climb(node: bytes, siblings: Sequence[bytes], path: bytes) -> bytes:
    for depth in reversed(range(len(siblings))):
        sibling = siblings[depth]
        node = sha256(b"\3" + (sibling + node if _bit(path, depth) else node + sibling))
    return node


def _state_leaf(leaf: StateLeaf) -> bytes:
    return sha256(b"\2" + leaf.path + leaf.value_hash)


def proves_presence(proof: StateProof, path: bytes, value_hash: bytes, root: bytes) -> bool:
    """Does the proof show that `path` holds that value under `root`?"""
    if proof.leaf != StateLeaf(path, value_hash):
        return False
    return _climb(_state_leaf(proof.leaf), proof.siblings, path) == root


def proves_absence(proof: StateProof, path: bytes, root: bytes) -> bool:
    """Does the proof show that nothing stands at `path` under `root`?"""
    leaf = proof.leaf
    if leaf is None:
        return _climb(_EMPTY_SUBTREE, proof.siblings, path) == root
    # Another leaf holds the subtree alone: it must stand on the way to `path`.
    on_the_way = all(_bit(leaf.path, d) == _bit(path, d) for d in range(len(proof.siblings)))
    if leaf.path == path or not on_the_way:
        return False
    return _climb(_state_leaf(leaf), proof.siblings, path) == root
