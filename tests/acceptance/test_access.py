# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: a patient takes the access log away with proofs, disputes an entry and is answered, is told
of what happens and exports all of it, by the command line alone. Method: the real binary; files are
altered and checked without a node; an HTTP server of the test's own is told of notices."""

import csv
import http.server
import io
import json
import threading
import time

import pytest

from test_cli import OPERATOR, visit
from test_cli import world as shared_world  # noqa: F401 (a fixture)


@pytest.fixture(scope="module")
def world(shared_world):
    """A doctor of the house, one from elsewhere, and what both looked at."""
    out = shared_world
    out.put("city", visit(1, out.min))
    out.act("min", "record", "get", "Observation/bp-1")
    out.act("ada", "consent", "grant", "--to", out.river, "--types", "Observation", "--purpose",
            "TREAT", "--days", "30")
    out.act("ward", "record", "get", "Observation/bp-1", "--organisation", out.city)
    out.act("ward", "record", "get", "Condition/c-1", "--organisation", out.city, code=5)
    out.watch = out.doctor("watch", "city", out.city, role="privacy-officer")
    return out


def read_from_elsewhere(world):
    log = world.act("ada", "access", "log")["entries"]
    return next(one for one in log if one["permitted"] and not one["by_machine"] and one["session"])


def test_the_whole_log_is_proved_without_a_node(world):
    """Every entry with its proof in one file; what is altered or left out is found."""
    deadline = time.monotonic() + 90  # a root is anchored within a minute
    while True:
        saved = world.act("ada", "access", "log", "--proofs", "log-proofs.json")
        if saved["proven"] > 3:
            break
        assert time.monotonic() < deadline
        time.sleep(2)
    offline = ("access", "verify", "log-proofs.json", "--genesis", "data/genesis.json")
    url, world.url = world.url, ""
    told = world.json(*offline)
    assert told["verified"] is True and told["patient"] == world.patient
    assert told["proven"] == saved["proven"] and told["proven"] + told["waiting"] == told["total"]
    proofs = json.loads((world.folder / "log-proofs.json").read_text())
    left_out = json.loads(json.dumps(proofs))
    del left_out["pages"][0]["entries"][1]
    left_out["pages"][0]["total"] = str(int(left_out["pages"][0]["total"]) - 1)
    (world.folder / "left-out.json").write_text(json.dumps(left_out))
    proofs["pages"][0]["entries"][0]["salt"] = proofs["pages"][0]["entries"][1]["salt"]
    (world.folder / "altered-log.json").write_text(json.dumps(proofs))
    for name, code in (("left-out.json", "XL4310"), ("altered-log.json", "XL30")):
        refused = world.run("access", "verify", name, "--genesis", "data/genesis.json", code=3)
        assert code in refused.stderr, refused.stderr
    world.url = url


def test_a_dispute_is_signed_answered_and_proved(world):
    one = read_from_elsewhere(world)
    deadline = time.monotonic() + 90
    while "XL3048" in json.dumps(world.act("ada", "access", "verify", one["sequence"], code=None)):
        assert time.monotonic() < deadline
        time.sleep(1)
    opened = world.act("ada", "access", "dispute", one["sequence"], "--text",
                       "never met this doctor")
    mine = world.act("ada", "access", "disputes")["disputes"]
    assert [each["dispute"] for each in mine] == [opened["dispute"]]
    assert mine[0]["state"] == "open" and mine[0]["overdue"] is False
    world.act("min", "access", "answer", opened["dispute"], "--finding", "rejected", "--text", "no",
              code=5)
    waiting = world.act("watch", "access", "disputes")["disputes"]
    assert [each["text"] for each in waiting] == ["never met this doctor"]
    world.act("watch", "access", "answer", opened["dispute"], "--finding", "upheld", "--text",
              "it was a mistake")
    told = world.act("ada", "access", "disputes", opened["dispute"], "--genesis",
                     "data/genesis.json")
    assert told["state"] == "answered" and told["finding"] == "upheld"
    assert told["answer"] == "it was a mistake" and told["officer"] == world.watch
    assert world.act("watch", "access", "disputes")["disputes"] == []


def test_everybody_is_told_and_nobody_twice(world):
    first = world.act("ada", "access", "notices")
    kinds = [one["kind"] for one in first["notices"]]
    assert {"looked", "refused", "written", "consent-granted"} <= set(kinds)
    cursors = [int(one["cursor"]) for one in first["notices"]]
    assert cursors == sorted(set(cursors))
    world.act("ward", "record", "get", "Observation/bp-2", "--organisation", world.city)
    more = world.act("ada", "access", "notices", "--after", first["next"])["notices"]
    assert [one["kind"] for one in more] == ["looked"]
    told = world.act("watch", "access", "notices")["notices"]
    assert "refused" in {one["kind"] for one in told}
    chinese = world.run("access", "notices", "--lang", "zh", "--as", "ada.json", *OPERATOR).stdout
    assert "被查看" in chinese and "looked" not in chinese


def test_an_address_is_told(world):
    taken = []

    class Address(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((json.loads(body), self.headers["X-Xinglin-Signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Address)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/told"
    refused = world.act("ada", "access", "webhook", "add", url, code=None)
    assert refused["error"]["code"] == "XL4305"
    made = world.act("watch", "access", "webhook", "add", url)
    assert len(made["secret"]) == 64
    world.act("ward", "record", "get", "Condition/c-1", "--organisation", world.city, code=5)
    deadline = time.monotonic() + 20
    while not taken and time.monotonic() < deadline:
        time.sleep(0.2)
    assert taken and taken[0][0]["kind"] == "refused" and taken[0][1].startswith("sha256=")
    assert set(taken[0][0]) == {"schema", "kind", "cursor", "link"}
    listed = world.act("watch", "access", "webhook", "list")["webhooks"]
    assert [one["webhook"] for one in listed] == [made["webhook"]] and "secret" not in listed[0]
    world.act("watch", "access", "webhook", "remove", made["webhook"])
    server.shutdown()


def test_the_log_is_exported_as_a_table(world):
    world.act("ada", "access", "export", "--out", "log.csv")
    raw = (world.folder / "log.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\r\n") > 4
    assert (world.folder / "log.csv").stat().st_mode & 0o077 == 0
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert "时间" in rows[0][1] and all(len(row) == len(rows[0]) for row in rows)
    assert all(row[7] and row[8] for row in rows[1:])  # why and by which right
    listed = world.act("ada", "access", "log", "--all")["entries"]
    assert len(rows) - 1 == len(listed) - 2  # but for the looks that exported and listed them
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    world.act("ada", "access", "export", "--disclosures", "--out", "left.csv")
    left = list(csv.reader(io.StringIO((world.folder / "left.csv").read_text("utf-8-sig"))))
    assert 1 < len(left) < len(rows) and all("Riverside" in row[4] for row in left[1:])
    world.act("ada", "access", "export", "--to", "2000-01-01", "--out", "none.csv")
    assert (world.folder / "none.csv").read_text("utf-8-sig").count("\n") == 1
    world.act("ward", "access", "export", "--organisation", world.city, "--out", "x.csv", code=5)


def test_the_log_is_exported_as_pages(world):
    done = world.run("access", "export", "--format", "pdf", "--out", "log.pdf", "--as", "ada.json",
                     *OPERATOR, code=None)
    if "XL4309" in done.stderr:
        pytest.skip("fonts-droid-fallback is not installed")
    raw = (world.folder / "log.pdf").read_bytes()
    assert raw.startswith(b"%PDF-1.") and b"/FontFile" in raw and b"%%EOF" in raw[-16:]
