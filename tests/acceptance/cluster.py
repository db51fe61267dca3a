# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""What tests of several members share: four founders with the real engine, on this machine."""

import base64
import concurrent.futures
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

import answers

BUILD = pathlib.Path(os.environ["XL_BUILD"])
XINGLIN = BUILD / "xinglin"
ENGINE = BUILD / "engine" / "cometbft"
NAMES = ["city", "north", "insurer", "regulator"]
OPERATOR = ["--operator-key", "operator.key"]
UNREACHABLE = 8  # the exit code of `node status` unless the member is healthy

needs_engine = pytest.mark.skipif(not ENGINE.exists(),
                                  reason="skipped: CometBFT is not installed; ./dev test says why")


def run(*arguments, cwd, code=0, timeout=120):
    """The command's output. `code` None: any failure."""
    try:
        done = subprocess.run([XINGLIN, *map(str, arguments)], cwd=cwd, capture_output=True,
                              text=True, timeout=timeout,
                              env={**os.environ, "LANG": "C", "XDG_CACHE_HOME": str(cwd / "cache")})
    except subprocess.TimeoutExpired as late:
        told = (late.stderr or b"").decode(errors="replace")
        pytest.fail(f"{arguments} took more than {timeout} s; it said: {told[-2000:]}")
    as_expected = done.returncode != 0 if code is None else done.returncode == code
    assert as_expected, (arguments, done.returncode, done.stdout, done.stderr)
    if "--json" in arguments:
        answers.checked(done.stdout)
    return done


def free_ports(count):
    """Ports that nobody has now, all different, and that no connection gets by itself: those are
    above 32,768."""
    ports = set()
    while len(ports) < count:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) != 0:
                ports.add(port)
    return list(ports)


def is_snapshot_height(height, every):
    """Where members make snapshots: at multiples, and at 10, 100, 1000 on the way to the first."""
    number = int(height)
    return number % every == 0 or (number < every and number in (10, 100, 1000))


def eventually(condition, seconds=40, why="it did not happen in time"):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(why() if callable(why) else why)


def children_of(pid):
    found = []
    for one in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in one.read_text().split()]
        except OSError:
            pass  # the thread ended meanwhile
    return found


def engine_answer(data, method, **params):
    """The answer to a call of the engine's own RPC, None while there is none."""
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    with socket.socket(socket.AF_UNIX) as one:
        try:
            one.settimeout(10)
            one.connect(str(data / "run/rpc.sock"))
            one.sendall(b"POST / HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: "
                        + str(len(request)).encode() + b"\r\n\r\n" + request)
            answer = b""
            while part := one.recv(1 << 16):
                answer += part
        except OSError:
            return None
    body = answer.partition(b"\r\n\r\n")[2]
    return json.loads(body) if body else None


class Member:
    """A founder's folder and, while it runs, its node with its engine."""

    def __init__(self, folder, name):
        self.folder, self.name, self.data = folder, name, folder / name
        self.process = None
        self.url = None
        self.port = 0  # of its gateway; 0 takes a free one at each start
        self.refusals = []  # of `put`: the error's number each

    @property
    def identity(self):
        one, = (self.data / "keys").glob("*.identity.json")
        return one.relative_to(self.folder)

    @property
    def did(self):
        return "did:xinglin:" + self.identity.name.split(".")[0]

    def configure(self, pattern, replacement):
        """Changes the first place in the member's settings where `pattern` is found."""
        path = self.data / "node.toml"
        text, found = re.subn(pattern, replacement, path.read_text(), count=1)
        assert found == 1, pattern
        path.write_text(text)

    def launch(self):
        """Starts the node. What its first line said: where it listens, or why it does not."""
        log = open(self.folder / f"{self.name}.stderr", "ab")
        with log:
            self.process = subprocess.Popen(
                [XINGLIN, "node", "run", "--data", self.name, *OPERATOR, "--port",
                 str(self.port), "--json"],
                cwd=self.folder, stdout=subprocess.PIPE, stderr=log, text=True)
        told = json.loads(self.process.stdout.readline() or "{}")
        self.url = told.get("url", "").rstrip("/")
        return told

    def start(self):
        told = self.launch()
        assert self.url, (told, (self.folder / f"{self.name}.stderr").read_text()[-2000:])
        return self.url

    def stop(self):
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0

    def kill(self):
        """kill -9 of the node, which takes its engine along."""
        process, self.process = self.process, None
        engine = children_of(process.pid)
        process.kill()
        process.wait()
        eventually(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in engine))

    def engine_pid(self):
        children = children_of(self.process.pid)
        return children[0] if children else None

    def kill_engine(self):
        pid = eventually(self.engine_pid)
        os.kill(pid, signal.SIGKILL)
        return pid

    def run(self, *arguments, code=0, timeout=120):
        return run(*arguments, "--node", self.url, cwd=self.folder, code=code, timeout=timeout)

    def ask(self, *arguments, code=0, timeout=120):
        """A command in the name of the member's organisation."""
        return self.run("--json", "--as", self.identity, *OPERATOR, *arguments, code=code,
                        timeout=timeout)

    def fetch(self, path):
        """An answer that anyone may have, as bytes."""
        with urllib.request.urlopen(self.url + path, timeout=10) as it:
            return it.read()

    def get(self, path):
        return json.loads(self.fetch(path))

    def head(self):
        return self.get("/ledger/v1/head")

    def height(self):
        return int(self.head()["height"])

    def status(self, code=0):
        return json.loads(self.run("node", "status", "--json", code=code).stdout)

    def health(self):
        """What `node status` says, however the member is."""
        done = subprocess.run([XINGLIN, "node", "status", "--json", "--node", self.url],
                              cwd=self.folder, capture_output=True, text=True, timeout=30)
        return json.loads(done.stdout) if done.stdout else {}

    def doctor(self, code=0):
        return self.run("doctor", "--data", self.name, code=code).stdout

    def put(self, number, timeout=60):
        """Puts a record of the member's own. The transaction it is anchored by, or None when that
        was not acknowledged."""
        path = self.folder / f"{self.name}-{number}.json"
        path.write_text(json.dumps({"resourceType": "Patient", "id": f"p-{number}"}))
        try:
            done = subprocess.run(
                [XINGLIN, "--json", "--node", self.url, "--as", self.identity, *OPERATOR, "record",
                 "put", path.name], cwd=self.folder, capture_output=True, text=True,
                env={**os.environ, "LANG": "C", "XDG_CACHE_HOME": str(self.folder / "cache")},
                timeout=timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            path.unlink(missing_ok=True)
        if done.returncode == 0:
            return json.loads(done.stdout)["transaction_id"]
        self.refusals.append(re.findall(r"XL\d{4}", done.stdout + done.stderr)[:1])
        return None

    def load(self, first, count):
        """Records, each acknowledged: the transactions they are anchored by."""
        sent = [self.put(number) for number in range(first, first + count)]
        assert all(sent), (self.name, sent, self.refusals, self.health())
        return sent

    def block(self, height):
        return json.loads(self.ask("ledger", "show", str(height)).stdout)

    def engine_answer(self, method, **params):
        return engine_answer(self.data, method, **params)

    def ordered(self):
        """The envelopes of all blocks, as the engine has them."""
        return [base64.b64decode(tx) for height in range(1, self.height() + 1)
                for tx in self.engine_answer("block", height=str(height))["result"]["block"]["data"]
                ["txs"]]


class Cluster:
    """Four founders of one network in one folder."""

    def __init__(self, folder, names=NAMES, gateways=(), archives=(), outside=None):
        """Those of `gateways` tell theirs, at a port that stays; `archives` keep every block;
        `outside`: by member, who has its validator key: with `public` and `address`."""
        self.folder = folder
        outside = outside or {}
        (folder / "operator.key").write_bytes(os.urandom(32))
        self.members = {name: Member(folder, name) for name in names}
        self.ports = dict(zip(names, free_ports(len(names))))
        told = dict(zip(gateways, free_ports(len(gateways))))
        for name in names:
            self.members[name].port = told.get(name, 0)
            places = ["--gateway", f"http://127.0.0.1:{told[name]}"] if name in told else []
            places += ["--archive"] if name in archives else []
            run("network", "card", "--data", name, "--network", "region", "--organisation",
                f"{name}:hospital", "--address", f"127.0.0.1:{self.ports[name]}", *places, "--out",
                f"{name}.card", *OPERATOR, *self.key_elsewhere(outside.get(name)), cwd=folder)
        for name in names:
            signer = ["--signer", outside[name].address] if name in outside else []
            run("network", "genesis", *[f"{one}.card" for one in names], "--data", name, "--out",
                f"{name}.signature", *OPERATOR, *signer, "--engine", ENGINE.resolve(), cwd=folder)
        for name, member in self.members.items():
            run("network", "accept", *[f"{one}.signature" for one in names], "--data", name,
                cwd=folder)
            member.configure(r"\[engine\]", "[engine]\nsame_address = true")

    @staticmethod
    def key_elsewhere(signer):
        if signer is None:
            return []
        return ["--validator-key", base64.b64encode(signer.public).decode()]

    def __getitem__(self, name):
        return self.members[name]

    def __iter__(self):
        return iter(self.members.values())

    def others(self, name):
        return [one for one in self if one.name != name]

    def start(self):
        """Starts everybody and waits until they are connected and have agreed on a block."""
        for member in self:
            member.start()
        eventually(lambda: all(not one.health().get("unconnected", ["?"]) and one.height() > 0
                               for one in self))

    def close(self):
        """Ends everything at once, without waiting for anybody to say goodbye."""
        for member in self:
            if member.process is not None:
                engines = children_of(member.process.pid)
                member.process.kill()
                member.process.wait()
                for pid in engines:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass

    def agreed(self, seconds=60):
        """Waits until all who run stand at one head. It."""
        def one_head():
            heads = [member.head() for member in self if member.process is not None]
            alike = {(head["height"], head["app_hash"]) for head in heads}
            return heads[0] if len(alike) == 1 else None
        return eventually(one_head, seconds, lambda: [
            (member.name, member.head(), member.health()) for member in self if member.process])

    def check_no_fork(self, members=None, heights_max=12):
        """Every member has the same header, app hash included, at equal heights: at the top, which
        names all below it, and at some of those. The height up to which they were compared."""
        members = members or [one for one in self if one.process is not None]
        top = min(one.height() for one in members)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for height in range(top, 0, -max(1, top // heights_max)):
                headers = list(pool.map(lambda one, at=height: one.block(at)["header"], members))
                assert all(one == headers[0] for one in headers), (height, headers)
        return top

    def check_receipts(self, transactions, asked):
        """Every transaction has a receipt at `asked` that verifies offline with the genesis."""
        def check(transaction):
            path = self.folder / f"{transaction}.receipt"
            path.write_bytes(asked.fetch(f"/ledger/v1/receipts/{transaction}"))
            run("verify", path.name, "--genesis", f"{asked.name}/genesis.json", cwd=self.folder)
            path.unlink()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(check, transactions))

    def check_stores(self):
        """Stops whoever runs; every store replays from the genesis to its head."""
        for member in self:
            if member.process is not None:
                member.stop()
            report = json.loads(run("--json", "ledger", "verify", "--data", member.name,
                                    cwd=self.folder).stdout)
            assert report["intact"], (member.name, report)
