# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: every official example is found by each search parameter that has a value in it, and by no
other. Method: another implementation (Medplum) evaluates the definitions' expressions over each
example; a real node is asked, for each of its parameters, whether it is missing."""

import json
import subprocess

import pytest

import examples
import outside
from test_examples import Visit, needs_data

BATCH = 400  # entries of one request


def official():
    """Name -> resource of the examples that are single resources."""
    found = {}
    for path in sorted((examples.SHARED / "fhir/r4-examples").rglob("*.json")):
        resource = json.loads(path.read_bytes())
        if resource["resourceType"] not in ("Bundle", "Parameters") and "id" in resource:
            found[path.stem] = resource
    return found


def evaluated(resources):
    """What the other implementation says of each."""
    folder = outside.npm_folder("medplum")
    lines = "".join(json.dumps({"name": name, "resource": one}) + "\n"
                    for name, one in resources.items())
    done = subprocess.run(["node", folder / "search_values.mjs"], input=lines, text=True,
                          capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def missing(server, queries):
    """For each query whether it found nothing."""
    out = []
    for start in range(0, len(queries), BATCH):
        answer = server.ask("POST", "", {
            "resourceType": "Bundle", "type": "batch", "entry": [
                {"request": {"method": "GET", "url": one}}
                for one in queries[start:start + BATCH]]})
        assert answer.status == 200, answer.body
        for entry in answer.json["entry"]:
            assert entry["response"]["status"] == "200", entry
            out.append(entry["resource"]["total"] == 0)
    return out


@needs_data
def test_every_example_has_the_values_that_another_implementation_finds(server):
    resources = official()
    compared, ours_alone, theirs_alone = 0, [], []
    for told in evaluated(resources):
        resource = resources[told["name"]]
        with Visit(server) as visit:
            visit.admit(resource)
            answer = server.ask("POST", resource["resourceType"], resource)
            if answer.status != 201:
                continue  # judged by the other tests
            name = visit.keep(answer.headers["Location"])
            kind, _, identity = name.partition("/")
            codes = told["with"] + told["without"]
            absent = missing(server, [f"{kind}?_id={identity}&{code}:missing=false&_summary=count"
                                      for code in codes])
            for code, none in zip(codes, absent, strict=True):
                compared += 1
                if code in told["with"] and none:
                    theirs_alone.append(f"{told['name']} {code}")
                if code in told["without"] and not none:
                    ours_alone.append(f"{told['name']} {code}")
    print(f"{compared} values compared of {len(resources)} examples; "
          f"theirs alone {theirs_alone}, ours alone {ours_alone}")
    if not compared:
        pytest.fail("nothing was compared")
    assert not ours_alone
    assert not theirs_alone
