# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: a founder without anything gets a node that speaks TLS to others, and keeps it so without a
restart; other people's TLS agrees. Method: the real binary on all addresses of this machine, its
command line, Python's TLS and OpenSSL's own programs as clients and authority."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

import pytest

import answers

XINGLIN = pathlib.Path(os.environ["XL_BUILD"]) / "xinglin"
HOST = "127.0.0.2"  # no address that a node listens on in clear


def run(*arguments, cwd, code=0):
    done = subprocess.run([XINGLIN, *map(str, arguments)], cwd=cwd, capture_output=True, text=True,
                          env={**os.environ, "LANG": "C", "XDG_CACHE_HOME": str(cwd / "cache")},
                          timeout=60)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    if "--json" in arguments:
        answers.checked(done.stdout)
    return done


def openssl(*arguments, cwd, given=""):
    done = subprocess.run(["openssl", *arguments], cwd=cwd, input=given, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Node:
    """A running node that speaks TLS."""

    def __init__(self, folder, settings=""):
        (folder / "data/node.toml").write_text(
            '[gateway]\nlisten = "0.0.0.0"\nport = 0\ntls_certificate = "tls/certificate.pem"\n'
            'tls_key = "tls/key.pem"\n' + settings)
        self.folder = folder
        self.process = subprocess.Popen(
            [XINGLIN, "node", "run", "--data", "data", "--operator-key", "operator.key", "--json"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        told = json.loads(line)["url"]
        assert told.startswith("https://0.0.0.0:")
        self.port = int(told.rstrip("/").rsplit(":", 1)[1])
        self.url = f"https://{HOST}:{self.port}"

    def fingerprint(self):
        """Of the certificate that a new connection gets."""
        pem = ssl.get_server_certificate((HOST, self.port))
        return fingerprint_of(pem, self.folder)

    def logged(self, event):
        lines = (self.folder / "data/log/node.log").read_text().splitlines()
        return [line for line in map(json.loads, lines) if line["event"] == event]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=10) == 0


def fingerprint_of(pem, cwd):
    shown = openssl("x509", "-noout", "-fingerprint", "-sha256", cwd=cwd, given=pem)
    return shown.strip().split("=")[1]


def wait_until(said, seconds=20):
    deadline = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "operator.key").write_bytes(os.urandom(32))
    run("node", "init", "--data", "data", "--organisation", "City:hospital", "--operator-key",
        "operator.key", cwd=tmp_path)
    return tmp_path


@pytest.fixture
def started(folder):
    nodes = []

    def start(settings=""):
        nodes.append(Node(folder, settings))
        return nodes[-1]

    yield start
    for one in nodes:
        if one.process.poll() is None:
            one.stop()


def test_a_founder_without_an_authority_is_reached_and_renews_without_a_restart(folder, started):
    make = ("node", "certificate", "--folder", "data/tls", "--name", HOST)
    made = json.loads(run(*make, "--days", "10", "--json", cwd=folder).stdout)
    certificate, key = folder / "data/tls/certificate.pem", folder / "data/tls/key.pem"
    assert made["sha256"] == fingerprint_of(certificate.read_text(), folder)
    assert key.stat().st_mode & 0o777 == 0o600
    assert "--replace" in run(*make, cwd=folder, code=7).stderr
    assert "XL5003" in run("node", "certificate", "--folder", "t", "--name", "a b", cwd=folder,
                           code=2).stderr
    node = started()

    head = ("ledger", "head", "--node", node.url)
    shutil.copy(certificate, folder / "known.pem")
    assert re.search("height\t[1-9]", run(*head, "--ca", "known.pem", cwd=folder).stdout)
    assert "XL5013" in run(*head, cwd=folder, code=8).stderr
    elsewhere = f"https://localhost:{node.port}"
    assert "XL5014" in run("ledger", "head", "--node", elsewhere, "--ca", "known.pem", cwd=folder,
                           code=8).stderr
    assert "XL5001" in run("ledger", "head", "--node", "https://127.0.0.1:1", cwd=folder,
                           code=8).stderr
    assert "https" in run("ledger", "head", "--ca", "known.pem", cwd=folder, code=2).stderr
    with pytest.raises(urllib.error.HTTPError) as clear:
        urllib.request.urlopen(f"http://{HOST}:{node.port}/health", timeout=10)
    told = json.loads(clear.value.read())
    assert clear.value.code == 400 and told["code"] == "XL4015" and "https" in told["fix"]

    # Ten days are few, and nine a second later: everybody who looks is told.
    trusted = ("--node", node.url, "--ca", "known.pem")
    assert re.search("certificate ends in (9|10) days",
                     run("node", "status", *trusted, cwd=folder).stdout)
    assert re.search("! certificate  of the node, (9|10) days left",
                     run("doctor", "--data", "data", *trusted, cwd=folder).stdout)
    assert node.logged("tls_ending")[0]["days"] in (9, 10)

    # A new pair: taken by itself, and what is connected goes on.
    context = ssl.create_default_context(cafile=folder / "known.pem")
    raw = socket.create_connection((HOST, node.port), timeout=10)
    with context.wrap_socket(raw, server_hostname=HOST) as before:
        assert before.version() == "TLSv1.3"
        renewed = json.loads(run(*make, "--days", "90", "--replace", "--json", cwd=folder).stdout)
        assert renewed["sha256"] != made["sha256"]
        wait_until(lambda: node.fingerprint() == renewed["sha256"])
        before.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert before.recv(100).startswith(b"HTTP/1.1 200")
    assert "XL5013" in run(*head, "--ca", "known.pem", cwd=folder, code=8).stderr
    assert re.search("height\t[1-9]", run(*head, "--ca", certificate, cwd=folder).stdout)
    assert "certificate" not in run("node", "status", "--node", node.url, "--ca", certificate,
                                    cwd=folder).stdout

    # A pair that is none changes nothing, at SIGHUP neither; the node goes on.
    shutil.copy(certificate, folder / "known.pem")
    certificate.write_text("half a certificate")
    node.process.send_signal(signal.SIGHUP)
    wait_until(lambda: node.logged("tls_refused"))
    assert node.logged("tls_refused")[0]["code"] == "XL1110"
    assert node.fingerprint() == renewed["sha256"]
    shutil.copy(folder / "known.pem", certificate)
    node.process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(node.logged("tls_loaded")) >= 3)
    assert re.search("height\t[1-9]", run(*head, "--ca", "known.pem", cwd=folder).stdout)
    node.stop()

    key.chmod(0o644)
    refused = run("node", "run", "--data", "data", "--operator-key", "operator.key", cwd=folder,
                  code=1)
    assert "XL1111" in refused.stderr and "key.pem" in refused.stderr


def test_an_authority_and_members_that_show_certificates(folder, started):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=authority",
            cwd=folder)
    for member, name in (("data", HOST), ("north", "north.example")):
        run("node", "certificate", "--folder", f"{member}/tls", "--name", name, "--request",
            cwd=folder)
        openssl("x509", "-req", "-in", f"{member}/tls/request.pem", "-CA", "ca.pem", "-CAkey",
                "ca.key", "-CAcreateserial", "-copy_extensions", "copyall", "-days", "2", "-out",
                f"{member}/tls/certificate.pem", cwd=folder)
    node = started(f'tls_client_ca = "{folder}/ca.pem"\ntls_clients = "required"\n')
    head = ("ledger", "head", "--node", node.url, "--ca", "ca.pem")
    shown = ("--client-certificate", "north/tls/certificate.pem", "--client-key",
             "north/tls/key.pem")
    assert re.search("height\t[1-9]", run(*head, *shown, cwd=folder).stdout)
    assert "XL5016" in run(*head, cwd=folder, code=8).stderr
    run("node", "certificate", "--folder", "stranger", "--name", "north.example", cwd=folder)
    assert "XL5016" in run(*head, "--client-certificate", "stranger/certificate.pem",
                           "--client-key", "stranger/key.pem", cwd=folder, code=8).stderr
    assert "--client-key" in run(*head, *shown[:2], cwd=folder, code=2).stderr

    # What other people's client sees.
    client = ("s_client", "-connect", f"{HOST}:{node.port}", "-CAfile", "ca.pem",
              "-verify_return_error", "-verify_ip", HOST, "-cert", "north/tls/certificate.pem",
              "-key", "north/tls/key.pem", "-alpn", "http/1.1", "-ign_eof")
    ask = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for version in ("-tls1_2", "-tls1_3"):
        answer = openssl(*client, version, cwd=folder, given=ask)
        assert "HTTP/1.1 200 OK" in answer and "ALPN protocol: http/1.1" in answer
        assert "Verification: OK" in answer and "Compression: NONE" in answer
    old = subprocess.run(["openssl", *client, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
                         cwd=folder, capture_output=True, text=True, timeout=60, input=ask)
    assert old.returncode != 0 and "HTTP/1.1" not in old.stdout
