# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: members find each other where the ledger says they are. Method: four members with the real
engine; one moves its engine and its gateway and cannot call anybody itself; another loses its
ledger and is repaired with nobody named; what it has no more is asked for where an archive keeps
it; one stands still for a while and says how far behind it is."""

import json
import os
import signal
import socket

import pytest

from cluster import (NAMES, OPERATOR, Cluster, eventually, free_ports, is_snapshot_height,
                     needs_engine, run)

pytestmark = needs_engine

NOT_FOUND = 6


@pytest.fixture
def members(tmp_path):
    out = Cluster(tmp_path, gateways=["city", "north", "regulator"], archives=["city"])
    for one in out:
        one.configure(r"\[engine\]", "[engine]\nsnapshot_every = 20")
    yield out
    out.close()


def listed(member):
    told = json.loads(member.ask("network", "members").stdout)["members"]
    return {one["name"]: one for one in told}


def peers_of(member):
    """Where the engine is connected to: names of the others' nodes' ids, by id."""
    told = member.engine_answer("net_info")
    return {one["node_info"]["id"] for one in told["result"]["peers"]} if told else set()


def repaired(member, *arguments):
    done = run("node", "repair", "--data", member.name, *arguments, *OPERATOR, "--json",
               cwd=member.folder, timeout=300)
    return json.loads(done.stdout), done.stderr


def move_north(members):
    """North's engine and gateway get new ports, and its engine knows nobody's address: only who
    follows the ledger's list finds it."""
    city, north, insurer = members["city"], members["north"], members["insurer"]
    before = north.ask("network", "update", "--gateway", "http://127.0.0.1:1/", code=None)
    assert "XL5003" in before.stdout
    engine_port, north.port = free_ports(2)
    north_id = listed(city)["north"]["peer_id"]
    told = json.loads(north.ask("network", "update", "--address", f"127.0.0.1:{engine_port}",
                                "--gateway", f"http://127.0.0.1:{north.port}").stdout)
    assert told["gateway"] == f"http://127.0.0.1:{north.port}" and told["archive"] is False
    again = north.ask("network", "update", "--gateway", told["gateway"], code=None)
    assert "nothing_changes" in again.stdout
    taken = north.ask("network", "update", "--address", listed(city)["city"]["address"], code=None)
    assert "key_in_use" in taken.stdout
    silent = json.loads(insurer.ask("network", "update", "--gateway", "http://[::1]:9").stdout)
    assert silent["gateway"] == "http://[::1]:9"
    silent = json.loads(insurer.ask("network", "update", "--gateway", "").stdout)
    assert silent["gateway"] is None
    shown = listed(city)["north"]
    assert shown["address"] == f"127.0.0.1:{engine_port}" and shown["moved"] is not None
    north.stop()
    with socket.socket() as nowhere:  # bound and not listening: refused
        nowhere.bind(("127.0.0.1", 0))
        silent = nowhere.getsockname()[1]
        path = north.data / "node.toml"
        text = path.read_text().replace(f"127.0.0.1:{members.ports['north']}",
                                        f"127.0.0.1:{engine_port}")
        for name in ("city", "insurer", "regulator"):
            text = text.replace(f"127.0.0.1:{members.ports[name]}", f"127.0.0.1:{silent}")
        path.write_text(text)
        north.start()
        eventually(lambda: all(north_id in peers_of(members[name])
                               for name in ("city", "insurer", "regulator")), 60)
    eventually(lambda: not city.health()["unconnected"])
    log = (city.data / "log/node.log").read_text()
    assert f'"event":"member_moved","peer":"{north_id}"' in log
    return f"http://127.0.0.1:{north.port}"


def test_a_member_moves_and_another_is_repaired_with_nobody_named(members):
    city, north, insurer, regulator = (members[name] for name in NAMES)
    members.start()
    early = city.load(0, 8)[0]
    first = listed(city)
    assert first["city"]["archive"] is True and first["north"]["archive"] is False
    assert first["insurer"]["gateway"] is None
    assert first["north"]["gateway"] == f"http://127.0.0.1:{north.port}"
    assert first["north"]["moved"] is None
    last = city.ask("network", "update", "--no-archive", code=None)
    assert "no_archive_left" in last.stdout

    of_north = move_north(members)
    city.load(100, 8)
    regulator.load(200, 6)
    eventually(lambda: list((city.data / "snapshots").glob("*/manifest")))
    of_city = f"http://127.0.0.1:{city.port}"

    # By its own ledger, which still can be read: north is asked where it is now.
    regulator.stop()
    run("demo", "tamper", "--data", "regulator", "--in-place", cwd=members.folder)
    report, said = repaired(regulator)
    assert sorted(report["asked"]) == sorted([of_city, of_north])
    assert is_snapshot_height(report["height"], 20)

    # What it has no more an archive keeps, and it can promise nothing itself.
    regulator.start()
    eventually(lambda: regulator.head()["app_hash"] == city.head()["app_hash"], 60)
    missing = json.loads(regulator.ask("ledger", "show", "1", code=NOT_FOUND).stdout)["error"]
    assert missing["code"] == "XL1411" and missing["message"].endswith(f"ask {of_city}")
    chinese = regulator.run("ledger", "show", "1", "--lang", "zh", "--as", regulator.identity,
                            *OPERATOR, code=NOT_FOUND)
    assert f"请向 {of_city} 查询" in chinese.stderr
    gone = json.loads(regulator.ask("ledger", "show", early, code=NOT_FOUND).stdout)["error"]
    assert gone["code"] != "XL1411" and gone["message"].endswith(f"ask {of_city}")
    promise = regulator.ask("network", "update", "--archive", code=None)
    assert "XL1411" in promise.stdout
    assert listed(city)["regulator"]["archive"] is False
    eventually(lambda: regulator.health()["status"] == "ok", 60)
    status = regulator.status()
    assert int(status["first_block"]) > 1 and status["archive"] is False
    assert city.status()["archive"] is True and city.status()["first_block"] == "1"

    # Without a ledger, by the genesis: north's first gateway is gone, and city answers.
    regulator.stop()
    (regulator.data / "ledger").rename(regulator.data / "ledger-gone")
    report, _ = repaired(regulator)
    assert of_city in report["asked"] and of_north not in report["asked"]
    assert len(report["asked"]) == 2
    regulator.start()
    eventually(lambda: regulator.head()["app_hash"] == city.head()["app_hash"], 60)


def test_doctor_looks_at_engine_ports_and_each_member(members):
    city, regulator = members["city"], members["regulator"]
    members.start()
    regulator.stop()
    eventually(lambda: city.health()["status"] == "ok")
    told = {}
    done = json.loads(city.run("doctor", "--data", "city", "--json").stdout)
    for one in done["checks"]:
        told.setdefault(one["name"], []).append(one)
    assert told["engine"][0]["what"] == "CometBFT v0.40.0" and told["engine"][0]["ok"]
    engine = told[f"port {members.ports['city']}"][0]
    assert engine["ok"] and "engine.listen is had by cometbft, process" in engine["what"]
    assert city.url in told["node"][0]["what"]
    # Without --node the folder's settings tell where the node listens.
    city.configure("port = 7410", "port = " + city.url.rsplit(":", 1)[1])
    own = json.loads(run("doctor", "--data", "city", "--json", cwd=city.folder).stdout)
    assert city.url in next(one["what"] for one in own["checks"] if one["name"] == "node")
    peers = {one["what"].split(" at ")[0]: one for one in told["peer"]}
    assert set(peers) == {"north", "insurer", "regulator"}
    assert peers["north"]["what"].endswith("is reachable") and not peers["north"]["warning"]
    assert "Connection refused" in peers["regulator"]["what"] and peers["regulator"]["warning"]
    assert told["archive"][0]["ok"] and not told["archive"][0]["warning"]

    # Settings that the ledger's word contradicts: nothing is forgotten, and doctor says so.
    city.stop()
    with open(city.data / "node.toml", "a") as settings:
        settings.write("[ledger]\nkeep_blocks = 200000\n")
    city.start()
    log = city.data / "log/node.log"
    eventually(lambda: '"event":"archive_holds"' in log.read_text())
    checks = json.loads(city.run("doctor", "--data", "city", "--json").stdout)["checks"]
    archive, = [one for one in checks if one["name"] == "archive"]
    assert archive["warning"] and "--no-archive" in archive["fix"]

    # Its engine's port is taken by another program: the node's own log says why the engine ends.
    city.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", members.ports["city"]))
        taken.listen()
        city.start()
        eventually(lambda: '"event":"engine_ended","code":"XL1617","reason":"' in log.read_text())
        found = city.doctor(code=None)
        assert f"engine.listen is taken by {pytest_name()}, process {os.getpid()}" in found


def pytest_name():
    with open("/proc/self/comm", encoding="ascii") as name:
        return name.read().strip()


def test_a_member_that_is_behind_says_how_far_and_for_how_long(members):
    city, regulator = members["city"], members["regulator"]
    members.start()
    engine = regulator.engine_pid()
    os.kill(engine, signal.SIGSTOP)
    try:
        began = city.height()
        city.load(0, 40)
        missed = city.height() - began
        assert missed >= 35
    finally:
        os.kill(engine, signal.SIGCONT)
    health = eventually(lambda: told if (told := regulator.health())["status"] == "lagging"
                        else None)
    assert 3 <= int(health["behind_blocks"]) <= missed + 5, health
    assert f"{health['behind_blocks']} blocks behind the others, for " in health["sentence"]
    eventually(lambda: regulator.health()["status"] == "ok", 60)
    assert regulator.head()["app_hash"] == city.head()["app_hash"]


def test_a_card_tells_what_settings_that_are_there_say(tmp_path):
    (tmp_path / "operator.key").write_bytes(os.urandom(32))
    (tmp_path / "operator.key").chmod(0o600)
    settings = {"fits": '[gateway]\npublic_url = "https://records.example"\n',
                "a-path": '[gateway]\npublic_url = "https://records.example/node"\n',
                "forgets": "[ledger]\nkeep_blocks = 5000\n"}
    cards = {}
    for name, text in settings.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "node.toml").write_text(text)
        done = run("network", "card", "--data", name, "--organisation", f"{name}:clinic",
                   "--address", "a.example:1", "--archive", "--out", f"{name}.card", *OPERATOR,
                   "--json", cwd=tmp_path, code=None if name == "forgets" else 0)
        cards[name] = json.loads(done.stdout)
    assert cards["fits"]["card"]["gateway"] == "https://records.example"
    assert cards["fits"]["card"]["archive"] is True
    assert cards["a-path"]["card"]["gateway"] == ""
    assert cards["forgets"]["error"]["code"] == "XL6001"


def test_repair_says_so_when_nobody_tells_a_gateway(tmp_path):
    alone = Cluster(tmp_path, gateways=["city"])
    done = run("node", "repair", "--data", "city", *OPERATOR, cwd=tmp_path, code=None)
    assert "XL6015" in done.stderr and "--from" in done.stderr
    assert alone["city"].process is None
    assert not list((tmp_path / "city").glob("set-aside/*"))


def test_repair_ends_with_the_reason_when_its_engine_cannot_run(members):
    city, regulator = members["city"], members["regulator"]
    members.start()
    city.load(0, 12)
    eventually(lambda: list((city.data / "snapshots").glob("*/manifest")))
    regulator.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", members.ports["regulator"]))
        taken.listen()
        done = run("node", "repair", "--data", "regulator", *OPERATOR, cwd=members.folder,
                   code=None, timeout=300)
    assert "XL1617" in done.stderr and "engine.log" in done.stderr, done.stderr
