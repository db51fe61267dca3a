# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: one member's altered ledger stops that member alone, is named and set aside, and comes back
from the others' snapshot, checked by the genesis. Method: four members with the real engine, one of
whom speaks TLS and wants to see certificates; a byte of one's store is flipped while it is stopped;
the others go on; repair; heads compared."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

BUILD = pathlib.Path(os.environ["XL_BUILD"])
XINGLIN = BUILD / "xinglin"
ENGINE = BUILD / "engine" / "cometbft"
NAMES = ["city", "north", "insurer", "regulator"]

pytestmark = pytest.mark.skipif(not ENGINE.exists(),
                                reason="skipped: CometBFT is not installed; ./dev test says why")


def free_ports(count):
    """Ports that nobody has now; all different."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Members:
    """Four members in one folder, each a node with its engine."""

    def __init__(self, folder):
        self.folder = folder
        self.running = {}
        (folder / "operator.key").write_bytes(os.urandom(32))
        for name, port in zip(NAMES, free_ports(len(NAMES))):
            self.run("network", "card", "--data", name, "--network", "region", "--organisation",
                     f"{name}:hospital", "--address", f"127.0.0.1:{port}", "--out",
                     f"{name}.card", "--operator-key", "operator.key")
        cards = [f"{name}.card" for name in NAMES]
        for name in NAMES:
            self.run("network", "genesis", *cards, "--data", name, "--out", f"{name}.signature",
                     "--operator-key", "operator.key", "--engine", ENGINE.resolve())
        for name in NAMES:
            self.run("network", "accept", *[f"{one}.signature" for one in NAMES], "--data", name)
            config = folder / name / "node.toml"
            config.write_text(config.read_text().replace(
                "[engine]", "[engine]\nsnapshot_every = 20\nsame_address = true"))
        # The insurer's gateway is for members with a certificate alone.
        for name in ("insurer", "regulator"):
            self.run("node", "certificate", "--folder", f"{name}/tls", "--name", "127.0.0.1")
        config = folder / "insurer" / "node.toml"
        config.write_text(config.read_text().replace("[gateway]", f"""[gateway]
tls_certificate = "tls/certificate.pem"
tls_key = "tls/key.pem"
tls_client_ca = "{folder}/regulator/tls/certificate.pem"
tls_clients = "required\""""))

    def run(self, *arguments, code=0, timeout=120):
        done = subprocess.run([XINGLIN, *map(str, arguments)], cwd=self.folder, text=True,
                              capture_output=True, timeout=timeout,
                              env={**os.environ, "LANG": "C", "XDG_CACHE_HOME": str(self.folder)})
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return done

    def start(self, name):
        process = subprocess.Popen(
            [XINGLIN, "node", "run", "--data", name, "--operator-key", "operator.key", "--port",
             "0", "--json"], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        self.running[name] = process
        process.told = json.loads(process.stdout.readline())
        process.url = process.told.get("url", "").rstrip("/")
        return process.url

    def stop(self, name):
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0

    def close(self):
        for process in self.running.values():
            process.kill()
            process.wait()

    def head(self, name):
        with urllib.request.urlopen(self.running[name].url + "/ledger/v1/head", timeout=10) as it:
            return json.load(it)

    def load(self, name, first, count):
        """Records of the member's own organisation, each acknowledged. What the commands said."""
        identity, = (self.folder / name / "keys").glob("*.identity.json")
        for number in range(first, first + count):
            (self.folder / "patient.json").write_text(json.dumps(
                {"resourceType": "Patient", "id": f"p-{number}"}))
            self.run("record", "put", "patient.json", "--as", identity, "--operator-key",
                     "operator.key", "--node", self.running[name].url)


@pytest.fixture
def members(tmp_path):
    out = Members(tmp_path)
    yield out
    out.close()


def snapshots(members, name):
    folder = members.folder / name / "snapshots"
    return sorted(int(one.parent.name) for one in folder.glob("*/manifest"))


def wait_until(said, seconds=60):
    deadline = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_member_with_an_altered_ledger_is_repaired_from_the_others(members):
    for name in NAMES:
        assert members.start(name)
    members.load("city", 0, 12)
    wait_until(lambda: snapshots(members, "city") and snapshots(members, "north"))
    members.stop("regulator")

    # Somebody with access to the disk alters one value, through the store itself.
    members.run("demo", "tamper", "--data", "regulator", "--in-place")
    assert not members.start("regulator")
    refused = members.running.pop("regulator")
    assert refused.wait() == 3 and refused.told["error"]["code"] == "XL1402"
    assert "node repair" in refused.told["error"]["fix"]

    # The others are more than two thirds: they go on.
    members.load("north", 100, 6)
    urls = [members.running[name].url for name in ("insurer", "city")]
    assert urls[0].startswith("https://")
    unknown = members.run("node", "repair", "--data", "regulator", "--from", urls[0], "--ca",
                          "insurer/tls/certificate.pem", "--operator-key", "operator.key", code=8)
    assert "XL5016" in unknown.stderr
    began = time.monotonic()
    done = members.run("node", "repair", "--data", "regulator", "--from", urls[0], "--from",
                       urls[1], "--ca", "insurer/tls/certificate.pem", "--client-certificate",
                       "regulator/tls/certificate.pem", "--client-key", "regulator/tls/key.pem",
                       "--operator-key", "operator.key", "--json", timeout=300)
    report = json.loads(done.stdout)
    print("repaired in", time.monotonic() - began, report)
    assert int(report["height"]) % 20 == 0 and report["refused"] == 0
    assert (members.folder / report["set_aside"]).is_dir()
    assert members.start("regulator")
    members.load("city", 200, 2)
    wait_until(lambda: members.head("regulator")["app_hash"] == members.head("city")["app_hash"])

    # It votes again: without another member the network goes on only with it.
    members.stop("insurer")
    members.load("city", 300, 2)
    wait_until(lambda: members.head("regulator")["app_hash"] == members.head("city")["app_hash"])

    # Two of four are no majority: a member says that the ledger stands still and for whom it waits,
    # and stops at once all the same.
    said = members.run("node", "status", "--node", members.running["city"].url)
    assert "Healthy" in said.stdout and "not connected to insurer" in said.stdout
    members.stop("regulator")
    identity, = (members.folder / "city" / "keys").glob("*.identity.json")
    waiting = subprocess.Popen(
        [XINGLIN, "record", "put", "patient.json", "--as", identity, "--operator-key",
         "operator.key", "--node", members.running["city"].url], cwd=members.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = members.running["city"].url
    wait_until(lambda: "halted" in subprocess.run(
        [XINGLIN, "node", "status", "--node", url], text=True, capture_output=True).stdout)
    status = json.loads(members.run("node", "status", "--node", url, "--json", code=8).stdout)
    assert sorted(status["silent"]) == ["insurer", "regulator"] and status["healthy"] is False
    waiting.kill()
    waiting.wait()
    members.stop("city")
