# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: everything that our FHIR server says is sound FHIR R4. Method: an answer of every kind,
from a real node, is judged by HAPI FHIR's validator with the official definitions, without
terminology of others."""

import json
import subprocess

import pytest

import examples
import outside

PULSE = {"resourceType": "Observation", "status": "final",
         "text": {"status": "generated",
                  "div": '<div xmlns="http://www.w3.org/1999/xhtml">70 a minute</div>'},
         "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
         "subject": {"reference": "Patient/ada"}, "effectiveDateTime": "2026-11-20T08:00:00+08:00",
         "performer": [{"display": "Ward 3"}],
         "valueQuantity": {"value": 70, "unit": "/min", "system": "http://unitsofmeasure.org",
                           "code": "/min"}}
# What it wants of an answer, and why it does not get that: file, start of the words -> reason.
OTHERWISE = {("history-all.json", "Multiple matches in bundle for reference Patient/ada"):
             "a history holds several versions of what is referred to (R4 bdl-7)"}


def entry(method, url, resource=None, **more):
    out = {"request": {"method": method, "url": url}, **more}
    return {**out, "resource": resource} if resource else out


def bundle(kind, *entries):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def answers_of(server):
    """Name -> answer, one of each kind."""
    ask = server.ask
    patient = {"resourceType": "Patient", "id": "ada", "active": True,
               "name": [{"family": "Young", "given": ["Ada"]}]}
    urn = "urn:uuid:05efabf0-4be2-4561-91ce-51548425acb9"
    out = {"capabilities": ask("GET", "metadata"), "update": ask("PUT", "Patient/ada", patient),
           "create": ask("POST", "Observation", PULSE),
           "transaction": ask("POST", "", bundle(
               "transaction", entry("POST", "Patient", {"resourceType": "Patient"}, fullUrl=urn),
               entry("POST", "Observation", {**PULSE, "subject": {"reference": urn}}))),
           "batch": ask("POST", "", bundle(
               "batch", entry("GET", "Patient/ada"), entry("GET", "Patient/nobody"),
               entry("GET", "Observation?patient=ada"), entry("POST", "Observation", PULSE),
               entry("DELETE", "Observation/none")))}
    ask("PUT", "Patient/ada", {**patient, "gender": "female"})
    gone = out["create"].json["id"]
    ask("DELETE", f"Observation/{gone}")
    out |= {"read": ask("GET", "Patient/ada"), "gone": ask("GET", f"Observation/{gone}"),
            "search": ask("GET", "Observation?patient=ada&_count=1"),
            "nothing": ask("GET", "Observation?patient=nobody"),
            "history": ask("GET", "Patient/ada/_history"),
            "history-type": ask("GET", "Observation/_history"),
            "history-all": ask("GET", "_history"),
            "everything": ask("GET", "Patient/ada/$everything"),
            "validate": ask("POST", "Observation/$validate", PULSE),
            "validate-wrong": ask("POST", "Observation/$validate", {
                "resourceType": "Observation", "status": "?", "unknown": 1}),
            "outcome": ask("PUT", "Patient/ada", patient, Prefer="return=OperationOutcome"),
            "no-json": ask("POST", "Patient", b"{"), "not-found": ask("GET", "Patient/nobody"),
            "no-type": ask("GET", "Nothing/1"), "no-parameter": ask("GET", "Patient?nothing=1"),
            "conflict": ask("PUT", "Patient/ada", patient, If_Match='W/"1"'),
            "no-token": ask("GET", "Patient/ada", Authorization="Bearer none"),
            "invalid": ask("POST", "Observation", {"resourceType": "Observation"}),
            "wrong-entry": ask("POST", "", bundle("transaction", entry("POST", "Patient", {
                "resourceType": "Patient", "gender": "many"})))}
    return out


def findings(folder):
    """What the validator calls an error: (file, element, words)."""
    done = subprocess.run(["java", "-Xmx2g", "-cp", outside.hapi_classpath(), "HapiValidator",
                           str(folder)], capture_output=True, text=True, timeout=280)
    rows = [line.split("\t", 3) for line in done.stdout.splitlines()]
    judged = {row[0] for row in rows if row[1] == "DONE"}
    assert judged == {one.name for one in folder.glob("*.json")}, done.stderr[-2000:]
    return [(row[0], row[2], row[3]) for row in rows if row[1] in ("ERROR", "FATAL")]


def history_of(server, source):
    """The same of a whole history: the transaction's answer, and all of its patient."""
    told = server.ask("POST", "", source.read_bytes())
    assert told.status == 200
    patient = next(one["response"]["location"] for one in told.json["entry"]
                   if "/Patient/" in one["response"]["location"])
    name = patient.split("/_history/")[0].removeprefix(server.url + "/")
    return {"synthea-transaction": told,
            "synthea-everything": server.ask("GET", f"{name}/$everything")}


@pytest.fixture(scope="module")
def found(server, tmp_path_factory):
    """What the validator finds: file -> (element, words). It starts slowly, so once."""
    outside.hapi_classpath()
    folder = tmp_path_factory.mktemp("answers")
    answers = answers_of(server)
    histories = examples.SHARED / "fhir/synthea-r4/plain"
    if histories.is_dir():
        source = min(histories.glob("*.json"), key=lambda one: one.stat().st_size)
        answers |= history_of(server, source)
        (folder / "synthea.json").write_bytes(source.read_bytes())
    for name, answer in answers.items():
        assert answer.headers["Content-Type"].startswith("application/fhir+json"), name
        assert "resourceType" in answer.json, name
        (folder / f"{name}.json").write_bytes(answer.body)
    # So that a validator that finds nothing is noticed.
    (folder / "wrong.json").write_text(json.dumps({"resourceType": "Patient", "gender": "many"}))
    out = {one.name: [] for one in folder.glob("*.json")}
    for name, element, words in findings(folder):
        out[name].append((element, words))
    assert out.pop("wrong.json")
    return out


def test_every_answer_is_sound(found):
    wrong = [(file, *one) for file, told in found.items() for one in told
             if not file.startswith("synthea") and not any(
                 file == name and one[1].startswith(words) for name, words in OTHERWISE)]
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.skipif(not examples.SHARED.is_dir(), reason="skipped: ../shared/data not found")
def test_what_is_kept_of_a_history_is_sound(found):
    # What it says of the file as it came is not ours.
    before = {words for _, words in found["synthea.json"]}
    wrong = [(file, *one) for file in ("synthea-transaction.json", "synthea-everything.json")
             for one in found[file] if one[1] not in before]
    assert not wrong, "\n".join(map(str, wrong))
