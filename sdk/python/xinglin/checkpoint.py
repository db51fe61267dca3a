# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Checkpoints that members co-sign: formats-checkpoint.md."""

import base64
import re
from dataclasses import dataclass, field
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

from . import comet, limits, strict_json
from .comet import Validator, from_base64, from_hex
from .errors import XinglinError
from .genesis import Genesis, bytes_of
from .signatures import verify
from .strict_json import as_string, as_uint64, find, parse_decimal

Document = Union[str, bytes]

_SCHEMA = "xinglin/checkpoint/v1"
_TAG = _SCHEMA.encode() + b"\0"
_MANAGE = 2  # the purpose of keys that sign checkpoints
_DID = re.compile(r"did:xinglin:([a-z2-7]{26})")


class Key(NamedTuple):
    """In the order of the format: by algorithm, then by bytes."""

    algorithm: int
    public_key: bytes


@dataclass(frozen=True)
class Member:
    """A member, what it weighs and who may sign for it; `organisation` is its id's 16 bytes."""

    organisation: bytes
    weight: int
    keys: List[Key]


@dataclass(frozen=True)
class Signature:
    """One member's word."""

    organisation: bytes
    public_key: bytes
    signature: bytes


@dataclass(frozen=True)
class Content:
    """What members state together."""

    network: bytes
    height: int
    header_hash: bytes
    validators: List[Validator]
    members: List[Member]


@dataclass(frozen=True)
class Start:
    """Where following validators begins; of the genesis the height is 0."""

    height: int
    header_hash: bytes
    validators: Sequence[Validator] = field(repr=False)


@dataclass(frozen=True)
class CheckpointProof:
    """What a verified checkpoint attests; organisations are DIDs, the hash and network in hex.

    `members` are those present at its height, each with its weight.
    """

    network: str
    height: int
    header_hash: str
    validators: int
    members: List[Tuple[str, int]]
    signed_by: List[str]
    signed_weight: int
    total_weight: int


def _malformed(what: str) -> XinglinError:
    return XinglinError("checkpoint_malformed", what)


def did_of(organisation: bytes) -> str:
    """The DID of an id's 16 bytes."""
    return "did:xinglin:" + base64.b32encode(organisation).decode().rstrip("=").lower()


def id_of(did: Optional[str]) -> Optional[bytes]:
    """The 16 bytes of a DID in its canonical form; None for everything else."""
    found = _DID.fullmatch(did or "")
    if found is None:
        return None
    content = base64.b32decode(found[1].upper() + "======")
    return content if did_of(content) == did and any(content) else None


def _object(value: Any, members: int, what: str) -> dict:
    """With exactly so many members: one that was renamed is missed, one added is seen."""
    if not isinstance(value, dict) or len(value) != members:
        raise _malformed(what)
    return value


def _list(value: Any, length_min: int, length_max: int, what: str) -> list:
    if not isinstance(value, list) or not length_min <= len(value) <= length_max:
        raise _malformed(what)
    return value


def _base64(parent: dict, name: str, bytes_max: int) -> bytes:
    text = as_string(find(parent, name))
    if text is None or len(text) > (bytes_max + 2) // 3 * 4:
        raise _malformed(name)
    content = from_base64(text)
    if not content:
        raise _malformed(name)
    return content


def _hash(parent: dict, name: str) -> bytes:
    content = from_hex(as_string(find(parent, name)))
    if content is None or len(content) != 32:
        raise _malformed(name)
    return content


def _positive(parent: dict, name: str) -> int:
    number = parse_decimal(as_string(find(parent, name)))
    if number is None or not 0 < number < 2**63:
        raise _malformed(name)
    return number


def _organisation(parent: dict) -> bytes:
    organisation = id_of(as_string(find(parent, "organisation")))
    if organisation is None:
        raise _malformed("organisation")
    return organisation


def _check_rising(keys: Sequence[Any], what: str) -> None:
    if any(not a < b for a, b in zip(keys, keys[1:])):
        raise _malformed(f"{what}: order")


def _validators(value: Any) -> List[Validator]:
    out = []
    for one in _list(value, 1, limits.VALIDATORS_MAX, "validators"):
        _object(one, 2, "validators")
        key = _base64(one, "public_key", 32)
        power = _positive(one, "power")
        if len(key) != 32:
            raise _malformed("validators")
        out.append(Validator(key, comet.address_of(key), power))
    if sum(one.power for one in out) > limits.VOTING_POWER_TOTAL_MAX:
        raise _malformed("validators")
    order = [(-one.power, one.address) for one in out]
    if order != sorted(order):
        raise _malformed("validators: order")
    return out


def _member(value: Any) -> Member:
    _object(value, 3, "members")
    organisation = _organisation(value)
    weight = as_uint64(find(value, "weight"))
    if weight is None or weight > limits.MEMBER_WEIGHT_MAX:
        raise _malformed("weight")
    keys = []
    for one in _list(find(value, "keys"), 0, limits.MEMBER_KEYS_MAX, "keys"):
        _object(one, 2, "keys")
        algorithm = as_uint64(find(one, "algorithm"))
        if algorithm is None or not 0 < algorithm < 256:
            raise _malformed("algorithm")
        keys.append(Key(algorithm, _base64(one, "public_key", limits.CHECKPOINT_KEY_BYTES_MAX)))
    _check_rising(keys, "keys")
    return Member(organisation, weight, keys)


def _signature(value: Any) -> Signature:
    _object(value, 3, "signatures")
    return Signature(
        _organisation(value),
        _base64(value, "public_key", limits.CHECKPOINT_KEY_BYTES_MAX),
        _base64(value, "signature", limits.SIGNATURE_BYTES_MAX),
    )


def _read(document: Document) -> Tuple[Content, List[Signature]]:
    root = strict_json.parse(bytes_of(document), limits.CHECKPOINT_BYTES_MAX)
    _object(root, 3, "unknown member")
    if as_string(root.get("schema")) != _SCHEMA:
        raise _malformed("schema")
    given = _object(root.get("checkpoint"), 5, "checkpoint")
    network = _hash(given, "network")
    height = _positive(given, "height")
    header_hash = _hash(given, "header_hash")
    validators = _validators(find(given, "validators"))
    members = [
        _member(one) for one in _list(find(given, "members"), 1, limits.MEMBERS_MAX, "members")
    ]
    _check_rising([one.organisation for one in members], "members")
    signatures = [
        _signature(one)
        for one in _list(root.get("signatures"), 0, limits.MEMBERS_MAX, "signatures")
    ]
    _check_rising([one.organisation for one in signatures], "signatures")
    return Content(network, height, header_hash, validators, members), signatures


def _text64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def signed_bytes(content: Content) -> bytes:
    """What members sign: written again from what was read."""
    validators = ",".join(
        f'{{"public_key":"{_text64(one.public_key)}","power":"{one.power}"}}'
        for one in content.validators
    )
    members = []
    for member in content.members:
        keys = ",".join(
            f'{{"algorithm":{key.algorithm},"public_key":"{_text64(key.public_key)}"}}'
            for key in member.keys
        )
        members.append(
            f'{{"organisation":"{did_of(member.organisation)}","weight":{member.weight},'
            f'"keys":[{keys}]}}'
        )
    text = (
        f'{{"network":"{content.network.hex()}","height":"{content.height}",'
        f'"header_hash":"{content.header_hash.hex()}","validators":[{validators}],'
        f'"members":[{",".join(members)}]}}'
    )
    return _TAG + text.encode()


def _founding_key(value: Any) -> Optional[Key]:
    """None for a key that does not manage."""
    purposes = as_uint64(find(value, "purposes"))
    algorithm = as_uint64(find(value, "algorithm"))
    text = as_string(find(value, "public_key"))
    key = None if text is None else from_base64(text)
    if purposes is None or algorithm is None or algorithm > 255 or key is None:
        raise XinglinError("genesis_malformed", "keys")
    return Key(algorithm, key) if purposes & _MANAGE else None


def _items(value: Any) -> list:
    return value if isinstance(value, list) else []


def founding_members(genesis: Genesis) -> List[Member]:
    """The members of a genesis with their managing keys. Errors: genesis_malformed."""
    state = find(genesis.document, "app_state")
    members = find(find(state, "governance"), "members")
    if not isinstance(members, list) or not 0 < len(members) <= limits.MEMBERS_MAX:
        raise XinglinError("genesis_malformed", "members")
    organisations = _items(find(find(state, "identity"), "organisations"))
    out = []
    for one in members:
        did = as_string(find(one, "organisation"))
        organisation = id_of(did)
        weight = as_uint64(find(one, "weight"))
        if organisation is None or weight is None or weight > limits.MEMBER_WEIGHT_MAX:
            raise XinglinError("genesis_malformed", "members")
        keys: List[Key] = []
        for party in organisations:
            if as_string(find(party, "did")) != did:
                continue
            for value in _items(find(party, "keys")):
                key = _founding_key(value)
                if len(keys) == limits.MEMBER_KEYS_MAX:
                    raise XinglinError("genesis_malformed", "keys")
                if key is not None:
                    keys.append(key)
        out.append(Member(organisation, weight, sorted(keys)))
    return sorted(out, key=lambda member: member.organisation)


def _signers(
    content: Content, signatures: Sequence[Signature], judges: Sequence[Member]
) -> List[Member]:
    """Those whose signatures count. Errors: checkpoint_signature_invalid."""
    message = signed_bytes(content)
    out = []
    for one in signatures:
        member = next((each for each in judges if each.organisation == one.organisation), None)
        keys = [] if member is None else member.keys
        key = next((each for each in keys if each.public_key == one.public_key), None)
        if member is None or key is None:
            continue
        if not verify(key.algorithm, key.public_key, message, one.signature):
            raise XinglinError("checkpoint_signature_invalid", did_of(one.organisation))
        out.append(member)
    return out


def accept(
    genesis: Genesis, checkpoints: Sequence[Document]
) -> Tuple[List[Start], Optional[CheckpointProof]]:
    """Where verifying may begin, the genesis first, and what the last checkpoint attests.

    Errors: json_invalid, json_too_large, genesis_malformed, checkpoint_malformed,
    checkpoint_wrong_network, checkpoint_out_of_order, checkpoint_signature_invalid,
    checkpoint_weight_insufficient.
    """
    starts, last = [Start(0, b"", genesis.validators)], None
    if not checkpoints:
        return starts, last
    read = [_read(one) for one in checkpoints]
    if len(read) > limits.CHECKPOINTS_MAX:
        raise _malformed("too many checkpoints")
    judges = founding_members(genesis)
    for content, signatures in read:
        if content.network.hex() != genesis.network_id:
            raise XinglinError("checkpoint_wrong_network")
        if content.height <= starts[-1].height:
            raise XinglinError("checkpoint_out_of_order")
        signers = _signers(content, signatures, judges)
        signed = sum(one.weight for one in signers)
        total = sum(one.weight for one in judges)
        if signed * 3 <= total * 2:
            detail = f"signed weight {signed} of {total}"
            raise XinglinError("checkpoint_weight_insufficient", detail)
        starts.append(Start(content.height, content.header_hash, content.validators))
        judges = content.members
        last = CheckpointProof(
            content.network.hex(), content.height, content.header_hash.hex(),
            len(content.validators),
            [(did_of(one.organisation), one.weight) for one in content.members],
            [did_of(one.organisation) for one in signers], signed, total,
        )
    return starts, last


def verify_checkpoint(
    checkpoint: Document, genesis: Genesis, earlier: Sequence[Document] = ()
) -> CheckpointProof:
    """Checks a checkpoint with the genesis and the checkpoints before it, lowest height first.

    Errors (XinglinError): those of `accept`.
    """
    _, last = accept(genesis, [*earlier, checkpoint])
    assert last is not None
    return last


def is_checkpoint(document: bytes) -> bool:
    """Does it say of itself that it is a checkpoint?"""
    try:
        root = strict_json.parse(document, limits.CHECKPOINT_BYTES_MAX)
    except XinglinError:
        return False
    return as_string(find(root, "schema")) == _SCHEMA


def start_for(starts: Sequence[Start], header: comet.Header) -> Start:
    """The last start below a header. Errors: trust_path_broken."""
    for one in starts:
        if one.height == header.height and comet.hash_of_header(header) != one.header_hash:
            raise XinglinError("trust_path_broken", "a checkpoint names another header")
    below = [one for one in starts if one.height < header.height]
    return below[-1] if below else starts[0]
