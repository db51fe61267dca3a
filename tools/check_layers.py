#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Checks that each folder of src/ includes and links only what ARCHITECTURE.md §2 allows.

Tests obey the table of their folder; what needs more belongs into tests/. A contract sees other
contracts through their view.h alone, its tests may also build the others' messages. What members
voted for is done through the other contract's admission.h, which is for governance alone.
"""

import re

import lint_common

ALLOWED = {
    "base": "",
    "fhir": "base",
    "crypto": "base",
    "model": "base crypto",
    "contracts": "base crypto model",
    "state": "base crypto model",
    "vault": "base crypto model",
    "consents": "base fhir crypto model contracts",
    "credentials": "base crypto model contracts",
    "client": "base fhir crypto model contracts consents credentials",
    "verification": "base crypto model contracts",
    "execution": "base crypto model contracts verification",
    "chain": "base crypto model state execution",
    "ordering": "base crypto model verification chain",
    "query": "base fhir crypto model state chain",
    "custody": "base fhir crypto model contracts consents vault ordering query",
    "gateway": "base fhir crypto model contracts consents credentials vault ordering query custody",
    "cli": "base fhir crypto model contracts consents credentials client",
    "node": "base fhir crypto model contracts consents credentials state vault client verification"
    " execution"
    " chain ordering query custody gateway",
}
ALLOWED = {folder: set(names.split()) for folder, names in ALLOWED.items()}
MAIN_MAY = {"base", "node", "cli"}  # main.cpp joins the node and the client commands

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.MULTILINE)


def linked_folders(root, findings):
    """folder -> DEPS of src/CMakeLists.txt; DEPS outside the table are findings."""
    path = root / "src" / "CMakeLists.txt"
    if not path.exists():
        return {}
    text = re.sub(r"#[^\n]*", lambda m: " " * len(m.group(0)), path.read_text())
    linked = {}
    for call in re.finditer(r"\bxl_library\(\s*(\w+)([^)]*)\)", text):
        folder, arguments = call.group(1), call.group(2).split()
        line = lint_common.line_of(text, call.start())
        if folder not in ALLOWED:
            findings.add("src/CMakeLists.txt", line, "layers", f"'{folder}' is not in the table")
            continue
        deps, keyword = set(), ""
        for word in arguments:
            if word in ("DEPS", "LIBS", "EXCLUDE"):
                keyword = word
            elif keyword == "DEPS":
                deps.add(word)
        for extra in sorted(deps - ALLOWED[folder]):
            findings.add(
                "src/CMakeLists.txt", line, "layers", f"'{folder}' may not link '{extra}'"
            )
        linked[folder] = deps
    return linked


def contract_breach(path, included):
    """Why a file of one contract may not include a file of another, or None."""
    here, there = path.parts[1:], included.split("/")
    if len(here) < 3 or "tests" in here:
        return None  # registry.cpp and its kind see all contracts
    if len(there) < 3:
        return f"a contract may not include '{included}'"
    if there[1] in (here[1], "api") or there[-1] == "view.h":
        return None
    if here[1] == "governance" and there[-1] == "admission.h":
        return None
    return f"contract '{here[1]}' may include only view.h of contract '{there[1]}'"


def check_file(root, path, linked, findings):
    text = (root / path).read_text()
    folder = path.parts[1] if len(path.parts) > 2 else ""
    is_main = path.name == "main.cpp"
    if folder not in ALLOWED and not is_main:
        findings.add(path, 1, "layers", f"'{folder or path.name}' is not in the table")
        return
    code = lint_common.blank(text, strings=False)
    for include in INCLUDE.finditer(code):
        bracket, name = include.groups()
        line = lint_common.line_of(code, include.start())
        target = name.split("/")[0]
        if bracket == "<":
            if target in ALLOWED and "/" in name and (root / "src" / name).exists():
                findings.add(path, line, "layers", f'write "{name}" in quotes')
            continue
        if target not in ALLOWED or "/" not in name or ".." in name:
            findings.add(path, line, "layers", f"'{name}' is no full path from src/")
        elif target == folder:
            breach = contract_breach(path, name) if folder == "contracts" else None
            if breach:
                findings.add(path, line, "layers", breach)
        elif target not in (MAIN_MAY if is_main else ALLOWED[folder]):
            findings.add(path, line, "layers", f"'{folder or 'main'}' may not include '{target}'")
        elif not is_main and folder in linked and target not in linked[folder]:
            findings.add(
                path, line, "layers",
                f"'{folder}' includes '{target}' but src/CMakeLists.txt does not link it",
            )


def main():
    root = lint_common.root_argument(__doc__.splitlines()[0])
    findings = lint_common.Findings("check_layers")
    linked = linked_folders(root, findings)
    for path in lint_common.files(root, (".h", ".cpp"), ("src",)):
        check_file(root, path, linked, findings)
        folder = path.parts[1]
        if folder in ALLOWED and path.suffix == ".cpp" and folder not in linked:
            linked[folder] = ALLOWED[folder]  # said once
            findings.add(path, 1, "layers", f"src/CMakeLists.txt has no xl_library({folder} ...)")
    findings.finish()


if __name__ == "__main__":
    main()
