# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""A network's founding document: the one thing a verifier has to trust."""

from dataclasses import dataclass, field
from typing import Any, List, Union

from . import limits, strict_json
from .comet import Validator, read_time, read_validators
from .errors import XinglinError
from .strict_json import as_string, as_uint64, find, parse_decimal
from .trees import tagged_hash


@dataclass(frozen=True)
class Genesis:
    """A genesis that was read and checked."""

    chain_id: str
    network_id: str  # over the document's bytes: lower-case hex
    validators: List[Validator] = field(repr=False)
    document: Any = field(repr=False)


def bytes_of(document: Union[str, bytes]) -> bytes:
    """The bytes of a document; a text is taken as its UTF-8. Errors: json_invalid."""
    try:
        return document.encode() if isinstance(document, str) else bytes(document)
    except UnicodeEncodeError:
        raise XinglinError("json_invalid", "lone surrogate") from None


def _malformed(what: str) -> XinglinError:
    return XinglinError("genesis_malformed", what)


def _check_params(params: Any) -> None:
    block = find(params, "block")
    bytes_max = parse_decimal(as_string(find(block, "max_bytes"))) or 0
    if not 0 < bytes_max <= limits.BLOCK_BYTES_MAX * 4:
        raise _malformed("consensus_params.block.max_bytes")
    if as_string(find(block, "max_gas")) != "-1":
        raise _malformed("consensus_params.block.max_gas must be -1")
    if parse_decimal(as_string(find(find(params, "version"), "app"))) is None:
        raise _malformed("consensus_params.version.app")


def _read_set(root: Any) -> List[Validator]:
    try:
        validators = read_validators(root)
    except XinglinError:
        validators = []
    if not validators:
        raise _malformed("validators")
    return validators


def read_genesis(document: Union[str, bytes]) -> Genesis:
    """Reads a `genesis.json`. Give its bytes as they came: its network's id is over them.

    Errors: genesis_malformed, json_invalid, json_too_large.
    """
    raw = bytes_of(document)
    root = strict_json.parse(raw, limits.GENESIS_BYTES_MAX)
    chain_id = as_string(find(root, "chain_id")) or ""
    if not 0 < len(chain_id.encode()) <= limits.CHAIN_ID_BYTES_MAX:
        raise _malformed("chain_id")
    time = read_time(as_string(find(root, "genesis_time")))
    if time is None or time.seconds < 0:
        raise _malformed("genesis_time")
    if as_string(find(root, "initial_height")) != "1":
        raise _malformed("initial_height must be 1")
    _check_params(find(root, "consensus_params"))
    validators = _read_set(root)
    state = find(root, "app_state")
    if as_uint64(find(state, "format_version")) != 1:
        raise _malformed("app_state.format_version")
    if as_uint64(find(state, "suite")) != 1:
        raise _malformed("app_state.suite")
    return Genesis(chain_id, tagged_hash("network-id", raw).hex(), validators, root)
