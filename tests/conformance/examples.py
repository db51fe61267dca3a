# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Other people's FHIR R4 resources in ../shared/data, and what other validators say of them."""

import csv
import json
import os
import pathlib
import re

SHARED = pathlib.Path(os.environ.get("XL_SHARED_DATA", "../shared/data"))
DISAGREEMENTS = pathlib.Path(__file__).with_name("disagreements.tsv")
# Of decimals every digit counts (R4 §2.24.0.1): they are texts here, between these.
BEGIN, END = "\ue000", "\ue001"


def parsed(text):
    """JSON as a value in which decimals are texts with all their digits."""
    return json.loads(text, parse_float=lambda digits: BEGIN + digits + END)


def written(value):
    """The bytes of such a value."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(f'"{BEGIN}([^{END}]*){END}"', r"\1", text).encode()


def verdicts():
    """Path -> whether the file holds a valid resource of R4: as HL7's own validator says where it
    was asked, else as an independent one says."""
    out = {}
    with open(SHARED / "medplum-validation.tsv", encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["path"].endswith(".json"):
                out[row["path"]] = row["result"] == "ok"
    index = json.loads((SHARED / "fhir/validator-cases/index.json").read_bytes())
    for case in index:
        out["fhir/validator-cases/" + case["file"]] = case["javaValidatorErrors"] == 0
    return dict(sorted(out.items()))


def disagreements():
    """What we answer otherwise, by whose verdict: `independent` and `official` validators, and
    `server` where the resource is sound but the request is not. Judge -> path -> reason."""
    out = {}
    with open(DISAGREEMENTS, encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            assert row["reason"].startswith(("refused: ", "accepted: ")), row
            out.setdefault(row["judge"], {})[row["file"]] = row["reason"]
    return out


def references(value):
    """Every reference in a resource: the object that holds it."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


LINKS = {"reference", "url", "valueUri", "valueUrl", "valueOid", "valueUuid"}


def linked(value, names):
    """A resource of a transaction as the server keeps it: where it names the full URL of an entry
    it names what became of that (R4 §3.1.0.11.2), in its narrative too."""
    if isinstance(value, list):
        return [linked(inner, names) for inner in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for name, inner in value.items():
        if name == "div" and isinstance(inner, str):
            inner = re.sub(r'(href|src)="([^"]*)"',
                           lambda one: f'{one[1]}="{names.get(one[2], one[2])}"', inner)
        elif name in LINKS and isinstance(inner, str):
            inner = names.get(inner, inner)
        out[name] = linked(inner, names)
    return out


def without_our_own(resource):
    """A resource without what the server sets."""
    out = {name: value for name, value in resource.items() if name != "id"}
    meta = {name: value for name, value in out.pop("meta", {}).items()
            if name not in ("versionId", "lastUpdated")}
    return {**out, **({"meta": meta} if meta else {})}
