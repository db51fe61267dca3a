# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: a doctor elsewhere asks a patient by a handle, and both do everything by the command line.
Method: the real binary; what each side is told is compared, and what the ledger holds is proved."""

import json

import pytest

from test_cli import OPERATOR
from test_cli import world as shared_world  # noqa: F401 (a fixture)


@pytest.fixture(scope="module")
def world(shared_world):
    return shared_world


def ask(world, *more, types="Observation,Condition"):
    handle = world.act("ada", "identity", "handle", "make", "--minutes", "60")["handle"]
    return world.act("ward", "consent", "request", "--handle", handle, "--types", types,
                     "--days", "30", "--why", "to plan your operation", *more,
                     "--organisation", world.city)["request"]


def told(world, request, code=0):
    return world.act("ward", "consent", "requests", request, "--organisation", world.city,
                     code=code)


def reads(world, name, code=0):
    return world.act("ward", "record", "get", name, "--organisation", world.city, code=code)


def test_a_request_is_narrowed_and_the_asker_sees_that_and_no_more(world):
    reads(world, "Condition/c-1", code=5)
    request = ask(world)
    seen = world.act("ada", "consent", "requests", request)
    assert seen["why"] == "to plan your operation" and seen["state"] == "sent"
    assert seen["en"].startswith("Allows ") and "允许" in seen["zh"]
    listed = world.act("ada", "consent", "requests")["requests"]
    assert [one["request"] for one in listed] == [request]
    shown = world.run("consent", "answer", request, "--types", "Observation", "--days", "7",
                      "--as", "ada.json", *OPERATOR, "--dry-run", code=None)
    assert "It holds up to" in shown.stderr + shown.stdout
    assert told(world, request)["state"] == "sent"
    agreed = world.act("ada", "consent", "answer", request, "--types", "Observation",
                       "--days", "7")
    answer = told(world, request)
    assert answer["state"] == "narrowed" and answer["patient"] == world.patient
    assert "Condition" not in json.dumps(answer)
    assert reads(world, "Observation/bp-1")
    reads(world, "Condition/c-1", code=5)
    fhir = world.act("ada", "consent", "show", agreed["consent"], "--fhir")["resource"]
    assert fhir["sourceReference"]["reference"] == f"Consent/{request}"
    world.act("ada", "consent", "revoke", agreed["consent"])
    assert told(world, request)["state"] == "revoked"


def test_what_is_sensitive_is_masked_in_an_answer(world):
    request = ask(world)
    agreed = world.act("ada", "consent", "answer", request, "--confidentiality", "N",
                       "--except-types", "Condition", "--except-sensitivities", "HIV,PSY")
    assert agreed["en"].count("; except ") == 2
    answer = told(world, request)
    assert answer["state"] == "narrowed" and "HIV" not in json.dumps(answer)
    assert reads(world, "Observation/bp-1")
    reads(world, "Condition/c-1", code=5)
    rule = world.act("ada", "consent", "show", agreed["consent"])["rules"][0]["rule"]
    assert rule["confidentiality_max"] == 4 and len(rule["exceptions"]) == 2
    world.act("ada", "consent", "revoke", agreed["consent"])


def test_a_request_is_granted_as_asked(world):
    request = ask(world, types="Observation")
    consent = world.act("ada", "consent", "answer", request, "--grant")["consent"]
    assert told(world, request)["state"] == "granted"
    again = world.act("ada", "consent", "answer", request, "--grant", code=None)
    assert again["error"]["code"] == "XL3526"
    world.act("ada", "consent", "revoke", consent)


def test_a_refusal_is_proved_and_tells_what_the_patient_lets_it(world):
    request = ask(world)
    world.act("ada", "consent", "answer", request, "--deny", "--text", "ask me next year")
    answer = told(world, request)
    assert answer["state"] == "denied" and answer["text"] == "ask me next year"
    assert answer["patient"] is None and answer["consent"] is None
    proved = world.run("consent", "requests", request, "--as", "ada.json", *OPERATOR)
    assert "The ledger holds your refusal" in proved.stdout + proved.stderr
    reads(world, "Observation/bp-1", code=5)


def test_handles_end(world):
    handle = world.act("ada", "identity", "handle", "make")["handle"]
    assert handle in [one["handle"] for one in
                      world.act("ada", "identity", "handle", "list")["handles"]]
    world.act("ada", "identity", "handle", "end", handle)
    gone = world.act("ward", "consent", "request", "--handle", handle, "--why", "x",
                     "--organisation", world.city, code=None)
    never = world.act("ward", "consent", "request", "--handle", world.patient[-26:], "--why", "x",
                      "--organisation", world.city, code=None)
    assert gone["error"]["code"] == never["error"]["code"] == "XL3520"
    assert gone["error"]["message"] == never["error"]["message"]


def test_a_form_is_signed_and_ends_within_a_year_unless_it_is_said(world):
    form = {"resourceType": "Consent", "status": "active",
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
                                  "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"reference": "Patient/ada"},
            "policy": [{"uri": "http://example.org/policy"}],
            "provision": {"type": "permit", "actor": [{
                "role": {"coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                    "code": "IRCP"}]},
                "reference": {"type": "Organization", "identifier": {
                    "system": "urn:ietf:rfc:3986", "value": world.river}}}],
                "purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                             "code": "TREAT"}]}}
    (world.folder / "form.json").write_text(json.dumps(form))
    a_year = world.act("ada", "consent", "agree", "form.json")
    assert a_year["end"] is not None
    assert reads(world, "Observation/bp-1")
    for_ever = world.act("ada", "consent", "agree", "form.json", "--until-revoked")
    assert for_ever["end"] is None
    for one in (a_year, for_ever):
        world.act("ada", "consent", "revoke", one["consent"])
    reads(world, "Observation/bp-1", code=5)


def test_institutions_agree_dispute_and_part(world):
    world.act("city", "consent", "agreement", "propose", "--with", world.river, "--types",
              "Observation", "--purposes", "TREAT", "--retention-days", "30", "--days", "365",
              "--out", "terms.json")
    tried = world.run("consent", "agreement", "accept", "terms.json", "--as", "river.json",
                      *OPERATOR, "--dry-run", code=None)
    assert "keep it for 30 days at most, and may not hand it on" in tried.stdout + tried.stderr
    agreement = world.act("river", "consent", "agreement", "accept", "terms.json")["agreement"]
    listed = world.act("city", "consent", "agreement", "list")
    assert listed["required"] is False
    assert [(one["agreement"], one["in_force"]) for one in listed["agreements"]] \
        == [(agreement, True)]
    dispute = world.act("city", "consent", "agreement", "dispute", agreement,
                        "--text", "it was handed on")["agreement"]
    world.act("river", "consent", "agreement", "answer", agreement, dispute,
              "--text", "it was deleted")
    shown = world.act("city", "consent", "agreement", "show", agreement)
    assert shown["disputes"][0]["text"] == "it was handed on" and shown["disputes"][0]["answered"]
    world.act("river", "consent", "agreement", "end", agreement)
    assert not world.act("city", "consent", "agreement", "list")["agreements"]
    ended = world.act("city", "consent", "agreement", "show", agreement)
    assert ended["status"] == "ended" and ended["ended_by"] == world.river
