#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Bans whatever could make two nodes disagree from the folders that decide what the ledger holds.

A finding is allowed by a comment in its line, or alone in the line before it:
    // determinism: allow WORD - reason
"""

import re

import lint_common

FOLDERS = ("model", "contracts", "verification", "execution")

# word -> (what it matches in code, what to do instead)
RULES = {
    "clock": (
        r"\bchrono\b|\b(?:clock_gettime|gettimeofday|localtime|gmtime)(?:_r)?\s*\("
        r"|\bstd::time\s*\(|(?<![\w.:>])time\s*\(\s*(?:nullptr|NULL|0)\s*\)"
        r"|(?<![\w.:>])clock\s*\(\s*\)|\bSystemClock\b|<ctime>|<time\.h>|\"base/clock\.h\"",
        "use the block's time",
    ),
    "float": (
        r"\b(?:float|double)\b|(?<![\w.])\d[\d']*\.\d*(?:[eE][+-]?\d+)?[fFlL]?(?![\w.])|<cmath>",
        "use integers with a named unit",
    ),
    "random": (
        r"<random>|\bs?rand\s*\(|\b(?:random_device|mt19937\w*|arc4random\w*|getrandom)\b"
        r"|\brandombytes\w*",
        "derive it from the block or take it from the transaction",
    ),
    "unordered": (r"\bunordered_\w+", "use std::map or a sorted vector: key order is the order"),
    "hash": (r"\bstd::hash\b|\bhash_value\b", "use crypto's SHA-256 or compare the values"),
    "pointer": (
        r"\b(?:map|set|multimap|multiset)\s*<[^<>,;()]*\*|\bu?intptr_t\b",
        "key by value: addresses differ between processes",
    ),
    "locale": (
        r"<locale>|<cctype>|<clocale>|\bstd::locale\b|\bsetlocale\b"
        r"|\b(?:isalpha|isalnum|isdigit|isspace|isupper|islower|isprint|ispunct|isxdigit|toupper"
        r"|tolower|stod|stof|strtod|strtof|atof|strcoll)\s*\(",
        "compare bytes; std::from_chars and std::to_chars know no locale",
    ),
    "format": (
        r"\bv?(?:f|s|sn|as)?printf\b|\bstd::format\b|\bfmt::|<format>"
        r"|<(?:iostream|sstream|iomanip|ostream|istream)>"
        r"|\b(?:i|o)?stringstream\b|\bstd::(?:cout|cerr|clog)\b",
        "build text with std::to_chars, std::to_string of integers and append",
    ),
    "thread": (
        r"\b(?:std::)?(?:j?thread|(?:recursive_|shared_|timed_)*mutex|condition_variable(?:_any)?"
        r"|atomic(?:_\w+)?|async|future|promise|call_once|thread_local|lock_guard|unique_lock"
        r"|scoped_lock)\b(?=\s*[<({;&*]|\s+\w)|<(?:thread|mutex|atomic|future|shared_mutex"
        r"|condition_variable|semaphore|barrier|latch)>|\bpthread_\w+",
        "stay sequential; parallel work belongs to chain and ordering",
    ),
    "file": (
        r"<(?:fstream|filesystem|cstdio|stdio\.h|unistd\.h|fcntl\.h)>|\bstd::(?:i|o)?fstream\b"
        r"|\bstd::filesystem\b|\bfopen\s*\(|\"base/file\.h\"",
        "take bytes as an argument",
    ),
    "environment": (r"\b(?:secure_)?getenv\b|\benviron\b|\bsetenv\b", "take it as an argument"),
    "throw": (r"\bthrow\b", "return a Result or a status"),
    "width": (
        r"\b(?:append_be|read_be)\s*<\s*(?:std::)?(?:size_t|unsigned|unsigned long|unsigned int"
        r"|unsigned long long|long|int|uintmax_t)\s*>",
        "name the width: std::uint32_t, std::uint64_t",
    ),
}
PROTO_RULES = {
    "float": (r"\b(?:float|double)\b", "use integers with a named unit"),
    "width": (r"\b(?:size_t|long|int)\b", "name the width: uint32, uint64"),
    "unordered": (r"\bmap\s*<", "use repeated messages sorted by key: maps have no canonical form"),
}
ALLOW = re.compile(r"//\s*determinism:\s*allow\s+(\w+)(?:\s+-\s+(\S.*))?")


def allowances(path, text, findings):
    """line -> words allowed there; [line of the comment, word, used] to find stale ones."""
    by_line, entries = {}, []
    for number, line in enumerate(text.split("\n"), 1):
        for match in ALLOW.finditer(line):
            word, reason = match.groups()
            if word not in RULES or not reason:
                findings.add(
                    path, number, "determinism",
                    "an allowance is '// determinism: allow WORD - reason' with one of "
                    + ", ".join(sorted(RULES)),
                )
                continue
            alone = line.strip().startswith("//")
            entry = [number, word, False]
            entries.append(entry)
            by_line.setdefault(number + 1 if alone else number, []).append(entry)
    return by_line, entries


def check_file(root, path, findings):
    text = (root / path).read_text()
    rules = PROTO_RULES if path.suffix == ".proto" else RULES
    code = lint_common.blank(text)
    # Names of included files are strings, but they are what some rules look for.
    code = "\n".join(
        raw if stripped.lstrip().startswith("#") and "include" in stripped else stripped
        for raw, stripped in zip(text.split("\n"), code.split("\n"))
    )
    by_line, entries = allowances(path, text, findings)
    for word, (pattern, instead) in rules.items():
        for match in re.finditer(pattern, code):
            line = lint_common.line_of(code, match.start())
            entry = next((e for e in by_line.get(line, []) if e[1] == word), None)
            if entry:
                entry[2] = True
                continue
            found = match.group(0).strip()
            findings.add(path, line, "determinism", f"{word}: '{found}' is banned: {instead}")
    for number, word, used in entries:
        if not used:
            findings.add(path, number, "determinism", f"nothing here needs 'allow {word}'")


def main():
    root = lint_common.root_argument(__doc__.splitlines()[0])
    findings = lint_common.Findings("check_determinism")
    below = [f"src/{folder}" for folder in FOLDERS if (root / "src" / folder).is_dir()]
    for path in lint_common.files(root, (".h", ".cpp", ".proto"), below):
        if "tests" not in path.parts:
            check_file(root, path, findings)
    findings.finish()


if __name__ == "__main__":
    main()
