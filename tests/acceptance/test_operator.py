# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: an operator can change what opens a node's keys, back a keyring up and bring it back.
Method: the real binary on a node with one or two hospitals;
every claim is checked by reading again, by the files on the disk and by verifying the ledger."""

import json
import os
import shutil
import subprocess

import pytest

from test_cli import OPERATOR, XINGLIN, World, observation

PATIENT = {"resourceType": "Patient", "id": "ada", "name": [{"text": "Ada Young"}]}
NEW_KEY = ("--operator-key", "new.key")


def tool(world, *arguments, code=0, operator=OPERATOR):
    """A command on the folder of a node that does not run."""
    world.url = ""
    return world.json(*arguments, "--data", "data", *operator, code=code)


@pytest.fixture
def house(tmp_path):
    for name in ("operator.key", "new.key", "third.key"):
        (tmp_path / name).write_bytes(os.urandom(32))
    out = World(tmp_path)
    out.run("node", "init", "--data", "data", "--organisation", "市一医院:hospital", *OPERATOR)
    out.start()
    out.city = out.json("identity", "list")["organisations"][0]["did"]
    out.id = out.city.removeprefix("did:xinglin:")
    shutil.copy(tmp_path / "data" / "keys" / f"{out.id}.identity.json", tmp_path / "city.json")
    out.put("city", PATIENT)
    for number in range(3):
        out.put("city", observation(number))
    out.patient = out.act("city", "record", "verify", "Patient/ada")["patient"]
    yield out
    if out.process.poll() is None:
        out.stop()


def vault(world):
    return world.folder / "data" / "vault" / world.id


def values(world):
    listed = world.act("city", "record", "list", "Observation", "patient=ada")["records"]
    return sorted(one["record"] for one in listed)


def start_with(world, operator):
    world.process = subprocess.Popen(
        [XINGLIN, "node", "run", "--data", "data", *operator, "--port", "0", "--json"],
        cwd=world.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    line = json.loads(world.process.stdout.readline())
    if "url" in line:
        world.url = line["url"].rstrip("/")
        return None
    world.process.wait(timeout=20)
    return line["error"]["code"]


def test_the_unlock_rotates_and_the_old_one_opens_nothing(house):
    locked = tool(house, "node", "keys", "rotate", "--new-operator-key", "new.key", code=7)
    assert locked["error"]["code"] == "XL3001"  # the node runs
    house.stop()
    keys = {path.name: path.read_bytes() for path in (house.folder / "data" / "keys").iterdir()}
    wrong = tool(house, "node", "keys", "rotate", "--new-operator-key", "new.key",
                 operator=("--operator-key", "third.key"), code=1)
    assert wrong["error"]["code"] == "XL1103"
    tool(house, "node", "keys", "rotate", "--new-operator-key", "operator.key", code=2)
    assert {path.name: path.read_bytes()
            for path in (house.folder / "data" / "keys").iterdir()} == keys
    done = tool(house, "node", "keys", "rotate", "--new-operator-key", "new.key")
    assert done["keyrings"] == 1 and done["files"] == len(keys) == 4
    assert [path.name for path in (vault(house) / "keyring").glob("root.*")] == ["root.2"]
    assert not (house.folder / "data" / "keys" / "rotating").exists()
    assert start_with(house, OPERATOR) == "XL1103"
    assert start_with(house, NEW_KEY) is None
    assert values(house) == [f"Observation/bp-{n}" for n in range(3)]
    assert house.act("city", "record", "get", "Observation/bp-1")["valueQuantity"]["value"] == 121
    # The identity file in the folder follows; a copy made before keeps its old unlock.
    inside = f"data/keys/{house.id}.identity.json"
    house.run("identity", "show", "--as", inside, *OPERATOR, code=1)
    assert house.json("identity", "show", "--as", inside, *NEW_KEY)["did"] == house.city
    house.stop()
    # To a passphrase and back again.
    (house.folder / "phrase").write_text("apricot blossom\n")
    tool(house, "node", "keys", "rotate", "--new-passphrase-file", "phrase", operator=NEW_KEY)
    assert start_with(house, NEW_KEY) in ("XL6005", "XL1107")
    assert start_with(house, ("--passphrase-file", "phrase")) is None
    assert len(values(house)) == 3


def test_a_rotation_that_was_interrupted_goes_on(house):
    house.stop()
    keys = house.folder / "data" / "keys"
    before = {path.name: path.read_bytes() for path in keys.iterdir()}
    tool(house, "node", "keys", "rotate", "--new-operator-key", "new.key")
    # As a crash leaves it: the keyring and two files are done, the rest is not.
    for name in sorted(before)[:2]:
        (keys / name).write_bytes(before[name])
    (keys / "rotating").touch()
    assert start_with(house, NEW_KEY) == "XL6006"
    assert start_with(house, OPERATOR) == "XL6006"
    assert tool(house, "node", "backup", "--keyring", "b", operator=NEW_KEY,
                code=1)["error"]["code"] == "XL6006"
    # Another pair of unlocks does not get anywhere and changes nothing.
    tool(house, "node", "keys", "rotate", "--new-operator-key", "third.key", code=1)
    done = tool(house, "node", "keys", "rotate", "--new-operator-key", "new.key")
    assert done["files"] == 2 and done["keyrings"] == 0
    assert start_with(house, OPERATOR) == "XL1103"
    assert start_with(house, NEW_KEY) is None
    assert len(values(house)) == 3


def test_a_rotation_killed_at_any_moment_goes_on(house):
    house.stop()
    keys = [("operator.key", "new.key"), ("new.key", "third.key"), ("third.key", "operator.key")]
    for turn in range(12):
        former, fresh = keys[turn % 3]
        command = [XINGLIN, "node", "keys", "rotate", "--data", "data", "--operator-key", former,
                   "--new-operator-key", fresh, "--json"]
        process = subprocess.Popen(command, cwd=house.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=0.004 * (turn + 1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        again = subprocess.run(command, cwd=house.folder, capture_output=True, text=True)
        # Done already: then the former unlock opens nothing any more.
        assert again.returncode == 0 or "XL1103" in again.stdout, again.stdout
        assert start_with(house, ("--operator-key", fresh)) is None
        shutil.copy(house.folder / "data" / "keys" / f"{house.id}.identity.json",
                    house.folder / "city.json")
        got = house.json("record", "get", "Observation/bp-2", "--as", "city.json",
                         "--operator-key", fresh)
        assert got["id"] == "bp-2"
        house.stop()
