# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: who has no device consents and takes back at the desk, and who lost a key gets a new one,
by the command line alone, with every signature that the rules ask for and none less. Method: the
real binary; requests for signatures go from hand to hand as files, are altered and given to the
wrong people."""

import base64
import datetime
import json

import pytest

from test_cli import OPERATOR, World
from test_cli import world as shared_world  # noqa: F401 (a fixture)


@pytest.fixture(scope="module")
def desk(shared_world):
    out = shared_world
    out.desk = out.doctor("desk", "city", out.city)
    (out.folder / "paper.txt").write_text("I agree. Ada Young")
    return out


ASSISTED = ("--types", "Observation", "--evidence", "paper.txt", "--with", "desk.card",
            "--request", "request.json")


def grant(desk, *more, code=0):
    return desk.act("min", "consent", "grant", "--assisted", "--patient", desk.patient, "--to",
                    desk.river, *ASSISTED, *more, code=code)


def listed(desk):
    return {one["consent"]: one for one in desk.act("ada", "consent", "list")["consents"]}


def test_two_of_the_staff_sign_and_the_patient_can_revoke(desk):
    asks = ("record", "get", "Observation/bp-1", "--organisation", desk.city)
    desk.act("ward", *asks, code=5)
    for wrong in (("--days", "91"), ("--days", "30", "--with", "ward.card")):
        grant(desk, *wrong, code=2)
    asked = grant(desk, "--days", "30")
    assert (asked["signed"], asked["signers"], asked["transaction_id"]) == (1, 2, None)
    request = desk.folder / "request.json"
    assert request.stat().st_mode & 0o077 == 0
    assert asked["consent"] not in listed(desk)  # one of two is nobody
    shown = desk.json("consent", "approve", "request.json", "--show")
    assert shown["kind"] == "consent" and shown["subject"] == desk.patient
    other = desk.act("ward", "consent", "approve", "request.json", code=5)
    assert other["error"]["code"] == "XL5012"
    again = desk.act("min", "consent", "approve", "request.json", code=5)
    assert again["error"]["code"] == "XL5012"
    # What is signed is what is shown: another policy in the file is noticed.
    whole = json.loads(request.read_text())
    sealed = bytearray(base64.b64decode(whole["sealed"]))
    for place in (5, len(sealed) // 2, len(sealed) - 1):
        altered = bytearray(sealed)
        altered[place] ^= 1
        request.write_text(json.dumps({**whole, "sealed": base64.b64encode(altered).decode()}))
        told = desk.act("desk", "consent", "approve", "request.json", code=9)
        assert told["error"]["code"] == "XL5011"
    request.write_text(json.dumps({**whole, "body": whole["body"][:-8]}))
    desk.act("desk", "consent", "approve", "request.json", code=9)
    request.write_text(json.dumps(whole))
    done = desk.act("desk", "consent", "approve", "request.json")
    assert (done["signed"], len(done["transaction_id"])) == (2, 64)
    kept = listed(desk)[asked["consent"]]
    assert kept["assisted"] is True and kept["active"] is True
    rows = desk.run("consent", "list", "--as", "ada.json", *OPERATOR).stdout
    assert "assisted, at the desk" in rows
    one = desk.run("consent", "show", asked["consent"], "--as", "ada.json", *OPERATOR, "--lang",
                   "zh").stdout
    assert "窗口协助办理" in one
    assert desk.read("ward", *asks)["id"] == "bp-1"
    # The patient's own key takes it back.
    desk.act("ada", "consent", "revoke", asked["consent"])
    desk.act("ward", *asks, code=5)
    assert asked["consent"] not in listed(desk)


def test_a_consent_is_taken_back_at_the_desk(desk):
    asked = grant(desk, "--days", "7")
    desk.act("desk", "consent", "approve", "request.json")
    back = ("consent", "revoke", asked["consent"], "--assisted", "--with", "min.card", "--request",
            "back.json")
    desk.act("desk", *back, code=2)  # without the paper
    begun = desk.act("desk", *back, "--evidence", "paper.txt")
    assert begun["evidence_salt"] != asked["evidence_salt"]
    assert listed(desk)[asked["consent"]]["active"] is True
    assert desk.act("min", "consent", "approve", "back.json")["kind"] == "revocation"
    assert asked["consent"] not in listed(desk)


def test_somebody_without_staff_cannot_sign_for_a_patient(desk):
    foreign = desk.act("ward", "consent", "grant", "--assisted", "--patient", desk.patient, "--to",
                       desk.river, *ASSISTED, "--days", "3")
    assert foreign["signed"] == 1
    refused = desk.act("desk", "consent", "approve", "request.json", code=9)
    assert refused["error"]["code"] == "XL3507"  # sealed for another custodian than the patient's
    desk.act("ada", "consent", "grant", "--assisted", "--patient", desk.patient, "--to", desk.river,
             *ASSISTED, "--days", "3", code=2)


def test_who_lost_a_key_is_recovered(desk):
    status = desk.act("ada", "identity", "recover", "status")
    assert status["configured"] is False and status["running"] is False
    guardian = desk.json("identity", "create", "Daughter", "--kind", "guardian", "--organisation",
                         desk.city, "--out", "daughter.json", "--card", "daughter.card", *OPERATOR)
    desk.act("ada", "identity", "appoint", "daughter.card", "--until", "2030-12-31", "--powers",
             "consent,recovery")
    desk.json("identity", "create", "Ada again", "--kind", "patient", "--did", desk.patient,
              "--organisation", desk.city, "--out", "ada2.json", "--card", "ada2.card", *OPERATOR)
    start = ("identity", "recover", "start", "ada2.card")
    nobody = desk.act("daughter", *start, code=5)  # nobody said who may
    assert "recovery_not_configured" in nobody["error"]["message"]
    short = desk.act("ada", "identity", "recover", "setup", "--guardian", guardian["did"],
                     "--waiting-days", "2", code=5)
    assert "waiting_refused" in short["error"]["message"]
    desk.act("ada", "identity", "recover", "setup", "--guardian", guardian["did"])
    stranger = desk.act("min", *start, code=5)
    assert "recovery_signatures_missing" in stranger["error"]["message"]
    begun = desk.act("daughter", *start)
    assert begun["signed"] == begun["signers"] == 1 and begun["transaction_id"]
    status = desk.act("daughter", "identity", "recover", "status", desk.patient)
    assert status["running"] is True and (status["threshold"], status["guardians"]) == (1, 1)
    began, ready = (datetime.datetime.fromisoformat(status[name].replace("Z", "+00:00"))
                    for name in ("started", "ready"))
    assert ready - began == datetime.timedelta(days=3)
    early = desk.act("min", "identity", "recover", "finish", desk.patient, code=5)
    assert "recovery_too_early" in early["error"]["message"]
    desk.act("ada2", "consent", "list", code=4)  # the new key is nothing yet
    # The owner still has the old key, and stops it.
    desk.act("ada", "identity", "recover", "cancel")
    assert desk.act("ada", "identity", "recover", "status")["running"] is False
    none = desk.act("min", "identity", "recover", "finish", desk.patient, code=5)
    assert "recovery_not_running" in none["error"]["message"]


def test_guardian_and_custodian_recover_together(desk):
    guardian = desk.json("identity", "create", "Sister", "--kind", "guardian", "--organisation",
                         desk.city, "--out", "sister.json", "--card", "sister.card", *OPERATOR)
    desk.act("ada", "identity", "appoint", "sister.card", "--until", "2030-12-31", "--powers",
             "recovery")
    desk.act("ada", "identity", "recover", "setup", "--guardian", guardian["did"], "--attester",
             desk.city, "--need-both")
    desk.json("identity", "create", "Ada", "--kind", "patient", "--did", desk.patient,
              "--organisation", desk.city, "--out", "ada3.json", "--card", "ada3.card", *OPERATOR)
    desk.act("city", "identity", "recover", "start", "ada3.card", code=5)  # alone it may not
    desk.run("identity", "card", "--as", "city.json", *OPERATOR, "--out", "city.card")
    desk.act("sister", "identity", "recover", "start", "ada3.card", "--with", "city.card", code=2)
    begun = desk.act("sister", "identity", "recover", "start", "ada3.card", "--with", "city.card",
                     "--request", "recovery.json")
    assert (begun["signed"], begun["signers"]) == (1, 2)
    shown = desk.run("identity", "recover", "approve", "recovery.json", "--show")
    assert "new key" in shown.stderr and desk.patient in shown.stdout
    done = desk.act("city", "identity", "recover", "approve", "recovery.json")
    assert done["kind"] == "recovery" and done["transaction_id"]
    assert desk.act("ada", "identity", "recover", "status")["running"] is True
    desk.act("ada", "identity", "recover", "cancel")


def test_a_request_of_another_network_is_refused(desk, tmp_path):
    grant(desk, "--days", "3")
    (tmp_path / "operator.key").write_bytes((desk.folder / "operator.key").read_bytes())
    other = World(tmp_path)
    other.found("Other:hospital")
    other.start()
    try:
        refused = other.json("consent", "approve", desk.folder / "request.json", "--show", code=9)
        assert refused["error"]["code"] == "XL5011"
    finally:
        other.stop()
