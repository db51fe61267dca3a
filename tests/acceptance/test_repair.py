# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: one member's altered ledger stops that member alone, is named and set aside, and comes back
from the others' snapshot, checked by the genesis. Method: four members with the real engine, one of
whom speaks TLS and wants to see certificates; a byte of one's store is flipped while it is stopped;
the others go on; repair; heads compared."""

import http.server
import json
import os
import signal
import subprocess
import threading
import time
import urllib.request

import pytest

from cluster import (NAMES, OPERATOR, UNREACHABLE, XINGLIN, Cluster, eventually,
                     is_snapshot_height, needs_engine, run)

pytestmark = needs_engine


@pytest.fixture
def members(tmp_path):
    out = Cluster(tmp_path)
    for one in out:
        one.configure(r"\[engine\]", "[engine]\nsnapshot_every = 20")
    # The insurer's gateway is for members with a certificate alone.
    for name in ("insurer", "regulator"):
        run("node", "certificate", "--folder", f"{name}/tls", "--name", "127.0.0.1", cwd=tmp_path)
    out["insurer"].configure(r"\[gateway\]", f"""[gateway]
tls_certificate = "tls/certificate.pem"
tls_key = "tls/key.pem"
tls_client_ca = "{tmp_path}/regulator/tls/certificate.pem"
tls_clients = "required\"""")
    yield out
    out.close()


def snapshots(member):
    return sorted(int(one.parent.name) for one in (member.data / "snapshots").glob("*/manifest"))


@pytest.fixture
def plain(tmp_path):
    """Members with the settings that everybody has."""
    out = Cluster(tmp_path)
    yield out
    out.close()


def repair(member, *others, code=0):
    addresses = [word for one in others for word in ("--from", one.url)]
    done = run("node", "repair", "--data", member.name, *addresses, *OPERATOR, "--json",
               cwd=member.folder, code=code, timeout=300)
    return json.loads(done.stdout), done.stderr


def test_a_young_ledger_is_repaired_too(plain):
    city, north, insurer, regulator = (plain[name] for name in NAMES)
    plain.start()
    city.load(0, 1)
    regulator.stop()
    assert city.height() < 10
    report, said = repair(regulator, city, north)
    assert report["height"] == "0" and "Nobody offers a snapshot yet" in said
    regulator.start()
    city.load(1, 1)
    eventually(lambda: regulator.head()["app_hash"] == city.head()["app_hash"])

    city.load(10, 12)
    eventually(lambda: snapshots(city) == [10] and snapshots(north) == [10])
    regulator.stop()
    report, _ = repair(regulator, city, north)
    assert report["height"] == "10"
    regulator.start()
    eventually(lambda: regulator.head()["app_hash"] == city.head()["app_hash"])


def test_a_repair_that_is_ended_leaves_everything_as_it_was(plain):
    city, north, insurer, regulator = (plain[name] for name in NAMES)
    plain.start()
    city.load(0, 12)
    eventually(lambda: snapshots(city) and snapshots(north))
    before = regulator.head()
    regulator.stop()
    engines = [one.engine_pid() for one in (city, north, insurer)]
    for pid in engines:  # gateways answer, engines give nothing
        os.kill(pid, signal.SIGSTOP)
    away = [regulator.data / "set-aside/ledger-before-repair",
            regulator.data / "engine/data-before-repair"]
    try:
        for how in (signal.SIGKILL, signal.SIGINT):  # the second finds what the first left
            process = subprocess.Popen(
                [XINGLIN, "node", "repair", "--data", "regulator", "--from", city.url, *OPERATOR],
                cwd=regulator.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            eventually(lambda: (regulator.data / "ledger/CURRENT").exists()
                       and all(one.exists() for one in away))
            time.sleep(2)
            process.send_signal(how)
            process.communicate(timeout=60)
            assert process.returncode != 0
            assert all(one.exists() for one in away) == (how == signal.SIGKILL)
            if how == signal.SIGKILL:  # a node that went on would be lost in the next repair
                assert regulator.launch()["error"]["code"] == "XL1421"
                regulator.process.wait()
    finally:
        for pid in engines:
            os.kill(pid, signal.SIGCONT)
    assert not list(regulator.data.glob("set-aside/*"))
    assert not (regulator.data / "engine/data-before-repair").exists()
    regulator.start()
    assert int(regulator.head()["height"]) >= int(before["height"])
    city.load(100, 1)
    eventually(lambda: regulator.head()["app_hash"] == city.head()["app_hash"])


class Gateway(http.server.ThreadingHTTPServer):
    """Another member's gateway that cannot be relied on: answers of its own, others' passed on."""

    def __init__(self, member, answers, lie=None, slow=0):
        super().__init__(("127.0.0.1", 0), Gateway.Handler)
        self.member, self.answers, self.lie, self.slow = member, answers, lie, slow
        self.asked = 0
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            time.sleep(self.server.slow)
            own = self.server.answers.get(self.path)
            self.answer(200, own or self.server.member.fetch(self.path))

        def do_POST(self):
            self.server.asked += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.server.lie is None:
                return self.answer(503, b"{}")
            asked = urllib.request.Request(self.server.member.url + self.path, data=body,
                                           headers={"Content-Type": "application/json"})
            with urllib.request.urlopen(asked, timeout=10) as it:
                self.answer(200, self.server.lie(it.read()))


def test_gateways_that_lag_lie_or_fall_silent_do_not_stop_a_repair(plain):
    city, north, insurer, regulator = (plain[name] for name in NAMES)
    plain.start()
    city.load(0, 2)
    old = city.fetch("/ledger/v1/light")
    city.load(10, 25)
    eventually(lambda: snapshots(city) == [10] and snapshots(north) == [10])
    regulator.stop()
    none = json.dumps({"snapshot_height": "0", "first_block": "1"}).encode()
    lags = Gateway(city, {"/ledger/v1/light": old, "/health": none})
    silent = Gateway(city, {})
    report, said = repair(regulator, lags, silent, north)
    assert report["height"] == "10" and not lags.asked and silent.asked
    unhelpful = [one.url.removeprefix("http://") for one in (lags, silent)]
    assert sorted(report["unhelpful"]) == sorted(unhelpful)
    # Sound, and proved by no header that is here yet.
    early = run("ledger", "verify", "--data", "regulator", cwd=plain.folder, code=None)
    assert "XL1423" in early.stderr
    regulator.start()
    city.load(100, 1)
    eventually(lambda: regulator.head()["app_hash"] == city.head()["app_hash"])
    regulator.stop()
    run("ledger", "verify", "--data", "regulator", cwd=plain.folder)

    # Signed by nobody, in the form of an honest answer.
    liar = Gateway(north, {}, lie=lambda answer: answer.replace(b'"app_hash":"', b'"app_hash":"00'))
    report, said = repair(regulator, liar, city)
    assert int(report["height"]) >= 10 and report["unhelpful"] == [liar.url.removeprefix("http://")]
    assert "contradicts the others" in said
    regulator.start()
    city.load(100, 1)
    eventually(lambda: regulator.head()["app_hash"] == city.head()["app_hash"])


def test_a_repair_and_a_node_keep_out_of_each_others_way(plain):
    city, regulator = plain["city"], plain["regulator"]
    plain.start()
    city.load(0, 1)
    busy = run("node", "repair", "--data", "regulator", "--from", city.url, *OPERATOR,
               cwd=plain.folder, code=None)
    assert "XL1406" in busy.stderr
    regulator.stop()
    slow = Gateway(city, {}, slow=5)
    process = subprocess.Popen(
        [XINGLIN, "node", "repair", "--data", "regulator", "--from", slow.url, *OPERATOR],
        cwd=plain.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(2)
    assert regulator.launch()["error"]["code"] == "XL1406"
    regulator.process.wait()
    process.communicate(timeout=120)
    assert process.returncode == 0

    # Nobody has a snapshot, and nobody every block: nothing is set aside for nothing.
    bare = json.dumps({"snapshot_height": "0", "first_block": "500"}).encode()
    before = sorted(regulator.data.glob("set-aside/*"))
    nothing = run("node", "repair", "--data", "regulator", "--from",
                  Gateway(city, {"/health": bare}).url, *OPERATOR, cwd=plain.folder, code=None)
    assert "XL1422" in nothing.stderr and sorted(regulator.data.glob("set-aside/*")) == before
    regulator.start()
    city.load(1, 1)
    eventually(lambda: regulator.head()["app_hash"] == city.head()["app_hash"])


@pytest.mark.skipif("XL_FULL" not in os.environ, reason="two minutes: ./dev test --full")
def test_a_snapshot_that_nobody_has_ends_with_the_blocks(plain):
    city, north, insurer, regulator = (plain[name] for name in NAMES)
    plain.start()
    city.load(0, 2)
    regulator.stop()
    lie = json.dumps({"snapshot_height": "9", "first_block": "0"}).encode()
    report, said = repair(regulator, Gateway(city, {"/health": lie}), north)
    assert report["height"] == "0" and "the node takes the blocks" in said
    assert len(snapshots(city)) == 0
    regulator.start()
    city.load(10, 1)
    eventually(lambda: regulator.head()["app_hash"] == city.head()["app_hash"])


def test_a_member_with_an_altered_ledger_is_repaired_from_the_others(members):
    city, north, insurer, regulator = (members[name] for name in NAMES)
    for one in members:
        one.start()
    city.load(0, 12)
    eventually(lambda: snapshots(city) and snapshots(north))
    regulator.stop()

    # Somebody with access to the disk alters one value, through the store itself.
    run("demo", "tamper", "--data", "regulator", "--in-place", cwd=members.folder)
    refused = regulator.launch()["error"]
    assert regulator.process.wait() == 3 and refused["code"] == "XL1402"
    assert "node repair" in refused["fix"]

    # The others are more than two thirds: they go on.
    north.load(100, 6)
    assert insurer.url.startswith("https://")
    trust = ("--ca", "insurer/tls/certificate.pem")
    unknown = run("node", "repair", "--data", "regulator", "--from", insurer.url, *trust, *OPERATOR,
                  cwd=members.folder, code=8)
    assert "XL5016" in unknown.stderr
    began = time.monotonic()
    done = run("node", "repair", "--data", "regulator", "--from", insurer.url, "--from", city.url,
               *trust, "--client-certificate", "regulator/tls/certificate.pem", "--client-key",
               "regulator/tls/key.pem", *OPERATOR, "--json", cwd=members.folder, timeout=300)
    report = json.loads(done.stdout)
    print("repaired in", time.monotonic() - began, report)
    assert is_snapshot_height(report["height"], 20) and report["refused"] == 0
    assert (members.folder / report["set_aside"]).is_dir()
    regulator.start()
    city.load(200, 2)
    eventually(lambda: regulator.head()["app_hash"] == city.head()["app_hash"])
    # Earlier blocks are not there to be run again: what is there leads to the genesis.
    verified = json.loads(run("ledger", "verify", "--data", "regulator", "--json",
                              cwd=members.folder).stdout)
    assert verified["intact"] is True and int(verified["first_block"]) > int(report["height"])
    assert int(verified["transactions"]) > 0

    # It votes again: without another member the network goes on only with it.
    insurer.stop()
    city.load(300, 2)
    eventually(lambda: regulator.head()["app_hash"] == city.head()["app_hash"])

    # Two of four are no majority: a member says that the ledger stands still and for whom it waits,
    # and stops at once all the same.
    said = city.run("node", "status")
    assert "Healthy" in said.stdout and "not connected to insurer" in said.stdout
    regulator.stop()
    run("demo", "tamper", "--data", "regulator", cwd=members.folder, code=3)
    (members.folder / "patient.json").write_text('{"resourceType": "Patient", "id": "p-400"}')
    waiting = subprocess.Popen(
        [XINGLIN, "record", "put", "patient.json", "--as", city.identity, *OPERATOR, "--node",
         city.url], cwd=members.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    eventually(lambda: city.health()["status"] == "halted")
    status = city.status(code=UNREACHABLE)
    assert sorted(status["silent"]) == ["insurer", "regulator"] and status["healthy"] is False
    waiting.kill()
    waiting.wait()
    city.stop()
