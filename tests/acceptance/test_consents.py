# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: what a patient allows, refuses and excepts by the command line decides what the gateway
gives out. Method: the real binary; a doctor elsewhere reads records of two classes, two authors and
two times under each agreement; what is refused has the reason that the agreement gives."""

import json

import pytest

from test_cli import OPERATOR, observation, visit
from test_cli import world as shared_world  # noqa: F401 (a fixture)


@pytest.fixture(scope="module")
def world(shared_world):
    out = shared_world
    for number, year in ((31, 2015), (32, 2024)):
        out.put("city", {**observation(number), "effectiveDateTime": f"{year}-06-01T08:00:00Z"})
    return out


def grant(world, *more):
    return world.act("ada", "consent", "grant", "--to", world.river, "--days", "30", *more)


def deny(world, *more):
    return world.act("ada", "consent", "deny", *more)


def read(world, name, who="ward", code=0):
    answer = world.act(who, "record", "get", name, "--organisation", world.city, code=code)
    assert code or answer["resource"]["id"] == name.partition("/")[2]
    return answer


def refused(world, name, who="ward"):
    assert read(world, name, who, code=5)["error"]["code"] in ("XL3502", "XL3511")
    last = world.act("ada", "access", "log")["entries"][-1]
    told = world.act("ada", "access", "explain", last["sequence"])
    assert told["entry"]["permitted"] is False
    return {one["name"] for one in told["reasons"]}


@pytest.fixture()
def clean(world):
    """Takes back what a test agreed to."""
    yield
    for one in world.act("ada", "consent", "list")["consents"]:
        world.act("ada", "consent", "revoke", one["consent"])


def test_a_denied_class_is_refused_whatever_is_allowed(world, clean):
    grant(world)
    read(world, "Condition/c-1")
    told = deny(world, "--types", "Condition")
    assert told["end"] is None and told["en"].startswith("Refuses everybody")
    assert refused(world, "Condition/c-1") == {"patient_denies"}
    read(world, "Observation/bp-1")
    # In the patient's own hospital too.
    world.put("city", visit(9, world.min))
    read(world, "Observation/bp-1", who="min")
    assert refused(world, "Condition/c-1", who="min") == {"patient_denies"}
    world.act("ada", "consent", "revoke", told["consent"])
    read(world, "Condition/c-1")


def test_a_person_and_an_institution_can_be_denied(world, clean):
    grant(world)
    one = deny(world, "--person", world.ward, "--days", "3")
    assert one["end"] and world.ward in one["en"] and world.ward in one["zh"]
    assert refused(world, "Observation/bp-1") == {"patient_denies"}
    world.act("ada", "consent", "revoke", one["consent"])
    read(world, "Observation/bp-1")
    deny(world, "--to", world.river, "--purpose", "TREAT")
    assert refused(world, "Observation/bp-1") == {"patient_denies"}


def test_a_data_period_cuts_older_records_off(world, clean):
    made = grant(world, "--data-from", "2020-01-01", "--data-to", "2025-12-31")
    assert "of 2020-01-01 or later, of 2025-12-31 or earlier" in made["en"]
    read(world, "Observation/bp-32")
    assert refused(world, "Observation/bp-31") == {"period_not_covered"}
    # Data whose time nobody knows might be older.
    assert refused(world, "Observation/bp-1") == {"period_not_covered"}
    shown = world.act("ada", "consent", "show", made["consent"])["rules"][0]["rule"]
    assert shown["data_from"] == "2020-01-01T00:00:00.000Z"
    assert shown["data_to"] == "2026-01-01T00:00:00.000Z"
    world.act("ada", "consent", "grant", "--to", world.river, "--days", "1", "--data-from",
              "2020-01-02", "--data-to", "2020-01-01", code=2)


def test_exceptions_are_left_out_of_what_is_allowed(world, clean):
    made = grant(world, "--except-types", "Condition", "--except-person", world.min)
    read(world, "Observation/bp-1")
    assert refused(world, "Condition/c-1") == {"excepted"}
    assert made["en"].count("; except ") == 2 and made["zh"].count(";例外:") == 2
    rule = world.act("ada", "consent", "show", made["consent"])["rules"][0]["rule"]
    assert {code["code"] for one in rule["exceptions"] for code in one["classes"]} == {"Condition"}


def test_authors_bound_what_may_be_seen(world, clean):
    elsewhere = grant(world, "--author-organisation", world.river)
    assert refused(world, "Observation/bp-1") == {"author_not_covered"}
    world.act("ada", "consent", "revoke", elsewhere["consent"])
    own = grant(world, "--author-organisation", world.city)
    read(world, "Observation/bp-1")
    world.act("ada", "consent", "revoke", own["consent"])
    grant(world, "--author", world.min)
    assert refused(world, "Observation/bp-1") == {"author_not_covered"}


def test_confidentiality_has_a_least_and_a_most(world, clean):
    grant(world, "--confidentiality", "R,V")
    assert refused(world, "Observation/bp-1") == {"confidentiality_not_covered"}
    made = grant(world, "--confidentiality", "N,R")
    read(world, "Observation/bp-1")
    rule = world.act("ada", "consent", "show", made["consent"])["rules"][0]["rule"]
    assert (rule["confidentiality_min"], rule["confidentiality_max"]) == (4, 5)
    world.act("ada", "consent", "grant", "--to", world.river, "--days", "1", "--confidentiality",
              "L,N,R", code=2)


def test_an_agreement_is_a_sentence_in_both_languages(world, clean):
    made = grant(world, "--types", "Observation", "--confidentiality", "N", "--data-from",
                 "2020-01-01", "--except-author", world.min)
    show = ("consent", "show", made["consent"], "--as", "ada.json", *OPERATOR)
    english = world.run(*show).stdout
    said = ("Allows Riverside Hospital to read, search results and measurements for treatment, at "
            "most of normal confidentiality, of 2020-01-01 or later; except everything, written by "
            f"{world.min}.")
    assert said in english and made["en"] == said
    chinese = world.run(*show, "--lang", "zh").stdout
    assert ("允许Riverside Hospital为诊疗目的查看、检索检验与测量结果,保密级别最高为“一般”,"
            f"限 2020-01-01 起的资料;例外:全部资料,限由{world.min}书写的资料。") in chinese
    listed = world.run("consent", "list", "--as", "ada.json", *OPERATOR, "--lang", "zh").stdout
    assert "允许" in listed and "诊疗" in listed and "检验检查结果" not in made["en"]


def test_it_is_seen_beforehand_as_the_doctor_would_see_it(world, clean):
    who = ("--actor", world.ward, "--of", world.river)
    assert world.act("ada", "consent", "see-as", *who)["records"] == []
    none = world.act("ada", "consent", "explain", "Observation/bp-1", *who)
    assert not none["permitted"] and [one["code"] for one in none["reasons"]] == ["no_consent"]
    made = grant(world, "--types", "Observation")["consent"]
    seen = world.act("ada", "consent", "see-as", *who, "--type", "Observation")
    assert seen["total"] == len(seen["records"]) >= 3 and seen["records"][0]["what"]
    assert world.act("ada", "consent", "explain", "Observation/bp-1", *who)["consents"] == [made]
    for more, reason in ((("--purpose", "HRESCH"), "purpose_not_covered"),
                         (("--action", "correct"), "action_not_covered"),
                         (("--role", "nurse"), "role_not_attested")):
        told = world.act("ada", "consent", "explain", "Observation/bp-1", *who, *more)
        assert not told["permitted"] and told["reasons"][0]["code"] == reason
    refusal = deny(world, "--types", "Observation")["consent"]
    told = world.act("ada", "consent", "explain", "Observation/bp-1", *who)
    assert not told["permitted"] and told["refused_by"] == [refusal]
    assert world.act("ada", "consent", "see-as", *who)["total"] == 0
    # For the patient alone, each asked once, about what can be asked.
    world.act("ward", "consent", "explain", "Observation/bp-1", *who, "--id", "ada",
              "--organisation", world.city, code=5)
    wrong = world.act("ada", "consent", "explain", "Observation/bp-1", *who, "--action", "delete",
                      code=None)
    assert wrong["error"]["code"] == "XL4007" and "action" in wrong["error"]["message"]


def test_a_list_says_all_that_was_agreed(world, clean):
    """Two policies in one consent, one of them about single records: none is left out."""
    form = {"resourceType": "Consent", "status": "active",
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
                                  "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"reference": "Patient/ada"},
            "policy": [{"uri": "http://example.org/policy"}], "provision": {"provision": []}}
    for number, purpose in ((1, "TREAT"), (2, "HRESCH")):
        form["provision"]["provision"].append({
            "type": "permit", "actor": [{
                "role": {"coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                    "code": "IRCP"}]},
                "reference": {"type": "Organization", "identifier": {
                    "system": "urn:ietf:rfc:3986", "value": world.river}}}],
            "purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                         "code": purpose}],
            "data": [{"meaning": "instance",
                      "reference": {"reference": f"Observation/bp-{number}"}}]})
    (world.folder / "two.json").write_text(json.dumps(form))
    made = world.act("ada", "consent", "agree", "two.json")
    one, = [one for one in world.act("ada", "consent", "list")["consents"]
            if one["consent"] == made["consent"]]
    said = {(one["rule"]["purposes"][0], one["rule"]["records"][0]["record"])
            for one in one["rules"]}
    assert said == {("TREAT", "Observation/bp-1"), ("HRESCH", "Observation/bp-2")}
    assert one["en"] == made["en"] and "research" in one["en"]
    table = world.run("consent", "list", "--as", "ada.json", *OPERATOR).stdout
    assert made["en"] in table
