# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""`python -m tests.verdicts GENESIS RECEIPT...` prints the verdict of each receipt on a line of its
own, for tests/acceptance/test_verifiers.py."""

import pathlib
import sys

import xinglin
from tests.vectors import verdict

if __name__ == "__main__":
    genesis = xinglin.read_genesis(pathlib.Path(sys.argv[1]).read_bytes())
    for path in sys.argv[2:]:
        print(verdict(pathlib.Path(path).read_bytes(), genesis))
