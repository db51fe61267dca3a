# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""JSON receipts: formats.md §8."""

from dataclasses import dataclass, field
from typing import Any, List, Optional, Sequence, Union

from . import limits, strict_json
from .checkpoint import Document, accept, start_for
from .comet import LightBlock, from_hex, malformed, read_light_block
from .errors import XinglinError
from .genesis import Genesis, bytes_of
from .light_client import signers_of, verify_trust_path
from .signatures import ALGORITHMS, verify
from .strict_json import as_string, as_uint64, find, has, parse_decimal
from .transaction import Signer, read_transaction
from .trees import (
    StateLeaf, StateProof, app_hash, history_leaf, proves_absence, proves_presence,
    root_of_inclusion, tagged, tagged_hash,
)
from .wire import bytes_field, number_field

_MEMBERS = {
    "schema", "entry", "history_index", "history_path", "body", "signers", "result", "state",
    "state_root", "history_root", "history_size", "block", "since", "trust_path",
}


@dataclass(frozen=True)
class HistoryEntry:
    """One leaf of the history: which transaction was executed where, and what came of it."""

    transaction_id: bytes
    height: int
    index: int  # of the envelope in its block, from 0
    envelope_index: int  # of the transaction in its envelope, from 0
    status: int  # 0: applied; else the number with which a contract refused
    result_digest: bytes

    def encode(self) -> bytes:
        """The canonical HistoryEntry."""
        return (
            bytes_field(1, self.transaction_id)
            + number_field(2, self.height)
            + number_field(3, self.index)
            + number_field(4, self.envelope_index)
            + number_field(5, self.status)
            + bytes_field(6, self.result_digest)
        )


@dataclass(frozen=True)
class ProvedSigner:
    """A key that signed a transaction; `key_id` in hex."""

    key_id: str
    algorithm: str
    public_key: bytes


@dataclass(frozen=True)
class ProvedTransaction:
    """An executed transaction: its id in hex, the signed bytes, the canonical TransactionResult."""

    id: str
    height: int
    index: int
    envelope_index: int
    status: int
    signers: List[ProvedSigner]
    body: bytes = field(repr=False)
    result: bytes = field(repr=False)


@dataclass(frozen=True)
class ProvedState:
    """What a state key held: the value with its version byte, or None for nothing."""

    key: bytes
    value: Optional[bytes]


@dataclass(frozen=True)
class ProvedSignature:
    """A validator whose signature verifies; `address` in hex."""

    address: str
    power: int


@dataclass(frozen=True)
class Proof:
    """What a verified receipt proves."""

    chain_id: str
    signed_height: int  # whose header carries the proof
    signed_time: str  # of that header, RFC 3339
    signed_by: List[ProvedSignature]
    signatures: int  # how many validators signed
    validators: int  # how many could have
    transaction: Optional[ProvedTransaction]
    state: Optional[ProvedState]


@dataclass(frozen=True)
class _TransactionPart:
    entry: HistoryEntry
    history_index: int
    history_path: List[bytes]
    body: bytes
    public_keys: List[bytes]
    signatures: List[bytes]
    result: bytes


@dataclass(frozen=True)
class _StatePart:
    key: bytes
    value: Optional[bytes]
    proof: StateProof


@dataclass(frozen=True)
class _Receipt:
    transaction: Optional[_TransactionPart]
    state: Optional[_StatePart]
    state_root: bytes
    history_root: bytes
    history_size: int
    block: LightBlock
    since: int  # 0: nothing is left out of the trust path
    trust_path: List[LightBlock]


def _bytes(parent: Any, name: str, bytes_max: int) -> bytes:
    text = as_string(find(parent, name))
    if text is None or len(text) > bytes_max * 2:
        raise malformed(name)
    content = from_hex(text)
    if content is None:
        raise malformed(name)
    return content


def _hash(parent: Any, name: str) -> bytes:
    content = _bytes(parent, name, 32)
    if len(content) != 32:
        raise malformed(name)
    return content


def _list(parent: Any, name: str, length_max: int) -> list:
    members = find(parent, name)
    if not isinstance(members, list) or len(members) > length_max:
        raise malformed(name)
    return members


def _hashes(parent: Any, name: str, length_max: int) -> List[bytes]:
    out = [from_hex(as_string(one)) for one in _list(parent, name, length_max)]
    if any(one is None or len(one) != 32 for one in out):
        raise malformed(name)
    return out


def _count(parent: Any, name: str) -> int:
    """64 bits, written as a string."""
    number = parse_decimal(as_string(find(parent, name)))
    if number is None:
        raise malformed(name)
    return number


def _small(parent: Any, name: str) -> int:
    """32 bits, written as a number."""
    number = as_uint64(find(parent, name))
    if number is None or number >= 2**32:
        raise malformed(name)
    return number


def _read_transaction(root: dict) -> Optional[_TransactionPart]:
    if "entry" not in root:
        return None
    entry = root["entry"]
    signers = _list(root, "signers", limits.SIGNERS_MAX)
    return _TransactionPart(
        HistoryEntry(
            _hash(entry, "transaction_id"), _count(entry, "height"), _small(entry, "index"),
            _small(entry, "envelope_index"), _small(entry, "status"), _hash(entry, "result_digest"),
        ),
        _count(root, "history_index"),
        _hashes(root, "history_path", limits.HISTORY_PATH_MAX),
        _bytes(root, "body", limits.TRANSACTION_BYTES_MAX),
        [_bytes(one, "public_key", limits.SIGNATURE_BYTES_MAX) for one in signers],
        [_bytes(one, "signature", limits.SIGNATURE_BYTES_MAX) for one in signers],
        _bytes(root, "result", limits.ENVELOPE_BYTES_MAX),
    )


def _read_state(root: dict) -> Optional[_StatePart]:
    if "state" not in root:
        return None
    state = root["state"]
    key = _bytes(state, "key", limits.STATE_KEY_BYTES_MAX)
    value = None
    if not has(state, "value") or state["value"] is not None:
        value = _bytes(state, "value", limits.STATE_VALUE_BYTES_MAX)
    if not key or value == b"":
        raise malformed("key or value")
    siblings = _hashes(state, "siblings", limits.STATE_SIBLINGS_MAX)
    end = find(state, "leaf")
    if not has(state, "leaf") or not isinstance(end, (dict, type(None))):
        raise malformed("leaf")
    leaf = None if end is None else StateLeaf(_hash(end, "path"), _hash(end, "value_hash"))
    return _StatePart(key, value, StateProof(siblings, leaf))


def _read_since(root: dict, block: LightBlock) -> int:
    if "since" not in root:
        return 0
    since = _count(root, "since")
    if not 0 < since < block.header.height:
        raise malformed("since")
    return since


def _read_receipt(document: bytes) -> _Receipt:
    root = strict_json.parse(document, limits.RECEIPT_BYTES_MAX)
    if not isinstance(root, dict) or as_string(root.get("schema")) != "xinglin/receipt/v1":
        raise malformed("schema")
    # A member whose name was altered must not turn into one that is silently left out.
    if not _MEMBERS.issuperset(root):
        raise malformed("unknown member")
    transaction, state = _read_transaction(root), _read_state(root)
    roots = _hash(root, "state_root"), _hash(root, "history_root")
    history_size = _count(root, "history_size")
    block = read_light_block(find(root, "block"))
    return _Receipt(
        transaction,
        state,
        *roots,
        history_size,
        block,
        _read_since(root, block),
        [read_light_block(one) for one in _list(root, "trust_path", limits.TRUST_PATH_MAX)],
    )


def key_id_of(algorithm: int, public_key: bytes) -> bytes:
    """The id of a key: formats.md §2."""
    return tagged_hash("key-id", bytes([algorithm]), public_key)


def _verify_signers(part: _TransactionPart, named: List[Signer]) -> List[ProvedSigner]:
    """The keys are those that the body names, and each signed it."""
    message = tagged("transaction-signature", part.body)
    out = []
    for (key_id, algorithm), key, signature in zip(named, part.public_keys, part.signatures):
        if key_id_of(algorithm, key) != key_id or not verify(algorithm, key, message, signature):
            raise XinglinError("receipt_signature_invalid")
        out.append(ProvedSigner(key_id.hex(), ALGORITHMS[algorithm], key))
    return out


def _verify_transaction(
    receipt: _Receipt, part: _TransactionPart, network_id: str
) -> ProvedTransaction:
    entry = part.entry
    leaf = history_leaf(entry.encode())
    root = root_of_inclusion(leaf, part.history_index, receipt.history_size, part.history_path)
    if root != receipt.history_root:
        raise XinglinError("receipt_entry_mismatch")
    # The header carries the app hash of an earlier block, so it is above the entry's.
    if receipt.block.header.height <= entry.height:
        raise XinglinError("receipt_entry_mismatch", "header is not above the entry")
    if tagged_hash("transaction-id", part.body) != entry.transaction_id:
        raise XinglinError("receipt_digest_mismatch", "transaction")
    if tagged_hash("result", part.result) != entry.result_digest:
        raise XinglinError("receipt_digest_mismatch", "result")
    transaction = read_transaction(part.body, part.signatures)
    if transaction is None:
        raise XinglinError("receipt_signature_invalid")
    # The chain id is a name; this binds every byte of the genesis.
    if transaction.network.hex() != network_id:
        raise XinglinError("receipt_wrong_network")
    return ProvedTransaction(
        entry.transaction_id.hex(), entry.height, entry.index, entry.envelope_index, entry.status,
        _verify_signers(part, transaction.signers), part.body, part.result,
    )


def _verify_state(part: _StatePart, root: bytes) -> ProvedState:
    path = tagged_hash("state-path", part.key)
    if part.value is None:
        proved = proves_absence(part.proof, path, root)
    else:
        proved = proves_presence(part.proof, path, tagged_hash("state-value", part.value), root)
    if not proved:
        raise XinglinError("receipt_state_proof_invalid")
    return ProvedState(part.key, part.value)


def verify_receipt(
    receipt: Union[str, bytes], genesis: Genesis, checkpoints: Sequence[Document] = ()
) -> Proof:
    """Checks a receipt against its network's genesis and says what it proves.

    `checkpoints` are texts or bytes of checkpoint files, lowest height first: the receipt is
    followed from the last one below its header, or from the genesis.

    `receipt` is the text or the bytes of the JSON document: one that something else has parsed
    already may have lost what an alteration added. No clock, no network, nothing else to trust.
    With a transaction every byte of the genesis counts, of state alone its chain id and validators.

    Errors (XinglinError, nothing else): json_invalid, json_too_large, receipt_malformed,
    receipt_wrong_network, receipt_entry_mismatch, receipt_digest_mismatch,
    receipt_signature_invalid, receipt_state_proof_invalid, receipt_app_hash_mismatch,
    trust_start_unknown, trust_path_broken, header_invalid, commit_invalid, validators_mismatch,
    commit_power_insufficient; of checkpoints those of `verify_checkpoint`; and
    crypto_library_failed, which says nothing about the receipt:
    it has P-256 signatures and the package `cryptography` is not installed.
    """
    starts, _ = accept(genesis, checkpoints)
    given = _read_receipt(bytes_of(receipt))
    header = given.block.header
    if header.chain_id != genesis.chain_id:
        raise XinglinError("receipt_wrong_network")
    if given.transaction is None and given.state is None:
        raise malformed("neither an entry nor a state proof")
    transaction = given.transaction and _verify_transaction(
        given, given.transaction, genesis.network_id
    )
    state = given.state and _verify_state(given.state, given.state_root)
    if header.app_hash != app_hash(given.state_root, given.history_root, given.history_size):
        raise XinglinError("receipt_app_hash_mismatch")
    start = start_for(starts, header)
    if start.height < given.since:
        raise XinglinError("trust_start_unknown", f"height {given.since}")
    verify_trust_path(genesis.chain_id, start, given.trust_path, given.block)
    signed_by = [ProvedSignature(one.address.hex(), one.power) for one in signers_of(given.block)]
    return Proof(
        header.chain_id, header.height, str(header.time), signed_by, len(signed_by),
        len(given.block.validators), transaction, state,
    )
