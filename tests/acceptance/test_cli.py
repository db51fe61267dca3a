# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: a region works by the command line alone: identities, records, consents, emergencies, the
access log, FHIR files in and out, proofs; the same with either engine. Method: the real binary
against a node with two hospitals; each person has a key of their own; exit codes and stdout are the
interface."""

import base64
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import answers
import cluster

XINGLIN = pathlib.Path(os.environ["XL_BUILD"]) / "xinglin"
SYNTHEA = pathlib.Path(os.environ.get("XL_SHARED_DATA", "")) / "fhir" / "synthea-r4"
OPERATOR = ("--operator-key", "operator.key")
ON_COMETBFT = os.environ.get("XL_ENGINE") == "cometbft"  # else the embedded engine, solo
pytestmark = [cluster.needs_engine] if ON_COMETBFT else []


class World:
    """A node in a folder, and commands that talk to it."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {**os.environ, "LANG": "C", "HOME": str(folder),
                            "XDG_CACHE_HOME": str(folder / "cache")}
        self.url = ""
        self.process = None

    def found(self, *organisations):
        """Makes the folder of a node that orders alone, by either engine."""
        named = [word for one in organisations for word in ("--organisation", one)]
        if not ON_COMETBFT:
            self.run("node", "init", "--data", "data", *named, *OPERATOR)
            return
        port, = cluster.free_ports(1)
        self.run("network", "card", "--data", "data", "--network", "alone", *named, "--address",
                 f"127.0.0.1:{port}", "--out", "own.card", *OPERATOR)
        self.run("network", "genesis", "own.card", "--data", "data", "--out", "own.signature",
                 "--engine", cluster.ENGINE.resolve(), *OPERATOR)

    def start(self):
        self.process = subprocess.Popen(
            [XINGLIN, "node", "run", "--data", "data", *OPERATOR, "--port", "0", "--json"],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"].rstrip("/")
        cluster.eventually(lambda: int(self.json("ledger", "head")["height"]) > 0)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=20) == 0

    def run(self, *arguments, code=0):
        node = ["--node", self.url] if self.url else []
        done = subprocess.run([XINGLIN, *map(str, arguments), *node], cwd=self.folder, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=120,
                              env=self.environment)
        assert code in (None, done.returncode), (arguments, done.returncode, done.stdout,
                                                 done.stderr)
        return done

    def json(self, *arguments, code=0):
        return answers.checked(self.run(*arguments, "--json", code=code).stdout)

    def act(self, who, *arguments, code=0):
        """A command as somebody, its answer as JSON."""
        return self.json(*arguments, "--as", f"{who}.json", *OPERATOR, code=code)

    def read(self, who, *arguments):
        """The FHIR resource in an answer."""
        return self.act(who, *arguments)["resource"]

    def put(self, who, resource):
        (self.folder / "resource.json").write_text(json.dumps(resource, ensure_ascii=False))
        return self.act(who, "record", "put", "resource.json")

    def doctor(self, name, hospital, did, role="physician"):
        made = self.json("identity", "create", name, "--kind", "practitioner", "--role", role,
                         "--organisation", did, "--out", f"{name}.json", "--card", f"{name}.card",
                         *OPERATOR)
        self.act(hospital, "identity", "attest", f"{name}.card", "--role", role,
                 "--licence", "none" if role == "privacy-officer" else "medical")
        return made["did"]


def observation(number, patient="ada"):
    return {"resourceType": "Observation", "id": f"bp-{number}", "status": "final",
            "subject": {"reference": f"Patient/{patient}"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6",
                                 "display": "Systolic blood pressure"}]},
            "valueQuantity": {"value": 120 + number, "unit": "mm[Hg]"}}


def visit(number, practitioner, status="in-progress"):
    return {"resourceType": "Encounter", "id": f"visit-{number}", "status": status,
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": "Patient/ada"},
            "participant": [{"individual": {
                "reference": "Practitioner/" + practitioner.removeprefix("did:xinglin:")}}]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    (folder / "operator.key").write_bytes(os.urandom(32))
    out = World(folder)
    out.found("市一医院:hospital", "Riverside Hospital:hospital")
    out.start()
    listed = out.json("identity", "list")["organisations"]
    dids = {one["name"]: one["did"] for one in listed}
    out.city, out.river = dids["市一医院"], dids["Riverside Hospital"]
    for name, did in (("city", out.city), ("river", out.river)):
        source = folder / "data" / "keys" / f"{did.removeprefix('did:xinglin:')}.identity.json"
        assert source.stat().st_mode & 0o077 == 0
        (folder / f"{name}.json").write_bytes(source.read_bytes())
    out.put("city", {"resourceType": "Patient", "id": "ada", "name": [{"text": "Ada Young"}]})
    for number in range(3):
        out.put("city", observation(number))
    out.put("city", {"resourceType": "Condition", "id": "c-1",
                     "subject": {"reference": "Patient/ada"},
                     "code": {"text": "Hypertensive disorder"}})
    out.patient = out.act("city", "record", "verify", "Patient/ada")["patient"]
    out.json("identity", "create", "Ada", "--kind", "patient", "--did", out.patient,
             "--organisation", out.city, "--out", "ada.json", "--card", "ada.card", *OPERATOR)
    out.act("city", "identity", "claim", "ada.card")
    out.min = out.doctor("min", "city", out.city)
    out.ward = out.doctor("ward", "river", out.river)
    yield out
    out.stop()


def entries(bundle):
    return bundle.get("entry", [])


def test_who_am_i_and_who_is_that(world):
    assert world.act("min", "identity", "show")["did"] == world.min
    shown = world.act("min", "identity", "show", world.patient)
    assert shown["kind"] == "patient" and shown["verified"] is True and shown["name"] is None
    assert world.act("min", "identity", "show", world.city)["name"] == "市一医院"
    unknown = world.run("identity", "show", "did:xinglin:" + "b" * 25 + "a", "--as", "min.json",
                        *OPERATOR, code=6)
    assert "XL5009" in unknown.stderr


def test_records_are_written_read_listed_and_proved(world):
    first = world.put("city", {"resourceType": "Condition", "id": "c-2",
                               "subject": {"reference": "Patient/ada"}, "code": {"text": "One"}})
    assert first["created"] is True and first["version"] == "1"
    assert len(first["transaction_id"]) == 64
    again = world.put("city", {"resourceType": "Condition", "id": "c-2",
                               "subject": {"reference": "Patient/ada"}, "code": {"text": "Two"}})
    assert again["created"] is False and again["version"] == "2"
    assert world.read("city", "record", "get", "Condition/c-2")["code"]["text"] == "Two"
    earlier = world.read("city", "record", "get", "Condition/c-2", "--version", "1")
    assert earlier["code"]["text"] == "One"
    history = world.act("city", "record", "history", "Condition/c-2")["versions"]
    assert [one["version"] for one in history] == ["2", "1"]
    listed = world.act("city", "record", "list", "Observation", "patient=ada")["records"]
    assert {one["record"] for one in listed} >= {f"Observation/bp-{n}" for n in range(3)}
    assert world.act("city", "record", "verify", "Condition/c-2")["version"] == "2"
    conflict = world.run("record", "put", "resource.json", "--if-version", "1", "--as", "city.json",
                         *OPERATOR, code=7)
    assert "XL4172" in conflict.stderr


def test_a_saved_proof_stands_alone_and_every_change_is_named(world):
    genesis = ("--genesis", "data/genesis.json")
    world.act("city", "record", "verify", "Observation/bp-1", "--out", "proof.json", *genesis)
    evidence = json.loads((world.folder / "proof.json").read_text())
    offline = ("record", "verify", "--evidence", "altered.json", *genesis)

    def check(change, code):
        altered = json.loads(json.dumps(evidence))
        change(altered)
        (world.folder / "altered.json").write_text(json.dumps(altered))
        return world.run(*offline, "--json", code=code).stdout

    assert json.loads(check(lambda one: None, 0))["verified"] is True

    def flip(text):
        return text[:10] + ("0" if text[10] != "0" else "1") + text[11:]

    for name in ("salt", "content_digest", "commitment"):
        told = check(lambda one: one["proof"].update({name: flip(one["proof"][name])}), 3)
        assert json.loads(told)["error"]["code"] == "XL5007"
    labels = base64.b64decode(evidence["proof"]["labels"])
    check(lambda one: one["proof"].update(
        {"labels": base64.b64encode(labels[:-1] + bytes([labels[-1] ^ 1])).decode()}), 3)
    check(lambda one: one.update({"content": one["content"].replace("121", "122")}), 3)
    check(lambda one: one["proof"].update({"version": "2"}), 3)
    for name, other in (("patient", world.city), ("custodian", world.river)):
        told = check(lambda one: one["proof"].update({name: other}), 3)
        assert json.loads(told)["error"]["code"] == "XL5007"
    elsewhere = world.act("city", "record", "verify", "Condition/c-1", "--out", "other.json",
                          *genesis)
    assert elsewhere["custodian"] == world.city and elsewhere["patient"] == world.patient
    other = json.loads((world.folder / "other.json").read_text())["proof"]
    for name in ("record", "salt", "content_digest", "labels", "commitment", "receipt", "head"):
        check(lambda one: one["proof"].update({name: other[name]}), 3)
    for name in evidence["proof"]:
        check(lambda one: one["proof"].pop(name), 9)
    state = evidence["proof"]["receipt"]["state"]
    check(lambda one: one["proof"]["receipt"]["state"].update({"value": flip(state["value"])}), 3)
    check(lambda one: one["proof"].update({"salt": "nothing"}), 9)


def test_own_care_needs_an_encounter(world):
    world.put("city", visit(1, world.min, "finished"))
    before = world.run("record", "get", "Observation/bp-1", "--as", "min.json", *OPERATOR, code=5)
    assert "XL3511" in before.stderr
    world.put("city", visit(1, world.min))
    assert world.read("min", "record", "get", "Observation/bp-1")["id"] == "bp-1"


def test_a_consent_opens_and_its_end_closes(world):
    asks = ("record", "get", "Observation/bp-1", "--organisation", world.city)
    world.act("ward", *asks, code=5)
    granted = world.act("ada", "consent", "grant", "--to", world.river, "--person", world.ward,
                        "--types", "Observation,Condition", "--purpose", "TREAT", "--days", "30")
    consent = granted["consent"]
    assert world.read("ward", *asks)["id"] == "bp-1"
    assert world.act("ward", "record", "get", "Condition/c-1", "--organisation", world.city)
    shown = world.act("ada", "consent", "show", consent)
    assert shown["active"] is True and shown["rules"][0]["rule"]["purposes"] == ["TREAT"]
    # Both examples of the help: for a shorter time, and fewer types.
    shorter = world.act("ada", "consent", "narrow", consent, "--days", "7")["consent"]
    assert world.act("ward", "record", "get", "Condition/c-1", "--organisation", world.city)
    longer = world.act("ada", "consent", "narrow", shorter, "--days", "8", code=9)
    assert longer["error"]["code"] == "XL3510" and "end earlier" in longer["error"]["message"]
    world.act("ada", "consent", "narrow", shorter, code=9)
    narrowed = world.act("ada", "consent", "narrow", shorter, "--types", "Observation")["consent"]
    assert world.read("ward", *asks)["id"] == "bp-1"
    world.act("ward", "record", "get", "Condition/c-1", "--organisation", world.city, code=5)
    wider = world.act("ada", "consent", "narrow", narrowed, "--types", "Observation,Condition",
                      code=9)
    assert wider["error"]["code"] == "XL3510"
    listed = world.act("ada", "consent", "list")["consents"]
    assert [one["consent"] for one in listed] == [narrowed]
    world.act("ada", "consent", "revoke", narrowed)
    world.act("ward", *asks, code=5)
    world.act("ada", "consent", "show", narrowed, code=6)


def test_a_dry_run_checks_everything_and_changes_nothing(world):
    before = world.json("ledger", "head")["height"]
    (world.folder / "dry.json").write_text(json.dumps(observation(77)))
    for who, *command in (("city", "record", "put", "dry.json"),
                          ("ada", "consent", "grant", "--to", world.river, "--types",
                           "Observation", "--days", "1"),
                          ("city", "record", "erase", "Observation/bp-1", "--confirm",
                           "Observation/bp-1"),
                          ("min", "identity", "rotate")):
        told = world.act(who, *command, "--dry-run")["error"]
        assert told["code"] == "XL5020" and "would send" in told["message"], command
        assert told["exit_code"] == 0
    assert not (world.folder / "min.json.next").exists()
    (world.folder / "valid").mkdir()
    (world.folder / "valid" / "one.json").write_text(json.dumps(observation(78)))
    told = world.act("city", "fhir", "import", "valid", "--dry-run")["error"]
    assert "1 files, 1 resources" in told["message"]
    (world.folder / "valid" / "two.json").write_text(
        '{"resourceType":"Patient","id":"x","gender":"many"}')
    told = world.act("city", "fhir", "import", "valid", "--dry-run", code=9)["error"]
    assert "two.json" in told["message"] and "many" not in told["message"]
    # What still fails when it is only tried.
    world.act("ada", "consent", "revoke", world.city, "--dry-run", code=None)
    world.run("record", "get", "Patient/ada", "--dry-run", code=2)
    world.act("city", "record", "get", "Observation/bp-77", code=6)
    world.act("city", "record", "get", "Observation/bp-78", code=6)
    assert world.read("min", "record", "get", "Observation/bp-1")["id"] == "bp-1"
    moved = int(world.json("ledger", "head")["height"]) - int(before)
    assert moved <= 8, "sign-ins and journal roots alone"


def test_an_emergency_with_a_reason_is_reviewed(world):
    world.doctor("wang", "river", world.river, role="emergency-physician")
    world.doctor("officer", "river", world.river, role="privacy-officer")
    asks = ("record", "get", "Condition/c-1", "--organisation", world.city, "--purpose", "ETREAT")
    world.act("wang", *asks, code=5)
    glass = world.act("wang", "access", "break-glass", "--patient", world.patient, "--custodian",
                      world.city, "--reason-code", "unconscious", "--reason", "traffic accident")
    assert world.read("wang", *asks, "--emergency", glass["entry"])["id"] == "c-1"
    # It cannot be reviewed before it is over.
    early = world.act("officer", "access", "review", glass["entry"], "--findings", "justified",
                      code=5)
    assert "emergency" in early["error"]["message"]
    for code, reason, number in [("unconscious", "", 3531), ("unconscious", "a  b  c  d", 3531),
                                 ("curious", "traffic accident", 3530)]:
        refused = world.act("ward", "access", "break-glass", "--patient", world.patient,
                            "--custodian", world.city, "--reason-code", code, "--reason", reason,
                            code=9)
        assert refused["error"]["code"] == f"XL{number}", refused
    renewed = world.act("wang", "access", "renew", glass["entry"], "--custodian", world.city)
    assert renewed["entry"] == glass["entry"] and len(renewed["transaction_id"]) == 64
    again = world.act("wang", "access", "renew", glass["entry"], "--custodian", world.city, code=5)
    assert "renewed_already: " in again["error"]["message"]
    chinese = world.run("access", "renew", glass["entry"], "--custodian", world.city, "--as",
                        "wang.json", *OPERATOR, "--lang", "zh", code=5).stderr
    assert re.search(r"renewed_already:.*[\u3400-\u9fff]", chinese), chinese
    # Ended, it opens nothing, and is reviewed at once. Only those who took part end it.
    world.act("officer", "access", "end", glass["entry"], code=5)
    ended = world.act("wang", "access", "end", glass["entry"])
    assert ended["schema"] == "xinglin/emergency-ended/v1" and ended["entry"] == glass["entry"]
    world.act("wang", *asks, "--emergency", glass["entry"], code=5)
    again = world.act("wang", "access", "end", glass["entry"], code=5)
    assert "emergency_over: " in again["error"]["message"]
    world.act("officer", "access", "review", glass["entry"], "--findings", "justified")


def test_two_clinicians_break_the_glass(world):
    world.doctor("zhao", "river", world.river)
    asks = ("record", "get", "Condition/c-1", "--organisation", world.city, "--purpose", "ETREAT")
    declare = ("access", "break-glass", "--patient", world.patient, "--custodian", world.city,
               "--reason-code", "stroke", "--reason", "cannot speak", "--second", "zhao.card")
    world.act("ward", *declare, code=2)  # the file that goes to the other is missing
    begun = world.act("ward", *declare, "--request", "glass.json")
    assert (begun["signed"], begun["signers"], begun["transaction_id"]) == (1, 2, None)
    world.act("ward", *asks, "--emergency", begun["entry"], code=5)  # one of two is nobody
    shown = world.run("access", "approve", "glass.json", "--show")
    assert "cannot speak" in shown.stderr and world.patient in shown.stderr
    world.act("min", "access", "approve", "glass.json", code=5)
    whole = json.loads((world.folder / "glass.json").read_text())
    assert (world.folder / "glass.json").stat().st_mode & 0o077 == 0
    sealed = bytearray(base64.b64decode(whole["sealed"]))
    sealed[-1] ^= 1
    (world.folder / "glass.json").write_text(
        json.dumps({**whole, "sealed": base64.b64encode(sealed).decode()}))
    world.act("zhao", "access", "approve", "glass.json", code=9)
    (world.folder / "glass.json").write_text(json.dumps(whole))
    done = world.act("zhao", "access", "approve", "glass.json")
    assert (done["kind"], done["signed"], len(done["transaction_id"])) == ("emergency", 2, 64)
    assert world.read("ward", *asks, "--emergency", begun["entry"])["id"] == "c-1"
    world.act("ward", "access", "renew", begun["entry"], "--custodian", world.city, "--second",
              "zhao.card", "--request", "renewal.json")
    kept = world.act("zhao", "access", "approve", "renewal.json")
    assert kept["kind"] == "emergency renewal" and len(kept["transaction_id"]) == 64


def test_the_access_log_tells_who_what_and_why(world):
    log = world.act("ada", "access", "log")["entries"]
    assert any(one["permitted"] for one in log) and any(not one["permitted"] for one in log)
    refused = next(one for one in log if not one["permitted"])
    told = world.act("ada", "access", "explain", refused["sequence"])
    assert told["reasons"] and all(one["en"] and one["zh"] for one in told["reasons"])
    rows = world.run("access", "log", "--as", "ada.json", *OPERATOR).stdout.splitlines()
    # Who, role, place, what, why, basis, when: no row lacks one, machines' are folded.
    assert all(row.count("\t") == 8 and row.split("\t")[7].strip() for row in rows)
    people = [one for one in log if not one["by_machine"]]
    assert len(people) <= len(rows) < len(log)
    assert any("physician" in row.split("\t")[3] for row in rows)
    assert any("automatic" in row for row in rows)
    everything = world.act("ada", "access", "log", "--all")["entries"]
    assert any(one["action"] == "access-log" for one in everything)
    # As many as the journal counts: those, with the look that listed them.
    assert world.act("ada", "access", "log", "--count")["count"] == len(everything)
    world.act("ward", "access", "log", "--organisation", world.city, code=5)
    world.act("ward", "access", "log", "--organisation", world.city, "--patient", world.patient,
              code=5)
    refused = [one for one in world.act("ada", "access", "log")["entries"]
               if one["action"] == "access-log"]
    assert len(refused) == 1 and refused[0]["reasons"] == "not_for_this_role", refused


def test_an_entry_of_the_log_is_proved_without_a_node(world):
    """The requester's own signature, the session and the custodian's journal, by the genesis."""
    log = world.act("ada", "access", "log")["entries"]
    one = next(one for one in log if one["permitted"] and not one["by_machine"] and one["session"])
    verify = ("access", "verify", one["sequence"], "--out", "read.json")
    deadline = time.monotonic() + 90  # a root is anchored within a minute
    while world.act("ada", *verify, code=None).get("error", {}).get("code") == "XL3048":
        assert time.monotonic() < deadline
        time.sleep(1)
    told = world.act("ada", *verify)
    assert told["verified"] is True and told["requester"] == one["actor"]
    assert told["time"] == one["time"] and told["purpose"] == one["purpose"]
    assert told["decided_again"] is True  # with her consents and the record's labels
    offline = ("access", "verify", "--genesis", "data/genesis.json", "--evidence")
    proof = json.loads((world.folder / "read.json").read_text())
    proof["receipts"]["key"] = proof["receipts"]["session"]
    (world.folder / "altered.json").write_text(json.dumps(proof))
    url, world.url = world.url, ""
    assert world.json(*offline, "read.json") == told
    refused = world.run(*offline, "altered.json", code=3)
    assert "XL5007" in refused.stderr and "of the key" in refused.stderr
    world.url = url


def test_files_go_in_are_compared_and_come_out_again(world):
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": "urn:uuid:1", "resource": {
            "resourceType": "Patient", "id": "p-1", "name": [{"family": "周"}]}},
        {"fullUrl": "urn:uuid:2", "resource": {
            "resourceType": "Observation", "id": "o-1", "status": "final",
            "subject": {"reference": "urn:uuid:1"}, "code": {"text": "weight"},
            "valueQuantity": {"value": 70.50, "unit": "kg"}}}]}
    (world.folder / "bundles").mkdir()
    (world.folder / "bundles" / "one.json").write_text(json.dumps(bundle))
    report = world.act("city", "fhir", "import", "bundles", "--verify", "--data", "data")
    assert report["verified"] is True and report["difference"] is None
    assert 0 < report["bytes_on_disk"] < 50_000_000
    assert (report["files"], report["patients"], report["resources"]) == (1, 1, 2)
    assert report["proofs_verified"] == 2
    world.act("city", "fhir", "export", "p-1", "--out", "out.json")
    out = json.loads((world.folder / "out.json").read_text())
    kept = {one["resource"]["resourceType"]: one["resource"] for one in entries(out)}
    assert kept["Observation"]["subject"]["reference"] == "Patient/p-1"
    found = world.read("city", "fhir", "search", "Observation", "patient=p-1")
    assert len(entries(found)) == 1 and found["total"] == 1
    assert world.read("city", "fhir", "get", "Patient/p-1")["name"] == [{"family": "周"}]
    assert world.json("fhir", "capabilities")["resource"]["resourceType"] == "CapabilityStatement"
    (world.folder / "bad.json").write_text('{"resourceType":"Patient","id":"x","gender":"many"}')
    refused = world.act("city", "fhir", "import", "bad.json", code=9)
    assert "bad.json" in refused["error"]["message"]


def test_synthetic_histories_survive_the_way_in_and_out(world):
    files = sorted((SYNTHEA / "plain").glob("*.json"))[:2] if SYNTHEA.exists() else []
    if not files:
        pytest.skip("skipped: ../shared/data not found")
    about = sorted(SYNTHEA.glob("*Information*.json.gz"))
    report = world.act("city", "fhir", "import", *about, *files, "--verify")
    assert report["verified"] is True and report["proofs_verified"] == report["resources"] > 100


def test_a_guardian_acts_for_its_ward(world):
    world.json("identity", "create", "Son", "--kind", "guardian", "--organisation", world.city,
               "--out", "son.json", "--card", "son.card", *OPERATOR)
    world.act("ada", "identity", "appoint", "son.card", "--until", "2030-12-31")
    granted = world.act("son", "consent", "grant", "--patient", world.patient, "--to", world.river,
                        "--types", "Immunization", "--days", "1")
    listed = world.act("son", "consent", "list", "--patient", world.patient)["consents"]
    assert granted["consent"] in [one["consent"] for one in listed]
    world.act("son", "consent", "revoke", granted["consent"])
    world.act("son", "consent", "list", "--patient", world.min, code=5)


def test_keys_rotate_and_end(world):
    world.doctor("night", "city", world.city)
    before = (world.folder / "night.json").read_text()
    rotated = world.act("night", "identity", "rotate")
    assert world.act("night", "identity", "show")["kind"] == "practitioner"
    assert (world.folder / "night.json").read_text() != before
    (world.folder / "old.json").write_text(before)
    world.act("old", "identity", "show", code=4)
    world.act("night", "identity", "revoke", rotated["new_key"], code=5)  # the last one stays


def session_of(world, who):
    rows = world.run("identity", "show", "--as", f"{who}.json", *OPERATOR).stdout.splitlines()
    [own] = [row for row in rows if row.startswith("session\t") and row.endswith(", this one")]
    return own.split("\t")[1].split(" ")[0]


def sessions_of(world, who):
    return [one["key_id"] for one in world.act(who, "identity", "show")["sessions"]]


def test_one_session_ends_and_the_others_go_on(world):
    world.doctor("dual", "city", world.city)
    first = session_of(world, "dual")
    shutil.rmtree(world.folder / "cache")  # another device: its sign-in is a session of its own
    second = session_of(world, "dual")
    assert first != second
    assert sorted(sessions_of(world, "dual")) == sorted([first, second])
    ended = world.act("dual", "identity", "revoke", first)
    assert ended["kind"] == "session" and ended["key_id"] == first
    assert session_of(world, "dual") == second  # still the same sign-in
    assert sessions_of(world, "dual") == [second]
    again = world.act("dual", "identity", "revoke", first, code=5)
    assert "delegation_ended" in again["error"]["message"]
    # The employer may end it too, without the person; nobody else may.
    refused = world.act("ward", "identity", "revoke", second, code=5)
    assert "not_signed_by_party" in refused["error"]["message"]
    assert world.act("city", "identity", "revoke", second)["kind"] == "session"
    assert session_of(world, "dual") not in (first, second)  # that token was over
    unknown = world.act("dual", "identity", "revoke", "ab" * 32, code=5)
    assert "key_unknown" in unknown["error"]["message"]


def test_nobody_is_shut_out_by_the_sessions_they_opened(world):
    world.doctor("many", "city", world.city)
    before = []
    for _ in range(18):  # more devices than a person may have sessions
        before.append(session_of(world, "many"))
        shutil.rmtree(world.folder / "cache")
    assert len(set(before)) == 18
    left = sessions_of(world, "many")
    assert len(left) == 16 and not {before[0], before[1], before[2]} & set(left)


def test_a_receipt_as_cose_is_checked_offline_and_every_flip_is_named(world):
    put = world.put("city", observation(7))
    world.put("city", observation(8))
    transaction = put["transaction_id"]
    made = world.act("city", "ledger", "receipt", transaction, "--cose", "receipt.cose")
    assert made["transaction_id"] == transaction
    world.run("ledger", "receipt", transaction, "--out", "receipt.json")
    offline = World(world.folder)
    genesis = ("--genesis", "data/genesis.json")
    told = offline.json("verify", "receipt.cose", *genesis)
    full = offline.json("verify", "receipt.json", *genesis)
    same = ("schema", "verified", "chain_id", "transaction_id", "height", "status", "state_key")
    assert {key: told[key] for key in same} == {key: full[key] for key in same}
    assert told["signer"]["name"] == "市一医院" and told["signer"]["did"] == world.city
    assert (told["format"], full["format"], told["signed_height"]) == ("cose", "json", None)
    assert "市一医院" in offline.run("verify", "receipt.cose", *genesis, "--lang", "zh").stdout

    whole = (world.folder / "receipt.cose").read_bytes()
    seen = set()
    for place in range(len(whole)):
        altered = bytearray(whole)
        altered[place] ^= 1 << place % 8
        (world.folder / "altered.cose").write_bytes(altered)
        done = subprocess.run([XINGLIN, "verify", "altered.cose", *genesis, "--json"], text=True,
                              cwd=world.folder, capture_output=True, timeout=60)
        error = json.loads(done.stdout)["error"]
        assert done.returncode == error["exit_code"] in (3, 9), (place, done.stdout)
        seen.add(error["code"])
    assert seen <= {"XL1221", "XL1223", "XL1235", "XL1236", "XL1010"} and "XL1235" in seen

    # A signer whom the genesis does not name is checked with their card.
    world.act("min", "ledger", "receipt", transaction, "--cose", "min.cose")
    assert "XL1236" in offline.run("verify", "min.cose", *genesis, code=9).stderr
    carded = offline.json("verify", "min.cose", *genesis, "--signer", "min.card")
    assert carded["signer"]["did"] == world.min
    offline.run("verify", "min.cose", *genesis, "--signer", "ward.card", code=3)
    world.run("ledger", "receipt", transaction, "--cose", "nobody.cose", code=4)
    assert not (world.folder / "nobody.cose").exists()


def test_passphrases_and_what_is_said_without_them(world):
    (world.folder / "phrase").write_text("apricot blossom\n")
    (world.folder / "wrong").write_text("plum blossom\n")
    world.run("identity", "create", "App", "--kind", "service", "--organisation", world.city,
              "--out", "app.json", "--card", "app.card", "--passphrase-file", "phrase")
    assert (world.folder / "app.json").stat().st_mode & 0o077 == 0
    world.act("city", "identity", "attest", "app.card", "--name", "Ward app")
    shown = world.json("identity", "show", "--as", "app.json", "--passphrase-file", "phrase")
    assert shown["kind"] == "service"
    wrong = world.run("identity", "show", "--as", "app.json", "--passphrase-file", "wrong", code=4)
    assert "XL1105" in wrong.stderr
    asked = world.run("identity", "show", "--as", "app.json", "--no-input", code=4)
    assert "--passphrase-file" in asked.stderr
    altered = json.loads((world.folder / "app.card").read_text())
    altered["did"] = world.min
    (world.folder / "altered.card").write_text(json.dumps(altered))
    world.act("city", "identity", "attest", "altered.card", "--name", "Thief", code=9)


def test_exit_codes_say_what_kind_of_failure(world):
    assert "XL5004" in world.run("record", "get", "Patient/ada", code=4).stderr
    assert "XL4050" in world.run("ledger", "show", "1", code=4).stderr
    assert json.loads(world.run("ledger", "show", "1", "--as", "min.json", *OPERATOR).stdout)
    world.run("record", "get", "Patient", "--as", "city.json", *OPERATOR, code=2)
    world.run("record", "nonsense", code=2)
    world.act("city", "record", "get", "Patient/nobody", code=6)
    dead = World(world.folder)
    dead.url = "http://127.0.0.1:1"
    dead.run("identity", "list", code=8)
    world.run("node", "init", "--data", "data", "--organisation", "Again:hospital", *OPERATOR,
              code=7)
    world.run("fhir", "import", "nothing-here", "--as", "city.json", *OPERATOR, code=6)
    world.run("consent", "grant", "--to", world.river, "--as", "ada.json", *OPERATOR, code=2)
    world.run("consent", "grant", "--to", world.river, "--types", "Thing", "--days", "1",
              "--as", "ada.json", *OPERATOR, code=9)


def test_a_refusal_names_the_request_under_which_the_node_logged_it(world):
    asks = ("record", "get", "Patient/nobody", "--as", "city.json", *OPERATOR)
    number = re.search(r"^  request: ([0-9a-f]{16})$", world.run(*asks, code=6).stderr, re.M)[1]
    assert number in (world.folder / "data" / "log" / "node.log").read_text()
    assert "请求编号: " in world.run(*asks, "--lang", "zh", code=6).stderr
    error = world.json(*asks, code=6)["error"]
    assert re.fullmatch("[0-9a-f]{16}", error["request_id"]) and error["did_you_mean"] is None
    refused = world.act("min", "consent", "revoke", "a" * 25 + "q", code=None)["error"]
    assert refused["code"].startswith("XL")


def test_broken_files_are_named_with_their_line(world):
    (world.folder / "broken").mkdir()
    (world.folder / "broken" / "two.json").write_text(
        '{"resourceType":"Patient",\n "id":"x"\n "gender":"other"}')
    for dry in ((), ("--dry-run",)):
        told = world.run("fhir", "import", "broken", *dry, "--as", "city.json", *OPERATOR, code=9)
        assert "broken/two.json:3: expected a comma" in told.stderr and "XL1010" in told.stderr
    put = world.act("city", "record", "put", "broken/two.json", code=9)["error"]
    assert "broken/two.json:3: " in put["message"] and put["exit_code"] == 9
    (world.folder / "broken.card").write_text('{\n"schema":\n')
    card = world.act("city", "identity", "attest", "broken.card", code=9)["error"]
    assert "broken.card:3: " in card["message"]


def test_words_are_chinese_for_who_reads_chinese(world):
    chinese = ("--lang", "zh", "--as", "min.json", *OPERATOR)
    shown = world.run("identity", "show", *chinese).stdout
    assert "类别\t医务人员" in shown and "角色\t医师" in shown
    world.act("min", "record", "get", "Condition/c-1", code=None)
    log = world.run("access", "log", "--lang", "zh", "--as", "ada.json", *OPERATOR).stdout
    assert "读取" in log and "诊疗" in log and "TREAT" not in log
    head = world.run("ledger", "head", "--lang", "zh").stdout
    assert "高度\t" in head and not re.search(r"^[ -~]+\t", head, re.M), head
    doctor = world.run("doctor", "--data", "data", "--lang", "zh").stdout
    for line in doctor.splitlines():
        assert re.search(r"[\u3400-\u9fff]", line), line
    assert "密码运算正常" in doctor and "仅所有者可读" in doctor
    wrong = world.run("record", "list", "Observation", "nonsense=1", *chinese, code=9).stderr
    assert "没有此检索参数" in wrong and "参数 nonsense" in wrong, wrong


def test_wrong_keys_files_and_inputs_have_codes_of_their_own(world):
    (world.folder / "other.key").write_bytes(os.urandom(32))
    wrong = world.json("identity", "show", "--as", "min.json", "--operator-key", "other.key",
                       code=4)["error"]
    assert wrong["code"] == "XL1109" and "min.json" in wrong["message"]
    world.run("ledger", "receipt", world.put("city", observation(9))["transaction_id"], "--out",
              "r.json")
    offline = World(world.folder)
    (world.folder / "notagenesis").write_text("{}")
    genesis = ("--genesis", "data/genesis.json")
    assert "XL1220" in offline.run("verify", "r.json", "--genesis", "notagenesis", code=9).stderr
    (world.folder / "noise").write_bytes(b"\x00\xff noise")
    offline.run("verify", "r.json", "--genesis", "noise", code=9)
    offline.run("verify", "r.json", "--genesis", "r.json", code=9)
    assert "XL1004" in offline.run("verify", "r.json", "--genesis", "none.json", code=6).stderr
    offline.run("verify", "none.json", *genesis, code=6)


def test_no_command_puts_a_delegation_on_the_ledger_twice(world):
    world.act("ada", "consent", "list")
    before = int(world.json("ledger", "head")["history_size"])
    for _ in range(20):  # more than a person may have sessions
        world.act("ada", "consent", "list")
    # The journal's roots and looks at many patients may be anchored meanwhile, every 15 seconds.
    assert int(world.json("ledger", "head")["history_size"]) - before < 10
    cached = list((world.folder / "cache" / "xinglin").glob("*.token"))
    assert cached and all(one.stat().st_mode & 0o077 == 0 for one in cached)


def test_a_passphrase_is_asked_for_at_a_terminal_and_not_echoed(world):
    (world.folder / "typed").write_text("apricot blossom\n")
    world.run("identity", "create", "Typist", "--kind", "service", "--organisation", world.city,
              "--out", "typist.json", "--card", "typist.card", "--passphrase-file", "typed")
    world.act("city", "identity", "attest", "typist.card", "--name", "Typist")
    answers = []
    for typed in (b"apricot blossom\n", b"plum blossom\n"):
        shown = bytearray()

        def read(fd, shown=shown, typed=typed):
            part = os.read(fd, 1024)
            if b"Passphrase" in part:
                os.write(fd, typed)
            shown.extend(part)
            return part

        child, fd = pty.fork()
        if child == 0:
            os.chdir(world.folder)
            os.execve(XINGLIN, [str(XINGLIN), "identity", "show", "--as", "typist.json", "--node",
                                world.url], world.environment)
        try:
            while read(fd):
                pass
        except OSError:
            pass  # the other side is closed
        answers.append((os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), bytes(shown)))
    assert answers[0][0] == 0 and b"service" in answers[0][1]
    assert b"apricot" not in answers[0][1]
    assert answers[1][0] == 4 and b"XL1105" in answers[1][1]


def test_how_the_node_is(world):
    status = world.json("node", "status")
    assert status["healthy"] is True and len(status["organisations"]) == 2
    assert "Healthy at height" in world.run("node", "status").stdout
    healthy = world.json("doctor", "--data", "data")
    assert healthy["healthy"] is True and all(one["ok"] for one in healthy["checks"])
    libraries = {one["name"]: one for one in healthy["libraries"]}
    assert {"OpenSSL", "libsodium", "RocksDB", "SQLite", "protobuf", "Boost"} <= set(libraries)
    row = next(one for one in healthy["checks"] if one["name"] == "libraries")
    apart = [name for name, one in libraries.items() if one["running"] not in (None, one["built"])]
    assert row["warning"] == bool(apart) and all(name in row["what"] for name in apart)
    (world.folder / "data" / "keys" / "loose.key").write_text("")
    (world.folder / "data" / "keys" / "loose.key").chmod(0o644)
    loose = world.json("doctor", "--data", "data", code=1)
    assert any("loose.key" in one["what"] and "chmod 600" in one["fix"] for one in loose["checks"])
    (world.folder / "data" / "keys" / "loose.key").unlink()
    (world.folder / "elsewhere" / "keys").mkdir(parents=True)
    other = json.loads((world.folder / "data" / "genesis.json").read_text())
    other["chain_id"] = "other"
    (world.folder / "elsewhere" / "genesis.json").write_text(json.dumps(other))
    world.json("doctor", "--data", "elsewhere", code=3)
    assert all(one["fhir"].startswith(world.url + "/o/")
               for one in world.json("identity", "list")["organisations"])


def test_a_small_load_is_measured(world):
    measured = world.act("city", "bench", "run", "fhir_ingest", "--patients", "3", "--records", "5",
                         "--yes")
    assert measured["resources"] == 15 and measured["resources_per_second"] > 0
    assert measured["transaction_us_p50"] <= measured["transaction_us_p99"]
    refused = world.run("bench", "run", "fhir_ingest", "--as", "city.json", *OPERATOR, code=2)
    assert "--yes" in refused.stderr


def test_a_mistyped_command_is_recognised(world):
    assert "xinglin record list" in world.run("record", "lst", code=2).stderr


def test_help_has_topics_and_examples_come_first(world):
    codes = world.run("help", "exit-codes").stdout
    assert all(f"\n  {code}  " in codes for code in range(10))
    assert "退出码" in world.run("help", "exit-codes", "--lang", "zh").stdout
    for topic in ("environment", "output"):
        assert len(world.run("help", topic).stdout) > 300
    assert world.run("help", "fhir", "import").stdout == world.run("fhir", "import",
                                                                   "--help").stdout
    assert "exit-codes" in world.run("help", "nonsense", code=2).stderr
    text = world.run("node", "--help").stdout
    assert text.index("Examples:") < text.index("Usage:") < text.index("Subcommands:")
    assert "xinglin node init" in text and "xinglin ledger" not in text
    assert json.loads(world.run("ledger", "head", "-o", "json").stdout)["height"]
    told = world.run("ledger", "head", "-v").stderr
    assert re.search(r"^GET /ledger/v1/head 200, \d+ ms$", told, re.M), told
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        slow = World(world.folder)
        slow.url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        assert "XL5001" in slow.run("ledger", "head", "--timeout", "1", code=8).stderr
        assert time.monotonic() - began < 10
    assert "\"" not in world.run("ledger", "head", "-o", "text").stdout
    world.run("ledger", "head", "-o", "csv", code=2)
    world.environment["XINGLIN_OUTPUT"] = "xml"
    assert "XINGLIN_OUTPUT is json or text" in world.run("ledger", "head", code=2).stderr
    del world.environment["XINGLIN_OUTPUT"]


def test_every_command_has_examples_and_is_documented(world):
    page = (pathlib.Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text()

    def commands(words):
        text = world.run(*words, "--help").stdout
        assert text.count("  xinglin ") >= 2, words
        listing = text.split("Subcommands:\n")
        names = []
        if len(listing) > 1:
            for line in listing[1].splitlines():
                if not line.strip():
                    break
                if line.startswith("  ") and not line.startswith("   "):
                    names.append(line.split()[0])
        for name in names:
            commands([*words, name])
        assert names or f"`{' '.join(words)}`" in page, words

    for group in ("identity", "record", "consent", "access", "fhir", "ledger", "node", "verify",
                  "doctor", "bench", "demo", "explain", "network"):
        commands([group])
