#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Checks that every link inside a document leads to a file and to a heading that exist."""

import re

import lint_common

LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")


def blank_code(text):
    """The text with fenced blocks and code spans turned into spaces, lines kept."""
    spaces = lambda m: re.sub(r"[^\n]", " ", m.group(0))  # noqa: E731
    text = re.sub(r"^```.*?^```", spaces, text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", spaces, text)


def anchors(text):
    """The fragment names that headings get: lower case, words joined by dashes."""
    names = set()
    for heading in re.findall(r"^#{1,6}\s+(.*)$", text, flags=re.MULTILINE):
        plain = re.sub(r"[`*]", "", heading).strip().lower()
        names.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return names


def check_file(root, path, findings):
    text = blank_code((root / path).read_text())
    for match in LINK.finditer(text):
        target = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", target):
            continue
        line = lint_common.line_of(text, match.start())
        name, _, fragment = target.partition("#")
        file = (root / path).parent / name if name else root / path
        if not file.exists():
            findings.add(path, line, "docs", f"'{name}' does not exist")
        elif fragment and file.suffix == ".md" and fragment not in anchors(file.read_text()):
            findings.add(path, line, "docs", f"'{name or path}' has no heading '{fragment}'")


def main():
    root = lint_common.root_argument(__doc__)
    findings = lint_common.Findings("check_docs")
    for path in lint_common.files(root, (".md",)):
        check_file(root, path, findings)
    findings.finish()


if __name__ == "__main__":
    main()
