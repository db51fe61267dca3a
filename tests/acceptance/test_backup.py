# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: a member that lost its disk comes back from a backup made while it ran, with every record
that the backup holds, and signs nothing that it may have signed before. Method: four members with
the real engine under load; the folder destroyed; restored, repaired from the others and voted a new
key; backups altered, cut and mixed up; what the backup must not hold searched for in it."""

import base64
import fcntl
import hashlib
import json
import shutil
import threading

import pytest

from cluster import NAMES, OPERATOR, Cluster, eventually, needs_engine, run

pytestmark = needs_engine


@pytest.fixture
def members(tmp_path):
    out = Cluster(tmp_path)
    for one in out:
        one.configure(r"\[engine\]", "[engine]\nsnapshot_every = 20")
    yield out
    out.close()


class Load:
    """Records that a member acknowledges, in the background."""

    def __init__(self, member, first):
        self.member, self.number, self.acknowledged = member, first, []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while not self.stopping.is_set():
            if self.member.put(self.number):
                self.acknowledged.append(self.number)
            self.number += 1

    def stop(self):
        self.stopping.set()
        self.thread.join()


def back_up(member, name):
    done = run("--json", "node", "backup", "--data", member.name, "--out", f"{name}/out", "--keys",
               f"{name}/keys", *OPERATOR, cwd=member.folder)
    return json.loads(done.stdout)


def restore(member, name, *options, code=0, data=None):
    return run("node", "restore", "--from", f"{name}/out", "--keys", f"{name}/keys", "--data",
               data or member.name, *options, *OPERATOR, cwd=member.folder, code=code)


def healthy(member):
    """Its status, once it is healthy."""
    return eventually(lambda: (lambda one: one if one.get("healthy") else None)(member.health()))


def reads(member, number):
    return json.loads(member.ask("record", "get", f"Patient/p-{number}").stdout)["resource"]


def is_there(member, number):
    try:
        reads(member, number)
    except AssertionError as failed:
        assert "There is no such resource" in str(failed) or "was erased" in str(failed), failed
        return False
    return True


def custody(member):
    """What `node verify` says of the stopped member's own stores."""
    done = run("node", "verify", "--data", member.name, *OPERATOR, "--json", cwd=member.folder)
    one, = json.loads(done.stdout)["organisations"]
    return one


def journal_waits(member):
    """True when a restored journal is sound and its node has not run since."""
    one = custody(member)
    return one["intact"] and one["journal_waits"] and one["journal_lost"] == "0"


def votes_of(member, key, blocks=3):
    """True when the last blocks hold a vote of this validator."""
    address = hashlib.sha256(base64.b64decode(key)).hexdigest()[:40]
    height = member.height()
    return any(address == one["validator_address"].lower()
               for at in range(height - blocks + 1, height + 1)
               for one in member.engine_answer("commit", height=str(at))["result"]
               ["signed_header"]["commit"]["signatures"])


def votes_again(member, key):
    """Waits until blocks that this member sees hold votes of the validator."""
    number = iter(range(4000, 5000))

    def votes():
        member.load(next(number), 1)
        return votes_of(member, key)
    eventually(votes, 60)


def decide_rekey(members, member, key):
    sent = json.loads(member.ask("network", "proposal", "create", "rekey", "--key", key, "--title",
                                 "a new key after a restore").stdout)
    for one in members.others(member.name):
        eventually(lambda v=one: sent["proposal"] in v.ask("network", "proposal", "list").stdout)
        one.ask("network", "proposal", "vote", sent["proposal"], "yes")
    return sent["proposal"]


def register_patient(member):
    """The person of p-0, with a handle to be asked by and an address that is told of notices."""
    told = json.loads(member.ask("record", "verify", "Patient/p-0").stdout)
    run("identity", "create", "Ann", "--kind", "patient", "--did", told["patient"],
        "--organisation", member.did, "--out", "ann.json", "--card", "ann.card", *OPERATOR,
        "--node", member.url, cwd=member.folder)
    member.ask("identity", "claim", "ann.card")
    as_ann(member, "identity", "handle", "make", "--minutes", "10000")
    as_ann(member, "access", "webhook", "add", "https://phone.example.org/told")
    reads(member, 0)
    return standing(member)


def as_ann(member, *arguments):
    return json.loads(member.run("--json", "--as", "ann.json", *OPERATOR, *arguments).stdout)


def standing(member):
    """What the patient has beside records: handles, addresses, and the last notice's cursor."""
    handles = as_ann(member, "identity", "handle", "list")["handles"]
    addresses = [(one["webhook"], one["url"])
                 for one in as_ann(member, "access", "webhook", "list")["webhooks"]]
    notices = as_ann(member, "access", "notices")["notices"]
    return handles, addresses, max(int(one["cursor"]) for one in notices)


def check_patient_has_it_still(member, before):
    """Handle and address are there; no notice since can hide behind an old cursor."""
    has = standing(member)
    assert has[:2] == before[:2] and len(has[0]) == len(has[1]) == 1
    reads(member, 0)
    eventually(lambda: standing(member)[2] > 1_000_000_000)


def leave_what_killed_restores_leave(member):
    for left in ("restore-test", "restoring"):
        keys = member.folder / f"{member.name}.{left}/keys"
        keys.mkdir(parents=True)
        (keys / "old.key").write_text("old")


def check_what_a_restore_leaves(member):
    for absent in ("keys/validator.key", "keys/old.key", "signer", "lock"):
        assert not (member.data / absent).exists(), absent
    assert not list(member.folder.glob(f"{member.name}.restor*"))


def test_a_member_that_lost_its_disk_comes_back_and_signs_nothing_twice(members):
    city, north = (members[name] for name in NAMES[:2])
    members.start()
    north.load(0, 6)
    assert north.health()["backup"] is None and "none was made" in north.doctor()
    old_key = json.loads((north.data / "genesis.json").read_text())
    old_keys = {one["pub_key"]["value"] for one in old_key["validators"]}

    patient_has = register_patient(north)
    load = Load(north, 1000)
    eventually(lambda: len(load.acknowledged) >= 3)
    before = list(load.acknowledged)  # acknowledged before the backup began
    made = back_up(north, "backup")
    load.stop()
    assert int(made["files"]) > 5
    assert north.status()["backup"] == made["made"]
    assert "last backup" in north.status()["sentence"]
    check_what_is_not_in_it(north, "backup")
    leave_what_killed_restores_leave(north)
    checked = json.loads(restore(north, "backup", "--check", "--json").stdout)
    assert checked["versions"] >= 6 + len(before) and checked["check_only"] is True
    assert north.status()["restore_test"]

    # After the backup: records, and reads that the ledger has a root over.
    north.load(2000, 2)
    for number in range(3):
        reads(north, number)
    north.stop()
    shutil.rmtree(north.data)
    city.load(0, 12)

    restored = json.loads(restore(north, "backup", "--json").stdout)
    assert restored["versions"] == checked["versions"] and restored["organisations"] == 1
    check_what_a_restore_leaves(north)
    run("node", "repair", "--data", "north", "--from", city.url, "--from",
        members["insurer"].url, *OPERATOR, cwd=north.folder, timeout=300)
    run("node", "rebuild-index", "--data", "north", *OPERATOR, cwd=north.folder)
    assert journal_waits(north)
    north.start()
    eventually(lambda: north.head()["app_hash"] == city.head()["app_hash"])

    # All that the backup holds is there, and the member works; but it does not vote.
    for number in list(range(6)) + before:
        assert reads(north, number)["id"] == f"p-{number}"
    status = healthy(north)
    assert status["signer"] == "nobody" and "without voting" in status["sentence"]
    north.load(3000, 2)
    signing = {address for address in old_keys if votes_of(city, address)}
    assert len(signing) == 3

    check_patient_has_it_still(north, patient_has)

    # Its read journal goes on behind the roots that it lost, and says what is not in it any more.
    north.stop()
    journal = custody(north)
    assert journal["intact"] and int(journal["journal_lost"]) >= 3
    assert int(journal["journal_entries"]) >= 6 + len(before)

    vote_with_a_new_key(members, north, old_keys)
    reads(north, 0)
    check_who_looks_is_told(north)
    members.agreed()
    north.stop()
    assert custody(north)["journal_lost"] == journal["journal_lost"]
    assert int(custody(north)["journal_entries"]) > int(journal["journal_entries"])


def vote_with_a_new_key(members, north, old_keys):
    """The members give it a new key: it votes again."""
    city = members[NAMES[0]]
    key = json.loads(run("--json", "network", "rekey", "--data", "north", *OPERATOR,
                         cwd=north.folder).stdout)["key"]
    assert key not in old_keys
    north.start()
    eventually(lambda: north.head()["app_hash"] == city.head()["app_hash"])
    decide_rekey(members, north, key)
    votes_again(city, key)
    eventually(lambda: healthy(north)["signer"] == "node")


def check_who_looks_is_told(member):
    """The log of a patient says which of its entries nobody can show any more."""
    run("identity", "create", "officer", "--kind", "practitioner", "--role", "privacy-officer",
        "--organisation", member.did, "--out", "officer.json", "--card", "officer.card", *OPERATOR,
        "--node", member.url, cwd=member.folder)
    member.ask("identity", "attest", "officer.card", "--role", "privacy-officer", "--licence",
               "none")
    patient = json.loads(member.ask("record", "verify", "Patient/p-0").stdout)["patient"]
    done = member.run("access", "log", "--patient", patient, "--as", "officer.json", *OPERATOR,
                      "--json")
    log = json.loads(done.stdout)
    gap, = log["lost"]
    lost = int(gap["last_sequence"]) - int(gap["first_sequence"]) + 1
    assert lost >= 3 and gap["noted"]
    assert f"Entries {gap['first_sequence']}–{gap['last_sequence']} were lost" in done.stderr
    for one in log["entries"]:
        inside = int(gap["first_sequence"]) <= int(one["sequence"]) <= int(gap["last_sequence"])
        assert not inside, (one, gap)


def check_what_is_not_in_it(member, name):
    """Neither the validator's key nor its sign state, nor the ledger; nobody else may read it."""
    out = member.folder / name / "out"
    held = [one.relative_to(out).as_posix() for one in out.rglob("*") if one.is_file()]
    assert not [one for one in held if "validator" in one or one.startswith(("signer", "ledger",
                                                                             "engine", "run"))]
    validator = (member.data / "keys/validator.key").read_bytes()
    for one in list(out.rglob("*")) + list((member.folder / name / "keys").rglob("*")):
        assert one.stat().st_mode & 0o077 == 0, one
        assert not one.is_file() or validator not in one.read_bytes()


def test_what_was_under_way_or_is_younger_than_the_snapshot_is_there_again(members):
    """The ledger that a repair brings back may be older than the backup: what the backup holds is
    neither taken back nor left out of the index, also what was not confirmed yet."""
    for one in members:
        one.configure("snapshot_every = 20", "snapshot_every = 10000")  # one at block 10, no other
    city, north = (members[name] for name in NAMES[:2])
    members.start()
    north.load(0, 6)
    loads = [Load(north, 1000 * i) for i in range(1, 6)]
    eventually(lambda: all(one.acknowledged for one in loads), 60)
    back_up(north, "busy")
    for one in loads:
        one.stop()
    assert north.height() > 12
    acknowledged = [number for one in loads for number in one.acknowledged] + list(range(6))
    north.stop()
    (north.data / "keys" / "validator.key.bak").write_bytes(
        (north.data / "keys" / "validator.key").read_bytes())
    (north.data / "keys" / "old").write_bytes(
        (north.data / "keys" / "validator.key").read_bytes())
    back_up(north, "late")
    assert not list((north.folder / "late" / "out" / "keys").glob("validator*"))
    assert not (north.folder / "late" / "out" / "keys" / "old").exists()
    shutil.rmtree(north.data)
    restored = json.loads(restore(north, "busy", "--json").stdout)
    done = run("node", "repair", "--data", "north", "--from", city.url, "--json", *OPERATOR,
               cwd=north.folder, timeout=300)
    assert json.loads(done.stdout)["height"] == "10"
    run("node", "rebuild-index", "--data", "north", *OPERATOR, cwd=north.folder)
    north.start()
    eventually(lambda: north.head()["app_hash"] == city.head()["app_hash"], 60)
    there = [number for number in acknowledged if is_there(north, number)]
    assert set(there) >= set(range(6))
    north.stop()
    assert int(custody(north)["record_versions"]) == restored["versions"]
    assert len(there) <= restored["versions"] <= len(there) + len(loads)


def test_what_was_erased_after_the_backup_does_not_come_back(members):
    city, north = (members[name] for name in NAMES[:2])
    members.start()
    north.load(0, 4)
    back_up(north, "before")
    north.ask("record", "erase", "Patient/p-1", "--confirm", "Patient/p-1")
    head = north.head()["height"]
    north.stop()
    shutil.rmtree(north.data)
    assert json.loads(restore(north, "before", "--json").stdout)["versions"] == 4
    run("node", "repair", "--data", "north", "--from", city.url, *OPERATOR, cwd=north.folder,
        timeout=300)
    run("node", "rebuild-index", "--data", "north", *OPERATOR, cwd=north.folder)
    north.start()
    eventually(lambda: int(north.head()["height"]) >= int(head), 60)
    eventually(lambda: not is_there(north, 1), 60)
    assert [number for number in range(4) if is_there(north, number)] == [0, 2, 3]


def test_a_backup_that_is_not_whole_restores_nothing(members):
    north = members["north"]
    members.start()
    north.load(0, 3)
    back_up(north, "good")
    back_up(north, "other")
    again = run("node", "backup", "--data", "north", "--out", "good/out", "--keys", "good/keys",
                *OPERATOR, cwd=north.folder, code=7)
    assert "XL1005" in again.stderr
    inside = run("node", "backup", "--data", "north", "--out", "in", "--keys", "in/keys", *OPERATOR,
                 cwd=north.folder, code=None)
    assert "XL5" in inside.stderr and not (north.folder / "in").exists()

    def refused(why, number="XL6020"):
        done = restore(north, "bad", data="fresh", code=None)
        assert number in done.stderr, (why, done.stderr)
        assert not (north.folder / "fresh").exists(), why
        assert not (north.folder / "fresh.restoring").exists(), why

    bad = north.folder / "bad"
    shutil.copytree(north.folder / "good", bad)
    (north.folder / "fresh.restoring").mkdir()
    with open(north.folder / "fresh.restoring/lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "XL3001" in restore(north, "bad", data="fresh", code=None).stderr
    assert restore(north, "bad", data="fresh") and (north.folder / "fresh/keys").is_dir()
    shutil.rmtree(north.folder / "fresh")

    def fresh_copy():
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(north.folder / "good", bad)

    files = json.loads((north.folder / "good/out/manifest.json").read_text())["files"]
    for path in [one["path"] for one in files if one["path"].endswith((".db", ".toml", ".json",
                                                                       ".backup"))][:8]:
        fresh_copy()
        content = bytearray((bad / "out" / path).read_bytes())
        content[len(content) // 2] ^= 1
        (bad / "out" / path).write_bytes(content)
        refused(path)
    fresh_copy()
    (bad / "out/genesis.json").unlink()
    refused("a file is missing")
    fresh_copy()
    (bad / "out/more").write_text("x")
    refused("a file too many")
    fresh_copy()
    shutil.rmtree(bad / "keys")
    shutil.copytree(north.folder / "other/keys", bad / "keys")
    refused("the keys of another backup")
    fresh_copy()
    for one in ("out", "keys"):  # both lists altered alike: a way out of the folder
        path = bad / one / "manifest.json"
        path.write_text(path.read_text().replace('"genesis.json"', '"../genesis.json"'))
    refused("a path that leads out")
    fresh_copy()
    for one in (bad / "keys").glob("*.key"):
        one.unlink()
    refused("no backup key", "XL1004")
    (north.folder / "operator.key").rename(north.folder / "kept.key")
    (north.folder / "operator.key").write_bytes(b"x" * 32)
    fresh_copy()
    refused("another operator's key", "XL1")
    (north.folder / "kept.key").rename(north.folder / "operator.key")
    # A folder that holds a node is left alone.
    taken = restore(north, "good", code=None)
    assert "XL6002" in taken.stderr
    north.load(10, 1)


def test_a_stopped_member_is_backed_up_too_and_one_alone_is_told_why_not(members):
    north = members["north"]
    members.start()
    north.load(0, 2)
    north.stop()
    back_up(north, "stopped")
    done = run("node", "backup", "--data", "north", "--out", "stopped/out", "--keys", "k",
               *OPERATOR, cwd=north.folder, code=7)
    assert "XL1005" in done.stderr and "stopped/out" in done.stderr
    checked = json.loads(restore(north, "stopped", "--check", "--json").stdout)
    assert checked["versions"] == 2
    run("node", "init", "--data", "alone", "--organisation", "Alone:clinic", *OPERATOR,
        cwd=north.folder)
    done = run("node", "backup", "--data", "alone", "--out", "a", "--keys", "b", *OPERATOR,
               cwd=north.folder, code=None)
    assert "XL6001" in done.stderr and "solo" in done.stderr
    done = run("network", "rekey", "--data", "alone", *OPERATOR, cwd=north.folder, code=2)
    assert "the genesis fixes the validator key" in done.stderr
