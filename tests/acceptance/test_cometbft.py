# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: a member whose node runs beside CometBFT serves as one that orders alone, and survives the
end of either process at any moment. Method: the real engine and the real binary; kill -9; receipts
and the whole store checked afterwards."""

import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess

import pytest

from cluster import ENGINE, XINGLIN, children_of, eventually, free_ports, needs_engine, run

pytestmark = needs_engine


class Member:
    """A node with its engine in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "operator.key").write_bytes(os.urandom(32))
        run("node", "init", "--data", "data", "--organisation", "City Hospital:hospital",
            "--operator-key", "operator.key", cwd=folder)
        with open(folder / "data/node.toml", "a") as config:
            config.write(f'[engine]\nkind = "cometbft"\nprogram = "{ENGINE.resolve()}"\n'
                         f'listen = "127.0.0.1:{free_ports(1)[0]}"\n')
        identity, = (folder / "data/keys").glob("*.identity.json")
        self.identity = identity.relative_to(folder)
        self.did = "did:xinglin:" + identity.name.split(".")[0]

    def start(self):
        self.process = subprocess.Popen(
            [XINGLIN, "node", "run", "--data", "data", "--operator-key", "operator.key",
             "--port", "0", "--json"],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.url = json.loads(line)["url"].rstrip("/")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        assert self.process.returncode == 0

    def ask(self, *arguments, code=0):
        return run("--json", "--node", self.url, "--as", self.identity, "--operator-key",
                   "operator.key", *arguments, cwd=self.folder, code=code)

    def engine_pid(self):
        pids = children_of(self.process.pid)
        return pids[0] if pids else None

    def attest(self, name):
        """Registers a practitioner: one transaction. Their DID."""
        run("--node", self.url, "--operator-key", "operator.key", "identity", "create", name,
            "--kind", "practitioner", "--role", "nurse", "--organisation", self.did,
            "--out", f"{name}.json", "--card", f"{name}.card", cwd=self.folder)
        answer = json.loads(self.ask("identity", "attest", f"{name}.card", "--role", "nurse",
                                     "--licence", "nursing").stdout)
        return answer["did"]

    def head(self):
        return json.loads(run("--json", "--node", self.url, "ledger", "head",
                              cwd=self.folder).stdout)


@pytest.fixture
def member(tmp_path):
    one = Member(tmp_path)
    one.start()
    yield one
    if one.process.poll() is None:
        one.stop()


def verified(member, acknowledged):
    """Each of `acknowledged` is on the ledger, and by itself the organisation's agreement key;
    every transaction has a receipt that verifies."""
    for did in acknowledged:
        assert did in member.ask("identity", "show", did).stdout
    expected = len(acknowledged) + 1
    head = eventually(lambda: [one for one in [member.head()]
                               if int(one["history_size"]) >= expected])[0]
    blocks = [json.loads(member.ask("ledger", "show", height).stdout)
              for height in range(1, int(head["height"]) + 1)]
    transactions = [one for block in blocks for one in block["transactions"]]
    assert len(transactions) == int(head["history_size"]) == expected
    receipt = member.folder / "receipt.json"
    for transaction in transactions:
        receipt.write_text(member.ask("ledger", "receipt", transaction).stdout)
        run("verify", "receipt.json", "--genesis", "data/genesis.json", cwd=member.folder)


def test_receipts_verify_offline_and_the_store_is_intact(member):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(member.attest, [f"nurse{i}" for i in range(24)]))
    verified(member, made)
    member.stop()
    run("ledger", "verify", "--data", "data", cwd=member.folder)


def test_a_killed_engine_comes_back_and_nothing_is_lost(member):
    done = [member.attest("before")]
    for i in range(3):
        pid = eventually(member.engine_pid)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: member.engine_pid() not in (None, pid))
        done.append(member.attest(f"after{i}"))
    verified(member, done)


def test_a_killed_node_takes_its_engine_along_and_goes_on(member):
    done = []
    for i in range(4):
        done.append(member.attest(f"nurse{i}"))
        pid = member.engine_pid()
        member.process.kill()
        member.process.wait(timeout=10)
        eventually(lambda: not pathlib.Path(f"/proc/{pid}").exists())
        member.start()
    verified(member, done)
    member.stop()
    run("ledger", "verify", "--data", "data", cwd=member.folder)


def test_a_lost_sign_state_stops_the_start(member):
    member.attest("nurse")
    member.stop()
    (member.folder / "data/signer/state.json").unlink()
    done = run("node", "run", "--data", "data", "--operator-key", "operator.key", "--port", "0",
               cwd=member.folder, code=1)
    assert "XL1616" in done.stderr
