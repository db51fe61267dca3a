# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: a disk that fills up costs refusals with a code and nothing that was acknowledged; it takes
no restart to go on. Method: the real binary on a small file system of its own, which a ballast file
fills first nearly, then to the last byte; records are written and read over HTTP meanwhile."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from test_node import Node, SignedIn, run

MEGABYTE = 1 << 20
DISK_MEGABYTES = 400  # a node wants 256 MB free to start, 128 MB to take records


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs",
                              str(folder)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip("skipped: this user may not mount a small file system: " + mounted.stderr)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


class Ballast:
    """A file that leaves as much of the disk free as it is told to."""

    def __init__(self, folder):
        self.folder, self.file = folder, folder / "ballast"

    def leave(self, megabytes):
        self.drop()
        space = os.statvfs(self.folder)
        size = space.f_bavail * space.f_frsize - int(megabytes * MEGABYTE)
        descriptor = os.open(self.file, os.O_CREAT | os.O_WRONLY)
        os.posix_fallocate(descriptor, 0, size)
        os.close(descriptor)

    def drop(self):
        self.file.unlink(missing_ok=True)


class Records:
    """The FHIR server of the node's only organisation, and what it acknowledged."""

    def __init__(self, signed_in):
        self.signed_in, self.kept, self.number = signed_in, {}, 0

    def ask(self, method, path, resource=None):
        body = json.dumps(resource).encode() if resource else None
        request = urllib.request.Request(
            self.signed_in.node.url + "/fhir/" + path, data=body, method=method,
            headers=self.signed_in.headers(**{"Content-Type": "application/fhir+json"}))
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def write(self):
        """One new patient, large enough to fill a little disk; the status and body."""
        self.number += 1
        name = f"Patient/r{self.number}"
        status, body = self.ask("PUT", name, {
            "resourceType": "Patient", "id": f"r{self.number}",
            "name": [{"text": os.urandom(20_000).hex()}]})
        if status == 201:
            self.kept[name] = body
        return status, body

    def all_read_back(self):
        return all(self.ask("GET", name) == (200, body) for name, body in self.kept.items())


def code_of(body):
    outcome = json.loads(body)
    assert outcome["resourceType"] == "OperationOutcome"
    return outcome["issue"][0]["details"]["coding"][0]["code"]


def submitted(node):
    """What becomes of something that is sent to the ledger itself: status and code."""
    request = urllib.request.Request(node.url + "/ledger/v1/transactions", data=b"x" * 64,
                                     headers={"Content-Type": "application/octet-stream"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)
    return refused.value.code, json.loads(refused.value.read())["code"]


def wait_until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come back"
        time.sleep(0.2)


@pytest.fixture
def records(small_disk):
    (small_disk / "operator.key").write_bytes(os.urandom(32))
    run("node", "init", "--data", "data", "--organisation", "North:hospital", "--operator-key",
        "operator.key", cwd=small_disk)
    node = Node(small_disk)
    signed_in = SignedIn(node, small_disk)
    signed_in.write()  # and so signs in
    yield Records(signed_in)
    signed_in.server.shutdown()
    signed_in.server.server_close()
    if node.process.poll() is None:
        node.stop()


def test_a_full_disk_refuses_loses_nothing_and_service_comes_back(records, small_disk):
    ballast = Ballast(small_disk)
    node = records.signed_in.node
    for _ in range(5):
        assert records.write()[0] == 201
    head = json.loads(node.get("/ledger/v1/head")[2])

    # Nearly full: no new records; what is there is read, and each read is journalled.
    ballast.leave(100)
    wait_until(lambda: records.write()[0] != 201, seconds=5)
    status, body = records.write()
    assert status == 507 and code_of(body) == "XL6004", (status, body)
    assert records.all_read_back()
    assert json.loads(node.get("/health")[2])["status"] == "disk_full"
    assert "no new records" in run("node", "status", "--node", node.url,
                                   cwd=small_disk, code=None).stdout

    # Full to the last byte: not even a read can be journalled, so none is given.
    ballast.leave(0)
    refusals = set()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status, body = records.ask("GET", "Patient/r1")
        if status != 200:
            refusals.add((status, code_of(body)))
            break
    assert refusals == {(507, "XL1023")}, refusals
    for name, content in records.kept.items():
        status, body = records.ask("GET", name)
        assert status == 507 and content not in body
    status, body = records.write()
    assert status == 507
    wait_until(lambda: submitted(node) == (507, "XL6004"), seconds=5)
    assert node.process.poll() is None, "the node ended"
    assert json.loads(node.get("/health")[2])["status"] == "disk_full"
    assert int(json.loads(node.get("/ledger/v1/head")[2])["height"]) >= int(head["height"])

    # Space again: everything goes on by itself.
    ballast.drop()
    wait_until(lambda: records.write()[0] == 201)
    assert records.all_read_back()
    assert json.loads(node.get("/health")[2])["status"] == "ok"

    # And nothing is wrong with what is on the disk.
    assert node.stop() == 0
    done = run("ledger", "verify", "--data", "data", cwd=small_disk)
    assert "Intact" in done.stdout
    again = Node(small_disk)
    records.signed_in.move_to(again)
    records.signed_in.write()
    try:
        assert records.all_read_back()
    finally:
        assert again.stop() == 0
