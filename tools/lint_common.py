# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""What the checks share: walking the tree, blanking comments, printing findings."""

import argparse
import os
import re
import sys
from pathlib import Path

# What git ignores, and what it holds that is not ours to write.
SKIPPED_FOLDERS = {".git", ".cache", ".cluster", ".demo", "xinglin-data", "node_modules", "dist",
                   "corpus", "__pycache__"}

_TOKEN = re.compile(
    r"""//[^\n]*(?:\\\n[^\n]*)*        # line comment
      | /\*.*?\*/                      # block comment
      | R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)"   # raw string
      | "(?:[^"\\\n]|\\.)*"            # string
      | (?<![0-9A-Fa-f])'(?:[^'\\\n]|\\.)+'          # character, not a digit separator
    """,
    re.VERBOSE | re.DOTALL,
)


def blank(text, strings=True):
    """C++ text of the same shape with comments, and strings unless told, turned into spaces."""

    def replace(match):
        token = match.group(0)
        if token.startswith(("//", "/*")):
            return re.sub(r"[^\n]", " ", token)
        if not strings:
            return token
        inside = re.sub(r"[^\n]", " ", token[1:-1])
        return (" " if token[0] == "R" else token[0]) + inside + token[-1]

    return _TOKEN.sub(replace, text)


def files(root, suffixes, below=("",)):
    """Paths relative to `root`, sorted, of the files with one of the suffixes."""
    found = set()
    for start in below:
        for folder, folders, names in os.walk(root / start):
            folders[:] = [
                name
                for name in folders
                if name not in SKIPPED_FOLDERS
                and not (Path(folder) == root and name.startswith("build"))
            ]
            for name in names:
                if name.endswith(tuple(suffixes)):
                    found.add((Path(folder) / name).relative_to(root))
    return sorted(found)


def line_of(text, offset):
    """The number of the line that holds `offset`, from 1."""
    return text.count("\n", 0, offset) + 1


class Findings:
    """Collects `file:line: rule: message` and ends the process with the verdict."""

    def __init__(self, tool):
        self.tool = tool
        self.lines = []

    def add(self, path, line, rule, message):
        self.lines.append((str(path), line, f"{path}:{line}: {rule}: {message}"))

    def finish(self):
        for _, _, text in sorted(self.lines):
            print(text)
        if self.lines:
            print(f"{self.tool}: {len(self.lines)} findings")
        sys.exit(1 if self.lines else 0)


def root_argument(description):
    """The tree to check: the repository, unless `--root` names another."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    return parser.parse_args().root.resolve()
