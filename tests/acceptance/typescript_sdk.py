# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""sdk/typescript, compiled once for the tests that need it."""

import fcntl
import pathlib
import shutil
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "sdk/typescript"
COMPILER = FOLDER / "node_modules/typescript/bin/tsc"


def compiled():
    """The folder of the compiled package. Skips the test where that cannot be."""
    if shutil.which("node") is None or not COMPILER.exists():
        pytest.skip("skipped: node or the packages of sdk/typescript are missing; "
                    "./dev test fetches them and says why when it cannot")
    # Tests run side by side: one compiles, the next finds that nothing is left to do.
    with open(FOLDER / "node_modules/.compiling", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["node", COMPILER, "-p", FOLDER], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    return FOLDER / "dist"
