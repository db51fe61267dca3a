# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: an operator can change what opens a node's keys, back a keyring up, bring it back, and
erase a record or a patient for good. Method: the real binary on a node with one or two hospitals;
every claim is checked by reading again, by the files on the disk and by verifying the ledger."""

import base64
import hashlib
import json
import os
import shutil
import sqlite3
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
                 operator=("--operator-key", "third.key"), code=4)
    assert wrong["error"]["code"] == "XL1109"
    tool(house, "node", "keys", "rotate", "--new-operator-key", "operator.key", code=2)
    assert {path.name: path.read_bytes()
            for path in (house.folder / "data" / "keys").iterdir()} == keys
    done = tool(house, "node", "keys", "rotate", "--new-operator-key", "new.key")
    assert done["keyrings"] == 1 and done["files"] == len(keys) == 5
    assert [path.name for path in (vault(house) / "keyring").glob("root.*")] == ["root.2"]
    assert not (house.folder / "data" / "keys" / "rotating").exists()
    assert start_with(house, OPERATOR) == "XL1109"
    assert start_with(house, NEW_KEY) is None
    assert values(house) == [f"Observation/bp-{n}" for n in range(3)]
    assert house.read("city", "record", "get", "Observation/bp-1")["valueQuantity"]["value"] == 121
    # The identity file in the folder follows; a copy made before keeps its old unlock.
    inside = f"data/keys/{house.id}.identity.json"
    house.run("identity", "show", "--as", inside, *OPERATOR, code=4)
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
    for unlock in (NEW_KEY, OPERATOR):
        assert start_with(house, unlock) == "XL6006"
        assert tool(house, "node", "backup", "--keyring", "b", operator=unlock,
                    code=7)["error"]["code"] == "XL6006"
    # Another pair of unlocks does not get anywhere and changes nothing.
    tool(house, "node", "keys", "rotate", "--new-operator-key", "third.key", code=4)
    done = tool(house, "node", "keys", "rotate", "--new-operator-key", "new.key")
    assert done["files"] == 2 and done["keyrings"] == 0
    assert start_with(house, OPERATOR) == "XL1109"
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
        assert again.returncode == 0 or "XL1109" in again.stdout, again.stdout
        assert start_with(house, ("--operator-key", fresh)) is None
        shutil.copy(house.folder / "data" / "keys" / f"{house.id}.identity.json",
                    house.folder / "city.json")
        got = house.json("record", "get", "Observation/bp-2", "--as", "city.json",
                         "--operator-key", fresh)
        assert got["resource"]["id"] == "bp-2"
        house.stop()


def test_what_is_kept_off_the_ledger_is_read_and_each_alteration_named(house):
    assert tool(house, "node", "verify", code=7)["error"]["code"] == "XL1406"  # the node runs
    house.stop()
    [told] = tool(house, "node", "verify")["organisations"]
    assert told["intact"] is True and told["damage"] is None
    assert int(told["record_versions"]) == 4 <= int(told["bodies"])
    assert int(told["journal_entries"]) > 4 and int(told["anchored_batches"]) > 0

    def refused(file, harm, codes):
        path = vault(house) / file
        before = path.read_bytes()
        path.write_bytes(harm(before))
        [found] = tool(house, "node", "verify", code=3)["organisations"]
        assert found["intact"] is False and found["damage"]["code"] in codes, found
        path.write_bytes(before)

    def flip(content, at):
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]

    bodies = vault(house) / "bodies" / "bodies.db"
    stored = sqlite3.connect(bodies).execute("SELECT ciphertext FROM bodies LIMIT 1").fetchone()[0]
    where = bodies.read_bytes().index(stored[:16])
    refused("bodies/bodies.db", lambda content: flip(content, where + 5), ("XL3006", "XL1021"))
    refused("journal/journal.db", lambda content: flip(content, len(content) - 2000),
            ("XL1021", "XL3044", "XL3045"))
    assert tool(house, "node", "verify")["organisations"][0]["intact"] is True

    # An index of before the last writes, under the mark of now.
    index = house.folder / "data" / "index"
    shutil.copytree(index, house.folder / "early")
    assert start_with(house, OPERATOR) is None
    house.put("city", observation(9))
    house.stop()
    index.rename(house.folder / "whole")
    (house.folder / "early").rename(index)
    [found] = tool(house, "node", "verify", code=3)["organisations"]
    assert found["damage"]["code"] == "XL3512", found
    assert int(tool(house, "node", "rebuild-index")["versions"]) == 5
    [told] = tool(house, "node", "verify")["organisations"]
    assert told["intact"] is True and int(told["record_versions"]) == 5

    # A key that opens and is not the one the ledger has.
    keys = house.folder / "data" / "keys"
    house.run("node", "init", "--data", "other", "--organisation", "别院:hospital", *OPERATOR)
    own = (keys / "envelope.key").read_bytes()
    (keys / "envelope.key").write_bytes(
        (house.folder / "other" / "keys" / "envelope.key").read_bytes())
    assert tool(house, "node", "verify", code=3)["error"]["code"] == "XL3513"
    (keys / "envelope.key").write_bytes(own)
    assert tool(house, "node", "verify")["organisations"][0]["intact"] is True


def test_every_page_of_the_index_and_the_log_of_erasures_are_read(house):
    house.act("city", "record", "erase", "Observation/bp-2", "--confirm", "Observation/bp-2",
              "--out", "certificate.json")
    house.stop()
    stores = (house.folder / "data" / "index").iterdir()
    index = next(one for one in stores if one.suffixes == [".db"])  # beside it: notices
    for file, codes in ((index, ("XL1021",)), (vault(house) / "erasures.db", ("XL1021",))):
        whole = file.read_bytes()
        for page in range(0, len(whole), 4096):
            at = page + 2000
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
            found = tool(house, "node", "verify", code=3)
            damage = found["organisations"][0]["damage"] if "organisations" in found \
                else found["error"]
            assert damage["code"] in codes, (file, page, damage)
        file.write_bytes(whole)
    assert tool(house, "node", "verify")["organisations"][0]["intact"] is True
    log = vault(house) / "erasures.db"
    whole = log.read_bytes()
    log.unlink()
    [found] = tool(house, "node", "verify", code=3)["organisations"]
    assert found["damage"]["code"] == "XL3027"
    house.start()  # care goes on, and the log says it at each start
    house.stop()
    lines = (house.folder / "data/log/node.log").read_text().splitlines()
    assert ("custody_failed", "XL3027") in {(one["event"], one.get("code"))
                                            for one in map(json.loads, lines)}
    log.write_bytes(whole)
    assert tool(house, "node", "verify")["organisations"][0]["intact"] is True


def test_a_rebuilt_index_takes_the_place_of_the_former_one_at_its_end(house):
    index = house.folder / "data" / "index"
    house.stop()
    [file] = [one for one in index.iterdir() if one.suffixes == [".db"]]
    before = file.read_bytes()
    bodies = vault(house) / "bodies" / "bodies.db"
    kept = bodies.read_bytes()
    bodies.write_bytes(kept[:len(kept) // 2])  # the vault cannot give what an index needs
    tool(house, "node", "rebuild-index", code=3)
    assert file.read_bytes() == before
    bodies.write_bytes(kept)
    file.write_bytes(b"noise" * 1000)  # an index that cannot even be opened
    assert int(tool(house, "node", "rebuild-index")["versions"]) == 4
    assert [one.name for one in index.iterdir()
            if ".notices." not in one.name and ".requests." not in one.name] == [file.name]
    assert start_with(house, OPERATOR) is None
    assert values(house) == [f"Observation/bp-{n}" for n in range(3)]


def test_a_ledger_that_was_cut_off_signs_no_second_history(house):
    data = house.folder / "data"
    house.stop()
    shutil.copytree(data / "ledger", house.folder / "early")
    assert start_with(house, OPERATOR) is None
    house.put("city", observation(7))
    house.stop()
    assert tool(house, "ledger", "verify", operator=())["intact"] is True
    whole = house.folder / "whole"
    (data / "ledger").rename(whole)
    shutil.copytree(house.folder / "early", data / "ledger")
    assert start_with(house, OPERATOR) == "XL1409"
    cut = tool(house, "ledger", "verify", operator=(), code=3)
    assert cut["intact"] is False and "signed up to" in cut["damage"]["what"]
    mark = data / "validator.signed"
    mark.rename(house.folder / "mark")
    unmarked = tool(house, "ledger", "verify", operator=(), code=3)
    assert unmarked["damage"]["record"] == mark.name
    (house.folder / "mark").rename(mark)
    genesis = data / "genesis.json"
    whole_genesis = genesis.read_text()
    genesis.write_text(whole_genesis.replace("市一医院", "市二医院"))
    assert tool(house, "ledger", "verify", operator=(), code=3)["error"]["code"] == "XL1408"
    genesis.write_text(whole_genesis)
    shutil.rmtree(data / "ledger")
    whole.rename(data / "ledger")
    assert start_with(house, OPERATOR) is None
    assert len(values(house)) == 4


def test_an_index_that_is_lost_or_older_is_made_again(house):
    index = house.folder / "data" / "index"
    for harm in ("lost", "older"):
        house.stop()
        if harm == "older":
            older = house.folder / "older"
            shutil.copytree(index, older)
            assert start_with(house, OPERATOR) is None
            house.put("city", observation(8))
            house.stop()
        before = len(list(index.iterdir()))
        shutil.rmtree(index)
        if harm == "older":
            older.rename(index)
        assert before and start_with(house, OPERATOR) is None
        expected = [f"Observation/bp-{n}" for n in (0, 1, 2, *([8] if harm == "older" else []))]
        assert values(house) == expected, harm
        assert house.read("city", "record", "get", "Patient/ada")["name"] == PATIENT["name"]
    # An old one is not made again where nothing is missing.
    assert house.put("city", observation(1))["version"] in (2, "2")


def test_a_journal_that_was_cut_or_lost_serves_no_reads(house):
    journal = vault(house) / "journal"
    house.stop()
    shutil.copytree(journal, house.folder / "early")
    assert start_with(house, OPERATOR) is None
    assert house.read("city", "record", "get", "Observation/bp-1")["id"] == "bp-1"
    house.stop()  # anchors what was read
    journal.rename(house.folder / "whole")
    assert start_with(house, OPERATOR) == "XL3043"
    shutil.rmtree(journal, ignore_errors=True)
    shutil.copytree(house.folder / "early", journal)
    assert start_with(house, OPERATOR) == "XL3043"
    shutil.rmtree(journal)
    (house.folder / "whole").rename(journal)
    assert start_with(house, OPERATOR) is None
    assert len(values(house)) == 3


def test_a_keyring_comes_back_from_its_backup(house):
    running = tool(house, "node", "backup", "--keyring", "running.backup")  # it runs
    assert (house.folder / running["key_file"]).exists()
    house.stop()
    made = tool(house, "node", "backup", "--keyring", "keyring.backup")
    assert (house.folder / "keyring.backup").stat().st_mode & 0o077 == 0
    again = tool(house, "node", "backup", "--keyring", "keyring.backup", code=7)
    assert again["error"]["code"] == "XL1005"
    key = house.folder / made["key_file"]
    assert key.exists() and key.stat().st_mode & 0o077 == 0
    shutil.copy(key, house.folder / "kept.key")
    assert b"Ada" not in (house.folder / "keyring.backup").read_bytes()
    # After the backup: one record is erased, one is written.
    house.start()
    certificate = house.act("city", "record", "erase", "Observation/bp-0", "--confirm",
                            "Observation/bp-0")["erasures"][0]
    assert certificate["state"] == "pending"  # the backup still opens it
    house.put("city", observation(9))
    house.stop()
    # Not into a place that is taken.
    taken = tool(house, "node", "restore", "--keyring", "keyring.backup", code=7)
    assert taken["error"]["code"] == "XL3020"
    shutil.rmtree(vault(house) / "keyring")
    shutil.rmtree(vault(house) / "backup-keys")
    # A lost keyring is said, not replaced by a fresh one that opens nothing.
    assert start_with(house, OPERATOR) == "XL3021"
    assert not list((vault(house) / "keyring").glob("root.*"))
    tool(house, "node", "restore", "--keyring", "keyring.backup", code=6)  # without its key
    whole = (house.folder / "keyring.backup").read_bytes()
    cut = bytearray(whole)
    cut[len(cut) // 2] ^= 1
    (house.folder / "altered.backup").write_bytes(cut)
    with_key = ("--backup-key", "kept.key")
    altered = tool(house, "node", "restore", "--keyring", "altered.backup", *with_key, code=9)
    assert altered["error"]["code"] == "XL3028"
    tool(house, "node", "restore", "--keyring", "keyring.backup", *with_key, code=4,
         operator=NEW_KEY)
    done = tool(house, "node", "restore", "--keyring", "keyring.backup", *with_key)
    assert (done["versions"], done["erasures"], done["bodiless"]) == (5 - 2, 1, 0)
    assert tool(house, "node", "rebuild-index")["versions"] == "3"
    house.start()
    assert values(house) == ["Observation/bp-1", "Observation/bp-2"]
    assert house.read("city", "record", "get", "Observation/bp-1")["valueQuantity"]["value"] == 121
    gone = house.run("record", "get", "Observation/bp-0", "--as", "city.json", *OPERATOR, code=6)
    assert "XL3010" in gone.stderr


def test_a_record_is_erased_for_good(house):
    house.put("city", {**observation(1), "status": "amended"})
    bodies = vault(house) / "bodies"
    before = sum(path.stat().st_size for path in bodies.rglob("*") if path.is_file())
    assert before > 0
    proof = house.act("city", "record", "verify", "Observation/bp-1", "--version", "1")
    # Only with the name said twice, only by the custodian's own key, not its software's or staff's.
    house.act("city", "record", "erase", "Observation/bp-1", code=2)
    house.doctor("min", "city", house.city)
    refused = house.act("min", "record", "erase", "Observation/bp-1", "--confirm",
                        "Observation/bp-1", code=5)
    assert refused["error"]["code"] == "XL4057"
    current = house.act("city", "record", "erase", "Observation/bp-1", "--version", "2",
                        "--confirm", "Observation/bp-1", code=9)
    assert "current version" in current["error"]["message"]
    # One earlier version.
    one = house.act("city", "record", "erase", "Observation/bp-1", "--version", "1", "--confirm",
                    "Observation/bp-1", "--out", "certificate.json")["erasures"]
    assert len(one) == 1 and one[0]["version"] == "1" and one[0]["record"] == proof["record"]
    assert one[0]["state"] == "final"  # no backup of the keyring is alive
    house.act("city", "record", "get", "Observation/bp-1", "--version", "1", code=6)
    assert house.read("city", "record", "get", "Observation/bp-1")["status"] == "amended"
    kept = json.loads((house.folder / "certificate.json").read_text())["erasures"][0]
    assert kept == one[0]
    raw = base64.b64decode(kept["certificate"])
    bound = b"xinglin/erasure-certificate/v1\0\1" + raw
    assert kept["digest"] == hashlib.sha256(bound).hexdigest()
    assert house.act("city", "record", "erasure", kept["id"])["erasures"][0] == kept
    # All of it.
    rest = house.act("city", "record", "erase", "Observation/bp-1", "--confirm",
                     "Observation/bp-1")["erasures"]
    assert [each["version"] for each in rest] == ["2"]
    gone = house.run("record", "get", "Observation/bp-1", "--as", "city.json", *OPERATOR, code=6)
    assert "XL3010" in gone.stderr
    erased = house.act("city", "record", "erase", "Observation/bp-1", "--confirm",
                       "Observation/bp-1", code=6)
    assert erased["error"]["code"] == "XL3010"
    assert house.act("city", "record", "erase", "Observation/none", "--confirm",
                     "Observation/none", code=6)["error"]["code"] == "XL1703"
    assert values(house) == ["Observation/bp-0", "Observation/bp-2"]
    # The ledger says that it was erased and still verifies; a rebuilt index does not bring it back.
    head = house.act("city", "ledger", "proof", proof_key(proof["record"]))["state"]["value"]
    anchored = bytes.fromhex("01" + rest[0]["digest"])
    assert anchored in bytes.fromhex(head)
    house.stop()
    house.run("ledger", "verify", "--data", "data")
    assert tool(house, "node", "rebuild-index")["versions"] == "3"
    house.start()
    assert values(house) == ["Observation/bp-0", "Observation/bp-2"]
    # The name is not used again: its versions, and so its ETags, would begin at 1 once more.
    (house.folder / "again.json").write_text(json.dumps(observation(1)))
    again = house.act("city", "record", "put", "again.json", code=7)
    assert again["error"]["code"] == "XL4187"
    fresh = house.put("city", observation(7))
    assert fresh["created"] is True and fresh["version"] == "1"


def proof_key(record):
    """The state key of a record's head."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    bits = "".join(f"{alphabet.index(letter):05b}" for letter in record)[:128]
    return "03" + "h".encode().hex() + f"{int(bits, 2):032x}"


def test_a_patient_is_erased_for_good(house):
    certificate = house.act("city", "record", "erase", "--patient", house.patient, "--confirm",
                            house.patient)["erasures"][0]
    assert certificate["record"] is None and certificate["patient"] == house.patient
    assert int(certificate["versions"]) >= 4
    assert values(house) == []
    for name in ("Patient/ada", "Observation/bp-0"):
        gone = house.run("record", "get", name, "--as", "city.json", *OPERATOR, code=6)
        assert "XL3010" in gone.stderr
    again = house.act("city", "record", "erase", "--patient", house.patient, "--confirm",
                      house.patient)["erasures"][0]
    assert again["id"] == certificate["id"]  # the first certificate stands
    nobody = "did:xinglin:" + "b" * 25 + "a"
    unknown = house.act("city", "record", "erase", "--patient", nobody, "--confirm", nobody, code=6)
    assert unknown["error"]["code"] == "XL3025"
    # New care is under a new pseudonym, which nobody can link to the former.
    house.put("city", {**PATIENT, "id": "ada-2", "name": [{"text": "Another"}]})
    assert house.act("city", "record", "verify", "Patient/ada-2")["patient"] != house.patient
    house.stop()
    house.run("ledger", "verify", "--data", "data")
    # Nothing of the patient is left on the disk outside the journal of reads, which is sealed.
    for path in (house.folder / "data").rglob("*"):
        if path.is_file():
            assert b"Ada Young" not in path.read_bytes(), path
