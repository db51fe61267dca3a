# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""`tests/golden/receipts.jsonl`: receipts, altered ones and their verdicts, of three languages."""

import base64
import itertools
import json
import os
import pathlib
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple, Union

import xinglin

ROOT = pathlib.Path(__file__).resolve().parents[3]
SHARED = pathlib.Path(os.environ.get("XL_SHARED_DATA", ROOT.parent / "shared/data"))


class Case(NamedTuple):
    name: str
    text: str
    genesis: xinglin.Genesis
    expected: str


class Sweep(NamedTuple):
    name: str
    text: str
    genesis: xinglin.Genesis
    xor: int
    verdicts: List[list]


class CoseCase(NamedTuple):
    name: str
    content: bytes
    genesis: xinglin.Genesis
    signer: Optional[xinglin.SignerKey]
    expected: str
    verdicts: List[list]


def _verdict_of(check: Callable[..., object], *arguments: object) -> str:
    try:
        check(*arguments)
    except xinglin.XinglinError as error:
        return error.name
    return "ok"


def verdict(
    text: Union[str, bytes], genesis: xinglin.Genesis, checkpoints: Sequence[str] = ()
) -> str:
    """`ok`, or the name of the error with which a receipt is refused."""
    return _verdict_of(xinglin.verify_receipt, text, genesis, checkpoints)


def cose_verdict(content: bytes, one: CoseCase) -> str:
    """The same of a COSE receipt."""
    return _verdict_of(xinglin.verify_cose_receipt, content, one.genesis, one.signer)


def sweep(content: bytes, xor: int, judge: Callable[[bytes], str]) -> List[list]:
    """The verdicts when one byte after the other is changed: each with how often it comes."""
    given = (
        judge(content[:i] + bytes([content[i] ^ xor]) + content[i + 1 :])
        for i in range(len(content))
    )
    return [[name, len(list(run))] for name, run in itertools.groupby(given)]


def shared_json(path: str) -> Optional[object]:
    """A sample of third parties; None where they are not."""
    file = SHARED / path
    return json.loads(file.read_text()) if file.exists() else None


def _cose_case(one: dict, genesis: xinglin.Genesis) -> CoseCase:
    signer = None
    if "signer" in one:
        algorithm = {1: "ed25519", 2: "p256"}[one["signer"]["algorithm"]]
        signer = xinglin.SignerKey(algorithm, base64.b64decode(one["signer"]["public_key"]))
    content = bytes.fromhex(one["bytes"])
    return CoseCase(one["cose"], content, genesis, signer, one["expected"], one["verdicts"])


def read_vectors() -> Tuple[List[Case], List[Sweep], List[CoseCase]]:
    """All of the file."""
    genesis, receipts, cases, sweeps, coses = {}, {}, [], [], []
    content = (ROOT / "tests/golden/receipts.jsonl").read_text(encoding="utf-8")
    for line in content.rstrip("\n").split("\n"):
        one = json.loads(line)
        own_genesis = genesis.get(one.get("genesis"))
        if "sweep" in one:
            name = one["sweep"]
            sweeps.append(Sweep(name, *receipts[name], one["xor"], one["verdicts"]))
        elif "cose" in one:
            coses.append(_cose_case(one, own_genesis))
        elif "altered" in one:
            text, base_genesis = receipts[one["receipt"]]
            altered = text[: one["at"]] + one["put"] + text[one["at"] + one["removed"] :]
            name = f"{one['receipt']}: {one['altered']}"
            cases.append(Case(name, altered, own_genesis or base_genesis, one["expected"]))
        elif "receipt" in one:
            receipts[one["receipt"]] = one["text"], own_genesis
            cases.append(Case(one["receipt"], one["text"], own_genesis, one["expected"]))
        else:
            genesis[one["genesis"]] = xinglin.read_genesis(one["text"])
    return cases, sweeps, coses
