# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: the program does through its public interfaces what its help says. Method: the real binary
in a folder of its own; exit codes, stdout and stderr are what people and scripts see."""

import base64
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

import answers

XINGLIN = pathlib.Path(os.environ["XL_BUILD"]) / "xinglin"


def run(*arguments, cwd, env=None, code=0):
    done = subprocess.run([XINGLIN, *map(str, arguments)], cwd=cwd, capture_output=True, text=True,
                          env={**os.environ, "LANG": "C", "XDG_CACHE_HOME": str(cwd / "cache"),
                               **(env or {})}, timeout=60)
    assert code in (None, done.returncode), (done.returncode, done.stdout, done.stderr)
    if "--json" in arguments:
        answers.checked(done.stdout)
    return done


class Node:
    """A running node, on a port that the system chose."""

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            [XINGLIN, "node", "run", "--data", "data", "--operator-key", "operator.key",
             "--port", "0", "--json"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.url = json.loads(line)["url"].rstrip("/")

    def get(self, path, headers=None):
        request = urllib.request.Request(self.url + path, headers=headers or {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=10)
        return self.process.returncode


def log_lines(folder):
    return [json.loads(line) for line in (folder / "data/log/node.log").read_text().splitlines()]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "operator.key").write_bytes(os.urandom(32))
    run("node", "init", "--data", "data", "--organisation", "市一医院:hospital",
        "--organisation", "City Insurance:insurer", "--operator-key", "operator.key", cwd=tmp_path)
    return tmp_path


@pytest.fixture
def node(folder):
    running = Node(folder)
    yield running
    if running.process.poll() is None:
        running.stop()


def test_a_node_runs_answers_and_stops(node, folder):
    head = json.loads(node.get("/ledger/v1/head")[2])
    assert head["height"] == "1" and head["schema"] == "xinglin/head/v1"
    shown = run("ledger", "head", "--node", node.url, "--json", cwd=folder)
    assert json.loads(shown.stdout)["app_hash"] == head["app_hash"]
    plain = run("ledger", "head", "--node", node.url, cwd=folder)
    assert f"height\t{head['height']}" in plain.stdout
    assert json.loads(node.get("/health")[2])["status"] == "ok"
    metrics = node.get("/metrics")[2]
    assert "xinglin_ledger_height 1" in metrics and "signer" not in metrics
    genesis = (folder / "data" / "genesis.json").read_text()
    assert node.get("/ledger/v1/genesis")[2] == genesis
    assert (folder / "data/run/admin.sock").is_socket()
    assert node.stop() == 0
    assert list((folder / "data/run").iterdir()) == []


def test_the_status_page_in_both_languages(node):
    chinese = node.get("/")[2]
    assert 'lang="zh-CN"' in chinese and "正常运行" in chinese and "市一医院" in chinese
    english = node.get("/?lang=en")[2]
    assert 'lang="en"' in english and "Running" in english and "City Insurance" in english
    assert 'lang="en"' in node.get("/", {"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"})[2]


def test_a_state_receipt_verifies_offline_and_every_change_is_named(node, folder):
    openapi = json.loads(node.get("/api/openapi.json")[2])
    assert "/ledger/v1/receipts/{id}" in openapi["paths"]
    did = json.loads((folder / "data/genesis.json").read_text())["app_state"]["identity"][
        "organisations"][0]["did"].removeprefix("did:xinglin:")
    # A party's key is contract 1, table 'p', the DID's 16 bytes.
    raw = base64.b32decode(did.upper() + "=" * (-len(did) % 8))
    key = (b"\x01p" + raw).hex()
    signed_in = ("--as", f"data/keys/{did}.identity.json", "--operator-key", "operator.key",
                 "--node", node.url)
    receipt = run("ledger", "proof", key, *signed_in, "--json", cwd=folder).stdout
    (folder / "receipt.json").write_text(receipt)
    genesis = "data/genesis.json"
    told = run("verify", "receipt.json", "--genesis", genesis, cwd=folder)
    assert "held the value given" in told.stdout
    checked = json.loads(run("verify", "receipt.json", "--genesis", genesis, "--json",
                             cwd=folder).stdout)
    assert checked["verified"] is True and checked["state_present"] is True
    body = json.loads(receipt)
    value = body["state"]["value"]
    body["state"]["value"] = value[:-1] + ("0" if value[-1] != "0" else "1")
    (folder / "receipt.json").write_text(json.dumps(body))
    refused = run("verify", "receipt.json", "--genesis", genesis, cwd=folder, code=3)
    assert "XL1225" in refused.stderr
    (folder / "receipt.json").write_text("{")
    assert "XL1010" in run("verify", "receipt.json", "--genesis", genesis, cwd=folder,
                           code=9).stderr
    absent = run("ledger", "proof", "0170" + "ab" * 16, *signed_in, "--json", cwd=folder)
    assert json.loads(absent.stdout)["state"]["value"] is None


def test_tampering_is_caught_and_named(node, folder):
    assert node.stop() == 0
    intact = run("ledger", "verify", "--data", "data", cwd=folder)
    assert "Intact" in intact.stdout
    caught = run("demo", "tamper", "--data", "data", cwd=folder, code=3)
    assert "state key of governance" in caught.stdout and "Intact" in caught.stdout
    report = answers.checked(
        run("ledger", "verify", "--data", "data", "--json", cwd=folder).stdout)
    assert report["intact"] is True and report["damage"] is None
    told = answers.checked(
        run("demo", "tamper", "--data", "data", "--json", cwd=folder, code=3).stdout)
    assert told["caught"] is True and told["altered"]["damage"]["record"] == told["record"]
    assert told["intact"]["intact"] is True
    chinese = run("demo", "tamper", "--data", "data", "--lang", "zh", cwd=folder, code=3).stdout
    assert "✗ 治理合约 的状态键" in chinese and "与已签署区块的执行结果不符" in chinese


def test_a_flipped_byte_on_disk_is_evidence_too(node, folder):
    assert node.stop() == 0
    store = folder / "data" / "ledger"
    files = [p for p in store.iterdir() if p.suffix in (".sst", ".log") and p.stat().st_size > 200]
    assert files
    noticed = 0
    for file in files:
        copy = folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(store, copy)
        content = bytearray((copy / file.name).read_bytes())
        content[len(content) // 2] ^= 1
        (copy / file.name).write_bytes(content)
        done = subprocess.run([XINGLIN, "ledger", "verify", "--data", "data", "--ledger", "copy"],
                              cwd=folder, capture_output=True, text=True)
        noticed += done.returncode == 3
    assert noticed == len(files)


def test_a_ledger_without_its_first_files_is_not_taken_for_an_empty_one(node, folder):
    assert node.stop() == 0
    store = folder / "data" / "ledger"
    manifest = store / (store / "CURRENT").read_text().strip()
    for missing in (store / "CURRENT", manifest):
        whole = missing.read_bytes()
        missing.unlink()
        before = {one.name: one.stat().st_size for one in store.iterdir()}
        failed = run("node", "run", "--data", "data", "--operator-key", "operator.key", "--port",
                     "0", cwd=folder, code=3)
        assert "XL1402" in failed.stderr and missing.name.split("-")[0] in failed.stderr
        run("ledger", "verify", "--data", "data", cwd=folder, code=3)
        assert {one.name: one.stat().st_size for one in store.iterdir()} == before
        missing.write_bytes(whole)
    run("ledger", "verify", "--data", "data", cwd=folder)


def test_a_node_that_waits_for_its_operators_key_can_be_stopped(folder):
    os.mkfifo(folder / "later.key", 0o600)
    waiting = subprocess.Popen([XINGLIN, "node", "run", "--data", "data", "--operator-key",
                                "later.key", "--port", "0"], cwd=folder)
    time.sleep(0.5)
    assert waiting.poll() is None
    waiting.terminate()
    assert waiting.wait(timeout=10) == -signal.SIGTERM


def test_mistakes_are_explained(node, folder):
    second = run("node", "init", "--data", "data", "--organisation", "x:hospital",
                 "--operator-key", "operator.key", cwd=folder, code=7)
    assert "XL6002" in second.stderr and "fix:" in second.stderr
    bad_type = run("node", "init", "--data", "other", "--organisation", "x:circus",
                   "--operator-key", "operator.key", cwd=folder, code=2)
    assert "hospital" in bad_type.stderr
    locked = run("node", "run", "--data", "data", "--operator-key", "operator.key", "--port", "0",
                 cwd=folder, code=7)
    assert "XL1406" in locked.stderr
    (folder / "wrong.key").write_bytes(os.urandom(32))
    wrong = run("node", "run", "--data", "data", "--operator-key", "wrong.key", cwd=folder, code=4)
    assert "XL1109" in wrong.stderr and "data/keys/" in wrong.stderr
    assert "XL6003" in run("node", "run", "--data", "nowhere", "--operator-key", "operator.key",
                           cwd=folder, code=6).stderr
    assert "XL6003" in run("demo", "tamper", "--data", "nowhere", cwd=folder, code=6).stderr
    assert "XL6003" in run("demo", "tamper", cwd=folder, code=6).stderr
    assert "XL5001" in run("ledger", "head", "--node", "http://127.0.0.1:1", cwd=folder,
                           code=8).stderr
    run("nonsense", cwd=folder, code=2)
    unknown = ("ledger", "show", "ab" * 32, "--node", node.url)
    assert "XL4050" in run(*unknown, cwd=folder, code=4).stderr
    identity = next((folder / "data" / "keys").glob("*.identity.json"))
    assert "XL1405" in run(*unknown, "--as", identity, "--operator-key", "operator.key",
                           cwd=folder, code=6).stderr


def test_command_lines_that_are_not_understood_are_explained(folder):
    def told(*words):
        return json.loads(run(*words, "--json", cwd=folder, code=2).stdout)["error"]

    for words, word in ((("verify", "r.json"), "--genesis"), (("ledger", "foo"), "foo"),
                        (("demo", "tamper", "--folder", "x"), "--folder"),
                        (("node", "run", "--port", "99999"), "99999"), ((), "subcommand")):
        error = told(*words)
        assert (error["code"], error["exit_code"]) == ("XL5003", 2) and error["fix"], words
        assert word in error["message"], error
        if not words:
            continue  # to a person that is a wish for the short help
        english = run(*words, cwd=folder, code=2).stderr
        assert "XL5003" in english and "why: " in english and "fix: " in english
        for language in (("--lang", "zh"), ("--lang=zh",)):
            chinese = run(*language, *words, cwd=folder, code=2).stderr
            assert "无法理解命令行" in chinese and word in chinese and "处理" in chinese
            assert "  原因: " in chinese and "not understood" not in chinese
    missing = run("verify", "none.json", "--genesis", "none.json", "--lang", "zh", cwd=folder,
                  code=6).stderr
    assert "文件不存在" in missing and "原因: none.json" in missing


def test_configuration_mistakes_name_the_key_and_line(folder):
    config = folder / "data" / "node.toml"
    config.write_text("[gateway]\nlisten = \"127.0.0.1\"\nprot = 1\n")
    refused = run("node", "run", "--data", "data", "--operator-key", "operator.key", cwd=folder,
                  code=9)
    assert "gateway.prot" in refused.stderr and "line 3" in refused.stderr
    config.write_text("[gateway]\nlisten = \"0.0.0.0\"\n")
    open_to_all = run("node", "run", "--data", "data", "--operator-key", "operator.key", cwd=folder,
                      code=9)
    assert "TLS" in open_to_all.stderr
    for engine, few, least in (("solo", 5, 2048), ("cometbft", 99_999, 100_000)):
        config.write_text(f"[ledger]\nkeep_blocks = {few}\n[engine]\nkind = \"{engine}\"\n"
                          "program = \"x\"\n")
        refused = run("node", "run", "--data", "data", "--operator-key", "operator.key",
                      cwd=folder, code=9)
        assert f"ledger.keep_blocks must be 0 or at least {least} in line 2" in refused.stderr
    config.write_text("[engine]\nkind = \"solo\"\nsigner = \"tcp://127.0.0.1:1\"\n")
    assert "engine.signer: only kind" in run("node", "run", "--data", "data", "--operator-key",
                                             "operator.key", cwd=folder, code=9).stderr
    config.write_text("[gateway\n")
    assert "XL6001" in run("node", "run", "--data", "data", "--operator-key", "operator.key",
                           cwd=folder, code=9).stderr


def test_errors_are_bilingual_and_explained(folder):
    english = run("explain", "XL1203", cwd=folder).stdout
    assert "canonical" in english
    chinese = run("explain", "XL1203", cwd=folder, env={"LANG": "zh_CN.UTF-8"}).stdout
    assert "规范" in chinese
    assert json.loads(run("explain", "XL1203", "--json", cwd=folder).stdout)["fix_zh"]
    run("explain", "XL9999", cwd=folder, code=2)
    assert "consent" in run("explain", "contracts", cwd=folder).stdout


def test_absolute_addresses_begin_with_the_public_one(folder):
    config = folder / "data" / "node.toml"
    before = config.read_text()
    config.write_text(before.replace("[gateway]", '[gateway]\npublic_url = "https://a.example/x"'))
    running = Node(folder)
    asked = running.get("/o", {"Host": "elsewhere.example"})[2]
    running.stop()
    assert all(one["fhir"].startswith("https://a.example/x/o/")
               for one in json.loads(asked)["organisations"])
    for wrong in ("https://", "ftp://a", "https://a/", "https://a?b", "a.example"):
        config.write_text(before.replace("[gateway]", f'[gateway]\npublic_url = "{wrong}"'))
        refused = run("node", "run", "--data", "data", "--operator-key", "operator.key",
                      cwd=folder, code=9)
        assert "gateway.public_url" in refused.stderr


def test_doctor_says_how_long_the_disk_lasts(folder):
    def disk():
        told = run("doctor", "--data", "data", "--node", "http://127.0.0.1:9", "--json",
                   cwd=folder, code=None)
        [one] = [one for one in json.loads(told.stdout)["checks"] if one["name"] == "disk"]
        return one

    assert re.fullmatch(r"[\d.]+ [GMT]B free", disk()["what"])  # a folder of today grows by nothing
    founded = time.time() - 10 * 86_400
    os.utime(folder / "data" / "genesis.json", (founded, founded))
    grows = disk()
    assert re.search(r"took [\d.]+ [kM]B in 10 days: room for about \d{3,} more$", grows["what"])
    assert grows["ok"] and not grows["warning"]
    with open(folder / "data" / "large", "wb") as large:
        large.truncate(shutil.disk_usage(folder).free)  # sparse: takes nothing
    soon = disk()
    assert soon["what"].endswith("room for about 10 more") or "about 9 more" in soon["what"]
    assert soon["warning"] and soon["fix"]


def test_secrets_that_others_can_read_are_refused(folder):
    (folder / "phrase").write_text("a phrase that opens nothing\n")
    for name, option in (("operator.key", "--operator-key"), ("phrase", "--passphrase-file")):
        for mode in (0o604, 0o620, 0o606):
            (folder / name).chmod(mode)
            refused = run("node", "rebuild-index", "--data", "data", option, name, cwd=folder,
                          code=1)
            assert "XL1111" in refused.stderr and name in refused.stderr
    (folder / "operator.key").chmod(0o440)
    run("node", "rebuild-index", "--data", "data", "--operator-key", "operator.key", cwd=folder)


def test_a_taken_port_is_named(node, folder):
    port = node.url.rsplit(":", 1)[1]
    run("node", "init", "--data", "second", "--organisation", "x:hospital",
        "--operator-key", "operator.key", cwd=folder)
    refused = run("node", "run", "--data", "second", "--operator-key", "operator.key",
                  "--port", port, cwd=folder, code=7)
    assert "XL4010" in refused.stderr and port in refused.stderr


def test_unknown_addresses_and_methods(node):
    with pytest.raises(urllib.error.HTTPError) as missing:
        node.get("/nope")
    assert missing.value.code == 404
    problem = json.loads(missing.value.read())
    assert problem["code"] == "XL4005" and problem["title_zh"] and problem["request_id"]
    request = urllib.request.Request(node.url + "/ledger/v1/head", method="DELETE")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 405 and refused.value.headers["Allow"] == "GET, HEAD"


def misfits(value, schema, schemas, where=""):
    """Where a value does not fit its schema, or holds what the schema does not tell of."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    if "oneOf" in schema:
        return [] if value is None else misfits(value, schema["oneOf"][0], schemas, where)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kind = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer",
            type(None): "null"}[type(value)]
    if kind not in kinds:
        return [(where, kind)]
    out = []
    if kind == "array" and "items" in schema:
        for one in value:
            out += misfits(one, schema["items"], schemas, where + "[]")
    if kind == "object" and schema.get("properties"):
        out += [(where, name) for name in schema["required"] if name not in value]
        for name, one in value.items():
            told = schema["properties"].get(name)
            out += misfits(one, told, schemas, f"{where}.{name}") if told else [(where, name)]
    return out


def test_the_api_describes_itself(node, signed_in):
    api = json.loads(node.get("/api/openapi.json")[2])
    schemas = api["components"]["schemas"]
    ids = set()

    def references(value):
        if isinstance(value, dict):
            for key, one in value.items():
                yield from [one] if key == "$ref" else references(one)
        elif isinstance(value, list):
            for one in value:
                yield from references(one)

    assert {one.rsplit("/", 1)[1] for one in references(api)} <= set(schemas)
    for path, operations in api["paths"].items():
        assert ("patch" in operations) == path.endswith("/fhir/{path}"), path
        for method, told in operations.items():
            assert told["operationId"] not in ids
            ids.add(told["operationId"])
            named = {one["name"] for one in told["parameters"] if one["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))
            answers = [one for status, one in told["responses"].items() if status != "default"]
            assert len(answers) == 1 and told["responses"]["default"]["content"]
            bare = {"204", "303"} & set(told["responses"])
            assert bool(bare) != ("content" in answers[0])
            empty = ("/auth/v1/challenges", "/o/{org}/credentials/nonce")  # by their standards
            if method in ("post", "put") and path not in empty:
                assert told["requestBody"]["content"], (method, path)

    def answered(path, address, method="GET", status="200"):
        request = urllib.request.Request(node.url + address, method=method,
                                         headers=signed_in.headers())
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == int(status)
            told = api["paths"][path][method.lower()]["responses"][status]["content"]
            media = answer.headers["Content-Type"].split(";")[0]
            assert media in told, (path, media)
            if media == "application/json":
                assert misfits(json.loads(answer.read()), told[media]["schema"], schemas) == []

    transaction = signed_in.write()
    party = "did:xinglin:" + signed_in.id
    for path, address in (
            ("/ledger/v1/head", ""), ("/ledger/v1/consistency", "?first=1"),
            ("/ledger/v1/transactions/{id}", transaction), ("/ledger/v1/blocks/{height}", "1"),
            ("/ledger/v1/receipts/{id}", transaction), ("/ledger/v1/parties/{did}", party),
            ("/o", ""), ("/auth/v1/whoami", ""), ("/health", ""), ("/metrics", ""),
            ("/", "?lang=zh"), ("/o/{org}/records/{type}/{id}/proof", None)):
        if address is None:
            address = f"/o/{signed_in.id}/records/Patient/p{signed_in.written}/proof?version=1"
        else:
            address = path.split("{")[0] + address
        answered(path, address)
    answered("/auth/v1/challenges", "/auth/v1/challenges", "POST", "201")
    for address in ("/ledger/v1/head?hight=1", "/ledger/v1/consistency?frist=1", "/o?x"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            node.get(address)
        assert refused.value.code == 400
        assert json.loads(refused.value.read())["code"] == "XL4007"


class Listener(http.server.BaseHTTPRequestHandler):
    """Hands requests on to a node and remembers the token that they carried."""

    protocol_version = "HTTP/1.0"

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")
                   if name in self.headers}
        self.server.token = headers.get("Authorization", self.server.token)
        submits = self.path == "/ledger/v1/transactions"
        path = self.path + (self.server.query if submits else "")
        request = urllib.request.Request(self.server.node_url + path, data=body or None,
                                         headers=headers, method=self.command)
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as refused:
            answer = refused
        content = answer.read()
        if submits:
            self.server.told = content
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("connection", "content-length", "date", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = forward

    def log_message(self, *_):
        pass


class SignedIn:
    """The first organisation of a node, writing by the command line, and its token."""

    def __init__(self, node, folder):
        self.node, self.folder, self.written = node, folder, 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
        self.server.token = self.server.query = ""
        self.move_to(node)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.id = did = json.loads((folder / "data/genesis.json").read_text())["app_state"][
            "identity"]["organisations"][0]["did"].removeprefix("did:xinglin:")
        self.who = ("--as", f"data/keys/{did}.identity.json", "--operator-key", "operator.key",
                    "--node", f"http://127.0.0.1:{self.server.server_address[1]}")

    def move_to(self, node):
        """The same node, started again at another port."""
        self.node = node
        self.server.node_url = node.url

    def write(self):
        """One new patient: one transaction, whose id it returns."""
        self.written += 1
        (self.folder / "patient.json").write_text(json.dumps(
            {"resourceType": "Patient", "id": f"p{self.written}"}))
        done = run("record", "put", "patient.json", *self.who, "--json", cwd=self.folder)
        return json.loads(done.stdout)["transaction_id"]

    def headers(self, **more):
        return {"Authorization": self.server.token, **more}

    def stream(self, query="", **headers):
        request = urllib.request.Request(self.node.url + "/ledger/v1/events" + query,
                                         headers=self.headers(**headers))
        return urllib.request.urlopen(request, timeout=20)


def events_of(stream, wanted):
    """The first `wanted` events of a stream: (cursor, kind, data)."""
    out, event = [], {}
    while len(out) < wanted:
        line = stream.readline().decode()
        assert line, f"the stream ended behind {len(out)} events"
        if line == "\n":
            if "data" in event:
                out.append((event.get("id"), event.get("event"), event["data"]))
            event = {}
        elif not line.startswith(":"):
            name, _, value = line.rstrip("\n").partition(": ")
            event[name] = value
    return out


def transaction_of(event):
    return json.loads(event[2])["entry"]["transaction_id"]


@pytest.fixture
def signed_in(node, folder):
    out = SignedIn(node, folder)
    yield out
    out.server.shutdown()
    out.server.server_close()


def test_who_does_not_wait_is_told_what_to_ask_for(signed_in, folder):
    node = signed_in.node
    signed_in.write()  # signs in
    signed_in.server.query = "?wait=false"
    for attempt in range(10):  # a transaction may be executed before the answer is written
        ward = f"ward-{attempt}"
        run("identity", "create", "Dr Ward", "--kind", "practitioner", "--role", "physician",
            "--organisation", "did:xinglin:" + signed_in.id, "--out", ward + ".json", "--card",
            ward + ".card", "--operator-key", "operator.key", "--node", node.url, cwd=folder)
        run("identity", "attest", ward + ".card", "--role", "physician", "--licence", "medical",
            *signed_in.who, cwd=folder, code=None)
        [told] = json.loads(signed_in.server.told)["results"]
        if told.get("queued"):
            break
    assert told["queued"] is True
    request = urllib.request.Request(
        f"{node.url}/ledger/v1/transactions/{told['transaction_id']}", headers=signed_in.headers())
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                entry = json.loads(answer.read())["entry"]
            break
        except urllib.error.HTTPError as early:
            assert early.code == 404 and time.monotonic() < deadline
            time.sleep(0.05)
    assert entry["transaction_id"] == told["transaction_id"]


def test_events_go_on_behind_a_cursor_without_loss_or_repetition(node, signed_in):
    written = [signed_in.write() for _ in range(4)]
    with signed_in.stream("?after=0.0") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream" and stream.headers["Date"]
        first = events_of(stream, 4)
    assert [transaction_of(event) for event in first] == written
    assert {event[1] for event in first} == {"transaction"}
    places = [tuple(map(int, event[0].split("."))) for event in first]
    assert places == sorted(set(places))
    for transaction in written:
        assert node.get(f"/ledger/v1/receipts/{transaction}")[0] == 200
    # From every cursor on, by either way of giving it, exactly the rest comes, byte for byte; a
    # client that comes back gives the header, which counts more than the address it began with.
    for behind in range(4):
        cursor = first[behind][0]
        more = signed_in.write()
        written.append(more)
        rest = len(written) - behind - 1
        with signed_in.stream("?after=" + cursor) as stream:
            by_address = events_of(stream, rest)
        with signed_in.stream("?after=0.0", **{"Last-Event-ID": cursor}) as stream:
            by_header = events_of(stream, rest)
        assert by_address == by_header
        assert by_address[:3 - behind] == first[behind + 1:]
        assert [transaction_of(event) for event in by_address] == written[behind + 1:]
    # Without a cursor: what happens from now on.
    with signed_in.stream() as stream:
        now = signed_in.write()
        assert transaction_of(events_of(stream, 1)[0]) == now


def test_what_the_end_of_a_block_did_is_an_event_of_its_own(node, signed_in, folder):
    signed_in.write()
    own = ("--as", f"data/keys/{signed_in.id}.identity.json", "--operator-key", "operator.key",
           "--node", node.url, "--json")
    proposal = json.loads(run("network", "proposal", "create", "parameters", "--set",
                              "threshold=3/4", "--title", "Three quarters", *own,
                              cwd=folder).stdout)["proposal"]
    ballot = json.loads(run("network", "proposal", "vote", proposal, "yes", *own,
                            cwd=folder).stdout)["transaction_id"]
    signed_in.write()
    with signed_in.stream("?after=0.0") as stream:
        events = events_of(stream, 5)  # two records, proposal, ballot, and what came of it
    place = next(i for i, event in enumerate(events) if event[1] == "block_end")
    assert transaction_of(events[place - 1]) == ballot
    height, position = map(int, events[place][0].split("."))
    assert events[place - 1][0] == f"{height}.{position - 1}"
    told = json.loads(events[place][2])
    assert told["height"] == str(height)
    done, = told["events"]
    assert (done["contract"], done["type"]) == ("governance", 7)
    assert done["attributes"] == [{"key": 1, "value": proposal}]
    shown = json.loads(run("ledger", "show", height, *own, cwd=folder).stdout)
    assert shown["end_events"] == told["events"]
    with signed_in.stream(f"?after={height}.{position - 1}") as stream:
        assert events_of(stream, 2) == events[place:place + 2]
    with signed_in.stream(f"?after={height}.{position}") as stream:
        assert events_of(stream, 1) == events[place + 1:place + 2]
    assert node.stop() == 0
    assert "Intact" in run("ledger", "verify", "--data", "data", cwd=folder).stdout


def test_a_stream_of_events_ends_with_its_sign_in_and_refuses_wrong_cursors(node, signed_in):
    signed_in.write()
    for wrong in ("1", "x.y", "1.-1", "1.4294967296", "99999999999999999999.0", "1.0.0"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            signed_in.stream("?after=" + wrong)
        assert refused.value.code == 400
        assert json.loads(refused.value.read())["code"] == "XL4007", wrong
    connection = http.client.HTTPConnection(node.url.removeprefix("http://"), timeout=10)
    connection.putrequest("GET", "/ledger/v1/events")
    connection.putheader("Authorization", signed_in.server.token)
    connection.putheader("Last-Event-ID", "1.0")
    connection.putheader("Last-Event-ID", "2.0")
    connection.endheaders()
    twice = connection.getresponse()
    assert twice.status == 400 and json.loads(twice.read())["code"] == "XL4012"
    connection.close()
    with signed_in.stream("?after=0.0") as stream:
        assert events_of(stream, 1)[0][1] == "transaction"
        request = urllib.request.Request(node.url + "/auth/v1/tokens", method="DELETE",
                                         headers=signed_in.headers())
        assert urllib.request.urlopen(request, timeout=10).status == 204
        last = events_of(stream, 1)[0]
        while last[1] == "transaction":  # of the organisation itself: its agreement key
            last = events_of(stream, 1)[0]
        assert last[1] == "error" and "sign-in" in last[2]
        assert stream.readline() == b""


def test_a_look_at_many_patients_reaches_the_ledger_though_the_node_is_killed(
        node, folder, signed_in):
    for _ in range(3):
        signed_in.write()
    listing = urllib.request.Request(f"{node.url}/o/{signed_in.id}/fhir/Patient",
                                     headers=signed_in.headers())
    with urllib.request.urlopen(listing, timeout=10) as answer:
        assert json.loads(answer.read())["total"] == 3
    node.process.kill()  # long before the journal's next root
    node.process.wait(timeout=10)
    again = Node(folder)
    try:
        signed_in.move_to(again)
        signed_in.write()
        with signed_in.stream("?after=0.0") as stream:
            anchored = []
            while "journal" not in anchored:
                for event in json.loads(events_of(stream, 1)[0][2])["events"]:
                    if event["contract"] == "access":
                        anchored.append({1: "journal", 5: "cohort"}[event["type"]])  # events.h
        assert anchored == ["cohort", "journal"]  # one look, on the ledger before the reads' root
    finally:
        assert again.stop() == 0


def test_events_want_a_sign_in(node):
    with pytest.raises(urllib.error.HTTPError) as refused:
        node.get("/ledger/v1/events?after=0.0")
    assert refused.value.code == 401
    assert json.loads(refused.value.read())["code"] == "XL4050"


def test_start_is_quick(folder):
    started = time.monotonic()
    run("version", cwd=folder)
    assert time.monotonic() - started < 5


def test_the_log_tells_what_happened_and_nothing_about_anybody(node, folder):
    marks = ["Zhang-San-4711", "geheim", "%E5%BC%A0"]
    with pytest.raises(urllib.error.HTTPError):
        node.get(f"/ledger/v1/receipts/{marks[0]}?name={marks[1]}", {"X-Name": marks[1]})
    with pytest.raises(urllib.error.HTTPError):
        node.get(f"/nowhere/{marks[0]}/{marks[2]}")
    with pytest.raises(urllib.error.HTTPError) as refused:
        node.get(f"/o/{marks[0]}/fhir/Patient/{marks[0]}?family={marks[1]}")
    assert node.get("/health")[0] == 200
    assert node.stop() == 0
    lines = log_lines(folder)
    events = [line["event"] for line in lines]
    assert events[:2] == ["node_starting", "node_running"]
    assert events[-2:] == ["node_stopping", "node_stopped"]
    served = [line for line in lines if line["event"] == "request_served"]
    assert [line["route"] for line in served] == [
        "/ledger/v1/receipts/{id}", "-", "/o/{org}/fhir/{path*}", "/health"]
    assert served[3]["status"] == 200 and served[3]["method"] == "GET"
    assert served[2]["request"] == refused.value.headers["Request-Id"]
    allowed = {"time", "level", "event", "code", "request", "method", "route", "status",
               "milliseconds", "port", "height"}
    assert all(set(line) <= allowed for line in lines)
    text = (folder / "data/log/node.log").read_text()
    for mark in [*marks, "张", "市一医院", "City Insurance"]:
        assert mark not in text


def test_the_log_says_why_a_node_did_not_start(node, folder):
    failed = run("node", "run", "--data", "data", "--operator-key", "operator.key", "--port", "0",
                 cwd=folder, code=7)
    assert "XL14" in failed.stderr
    line = next(line for line in log_lines(folder) if line["event"] == "node_failed")
    assert line["level"] == "error" and line["code"] in failed.stderr
    assert "  log: data/log/node.log\n" in failed.stderr
    answer = answers.checked(run("node", "run", "--data", "data", "--operator-key", "operator.key",
                                 "--port", "0", "--json", cwd=folder, code=7).stdout)
    assert answer["error"]["log"] == "data/log/node.log"
