# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""`python -m xinglin verify RECEIPT --genesis GENESIS`: exit codes as docs/reference/cli.md."""

import argparse
import json
import os
import sys
from typing import List, Optional, Sequence

from . import limits
from .checkpoint import CheckpointProof, is_checkpoint, verify_checkpoint
from .cose import Statement, begins_like_cose, verify_cose_receipt
from .errors import XinglinError
from .genesis import Genesis, read_genesis
from .receipt import Proof, verify_receipt

_DONE, _FAILED, _ALTERED, _NOT_FOUND, _INPUT_INVALID = 0, 1, 3, 6, 9


def _read_file(path: str, bytes_max: int) -> bytes:
    try:
        if os.path.getsize(path) > bytes_max:
            raise XinglinError("file_too_large")
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise XinglinError("file_missing") from None
    except OSError:
        raise XinglinError("file_unreadable") from None


def _milliseconds(time: str) -> str:
    """An RFC 3339 time with three digits behind the seconds, as the command line writes it."""
    whole, _, fraction = time.removesuffix("Z").partition(".")
    return f"{whole}.{fraction[:3].ljust(3, '0')}Z"


def _as_json(proof: Proof) -> str:
    """The same members as `xinglin verify --json`."""
    transaction, state = proof.transaction, proof.state
    out = {
        "schema": "xinglin/verification/v1",
        "verified": True,
        "chain_id": proof.chain_id,
        "signed_height": str(proof.signed_height),
        "signed_time": _milliseconds(proof.signed_time),
        "signatures": proof.signatures,
        "transaction_id": transaction.id if transaction else None,
    }
    out.update(
        height=str(transaction.height) if transaction else None,
        status=transaction.status if transaction else None,
        state_key=state.key.hex() if state else None,
        state_present=state.value is not None if state else None,
        format="json", signer=None, history_size=None, history_root=None)
    return json.dumps(out, ensure_ascii=False)


def _as_text(proof: Proof) -> str:
    lines = []
    if proof.transaction:
        one = proof.transaction
        lines.append(f"✓ Transaction {one.id} was executed at height {one.height} "
                     f"with status {one.status}")
    if proof.state:
        held = "held nothing" if proof.state.value is None else "held the value given"
        lines.append(f"✓ State key {proof.state.key.hex()} {held}")
    lines.append(f"  network  {proof.chain_id}")
    lines.append(f"  signed   height {proof.signed_height}, {proof.signed_time}")
    lines.append(f"  by       {proof.signatures} of {proof.validators} validators")
    return "\n".join(lines)


def _statement_as_json(statement: Statement, genesis: Genesis) -> str:
    """The same members as `xinglin verify --json` of a COSE receipt."""
    return json.dumps({
        "schema": "xinglin/verification/v1",
        "verified": True,
        "chain_id": genesis.chain_id,
        "signed_height": None,
        "signed_time": None,
        "signatures": 1,
        "transaction_id": statement.transaction_id,
        "height": str(statement.height),
        "status": statement.status,
        "state_key": None,
        "state_present": None,
        "format": "cose",
        "signer": {
            "did": statement.signer_did,
            "name": statement.signer_name or None,
            "key_id": statement.signer_key_id,
        },
        "history_size": str(statement.history_size),
        "history_root": statement.history_root,
    }, ensure_ascii=False)


def _statement_as_text(statement: Statement, genesis: Genesis) -> str:
    return (f"✓ Transaction {statement.transaction_id} was executed at height "
            f"{statement.height} with status {statement.status}\n"
            f"  network  {genesis.chain_id}\n"
            f"  stated   by {statement.signer_name}; without the validators' signatures")


def _attested_as_json(proof: CheckpointProof, genesis: Genesis) -> str:
    """The members of `xinglin verify --json` of a checkpoint."""
    return json.dumps({
        "schema": "xinglin/checkpoint-verification/v1",
        "verified": True,
        "chain_id": genesis.chain_id,
        "network": proof.network,
        "height": str(proof.height),
        "header_hash": proof.header_hash,
        "validators": proof.validators,
        "members": [{"organisation": did, "weight": weight} for did, weight in proof.members],
        "signed_by": proof.signed_by,
        "signed_weight": proof.signed_weight,
        "total_weight": proof.total_weight,
    }, ensure_ascii=False)


def _attested_as_text(proof: CheckpointProof, genesis: Genesis) -> str:
    lines = [f"✓ Checkpoint of height {proof.height}", f"  network  {genesis.chain_id}",
             f"  header   {proof.header_hash}"]
    lines += [f"  signed   {did}" for did in proof.signed_by]
    return "\n".join([*lines, f"  weight   {proof.signed_weight}/{proof.total_weight}"])


def _report(
    receipt: bytes, genesis: Genesis, checkpoints: Sequence[bytes], as_json: bool
) -> str:
    if is_checkpoint(receipt):
        attested = verify_checkpoint(receipt, genesis, checkpoints)
        return (_attested_as_json if as_json else _attested_as_text)(attested, genesis)
    if begins_like_cose(receipt):
        statement = verify_cose_receipt(receipt, genesis)
        return (_statement_as_json if as_json else _statement_as_text)(statement, genesis)
    proof = verify_receipt(receipt, genesis, checkpoints)
    return (_as_json if as_json else _as_text)(proof)


def _exit_of(error: XinglinError) -> int:
    if error.is_alteration:
        return _ALTERED
    if error.name == "file_missing":
        return _NOT_FOUND
    failed = error.name.startswith("file_") or error.name == "crypto_library_failed"
    return _FAILED if failed else _INPUT_INVALID


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs the command line and returns its exit code; usage errors leave with 2."""
    parser = argparse.ArgumentParser(prog="python -m xinglin", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("verify", help="check a receipt offline, with the genesis alone")
    command.add_argument("receipt")
    command.add_argument("--genesis", required=True)
    command.add_argument("--checkpoint", action="append", default=[])
    command.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        genesis = read_genesis(_read_file(given.genesis, limits.GENESIS_BYTES_MAX))
        content = _read_file(given.receipt, limits.RECEIPT_BYTES_MAX)
        checkpoints = [_read_file(one, limits.CHECKPOINT_BYTES_MAX) for one in given.checkpoint]
        report = _report(content, genesis, checkpoints, given.json)
    except XinglinError as error:
        print(f"✗ {error} ({error.code})\n  fix: {error.fix}", file=sys.stderr)
        return _exit_of(error)
    print(report)
    return _DONE


if __name__ == "__main__":
    sys.exit(main())
