# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: the packages for other languages work where they are used. Method: their own tests, run as
their users would, and their tables of errors compared with the registry."""

import os
import pathlib
import re
import subprocess
import sys

import typescript_sdk

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, cwd):
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_typescript_passes_its_own_tests():
    files = sorted((typescript_sdk.compiled() / "test").glob("*.test.js"))
    told = run("node", "--test", *files, cwd=typescript_sdk.FOLDER).stdout
    assert int(re.search(r"^# pass (\d+)", told, re.MULTILINE).group(1)) >= 10, told


def test_python_passes_its_own_tests():
    told = run(sys.executable, "-m", "unittest", "discover", "-s", "tests", "-t", ".",
               cwd=ROOT / "sdk/python").stderr
    assert int(re.search(r"^Ran (\d+) tests", told, re.MULTILINE).group(1)) >= 15, told


def test_both_packages_know_the_registry_s_words():
    row = r'XL_ERROR\((\d+), (\w+),\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)"'
    registry = "".join(part.read_text(encoding="utf-8")
                       for part in ROOT.glob("src/base/errors/*.def"))
    words = {name: rest for number, name, *rest in re.findall(row, registry)}
    numbers = {name: number for number, name, *_ in re.findall(row, registry)}
    for path, table in [
        ("typescript/src/errors.ts", r'(\w+): \[\s*(\d+),\s*"(.*?)",\s*"(.*?)",?\s*\]'),
        ("python/xinglin/errors.py", r'"(\w+)": \(\s*(\d+),\s*"(.*?)",\s*"(.*?)",?\s*\)'),
    ]:
        text = (ROOT / "sdk" / path).read_text(encoding="utf-8")
        rows = re.findall(table, text, re.DOTALL)
        assert len(rows) >= 19, path
        for name, number, *own in rows:
            assert (number, own) == (numbers[name], words[name]), (path, name)
