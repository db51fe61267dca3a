#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Texts that the command line shows have a row in the Chinese catalogue (src/base/chinese*.def).

Looked at are the descriptions of commands and options, the details of errors, a node's too, and the
findings of the verifiers. A text composed of parts is looked up with {} for each value.
"""

import re

import lint_common

# Name of a function that takes a text for people, and which argument it is.
CALLS = {"add_subcommand": 1, "add_option": -1, "add_flag": -1, "add_flag_callback": -1,
         "add_option_function": -1, "make_error": 1, "wrong_usage": 0, "damaged": -1,
         "card_invalid": 0, "words": 0, "good": 1, "config_error": 0, "corrupt": 0,
         "corrupt_record": 0, "emergency_mismatch": 0, "failed": 0, "genesis_error": 0,
         "index_differs": 1, "invalid": 0, "invalid_card": 0, "invalid_invitation": 0,
         "invalid_member_card": 0, "invalid_signature": 0, "malformed": 0, "request_invalid": 0,
         "wrong": 0}
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
NAME = re.compile(r"[a-z0-9]+(?:[_.][a-z0-9]+)+")  # of a field or a setting: stays as it is
CHINESE = re.compile(r"[\u3400-\u9fff]")


def closing(code, start):
    """The place of the bracket that closes the one at `start`."""
    depth = 0
    at = start
    while at < len(code):
        if code[at] == '"':
            at = LITERAL.match(code, at).end()
            continue
        if code[at] == "'" and (found := re.compile(r"'(?:[^'\\]|\\.)'").match(code, at)):
            at = found.end()
            continue
        depth += (code[at] in "([{") - (code[at] in ")]}")
        if depth == 0:
            return at
        at += 1
    return len(code)


def split(text, separator):
    """The parts of `text` between separators that stand in no bracket and no string."""
    parts, begin, at = [], 0, 0
    while at < len(text):
        if text[at] == '"':
            at = LITERAL.match(text, at).end()
        elif text[at] in "([{":
            at = closing(text, at) + 1
        elif text[at] == separator:
            parts.append(text[begin:at])
            at = begin = at + 1
        else:
            at += 1
    return [part.strip() for part in [*parts, text[begin:]]]


def template(expression):
    """The text that an expression gives, {} for each value; empty when it is no text."""
    out = ""
    for part in split(expression, "+"):
        if found := re.fullmatch(r"std::string\((.*)\)", part, re.DOTALL):
            part = found.group(1).strip()
        literals = LITERAL.findall(part)
        if literals and not LITERAL.sub("", part).strip():
            out += "".join(literals)
        elif not out.endswith("{}"):
            out += "{}"
    text = out.replace('\\"', '"').replace("\\n", "\n")
    said = re.search(r"[A-Za-z]{2}", text.replace("{}", "")) and not NAME.fullmatch(text)
    return text if said else ""


def texts(code):
    """Line and text of everything in a source that people see through the catalogue."""
    for found in re.finditer(r"\b(" + "|".join(CALLS) + r")(?:<[^<>()]*>)?\(", code):
        end = closing(code, found.end() - 1)
        arguments = split(code[found.end():end], ",")
        which = CALLS[found.group(1)]
        if which < len(arguments) and not (which == -1 and len(arguments) < 2):
            if text := template(arguments[which]):
                yield code.count("\n", 0, found.start()) + 1, text


def catalogue(root):
    rows = {}
    for path in sorted((root / "src" / "base").glob("chinese*.def")):
        for found in re.finditer(r"XL_WORDING\(((?:[^()\"]|" + LITERAL.pattern + r")*)\)",
                                 path.read_text()):
            english, chinese = (template_of_row(one) for one in split(found.group(1), ","))
            rows[english] = (path, chinese)
    return rows


def template_of_row(text):
    return "".join(LITERAL.findall(text)).replace('\\"', '"').replace("\\n", "\n")


def check_rows(rows, findings):
    for english, (path, chinese) in rows.items():
        gaps = english.count("{}")
        if not CHINESE.search(chinese):
            findings.add(path, 1, "chinese", f"no Chinese for '{english}'")
        if any(int(number) not in range(1, gaps + 1)
               for number in re.findall(r"\{(\d)\}", chinese)):
            findings.add(path, 1, "chinese", f"a value that is not there: '{chinese}'")


def main():
    root = lint_common.root_argument(__doc__)
    findings = lint_common.Findings("check_chinese")
    rows = catalogue(root)
    check_rows(rows, findings)
    for path in lint_common.files(root, (".cpp", ".h"), ("src",)):
        if "tests" in path.parts:
            continue
        code = lint_common.blank((root / path).read_text(), strings=False)
        for line, text in texts(code):
            if text not in rows:
                findings.add(path, line, "chinese", f"no Chinese for '{text}'")
    findings.finish()


if __name__ == "__main__":
    main()
