# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""`tests/golden/receipts.jsonl`: receipts, altered ones and their verdicts, of three languages."""

import json
import os
import pathlib
from typing import List, NamedTuple, Optional, Tuple, Union

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


def verdict(text: Union[str, bytes], genesis: xinglin.Genesis) -> str:
    """`ok`, or the name of the error with which a receipt is refused."""
    try:
        xinglin.verify_receipt(text, genesis)
    except xinglin.XinglinError as error:
        return error.name
    return "ok"


def shared_json(path: str) -> Optional[object]:
    """A sample of third parties; None where they are not."""
    file = SHARED / path
    return json.loads(file.read_text()) if file.exists() else None


def read_vectors() -> Tuple[List[Case], List[Sweep]]:
    """All of the file."""
    genesis, receipts, cases, sweeps = {}, {}, [], []
    content = (ROOT / "tests/golden/receipts.jsonl").read_text(encoding="utf-8")
    for line in content.rstrip("\n").split("\n"):
        one = json.loads(line)
        own_genesis = genesis.get(one.get("genesis"))
        if "sweep" in one:
            name = one["sweep"]
            sweeps.append(Sweep(name, *receipts[name], one["xor"], one["verdicts"]))
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
    return cases, sweeps
