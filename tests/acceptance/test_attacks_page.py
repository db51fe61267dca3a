# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: the page of attacks names no test that is not there. Method: every name on it is looked for
in the sources."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_every_attack_named_is_a_test():
    page = (ROOT / "docs/explanation/attacks.md").read_text(encoding="utf-8")
    cpp = "\n".join(path.read_text(encoding="utf-8", errors="replace")
                    for folder in ("src", "tests") for path in (ROOT / folder).rglob("*_test.cpp"))
    there = {".".join(found) for found in
             re.findall(r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", cpp, re.MULTILINE)}
    python = "\n".join(path.read_text(encoding="utf-8")
                       for path in (ROOT / "tests/acceptance").glob("test_*.py"))
    there |= set(re.findall(r"^def (test_\w+)\(", python, re.MULTILINE))
    named = set(re.findall(r"`([A-Z]\w+\.[A-Z]\w+|test_\w+)`", page))
    assert len(named) > 80
    assert named <= there, sorted(named - there)
