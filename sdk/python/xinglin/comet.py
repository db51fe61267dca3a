# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""CometBFT's header, commit and validator set (v0.38 to v0.40: types/block.go,
types/validator_set.go, types/canonical.go): read from its JSON, hashed, and what votes sign."""

import base64
import binascii
import datetime
import re
from dataclasses import dataclass
from typing import Any, List, Optional, Sequence

from . import limits
from .errors import XinglinError
from .strict_json import as_int64, as_string, find, has, parse_decimal
from .trees import root_of, sha256
from .wire import bytes_field, fixed64_field, length_prefixed, number_field, present_field

ABSENT, COMMIT, NIL = 1, 2, 3  # what a slot of a commit says

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?Z"
)
_EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_UPPER_HEX = re.compile(r"(?:[0-9A-F]{2})*")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_PRECOMMIT = 2


@dataclass(frozen=True)
class Time:
    """A moment: seconds since 1970 (negative before) and 0..999,999,999 nanoseconds."""

    seconds: int
    nanos: int

    def __str__(self) -> str:
        """RFC 3339 in UTC with as many digits of a second as are needed."""
        day = datetime.date.fromordinal(_EPOCH_DAY + self.seconds // 86400)
        minutes, second = divmod(self.seconds % 86400, 60)
        fraction = f".{self.nanos:09}".rstrip("0") if self.nanos else ""
        return f"{day.isoformat()}T{minutes // 60:02}:{minutes % 60:02}:{second:02}{fraction}Z"


@dataclass(frozen=True)
class BlockId:
    hash: bytes
    parts_total: int
    parts_hash: bytes


@dataclass(frozen=True)
class Header:
    version_block: int
    version_app: int
    chain_id: str
    height: int
    time: Time
    last_block_id: BlockId
    last_commit_hash: bytes
    data_hash: bytes
    validators_hash: bytes
    next_validators_hash: bytes
    consensus_hash: bytes
    app_hash: bytes
    last_results_hash: bytes
    evidence_hash: bytes
    proposer_address: bytes


@dataclass(frozen=True)
class Validator:
    public_key: bytes
    address: bytes
    power: int


@dataclass(frozen=True)
class Vote:
    flag: int
    address: bytes
    time: Time
    signature: bytes


@dataclass(frozen=True)
class Commit:
    height: int
    round: int
    block_id: BlockId
    votes: List[Vote]


@dataclass(frozen=True)
class LightBlock:
    """A header, the votes that made it final, and the set that voted."""

    header: Header
    commit: Commit
    validators: List[Validator]


def malformed(member: str) -> XinglinError:
    return XinglinError("receipt_malformed", member)


def from_hex(text: Optional[str]) -> Optional[bytes]:
    """Bytes of lower-case hexadecimal digits; None for anything else."""
    return bytes.fromhex(text) if text is not None and _HEX.fullmatch(text) else None


def from_base64(text: str) -> Optional[bytes]:
    """Bytes of padded base64 (RFC 4648 §4) whose unused bits are zero; else None."""
    if len(text) % 4 or not _BASE64.fullmatch(text):
        return None
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return decoded if base64.b64encode(decoded).decode() == text else None


def read_time(text: Optional[str]) -> Optional[Time]:
    """RFC 3339 in UTC (`Z`), years 1 to 9999, no leap second; None for anything else."""
    match = _TIME.fullmatch(text or "")
    if not match:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    if hour > 23 or minute > 59 or second > 59:
        return None
    try:
        days = datetime.date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    seconds = days * 86400 + hour * 3600 + minute * 60 + second
    return Time(seconds, int((match.group(7) or "0").ljust(9, "0")))


def _required_time(parent: Any, name: str) -> Time:
    time = read_time(as_string(find(parent, name)))
    if time is None:
        raise malformed(name)
    return time


def _integer(parent: Any, name: str) -> int:
    """An integer written as a string, or as a plain number where CometBFT does so."""
    member = find(parent, name)
    number = as_int64(member)
    if number is None:
        number = parse_decimal(as_string(member))
        if number is None or number >= 2**63:
            raise malformed(name)
    return number


def _hex(parent: Any, name: str) -> bytes:
    """Upper-case hex, as CometBFT writes it; a missing or null member is empty."""
    member = find(parent, name)
    if member is None:
        return b""
    text = as_string(member)
    if text is None or len(text) > limits.HEX_TEXT_MAX or not _UPPER_HEX.fullmatch(text):
        raise malformed(name)
    return bytes.fromhex(text)


def _block_id(parent: Any, name: str) -> BlockId:
    member = find(parent, name)
    content = _hex(member, "hash")
    # CometBFT's RPC says `parts`, its light-client tools `part_set_header`.
    parts = find(member, "parts" if has(member, "parts") else "part_set_header")
    if parts is None:
        return BlockId(content, 0, b"")
    total = _integer(parts, "total")
    if not 0 <= total < 2**32:
        raise malformed("total")
    return BlockId(content, total, _hex(parts, "hash"))


def _header(value: Any) -> Header:
    if not isinstance(value, dict):
        raise malformed("header")
    version = find(value, "version")
    version_block = _integer(version, "block")
    version_app = _integer(version, "app") if has(version, "app") else 0
    if version_block < 0 or version_app < 0:
        raise malformed("version")
    chain_id = as_string(find(value, "chain_id"))
    if chain_id is None or len(chain_id.encode()) > limits.CHAIN_ID_BYTES_MAX:
        raise malformed("chain_id")
    hashes = (
        "last_commit_hash", "data_hash", "validators_hash", "next_validators_hash",
        "consensus_hash", "app_hash", "last_results_hash", "evidence_hash", "proposer_address",
    )
    return Header(
        version_block, version_app, chain_id,
        height=_integer(value, "height"),
        time=_required_time(value, "time"),
        last_block_id=_block_id(value, "last_block_id"),
        **{name: _hex(value, name) for name in hashes},
    )


def _vote(value: Any) -> Vote:
    flag = _integer(value, "block_id_flag")
    if not ABSENT <= flag <= NIL:
        raise malformed("block_id_flag")
    text = as_string(find(value, "signature")) or ""
    signature = from_base64(text)
    if signature is None or len(text) > limits.HEX_TEXT_MAX:
        raise malformed("signature")
    address = _hex(value, "validator_address")
    return Vote(flag, address, _required_time(value, "timestamp"), signature)


def _commit(value: Any) -> Commit:
    if not isinstance(value, dict):
        raise malformed("commit")
    height = _integer(value, "height")
    number = _integer(value, "round")
    if not 0 <= number < 2**31:
        raise malformed("round")
    block_id = _block_id(value, "block_id")
    votes = find(value, "signatures")
    if votes is None and has(value, "signatures"):
        votes = []  # Go's empty list
    if not isinstance(votes, list) or len(votes) > limits.VALIDATORS_MAX:
        raise malformed("signatures")
    return Commit(height, number, block_id, [_vote(vote) for vote in votes])


def address_of(public_key: bytes) -> bytes:
    """First 20 bytes of SHA-256 of a validator's public key."""
    return sha256(public_key)[:20]


def _states_address(stated: Any, address: bytes, in_genesis: bool) -> bool:
    """In a genesis addresses are lower-case, and may be left out."""
    if in_genesis:
        return stated is None or stated == "" or stated == address.hex()
    return stated == address.hex().upper()


def _validator(value: Any) -> Validator:
    key = find(value, "pub_key")
    text = as_string(find(key, "value"))
    if as_string(find(key, "type")) != "tendermint/PubKeyEd25519" or text is None:
        raise malformed("pub_key")
    public_key = from_base64(text)
    if public_key is None or len(text) > 64:
        raise malformed("pub_key")
    address = address_of(public_key)
    in_genesis = has(value, "power")
    if not _states_address(find(value, "address"), address, in_genesis):
        raise malformed("address")
    power = _integer(value, "power" if in_genesis else "voting_power")
    return Validator(public_key, address, power)


def read_validators(parent: Any) -> List[Validator]:
    """The `validators` of a genesis or a light block, in the order of their hash and commits.

    That is power descending, then address ascending. Errors: receipt_malformed.
    """
    members = find(parent, "validators")
    if not isinstance(members, list) or len(members) > limits.VALIDATORS_MAX:
        raise malformed("validators")
    return sorted(map(_validator, members), key=lambda one: (-one.power, one.address))


def read_light_block(value: Any) -> LightBlock:
    """`signed_header` and `validator_set`. Errors: receipt_malformed."""
    signed_header = find(value, "signed_header")
    return LightBlock(
        _header(find(signed_header, "header")),
        _commit(find(signed_header, "commit")),
        read_validators(find(value, "validator_set")),
    )


# CometBFT embeds these messages as non-nullable: they are always written, even when empty.


def _encode_time(time: Time) -> bytes:
    return number_field(1, time.seconds) + number_field(2, time.nanos)


def _encode_block_id(block_id: BlockId) -> bytes:
    parts = number_field(1, block_id.parts_total) + bytes_field(2, block_id.parts_hash)
    return bytes_field(1, block_id.hash) + present_field(2, parts)


def hash_of_header(header: Header) -> bytes:
    """The root over the header's 14 encoded fields: what validators sign."""
    hashes = (
        header.last_commit_hash, header.data_hash, header.validators_hash,
        header.next_validators_hash, header.consensus_hash, header.app_hash,
        header.last_results_hash, header.evidence_hash, header.proposer_address,
    )
    return root_of([
        number_field(1, header.version_block) + number_field(2, header.version_app),
        bytes_field(1, header.chain_id.encode()),
        number_field(1, header.height),
        _encode_time(header.time),
        _encode_block_id(header.last_block_id),
        *(bytes_field(1, content) for content in hashes),
    ])


def hash_of_validators(validators: Sequence[Validator]) -> bytes:
    """The root over a set in its order."""
    return root_of([
        present_field(1, bytes_field(1, one.public_key)) + number_field(2, one.power)
        for one in validators
    ])


def vote_bytes(chain_id: str, commit: Commit, vote: Vote) -> bytes:
    """What a validator signed with its vote for the commit's block: CanonicalVote with length."""
    return length_prefixed(
        number_field(1, _PRECOMMIT)
        + fixed64_field(2, commit.height)
        + fixed64_field(3, commit.round)
        + present_field(4, _encode_block_id(commit.block_id))
        + present_field(5, _encode_time(vote.time))
        + bytes_field(6, chain_id.encode())
    )
