# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""COSE receipts: formats-cose.md. One member's statement, without the validators' signatures."""

from dataclasses import dataclass
from typing import Any, List, NamedTuple, Optional

from . import limits, signatures
from .comet import from_base64
from .errors import XinglinError
from .genesis import Genesis
from .receipt import key_id_of
from .strict_json import as_string, as_uint64, find
from .trees import history_leaf, root_of_inclusion
from .wire import BYTES, Fields, read_message

_COSE_BYTES_MAX = 512 + limits.COSE_ENTRY_BYTES_MAX + limits.HISTORY_PATH_MAX * 34
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)
_SIGN1_TAG = 18
_NULL = b"\xf6"
_ENTRY_LABEL = b"xinglin-history-entry"
# -8 EdDSA and -7 ES256, written as -1 - n.
_COSE_ALGORITHMS = {signatures.ED25519: 7, signatures.P256: 6}
_ENTRY = {1: BYTES, 2: 2**64 - 1, 3: 2**32 - 1, 4: 2**32 - 1, 5: 2**32 - 1, 6: BYTES}


@dataclass(frozen=True)
class SignerKey:
    """The key that a COSE receipt is checked with where the genesis does not name it.

    `algorithm` is "ed25519" or "p256"; `did` and `name` are only passed on.
    """

    algorithm: str
    public_key: bytes
    did: Optional[str] = None
    name: Optional[str] = None


@dataclass(frozen=True)
class Statement:
    """What a member states with a COSE receipt that verified. Ids and digests are in hex.

    `history_index` and `history_size` are not covered by the signature: where the signer says that
    the entry stands. `signer_did` and `signer_name` are those of the genesis, or of the key that
    the caller gave.
    """

    transaction_id: str
    height: int
    index: int
    envelope_index: int
    status: int
    result_digest: str
    history_index: int
    history_size: int
    history_root: str
    signer_key_id: str
    signer_did: Optional[str]
    signer_name: Optional[str]


class _Cose(NamedTuple):
    header: bytes
    algorithm: int
    key_id: bytes
    size: int
    index: int
    path: List[bytes]
    entry: bytes
    signature: bytes


def _malformed() -> XinglinError:
    return XinglinError("receipt_malformed", "COSE")


class _CborReader:
    """Deterministic CBOR (RFC 8949 §4.2.1): another encoding of the same value is refused."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def take(self, size: int) -> bytes:
        if size > len(self.content) - self.at:
            raise _malformed()
        self.at += size
        return self.content[self.at - size : self.at]

    def head(self, major: int) -> int:
        first = self.take(1)[0]
        info = first & 31
        if first >> 5 != major or info > 27:
            raise _malformed()
        if info < 24:
            return info
        size = 1 << (info - 24)
        value = int.from_bytes(self.take(size), "big")
        if value < (24 if size == 1 else 1 << 4 * size):
            raise _malformed()
        return value

    def expect(self, major: int, value: int) -> None:
        if self.head(major) != value:
            raise _malformed()

    def string(self, major: int, bytes_max: int) -> bytes:
        size = self.head(major)
        if size > bytes_max:
            raise _malformed()
        return self.take(size)

    def exactly(self, size: int) -> bytes:
        content = self.string(_BYTES, size)
        if len(content) != size:
            raise _malformed()
        return content

    def end(self) -> None:
        if self.at != len(self.content):
            raise _malformed()


def _read_cose(content: bytes) -> _Cose:
    if len(content) > _COSE_BYTES_MAX:
        raise _malformed()
    reader = _CborReader(content)
    reader.expect(_TAG, _SIGN1_TAG)
    reader.expect(_ARRAY, 4)
    header = reader.string(_BYTES, len(content))
    for major, value in [(_MAP, 2), (_UNSIGNED, 396), (_MAP, 1), (_NEGATIVE, 0), (_ARRAY, 1)]:
        reader.expect(major, value)
    proof = _CborReader(reader.string(_BYTES, len(content)))
    if reader.string(_TEXT, len(_ENTRY_LABEL)) != _ENTRY_LABEL:
        raise _malformed()
    entry = reader.string(_BYTES, limits.COSE_ENTRY_BYTES_MAX)
    if reader.take(1) != _NULL:
        raise _malformed()
    signature = reader.exactly(64)
    reader.end()

    inner = _CborReader(header)
    inner.expect(_MAP, 3)
    inner.expect(_UNSIGNED, 1)
    algorithm = inner.head(_NEGATIVE)
    inner.expect(_UNSIGNED, 4)
    key_id = inner.exactly(32)
    inner.expect(_UNSIGNED, 395)
    inner.expect(_UNSIGNED, 1)
    inner.end()

    proof.expect(_ARRAY, 3)
    size, index = proof.head(_UNSIGNED), proof.head(_UNSIGNED)
    length = proof.head(_ARRAY)
    if not 0 < length <= limits.HISTORY_PATH_MAX:
        raise _malformed()
    path = [proof.exactly(32) for _ in range(length)]
    proof.end()
    return _Cose(header, algorithm, key_id, size, index, path, entry, signature)


def _items(value: Any) -> list:
    return value if isinstance(value, list) else []


class _Key(NamedTuple):
    algorithm: int
    public_key: bytes
    did: Optional[str]
    name: Optional[str]


def _key_in_genesis(genesis: Genesis, key_id: bytes) -> Optional[_Key]:
    """The key of this id among those that the genesis gives its organisations."""
    identity = find(find(genesis.document, "app_state"), "identity")
    for one in _items(find(identity, "organisations")):
        for key in _items(find(one, "keys")):
            algorithm = as_uint64(find(key, "algorithm")) or 0
            public_key = from_base64(as_string(find(key, "public_key")) or "*")
            if algorithm > 255 or public_key is None:
                continue
            if key_id_of(algorithm, public_key) == key_id:
                did, name = as_string(find(one, "did")), as_string(find(one, "name"))
                return _Key(algorithm, public_key, did or "", name or "")
    return None


def _given_key(signer: Optional[SignerKey]) -> Optional[_Key]:
    for number, name in signatures.ALGORITHMS.items():
        if signer is not None and signer.algorithm == name:
            return _Key(number, signer.public_key, signer.did, signer.name)
    return None


def _read_entry(content: bytes) -> Fields:
    entry = read_message(content, _ENTRY)
    if entry is None or len(entry.bytes(1)) != 32 or len(entry.bytes(6)) != 32:
        raise _malformed()
    return entry


def _check_signature(cose: _Cose, key: _Key, root: bytes) -> None:
    own_algorithm = _COSE_ALGORITHMS.get(key.algorithm) == cose.algorithm
    if not own_algorithm or key_id_of(key.algorithm, key.public_key) != cose.key_id:
        raise XinglinError("receipt_signature_invalid", "of another key")
    # Sig_structure of RFC 9052 §4.4: ["Signature1", protected header, h'', root].
    header = bytes([0x58, len(cose.header)]) + cose.header
    signed = b"\x84\x6aSignature1" + header + b"\x40\x58\x20" + root
    if not signatures.verify(key.algorithm, key.public_key, signed, b"\1" + cose.signature):
        raise XinglinError("receipt_signature_invalid")


def begins_like_cose(content: bytes) -> bool:
    """Does a document begin as a COSE receipt does? A JSON receipt never does."""
    return content[:1] == bytes([_TAG << 5 | _SIGN1_TAG])


def verify_cose_receipt(
    receipt: bytes, genesis: Genesis, signer: Optional[SignerKey] = None
) -> Statement:
    """Checks a COSE receipt and says what its signer states; it proves no more than that.

    The key is the one that the genesis gives an organisation, else that of `signer`.

    Errors (XinglinError, nothing else): receipt_malformed, receipt_signer_unknown,
    receipt_entry_mismatch, receipt_signature_invalid; and crypto_library_failed, which says nothing
    about the receipt: it is signed with P-256 and the package `cryptography` is not installed.
    """
    cose = _read_cose(bytes(receipt))
    key = _key_in_genesis(genesis, cose.key_id) or _given_key(signer)
    if key is None:
        raise XinglinError("receipt_signer_unknown")
    entry = _read_entry(cose.entry)
    root = root_of_inclusion(history_leaf(cose.entry), cose.index, cose.size, cose.path)
    if root is None:
        raise XinglinError("receipt_entry_mismatch")
    _check_signature(cose, key, root)
    return Statement(
        entry.bytes(1).hex(), entry.number(2), entry.number(3), entry.number(4), entry.number(5),
        entry.bytes(6).hex(), cose.index, cose.size, root.hex(), cose.key_id.hex(), key.did,
        key.name,
    )
