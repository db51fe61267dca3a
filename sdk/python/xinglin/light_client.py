# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""CometBFT's light client, as far as a receipt needs it: formats.md §8."""

import itertools
from typing import List, Sequence

from . import comet, limits
from .checkpoint import Start
from .ed25519 import verify_zip215
from .errors import XinglinError


def _check_header(header: comet.Header) -> None:
    if not 0 < len(header.chain_id.encode()) <= limits.CHAIN_ID_BYTES_MAX:
        raise XinglinError("header_invalid", "chain id")
    if header.height < 1:
        raise XinglinError("header_invalid", "height")
    optional = (
        header.last_commit_hash, header.data_hash, header.last_results_hash, header.evidence_hash,
        header.consensus_hash, header.last_block_id.hash,
    )
    required = (header.validators_hash, header.next_validators_hash)
    if any(len(one) not in (0, 32) for one in optional) or any(len(one) != 32 for one in required):
        raise XinglinError("header_invalid", "hash length")
    if len(header.proposer_address) != 20:
        raise XinglinError("header_invalid", "proposer address")


def _check_commit(commit: comet.Commit, header: comet.Header) -> None:
    if commit.height != header.height:
        raise XinglinError("commit_invalid", "height")
    if commit.block_id.hash != comet.hash_of_header(header):
        raise XinglinError("commit_invalid", "block id is not the header's hash")
    if commit.block_id.parts_total == 0 or len(commit.block_id.parts_hash) != 32:
        raise XinglinError("commit_invalid", "part set header")
    if not commit.votes:
        raise XinglinError("commit_invalid", "number of signatures")
    for vote in commit.votes:
        absent = vote.flag == comet.ABSENT
        if len(vote.address) != (0 if absent else 20):
            raise XinglinError("commit_invalid", "validator address")
        if len(vote.signature) != (0 if absent else 64):
            raise XinglinError("commit_invalid", "signature length")


def _total_power(validators: Sequence[comet.Validator]) -> int:
    if not validators:
        raise XinglinError("validators_mismatch", "number of validators")
    total = 0
    for validator in validators:
        if len(validator.public_key) != 32 or validator.power < 1:
            raise XinglinError("validators_mismatch", "malformed validator")
        total += validator.power
        if total > limits.VOTING_POWER_TOTAL_MAX:
            raise XinglinError("validators_mismatch", "voting power")
    return total


def _signed(block: comet.LightBlock, slot: int) -> bool:
    vote = block.commit.votes[slot]
    message = comet.vote_bytes(block.header.chain_id, block.commit, vote)
    return verify_zip215(block.validators[slot].public_key, message, vote.signature)


def _check_power(block: comet.LightBlock) -> None:
    """Valid signatures of more than two thirds; a bad one is skipped if the rest suffices."""
    needed = _total_power(block.validators) * 2 // 3
    if block.header.validators_hash != comet.hash_of_validators(block.validators):
        raise XinglinError("validators_mismatch")
    if len(block.commit.votes) != len(block.validators):
        raise XinglinError("commit_invalid", "one signature slot per validator")
    tallied = 0
    for slot, validator in enumerate(block.validators):
        if tallied > needed:
            break
        vote = block.commit.votes[slot]
        if vote.flag != comet.COMMIT:
            continue
        if vote.address != validator.address:
            raise XinglinError("commit_invalid", "address is not the validator's")
        if _signed(block, slot):
            tallied += validator.power
    if tallied <= needed:
        raise XinglinError("commit_power_insufficient")


def verify_trust_path(
    chain_id: str,
    start: Start,
    path: Sequence[comet.LightBlock],
    target: comet.LightBlock,
) -> None:
    """Follows the validator sets from a start to the block that a receipt rests on.

    Blocks of the path at or below a checkpoint are passed over: it says what they would.
    Errors: trust_path_broken, header_invalid, commit_invalid, validators_mismatch,
    commit_power_insufficient.
    """
    announced = comet.hash_of_validators(start.validators)
    height = start.height
    known = itertools.takewhile(lambda block: 0 < height >= block.header.height, path)
    for block in [*path[len(list(known)) :], target]:
        if block.header.chain_id != chain_id:
            raise XinglinError("trust_path_broken", "other chain id")
        if block.header.height <= height:
            raise XinglinError("trust_path_broken", "heights do not rise")
        if block.header.validators_hash != announced:
            raise XinglinError("trust_path_broken", "validator set was not announced before")
        _check_header(block.header)
        _check_commit(block.commit, block.header)
        _check_power(block)
        announced = block.header.next_validators_hash
        height = block.header.height


def signers_of(block: comet.LightBlock) -> List[comet.Validator]:
    """Everyone whose vote for this block verifies; `verify_trust_path` stops at two thirds.

    Precondition: `verify_trust_path` accepted the block.
    """
    return [
        validator
        for slot, validator in enumerate(block.validators)
        if block.commit.votes[slot].flag == comet.COMMIT
        and block.commit.votes[slot].address == validator.address
        and _signed(block, slot)
    ]
