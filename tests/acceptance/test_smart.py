# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: an organisation lets an app in by the command line, a clinician approves it from the
machine with their key, and the app reads what both allow, no more; the patient sees by which app;
a person adds a passkey to their key and ends it. Method: the real binary; this test is the app,
the browser and the passkey."""

import base64
import hashlib
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from test_cli import OPERATOR, World, observation, visit

BACK = "http://localhost:9999/back"


class Stay(urllib.request.HTTPRedirectHandler):
    """Where a redirect leads is for the test to look at."""

    def redirect_request(self, *_):
        return None


class Browser:
    """Keeps one cookie and follows nothing."""

    def __init__(self):
        self.opener = urllib.request.build_opener(Stay)
        self.cookie = ""

    def open(self, url, form=None, token=None, sent=None):
        headers = {"Cookie": self.cookie, "Accept-Language": "en"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        if sent is not None:
            body = json.dumps(sent).encode()
            headers["Content-Type"] = "application/json"
        try:
            answer = self.opener.open(urllib.request.Request(url, body, headers), timeout=30)
        except urllib.error.HTTPError as refused:
            answer = refused
        if answer.headers["Set-Cookie"]:
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return answer.status, answer.headers, answer.read().decode()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("smart")
    (folder / "operator.key").write_bytes(os.urandom(32))
    out = World(folder)
    out.found("市一医院:hospital")
    with open(folder / "data" / "node.toml", "a", encoding="utf-8") as settings:
        settings.write("\n[smart]\npassword_login = true\n")
    out.start()
    out.city = out.json("identity", "list")["organisations"][0]["did"]
    source = folder / "data" / "keys" / f"{out.city.removeprefix('did:xinglin:')}.identity.json"
    (folder / "city.json").write_bytes(source.read_bytes())
    out.put("city", {"resourceType": "Patient", "id": "ada", "name": [{"text": "Ada Young"}]})
    out.put("city", {"resourceType": "Patient", "id": "bob", "name": [{"text": "Bob Old"}]})
    out.put("city", observation(1))
    out.put("city", observation(2, "bob"))
    out.min = out.doctor("min", "city", out.city)
    out.put("city", visit(1, out.min))
    patient = out.act("city", "record", "verify", "Patient/ada")["patient"]
    out.json("identity", "create", "Ada", "--kind", "patient", "--did", patient,
             "--organisation", out.city, "--out", "ada.json", "--card", "ada.card", *OPERATOR)
    out.act("city", "identity", "claim", "ada.card")
    out.ada = patient
    yield out
    out.stop()


def test_an_app_is_registered_approved_and_removed(world):
    (world.folder / "app.json").write_text(json.dumps({
        "client_id": "chart", "client_name": "Growth chart", "redirect_uris": [BACK],
        "scope": "openid fhirUser launch/patient patient/*.rs online_access"}))
    added = world.act("city", "smart", "client", "add", "app.json")
    assert added["client_id"] == "chart"
    world.run("smart", "client", "add", "app.json", "--as", "min.json", *OPERATOR, code=5)
    assert world.act("city", "smart", "client", "list")["clients"][0]["client_name"] == \
        "Growth chart"

    base = world.url + "/fhir"  # the only organisation of the node
    browser = Browser()
    places = json.loads(browser.open(base + "/.well-known/smart-configuration")[2])
    assert places["issuer"] == base
    verifier = base64.urlsafe_b64encode(os.urandom(40)).decode().rstrip("=")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()
    status, headers, _ = browser.open(places["authorization_endpoint"], {
        "response_type": "code", "client_id": "chart", "redirect_uri": BACK, "state": "x",
        "scope": "openid fhirUser launch/patient patient/*.rs", "aud": base,
        "code_challenge": challenge.rstrip("="), "code_challenge_method": "S256"})
    assert status == 303
    login = headers["Location"]
    page = browser.open(login)[2]
    assert "Growth chart" in page and "Sign in with a passkey" in page
    code = re.search(r"approve ([A-Z]{4}-[A-Z]{4}) ", page)[1]

    asked = world.act("min", "smart", "approve", code, "--dry-run")
    assert asked["client_name"] == "Growth chart" and asked["scope"].endswith("patient/*.rs")
    assert json.loads(browser.open(login + "/state")[2])["signed_in"] is False
    world.act("min", "smart", "approve", code.lower())
    world.run("smart", "approve", code, "--as", "min.json", *OPERATOR, code=6)  # once
    state = json.loads(browser.open(login + "/state")[2])
    choice = browser.open(state["next"])[2]
    assert "Ada Young" in choice and "Bob" not in choice  # whom min does not treat
    refused = browser.open(state["next"], {"decision": "allow", "patient": "bob"})
    assert refused[0] == 403
    status, headers, _ = browser.open(state["next"], {"decision": "allow", "patient": "ada"})
    back = urllib.parse.parse_qs(urllib.parse.urlsplit(headers["Location"]).query)
    assert status == 303 and back["state"] == ["x"]
    tokens = json.loads(browser.open(places["token_endpoint"], {
        "grant_type": "authorization_code", "client_id": "chart", "code": back["code"][0],
        "redirect_uri": BACK, "code_verifier": verifier})[2])
    assert tokens["patient"] == "ada" and "refresh_token" not in tokens
    token = tokens["access_token"]
    assert browser.open(base + "/Observation/bp-1", token=token)[0] == 200
    assert browser.open(base + "/Observation/bp-2", token=token)[0] == 404
    assert browser.open(world.url + "/auth/v1/whoami", token=token)[0] == 403
    # Whose records it read sees who asked, and through what.
    log = world.act("ada", "access", "log")["entries"]
    assert {(entry["actor"], entry["app"]) for entry in log if entry["app"]} == \
        {(world.min, "Growth chart (chart)")}
    shown = world.run("access", "log", "--as", "ada.json", *OPERATOR).stdout
    assert ", through app Growth chart (chart)" in shown
    chinese = world.run("access", "log", "--lang", "zh", "--as", "ada.json", *OPERATOR).stdout
    assert ",经应用 Growth chart (chart)" in chinese

    world.act("city", "smart", "client", "remove", "chart")
    assert browser.open(base + "/Observation/bp-1", token=token)[0] == 401


def test_whoever_has_a_password_is_seen_as_themselves(world):
    (world.folder / "password").write_text("correct horse battery\n")
    world.act("city", "smart", "account", "add", "min-desk", "--password-file", "password",
              "--did", world.min)
    (world.folder / "desk.json").write_text(json.dumps({
        "client_id": "desk", "client_name": "Desk", "redirect_uris": [BACK],
        "scope": "openid user/*.rs"}))
    world.act("city", "smart", "client", "add", "desk.json")
    browser = Browser()
    base = world.url + "/fhir"
    verifier = base64.urlsafe_b64encode(os.urandom(40)).decode().rstrip("=")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()
    oauth = f"{world.url}/o/{world.city.removeprefix('did:xinglin:')}/oauth"
    login = browser.open(oauth + "/authorize?" + urllib.parse.urlencode({
        "response_type": "code", "client_id": "desk", "redirect_uri": BACK, "state": "x",
        "scope": "openid user/*.rs", "aud": base, "code_challenge": challenge.rstrip("="),
        "code_challenge_method": "S256"}))[1]["Location"]
    # Whoever guesses is stopped where they are, and locks nobody out who is elsewhere.
    right = {"name": "min-desk", "password": "correct horse battery"}
    for _ in range(5):
        assert browser.open(login + "/password", {**right, "password": "a guess or two"})[0] == 303
    assert browser.open(login + "/password", right)[0] == 429
    place = urllib.parse.urlsplit(login)
    elsewhere = http.client.HTTPConnection(place.netloc, source_address=("127.0.0.2", 0))
    elsewhere.request("POST", place.path + "/password", urllib.parse.urlencode(right), {
        "Cookie": browser.cookie, "Content-Type": "application/x-www-form-urlencoded"})
    consent = elsewhere.getresponse().getheader("Location")
    elsewhere.close()
    back = urllib.parse.parse_qs(urllib.parse.urlsplit(
        browser.open(consent, {"decision": "allow"})[1]["Location"]).query)
    tokens = json.loads(browser.open(oauth + "/token", {
        "grant_type": "authorization_code", "client_id": "desk", "code": back["code"][0],
        "redirect_uri": BACK, "code_verifier": verifier})[2])
    token = tokens["access_token"]
    # The issuer is the base that the app named, for whoever asks.
    told = json.loads(browser.open(oauth + "/introspect", {"token": token, "client_id": "desk"})[2])
    payload = tokens["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert told["iss"] == claims["iss"] == base
    assert told["sub"] == claims["sub"] == world.min
    assert browser.open(base + "/Observation/bp-1", token=token)[0] == 200
    assert browser.open(base + "/Observation/bp-2", token=token)[0] == 403  # not min's
    seen = [entry for entry in world.act("ada", "access", "log")["entries"]
            if entry["app"] == "Desk (desk)" and entry["action"] == "read"]
    assert [entry["actor"] for entry in seen] == [world.min]
    assert seen[0]["stated"] == f"{world.min}, account min-desk, by password"
    assert not seen[0]["by_machine"] and seen[0]["roles"]
    # Anybody can check that the organisation spoke for this person, at its own records.
    verify = ("access", "verify", seen[0]["sequence"])
    deadline = time.monotonic() + 90  # a root is anchored within a minute
    while world.act("ada", *verify, code=None).get("error", {}).get("code") == "XL3048":
        assert time.monotonic() < deadline
        time.sleep(1)
    proven = world.act("ada", *verify)
    assert proven["verified"] is True and proven["requester"] == world.min
    assert proven["stated"] == seen[0]["stated"]
    shown = world.run(*verify, "--as", "ada.json", *OPERATOR).stdout
    assert "is the organisation's word" in shown
    world.act("city", "smart", "client", "remove", "desk")


def test_accounts_are_kept_and_removed(world):
    (world.folder / "password").write_text("correct horse battery\n")
    world.run("smart", "account", "add", "ward7", "--as", "city.json", *OPERATOR, code=2)
    refused = world.run("smart", "account", "add", "ward7", "--password-file", "password",
                        "--did", world.city, "--as", "city.json", *OPERATOR, code=1)
    assert "XL4228" in refused.stderr
    world.act("city", "smart", "account", "add", "ward7", "--password-file", "password",
              "--did", world.min)
    world.act("city", "smart", "account", "add", "ada", "--subject", "00u1", "--did", world.ada)
    named = {one["name"]: one for one in world.act("city", "smart", "account", "list")["accounts"]}
    assert named["ward7"]["has_password"] and not named["ada"]["has_password"]
    assert (named["ward7"]["did"], named["ada"]["did"]) == (world.min, world.ada)
    kept = b"".join(path.read_bytes() for path in (world.folder / "data" / "smart").iterdir())
    assert b"ward7" not in kept and b"00u1" not in kept  # encrypted at rest
    world.stop()
    world.url = ""
    world.start()
    assert len(world.act("city", "smart", "account", "list")["accounts"]) == 3
    world.act("city", "smart", "account", "remove", "ward7")
    world.run("smart", "account", "remove", "ward7", "--as", "city.json", *OPERATOR, code=6)


def test_a_record_opens_an_app(world):
    launch = world.act("city", "smart", "launch", "--patient", "ada")["launch"]
    assert len(launch) == 43
    world.run("smart", "launch", "--patient", "nobody", "--as", "city.json", *OPERATOR, code=1)
    more = world.act("city", "smart", "launch", "--patient", "ada", "--encounter", "visit-1",
                     "--context", "Observation/bp-1")
    assert len(more["launch"]) == 43
    world.run("smart", "launch", "--patient", "ada", "--context", "Observation/bp-2", "--as",
              "city.json", *OPERATOR, code=1)


def assertion(key, challenge, origin):
    """What a browser answers with a passkey for localhost."""
    data = hashlib.sha256(b"localhost").digest() + b"\x05" + bytes(4)
    client = json.dumps({"type": "webauthn.get", "origin": origin, "crossOrigin": False,
                         "challenge": base64.urlsafe_b64encode(
                             base64.b64decode(challenge)).decode().rstrip("=")}).encode()
    signature = key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
    return {"authenticator_data": base64.b64encode(data).decode(),
            "client_data": base64.b64encode(client).decode(),
            "signature": base64.b64encode(signature).decode()}


def test_a_passkey_is_added_listed_and_ended(world):
    local = world.url.replace("127.0.0.1", "localhost")
    start = f"{local}/o/{world.city.removeprefix('did:xinglin:')}/oauth/passkey"
    browser = Browser()
    status, headers, page = browser.open(start)
    assert status == 200 and "Make a passkey" in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "创建通行密钥" in browser.open(start + "?lang=zh")[2]
    status, _, refused = browser.open(start + "/begin", sent={"did": world.city})
    assert status == 401 and json.loads(refused)["code"] == "XL4053"
    begun = json.loads(browser.open(start + "/begin", sent={"did": world.min})[2])
    assert begun["rp_id"] == "localhost"
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(serialization.Encoding.X962,
                                          serialization.PublicFormat.CompressedPoint)
    asked = json.loads(browser.open(begun["address"] + "/key", sent={
        "public_key": base64.b64encode(point).decode()})[2])
    shown = json.loads(browser.open(begun["address"] + "/proof", sent=assertion(
        key, asked["challenge"], local))[2])
    assert shown["command"].startswith(f"xinglin identity add-passkey {shown['code']} --node ")
    state = begun["address"] + "/state"
    assert json.loads(browser.open(state)[2]) == {"added": False}

    code = shown["code"]
    world.doctor("eve", "city", world.city)
    world.run("identity", "add-passkey", code, "--as", "eve.json", *OPERATOR, code=5)
    world.run("identity", "add-passkey", "BBBB-BBBB", "--as", "min.json", *OPERATOR, code=6)
    world.run("identity", "add-passkey", code, "--dry-run", "--as", "min.json", *OPERATOR)
    assert json.loads(browser.open(state)[2]) == {"added": False}
    told = world.run("identity", "add-passkey", code.lower(), "--as", "min.json", *OPERATOR)
    assert "whatever this key can" in told.stderr and told.stdout.strip() == shown["key_id"]
    assert json.loads(browser.open(state)[2]) == {"added": True}
    world.run("identity", "add-passkey", code, "--as", "min.json", *OPERATOR, code=None)

    keys = {one["key_id"]: one for one in world.act("min", "identity", "show")["keys"]}
    assert keys[shown["key_id"]]["kind"] == "passkey" and len(keys) == 2
    listed = world.run("identity", "show", "--as", "min.json", *OPERATOR).stdout
    assert f"{shown['key_id']} at localhost" in listed and "of this file" in listed
    world.act("min", "identity", "revoke", shown["key_id"])
    assert json.loads(browser.open(state)[2]) == {"added": False}
    assert len(world.act("min", "identity", "show")["keys"]) == 1
