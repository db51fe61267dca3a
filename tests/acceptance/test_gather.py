# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: a doctor at one member's hospital gets what two others keep of a patient, as far as the
patient agreed, and is told what is missing; a revocation holds at every node. Method: four members
with the real engine on this machine; the patient shows a locator that both pseudonyms signed;
custodians stop, locators are altered, consents are taken back."""

import base64
import json
import shutil
import sqlite3
import time

import pytest

import cluster
from cluster import OPERATOR, needs_engine

MEMBERS = ["city", "north", "west", "regulator"]
CARD = {"system": "http://example.org/card", "value": "7731-4477"}
PATIENT = {"resourceType": "Patient", "id": "ada", "name": [{"text": "Ada Young"}],
           "identifier": [CARD]}


def observation(number):
    return {"resourceType": "Observation", "id": f"bp-{number}", "status": "final",
            "subject": {"reference": "Patient/ada"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
            "valueQuantity": {"value": 100 + number % 50, "unit": "mm[Hg]"}}


class World(cluster.Cluster):
    """The cluster with a patient at two hospitals and a doctor at a third."""

    def act(self, member, who, *arguments, code=0):
        done = self[member].run("--json", "--as", f"{who}.json", *OPERATOR, *arguments, code=code)
        return json.loads(done.stdout)

    def load_patient(self, member, observations):
        entries = [{"resource": one, "request": {
            "method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
            for one in [PATIENT, *map(observation, range(observations))]]
        (self.folder / "bundle.json").write_text(json.dumps(
            {"resourceType": "Bundle", "type": "transaction", "entry": entries}))
        self[member].ask("fhir", "import", "bundle.json")
        told = json.loads(self[member].ask("record", "verify", "Patient/ada").stdout)
        name = f"ada-{member}"
        self[member].run("--json", "identity", "create", "Ada", "--kind", "patient", "--did",
                         told["patient"], "--organisation", self[member].did, "--out",
                         f"{name}.json", "--card", f"{name}.card", *OPERATOR)
        self[member].ask("identity", "claim", f"{name}.card")
        return told["patient"]

    def grant(self, member, *more):
        return self.act(member, f"ada-{member}", "consent", "grant", "--to", self["west"].did,
                        "--days", "30", *more)["consent"]

    def locator(self, *members):
        first, *others = members
        more = [part for one in others for part in ("--with", f"ada-{one}.json")]
        return self.act(first, f"ada-{first}", "identity", "locator", *more)["locator"]

    def gather(self, locator, *more, code=0):
        return self.act("west", "ward", "record", "gather", "--locator", locator, *more, code=code)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    out = World(tmp_path_factory.mktemp("gather"), names=MEMBERS, gateways=MEMBERS)
    try:
        out.start()
        out.patients = {name: out.load_patient(name, count)
                        for name, count in (("city", 500), ("north", 3))}
        ward = out["west"].run("--json", "identity", "create", "ward", "--kind", "practitioner",
                               "--role", "physician", "--organisation", out["west"].did, "--out",
                               "ward.json", "--card", "ward.card", *OPERATOR)
        out.ward = json.loads(ward.stdout)["did"]
        out["west"].ask("identity", "attest", "ward.card", "--role", "physician", "--licence",
                        "medical")
        out.agreed()
        yield out
    finally:
        out.close()


def sources(answer, world):
    names = {world[name].did: name for name in MEMBERS}
    return {names[one["custodian"]]: one["code"] for one in answer["sources"]}


@needs_engine
def test_the_whole_record_of_two_hospitals_comes_to_a_third(world):
    nothing = world.gather(world.locator("city", "north"), code=8)
    assert nothing["records"] == [] and set(sources(nothing, world).values()) == {"XL3502"}
    given = {name: world.grant(name) for name in ("city", "north")}
    locator = world.locator("city", "north")
    began = time.monotonic()
    answer = world.gather(locator, "--out", "all.json")
    took = time.monotonic() - began
    print(f"505 records of two custodians, two sessions opened: {took:.2f} s")
    assert sources(answer, world) == {"city": None, "north": None}
    assert len(answer["records"]) == 501 + 4
    bundle = json.loads((world.folder / "all.json").read_text())
    first, *entries = bundle["entry"]
    city = f"{world['city'].url}/o/{world['city'].did.removeprefix('did:xinglin:')}/fhir"
    assert {one["fullUrl"] for one in entries} >= {f"{city}/Patient/ada",
                                                   f"{city}/Observation/bp-499"}
    # Both sessions can be proved to anybody with the genesis.
    receipts = [one["valueUri"].rpartition("/")[2] for issue in first["resource"]["issue"]
                for one in issue["extension"] if one["url"] == "urn:xinglin:session-receipt"]
    assert len(receipts) == 2
    world.check_receipts(receipts, world["regulator"])
    # Only what is asked for; the session is open already.
    began = time.monotonic()
    some = world.gather(locator, "--type", "Patient")
    assert len(some["records"]) == 2
    print(f"2 records, sessions open: {time.monotonic() - began:.2f} s")
    # The patient sees at each custodian who read what, and why.
    for name, count in (("city", 502), ("north", 5)):
        told = world.act(name, f"ada-{name}", "access", "log")["entries"]
        mine = [one for one in told if one["action"] == "fetch" and one["permitted"]]
        assert len(mine) == count
    for name, consent in given.items():
        world.act(name, f"ada-{name}", "consent", "revoke", consent)
    # Taken back is taken back, though sessions and keys were open.
    assert world.gather(locator, code=8)["records"] == []


@needs_engine
def test_what_is_missing_is_told_and_the_rest_comes(world):
    given = {name: world.grant(name, "--types", "Patient") for name in ("city", "north")}
    locator = world.locator("city", "north")
    assert len(world.gather(locator)["records"]) == 2
    world["north"].stop()
    try:
        answer = world.gather(locator, code=8)
        assert sources(answer, world) == {"city": None, "north": "XL4500"}
        assert len(answer["records"]) == 1
    finally:
        world["north"].start()
    world.agreed()
    assert len(world.gather(locator)["records"]) == 2
    for name, consent in given.items():
        world.act(name, f"ada-{name}", "consent", "revoke", consent)


@needs_engine
def test_a_locator_holds_only_what_each_pseudonym_signed(world):
    text = world.locator("city", "north")

    def refused(locator):
        answer = world.gather(locator, code=None)
        assert answer["error"]["code"] == "XL4506", answer

    raw = base64.urlsafe_b64decode(text.rpartition(":")[2] + "==")
    for at in range(0, len(raw), 11):
        altered = bytearray(raw)
        altered[at] ^= 1
        refused("xinglin:locator:" + base64.urlsafe_b64encode(altered).decode().rstrip("="))
    refused(text[:-4])
    refused("xinglin:locator:")


@needs_engine
def test_a_doctor_asks_at_home_and_the_patient_of_another_member_answers(world):
    made = world.act("city", "ada-city", "identity", "handle", "make", "--minutes", "30")
    there = ("--custodian", world["city"].did)
    asked = world.act("west", "ward", "consent", "request", "--handle", made["handle"], *there,
                      "--types", "Observation,Patient", "--days", "30", "--why",
                      "a second opinion")["request"]

    def told():
        return world.act("west", "ward", "consent", "requests", asked, *there)

    assert told()["state"] == "sent" and not told()["patient"]
    mine, = world.act("city", "ada-city", "consent", "requests")["requests"]
    assert mine["asker"] == world.ward and mine["why"] == "a second opinion"
    answered = world.act("city", "ada-city", "consent", "answer", asked, "--types", "Patient")
    assert told()["state"] == "narrowed" and told()["patient"] == world.patients["city"]
    source = f"{world['city'].did}|{told()['patient']}"
    records = world.act("west", "ward", "record", "gather", "--source", source)["records"]
    assert len(records) == 1
    world.act("city", "ada-city", "consent", "revoke", answered["consent"])
    assert told()["state"] == "revoked" and not told()["patient"]


def bodies_of(member):
    (store,) = member.data.glob("vault/*/bodies")
    return store


@needs_engine
def test_copies_at_others_survive_the_loss_of_the_disk(world):
    city = world["city"]
    owner = city.did.removeprefix("did:xinglin:")

    def copies():
        found = {}
        for one in world.others("city"):
            for file in one.data.glob(f"vault/*/copies/{owner}/bodies.db"):
                with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
                    found[one.name], = database.execute("SELECT count(*) FROM bodies").fetchone()
        return found

    kept = cluster.eventually(lambda: [n for n in copies().values() if n >= 501] , 60)
    assert len(copies()) == 2 and len(kept) >= 1, copies()
    # What others keep says nothing to them.
    for one in world.others("city"):
        for file in one.data.glob(f"vault/*/copies/{owner}/*"):
            assert b"Ada Young" not in file.read_bytes()
    city.stop()
    shutil.rmtree(bodies_of(city))
    log = (world.folder / "city.stderr").read_text()
    city.start()
    world.agreed()
    told = json.loads(city.ask("record", "get", "Observation/bp-7").stdout)
    assert told["resource"]["id"] == "bp-7", log
    report = json.loads(city.ask("record", "list", "Observation", "patient=ada").stdout)
    assert len(report["records"]) == 500 and report["damaged"] == 0


@needs_engine
def test_somebody_unconscious_is_found_and_read_without_an_index_of_the_network(world):
    west, card = world["west"], f"{CARD['system']}|{CARD['value']}"
    made = west.run("--json", "identity", "create", "er", "--kind", "practitioner", "--role",
                    "emergency-physician", "--organisation", west.did, "--out", "er.json",
                    "--card", "er.card", *OPERATOR)
    doctor = json.loads(made.stdout)["did"]
    west.ask("identity", "attest", "er.card", "--role", "emergency-physician", "--licence",
             "medical")

    def er(*arguments, code=0):
        return world.act("west", "er", *arguments, code=code)

    why = ("--reason-code", "unconscious", "--reason", "found in the street, no answer")
    entry = er("access", "break-glass", *why)["entry"]
    # Nobody else asks by this emergency, and none by one that is not there.
    refused = world.act("west", "ward", "access", "find", entry, "--identifier", card)
    assert not refused["found"] and len(refused["missing"]) == 4
    assert not er("access", "find", entry, "--identifier", "1234-0000")["found"]
    found = er("access", "find", entry, "--identifier", card)
    places = {one["custodian"]: one["patient"] for one in found["found"]}
    assert places == {world[name].did: world.patients[name] for name in ("city", "north")}
    assert not found["missing"]
    # Found is not read: that takes an emergency about the person, at each custodian.
    sources = [f"{custodian}|{patient}" for custodian, patient in places.items()]
    by_source = [part for one in sources for part in ("--source", one)]
    assert not er("record", "gather", *by_source, "--purpose", "ETREAT", code=8)["records"]
    told = []
    for custodian, patient in places.items():
        opened = er("access", "break-glass", "--patient", patient, "--custodian", custodian, *why)
        told += ["--source", f"{custodian}|{patient}|{opened['entry']}"]
    records = er("record", "gather", *told, "--purpose", "ETREAT", "--type", "Patient")["records"]
    assert len(records) == 2
    # The patient is told of being found, and of what was read.
    for name in ("city", "north"):
        log = world.act(name, f"ada-{name}", "access", "log")["entries"]
        actions = [one["action"] for one in log if one["actor"] == doctor and one["permitted"]]
        assert actions == ["find", "break-glass", "fetch"], log
