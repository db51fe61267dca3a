# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: members co-sign a height, a receipt from there is short and verifies in C++, TypeScript and
Python; too few signatures are refused, and a member whose ledger says another thing does not sign.
Method: four members with the real engine, whose validators change twice by vote before the first
checkpoint and whose weights change before the second; a network of one member."""

import json
import re
import subprocess
import sys
import urllib.error

import pytest

import typescript_sdk
from cluster import OPERATOR, Cluster, eventually, needs_engine, run
from test_verifiers import PYTHON, TYPESCRIPT, Demo

GENESIS = "city/genesis.json"


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


def decide(cluster, *arguments):
    """Proposes, has three say yes and waits until it is done."""
    first, second, third, _ = cluster
    sent = json.loads(first.ask("network", "proposal", "create", *arguments).stdout)
    for member in (first, second, third):
        eventually(lambda one=member: sent["proposal"] in
                   one.ask("network", "proposal", "list").stdout)
        member.ask("network", "proposal", "vote", sent["proposal"], "yes")

    def done():
        shown = json.loads(first.ask("network", "proposal", "show", sent["proposal"]).stdout)
        return shown["proposal"]["status"] == "executed"
    eventually(done)


def refused(done, number):
    assert f"XL{number}" in done.stdout + done.stderr, (done.stdout, done.stderr)


def fetch_status(member, path):
    try:
        member.fetch(path)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["code"]
    return 200, None


def check_everywhere(folder, genesis, file, checkpoints, code=0):
    """What C++, TypeScript and Python answer, with --json; they agree."""
    options = [word for one in checkpoints for word in ("--checkpoint", folder / one)]
    words = [folder / file, "--genesis", folder / genesis, *options, "--json"]
    compiled = typescript_sdk.compiled()
    given = [
        run("verify", *words, cwd=folder, code=code),
        subprocess.run(["node", compiled / "src/main.js", *words], cwd=TYPESCRIPT,
                       capture_output=True, text=True, timeout=120),
        subprocess.run([sys.executable, "-m", "xinglin", "verify", *words], cwd=PYTHON,
                       capture_output=True, text=True, timeout=120),
    ]
    assert [one.returncode for one in given] == [code] * 3, [one.stderr for one in given]
    if code:
        numbers = {re.search(r"XL\d{4}", one.stdout + one.stderr)[0] for one in given}
        assert len(numbers) == 1, numbers
        return numbers.pop()
    answers = [json.loads(one.stdout) for one in given]
    assert answers[0] == answers[1] == answers[2]
    return answers[0]


@needs_engine
def test_a_receipt_from_a_co_signed_checkpoint(cluster, tmp_path):
    city, north, insurer, regulator = cluster
    early = city.put(1)
    for power in ("20", "10"):
        decide(cluster, "power", "--member", insurer.did, "--power", power, "--title", power)
    city.put(2)

    made = json.loads(city.ask("network", "checkpoint", "create", "--out", "1.checkpoint",
                               "--genesis", GENESIS).stdout)
    height = int(made["height"])
    assert not made["enough"] and made["signed_weight"] == 1
    eventually(lambda: all(one.height() >= height for one in cluster))
    offers = [one.get(f"/ledger/v1/checkpoint?height={height}")["checkpoint"] for one in cluster]
    assert all(one == offers[0] for one in offers)
    north.ask("network", "checkpoint", "sign", "1.checkpoint", "--genesis", GENESIS)
    assert check_everywhere(tmp_path, GENESIS, "1.checkpoint", [], code=3) == "XL1243"
    signed = json.loads(insurer.ask("network", "checkpoint", "sign", "1.checkpoint").stdout)
    assert signed["enough"] and signed["signatures"] == 3
    attested = check_everywhere(tmp_path, GENESIS, "1.checkpoint", [])
    assert attested["height"] == str(height) and attested["signed_weight"] == 3
    assert sorted(attested["signed_by"]) == sorted([city.did, north.did, insurer.did])

    late = city.put(3)
    for transaction, name in ((late, "late"), (early, "early")):
        city.run("ledger", "receipt", transaction, "--out", f"{name}-whole.json")
        city.run("ledger", "receipt", transaction, "--out", f"{name}.json", "--checkpoint",
                 "1.checkpoint")
        short = json.loads((tmp_path / f"{name}.json").read_text())
        assert short["since"] == str(height) and short["trust_path"] == []
        assert int(short["block"]["signed_header"]["header"]["height"]) > height
        assert check_everywhere(tmp_path, GENESIS, f"{name}.json", ["1.checkpoint"])["verified"]
        assert check_everywhere(tmp_path, GENESIS, f"{name}.json", [], code=9) == "XL1237"
        check_everywhere(tmp_path, GENESIS, f"{name}-whole.json", [])
        check_everywhere(tmp_path, GENESIS, f"{name}-whole.json", ["1.checkpoint"])
    whole = tmp_path / "late-whole.json"
    assert len(json.loads(whole.read_text())["trust_path"]) == 2
    assert (tmp_path / "late.json").stat().st_size < whole.stat().st_size - 2000

    path = f"/ledger/v1/receipts/{late}?since="
    assert fetch_status(city, path + "x") == (400, "XL4007")
    assert fetch_status(city, path + "99999999")[1] == "XL1403"

    # Altered, or of another day: nobody signs what the own ledger does not say.
    altered = json.loads((tmp_path / "1.checkpoint").read_text())
    altered["checkpoint"]["header_hash"] = "0" * 64
    (tmp_path / "altered.checkpoint").write_text(json.dumps(altered))
    done = regulator.ask("network", "checkpoint", "sign", "altered.checkpoint", code=3)
    refused(done, 1244)
    assert "header_hash" in done.stdout + done.stderr
    decide(cluster, "weight", "--member", north.did, "--weight", "2", "--title", "North grew")
    before = (tmp_path / "1.checkpoint").read_bytes()
    done = regulator.ask("network", "checkpoint", "sign", "1.checkpoint", code=3)
    refused(done, 1244)
    assert f"weight of {north.did}" in done.stdout + done.stderr
    assert (tmp_path / "1.checkpoint").read_bytes() == before

    city.ask("network", "checkpoint", "create", "--out", "2.checkpoint")
    for member in (north, regulator):
        member.ask("network", "checkpoint", "sign", "2.checkpoint")
    attested = check_everywhere(tmp_path, GENESIS, "2.checkpoint", ["1.checkpoint"])
    weights = {one["organisation"]: one["weight"] for one in attested["members"]}
    assert weights[north.did] == 2 and attested["signed_weight"] == 3
    latest = north.put(4)
    north.run("ledger", "receipt", latest, "--out", "latest.json", "--checkpoint", "2.checkpoint")
    check_everywhere(tmp_path, GENESIS, "latest.json", ["1.checkpoint", "2.checkpoint"])
    assert check_everywhere(tmp_path, GENESIS, "latest.json", ["2.checkpoint", "1.checkpoint"],
                            code=9) == "XL1239"
    enough_today_is_not_enough_for_the_genesis(cluster, tmp_path)


def enough_today_is_not_enough_for_the_genesis(cluster, tmp_path):
    """Behind two accepted checkpoints a member grows so much that today two of four suffice."""
    city, north = cluster["city"], cluster["north"]
    decide(cluster, "weight", "--member", north.did, "--weight", "7", "--title", "North grew more")
    city.ask("network", "checkpoint", "create", "--out", "3.checkpoint")
    for since, weight in (((), (2, 4)), (("1.checkpoint", "2.checkpoint"), (3, 5))):
        signed = json.loads(north.ask("network", "checkpoint", "sign", "3.checkpoint", *(
            word for one in since for word in ("--checkpoint", one))).stdout)
        assert not signed["enough"]
        assert (signed["signed_weight"], signed["total_weight"]) == weight
        assert check_everywhere(tmp_path, GENESIS, "3.checkpoint", since, code=3) == "XL1243"
    plain = north.run("--as", north.identity, *OPERATOR, "network", "checkpoint", "sign",
                      "3.checkpoint").stderr
    assert "weight 2/4" in plain and "today's members suffice" in plain


def test_a_network_of_one_member(tmp_path):
    demo = Demo(tmp_path)
    try:
        genesis = "demo/data/genesis.json"
        governance = json.loads((tmp_path / genesis).read_text())["app_state"]["governance"]
        member, = governance["members"]
        own = member["organisation"].rpartition(":")[2]
        member_file = tmp_path / f"demo/data/keys/{own}.identity.json"

        def checkpoint(*words, code=0, who=member_file):
            return run("--json", "--node", demo.url, "--as", who, "--operator-key",
                       "demo/operator.key", "network", "checkpoint", *words, cwd=tmp_path,
                       code=code)
        made = json.loads(checkpoint("create", "--out", "1.checkpoint").stdout)
        assert made["enough"] and made["signed_weight"] == made["total_weight"]
        refused(checkpoint("create", "--out", "2.checkpoint", code=9,
                           who="demo/personas/dr-ward.json"), 1240)
        block = json.loads(demo.ask("ledger", "show", "2"))
        transaction = block["transactions"][0]
        demo.ask("ledger", "receipt", transaction, "--out", "early.json", "--checkpoint",
                 "1.checkpoint")
    finally:
        demo.stop()
    assert check_everywhere(tmp_path, genesis, "1.checkpoint", [])["total_weight"] == 1
    # Nothing was signed above it yet, and the validator never changed.
    check_everywhere(tmp_path, genesis, "early.json", ["1.checkpoint"])
