# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: who lost every key gets a new one by two of three guardians, behind the waiting period and
not before, and the lost keys are nothing then. Method: the real binary by the command line alone;
the days between pass by the clock that node and commands are shown (shifted_clock.c)."""

import os
import pathlib
import subprocess

import pytest

from test_cli import OPERATOR, World

HERE = pathlib.Path(__file__).parent
AHEAD_S = 73 * 3600


@pytest.fixture
def region(tmp_path):
    (tmp_path / "operator.key").write_bytes(os.urandom(32))
    out = World(tmp_path)
    out.found("City:hospital")
    out.start()
    out.city = out.json("identity", "list")["organisations"][0]["did"]
    source = tmp_path / "data" / "keys" / f"{out.city.removeprefix('did:xinglin:')}.identity.json"
    (tmp_path / "city.json").write_bytes(source.read_bytes())
    yield out
    out.stop()


def person(region, name, kind, did=None):
    named = ("--did", did) if did else ()
    return region.json("identity", "create", name, "--kind", kind, "--organisation", region.city,
                       *named, "--out", f"{name}.json", "--card", f"{name}.card", *OPERATOR)["did"]


def test_two_of_three_guardians_give_a_new_key_behind_the_wait(region, monkeypatch, tmp_path):
    region.put("city", {"resourceType": "Patient", "id": "ada"})
    ada = region.act("city", "record", "verify", "Patient/ada")["patient"]
    person(region, "ada", "patient", ada)
    region.act("city", "identity", "claim", "ada.card")
    guardians = [person(region, name, "guardian") for name in ("son", "sister", "friend")]
    for name in ("son", "sister", "friend"):
        region.act("ada", "identity", "appoint", f"{name}.card", "--until", "2030-12-31",
                   "--powers", "recovery")
    region.act("ada", "identity", "recover", "setup", "--guardian", ",".join(guardians),
               "--threshold", "2")
    person(region, "found", "patient", ada)
    # One of three is nobody; two are enough.
    region.act("son", "identity", "recover", "start", "found.card", code=5)
    begun = region.act("son", "identity", "recover", "start", "found.card", "--with",
                       "friend.card", "--request", "recovery.json")
    assert (begun["signed"], begun["signers"]) == (1, 2)
    region.act("sister", "identity", "recover", "approve", "recovery.json", code=5)  # not asked
    assert region.act("friend", "identity", "recover", "approve", "recovery.json")["transaction_id"]
    early = region.act("son", "identity", "recover", "finish", ada, code=5)
    assert "recovery_too_early" in early["error"]["message"]
    region.act("found", "record", "get", "Patient/ada", code=4)  # nothing yet
    assert region.act("ada", "record", "get", "Patient/ada")  # the owner has the old key still

    region.stop()
    later = tmp_path / "shifted_clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", later, HERE / "shifted_clock.c"],
                   check=True)
    for name, value in {"LD_PRELOAD": str(later), "XL_TEST_CLOCK_AHEAD": str(AHEAD_S)}.items():
        monkeypatch.setenv(name, value)
        region.environment[name] = value
    region.url = ""
    region.start()
    # Block time follows the clock with the next block.
    region.act("city", "record", "put", "resource.json")
    region.act("son", "identity", "recover", "finish", ada)
    assert region.act("found", "record", "get", "Patient/ada")["resource"]["id"] == "ada"
    region.act("ada", "record", "get", "Patient/ada", code=4)  # what was lost opens nothing
