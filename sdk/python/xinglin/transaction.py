# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Which network a transaction is for and who must sign it: formats.md §3."""

from typing import List, NamedTuple, Optional, Sequence

from . import limits
from .signatures import ALGORITHMS
from .wire import BYTES, REPEATED, Fields, bytes_field, present_field, read_message

_UINT32_MAX = 2**32 - 1
_UINT64_MAX = 2**64 - 1
_BODY = {1: _UINT32_MAX, 2: BYTES, 3: REPEATED, 4: _UINT64_MAX, 5: BYTES, 6: REPEATED}
_SIGNER = {1: BYTES, 2: _UINT32_MAX}
_MESSAGE = {1: _UINT32_MAX, 2: _UINT32_MAX, 3: BYTES}


class Signer(NamedTuple):
    key_id: bytes
    algorithm: int


class Transaction(NamedTuple):
    """What a verifier needs of one; `network` is the id over the genesis' bytes."""

    network: bytes
    signers: List[Signer]


def _signer(content: bytes) -> Optional[Signer]:
    fields = read_message(content, _SIGNER)
    if fields is None or len(fields.bytes(1)) != 32 or fields.number(2) not in ALGORITHMS:
        return None
    return Signer(fields.bytes(1), fields.number(2))


def _is_message(content: bytes) -> bool:
    fields = read_message(content, _MESSAGE)
    return (
        fields is not None
        and 1 <= fields.number(1) <= 127
        and 1 <= fields.number(2) <= 65535
        and len(fields.bytes(3)) <= limits.PAYLOAD_BYTES_MAX
    )


def _has_body_fields(fields: Fields) -> bool:
    messages = fields.repeated(6)
    return (
        fields.number(1) == 1
        and len(fields.bytes(2)) == 32
        and fields.number(4) > 0
        and len(fields.bytes(5)) == 16
        and 1 <= len(messages) <= limits.MESSAGES_MAX
        and all(map(_is_message, messages))
    )


def read_transaction(body: bytes, signatures: Sequence[bytes]) -> Optional[Transaction]:
    """The network and, in order, the signers that a body names.

    None unless body and signatures together are one canonical transaction within its bounds, with
    as many signatures as signers.
    """
    raw = bytes_field(1, body) + b"".join(present_field(2, one) for one in signatures)
    fields = read_message(body, _BODY)
    if len(raw) > limits.TRANSACTION_BYTES_MAX or fields is None or not _has_body_fields(fields):
        return None
    signers = [_signer(one) for one in fields.repeated(3)]
    if not 1 <= len(signers) <= limits.SIGNERS_MAX or None in signers:
        return None
    if len({signer.key_id for signer in signers}) != len(signers):
        return None
    if len(signers) != len(signatures):
        return None
    return Transaction(fields.bytes(2), signers)
