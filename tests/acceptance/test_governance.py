# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: members decide together who belongs, who orders and with which keys, and every receipt made
on the way verifies with the genesis of the first day. Method: four members with the real engine; a
fifth is examined, admitted by vote, follows and gets power; a validator's key is rotated; a member
is expelled; receipts, stores and peers are checked."""

import base64
import datetime
import hashlib
import json
import os
import signal
import subprocess

import pytest

from cluster import (ENGINE, OPERATOR, XINGLIN, engine_answer, eventually, free_ports,
                     needs_engine, run)

pytestmark = needs_engine

EXECUTED = 7  # src/contracts/governance/events.h


class Member:
    """A member's folder and, once started, its node."""

    def __init__(self, folder, name, kind, port):
        self.folder = folder
        self.name = name
        self.process = None
        run("network", "card", "--data", name, "--network", "region", "--organisation",
            f"{name}:{kind}", "--address", f"127.0.0.1:{port}", "--out", f"{name}.card", *OPERATOR,
            cwd=folder)
        identity, = (folder / name / "keys").glob("*.identity.json")
        self.identity = identity.relative_to(folder)
        self.did = "did:xinglin:" + identity.name.split(".")[0]

    def on_one_machine(self):
        with open(self.folder / self.name / "node.toml", "a") as config:
            config.write("same_address = true\n")

    def start(self):
        self.process = subprocess.Popen(
            [XINGLIN, "node", "run", "--data", self.name, *OPERATOR, "--port", "0", "--json"],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.url = json.loads(line)["url"].rstrip("/")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)

    def ask(self, *arguments, code=0):
        return run("--json", "--node", self.url, "--as", self.identity, *OPERATOR, *arguments,
                   cwd=self.folder, code=code)

    def answer(self, *arguments):
        return json.loads(self.ask(*arguments).stdout)

    def head(self):
        return json.loads(run("--json", "--node", self.url, "ledger", "head",
                              cwd=self.folder).stdout)

    def status(self):
        """What `node status` says, however the member is."""
        done = subprocess.run([XINGLIN, "node", "status", "--json", "--node", self.url],
                              cwd=self.folder, capture_output=True, text=True, timeout=30)
        return json.loads(done.stdout)

    def members(self):
        listed = self.answer("network", "members")["members"]
        return {one["name"]: one for one in listed}

    def propose(self, *arguments):
        sent = self.answer("network", "proposal", "create", *arguments)
        return sent["proposal"], sent["transaction_id"]

    def decide(self, voters, *arguments):
        """Proposes, has `voters` say yes and waits until it is done. The last ballot's id."""
        proposal, _ = self.propose(*arguments)
        for voter in voters:
            eventually(lambda v=voter: proposal in v.ask("network", "proposal", "list").stdout)
            sent = voter.answer("network", "proposal", "vote", proposal, "yes")
        shown = eventually(lambda: self.shown(proposal, "executed"))
        block = self.answer("ledger", "show", shown["done_height"])
        done, = [one for one in block["end_events"] if one["type"] == EXECUTED]
        assert done["contract"] == "governance"
        assert done["attributes"] == [{"key": 1, "value": proposal}]
        return sent["transaction_id"]

    def shown(self, proposal, status):
        one = self.answer("network", "proposal", "show", proposal)["proposal"]
        return one if one["status"] == status else None

    def peers(self):
        """How many the engine is connected to."""
        told = engine_answer(self.folder / self.name, "net_info")
        return int(told["result"]["n_peers"]) if told else None  # it starts again

    def receipt(self, transaction):
        path = self.folder / f"{transaction}.receipt"
        path.write_text(self.ask("ledger", "receipt", transaction).stdout)
        return path

    def make_card(self, name):
        """A transaction like any other: a practitioner's card is attested."""
        run("--node", self.url, *OPERATOR, "identity", "create", name, "--kind", "practitioner",
            "--role", "nurse", "--organisation", self.did, "--out", f"{name}.json", "--card",
            f"{name}.nurse", cwd=self.folder)
        return ["identity", "attest", f"{name}.nurse", "--role", "nurse", "--licence", "nursing"]


@pytest.fixture
def network(tmp_path):
    (tmp_path / "operator.key").write_bytes(os.urandom(32))
    kinds = {"city": "hospital", "north": "hospital", "insurer": "insurer",
             "regulator": "regulator", "west": "clinic"}
    ports = free_ports(len(kinds))
    members = {name: Member(tmp_path, name, kind, port)
               for (name, kind), port in zip(kinds.items(), ports)}
    founders = [one for name, one in members.items() if name != "west"]
    for one in founders:
        run("network", "genesis", *[f"{other.name}.card" for other in founders], "--data", one.name,
            "--out", f"{one.name}.signature", "--engine", ENGINE.resolve(), "--port", "0",
            *OPERATOR, cwd=tmp_path)
    for one in founders:
        run("network", "accept", *[f"{other.name}.signature" for other in founders], "--data",
            one.name, cwd=tmp_path)
        one.on_one_machine()
        one.start()
    # A request waits ten seconds for its block; finding each other may take as long.
    eventually(lambda: all(one.peers() == 3 and int(one.head()["height"]) > 0 for one in founders))
    yield members
    for one in members.values():
        one.stop()


def signers_of(member, height):
    """Addresses of those whose votes for it are in the commit of a block."""
    block = member.answer("ledger", "show", str(height))
    return {one["validator_address"].lower() for one in block["commit"]["signatures"]
            if one["block_id_flag"] in (2, "BLOCK_ID_FLAG_COMMIT")}


def touched(member):
    """The height of a new block: the same statement is attested once more."""
    sent = member.answer("network", "security", "attest", "statement")["transaction_id"]
    return member.answer("ledger", "show", sent)["entry"]["height"]


def admit_west(members):
    """Examined, invited, attested and voted in. The ids of what was sent."""
    city, west, folder = members["city"], members["west"], members["city"].folder
    run("network", "invite", "--data", "city", "--out", "invitation", cwd=folder)
    run("network", "join", "invitation", "--data", "west", "--engine", ENGINE.resolve(), "--port",
        "0", cwd=folder)
    west.on_one_machine()
    founders = [members[name] for name in ("city", "north", "insurer", "regulator")]
    early = city.ask("network", "proposal", "create", "admit", "--card", "west.card", "--title",
                     "West joins", code=None)
    assert "attestation_missing" in early.stdout
    (folder / "scan").write_text("nothing was found")
    today = datetime.date.today()
    run("network", "security", "statement", "--auditor", members["regulator"].did, "--software",
        "xinglin 0.1.0", "--scanned", today - datetime.timedelta(days=1), "--next-due",
        today + datetime.timedelta(days=300), "--report", "scan", "--genesis", "west/genesis.json",
        "--out", "statement", "--as", west.identity, *OPERATOR, cwd=folder)
    members["regulator"].ask("network", "security", "attest", "statement")
    return city.decide(founders[:3], "admit", "--card", "west.card", "--title", "West joins")


def test_members_come_and_go_by_vote(network):
    city, north, insurer, regulator, west = (
        network[name] for name in ("city", "north", "insurer", "regulator", "west"))
    # A fifth member: admitted, follows from block 1, then orders with the others.
    transactions = [city.answer(*city.make_card("first"))["transaction_id"]]
    transactions.append(admit_west(network))
    # Known by name at once, though no founder's card names it.
    eventually(lambda: city.status()["unconnected"] == ["west"] and city.status()["members"] == 5)
    west.start()
    eventually(lambda: west.head()["history_size"] == city.head()["history_size"])
    assert west.head()["app_hash"] == city.head()["app_hash"]
    everybody = [city, north, regulator, west]  # four of five decide
    transactions.append(city.decide(everybody, "power", "--member", west.did, "--power", "10",
                                    "--title", "West orders"))
    west_key = base64.b64decode(city.members()["west"]["validator_key"])
    west_address = hashlib.sha256(west_key).hexdigest()[:40]

    eventually(lambda: west_address in signers_of(city, touched(regulator)))

    # A validator's key is rotated; its node takes the new one when it is in force.
    north.stop()
    made = run("--json", "network", "rekey", "--data", "north", *OPERATOR, cwd=north.folder)
    key = json.loads(made.stdout)["key"]
    address = hashlib.sha256(base64.b64decode(key)).hexdigest()[:40]
    north.start()
    eventually(lambda: north.head()["app_hash"] == city.head()["app_hash"])
    transactions.append(north.decide(everybody, "rekey", "--key", key, "--title", "North's key"))
    eventually(lambda: address in signers_of(city, touched(regulator)))
    # Whoever is silent is named by its new key too.
    north.stop()
    for _ in range(9):
        touched(regulator)
    eventually(lambda: city.status()["silent"] == ["north"])
    north.start()
    eventually(lambda: north.head()["app_hash"] == city.head()["app_hash"])

    # One is expelled: no envelope of it is taken, and nobody is connected to it.
    transactions.append(city.decide(everybody, "expel", "--member", insurer.did, "--title",
                                    "The insurer leaves"))
    eventually(lambda: not insurer.members()["insurer"]["present"])
    refused = insurer.ask(*insurer.make_card("late"), code=None)
    assert "XL1314" in refused.stdout, refused.stdout
    eventually(lambda: insurer.peers() == 0, 60)
    eventually(lambda: all(one.peers() for one in everybody))
    transactions.append(city.answer(*city.make_card("last"))["transaction_id"])

    # Everything that was acknowledged verifies with the genesis of the first day.
    receipts = [city.receipt(one) for one in transactions]
    for path in receipts:
        run("verify", path.name, "--genesis", "regulator/genesis.json", cwd=city.folder)
    check_no_receipt_can_skip(receipts[-1], city.folder)
    eventually(lambda: len({one.head()["app_hash"] for one in everybody}) == 1)
    for one in everybody:
        one.stop()
        report = json.loads(run("--json", "ledger", "verify", "--data", one.name,
                                cwd=one.folder).stdout)
        assert report["intact"], report


def check_no_receipt_can_skip(path, folder):
    """A receipt whose way from the genesis lacks a step, or has another set in it, is refused."""
    receipt = json.loads(path.read_text())
    assert len(receipt["trust_path"]) == 3, len(receipt["trust_path"])
    attacks = []
    for i in range(len(receipt["trust_path"])):
        attacks.append(json.loads(path.read_text()))
        del attacks[-1]["trust_path"][i]
    swapped = json.loads(path.read_text())
    swapped["block"]["validator_set"] = swapped["trust_path"][0]["validator_set"]
    attacks.append(swapped)
    for attack in attacks:
        (folder / "attack").write_text(json.dumps(attack))
        done = subprocess.run([XINGLIN, "verify", "attack", "--genesis", "city/genesis.json"],
                              cwd=folder, capture_output=True, text=True, timeout=30)
        assert done.returncode != 0 and "XL12" in done.stderr, done.stderr
