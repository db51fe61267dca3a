# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: an organisation lets an app in by the command line, a clinician approves it from the
machine with their key, and the app reads what both allow, no more. Method: the real binary; this
test is the app and the browser."""

import base64
import hashlib
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

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

    def open(self, url, form=None, token=None):
        headers = {"Cookie": self.cookie, "Accept-Language": "en"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = urllib.parse.urlencode(form).encode() if form is not None else None
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
    assert browser.open(base + "/Observation/bp-2", token=token)[0] == 403
    assert browser.open(world.url + "/auth/v1/whoami", token=token)[0] == 403

    world.act("city", "smart", "client", "remove", "chart")
    assert browser.open(base + "/Observation/bp-1", token=token)[0] == 401


def test_accounts_are_kept_and_removed(world):
    (world.folder / "password").write_text("correct horse battery\n")
    world.act("city", "smart", "account", "add", "ward7", "--password-file", "password",
              "--fhir-user", "Practitioner/7")
    world.act("city", "smart", "account", "add", "ada", "--subject", "00u1")
    named = {one["name"]: one for one in world.act("city", "smart", "account", "list")["accounts"]}
    assert named["ward7"]["has_password"] and not named["ada"]["has_password"]
    kept = b"".join(path.read_bytes() for path in (world.folder / "data" / "smart").iterdir())
    assert b"ward7" not in kept and b"00u1" not in kept  # encrypted at rest
    world.stop()
    world.url = ""
    world.start()
    assert len(world.act("city", "smart", "account", "list")["accounts"]) == 2
    world.act("city", "smart", "account", "remove", "ward7")
    world.run("smart", "account", "remove", "ward7", "--as", "city.json", *OPERATOR, code=6)


def test_a_record_opens_an_app(world):
    launch = world.act("city", "smart", "launch", "--patient", "ada")["launch"]
    assert len(launch) == 43
    world.run("smart", "launch", "--patient", "nobody", "--as", "city.json", *OPERATOR, code=1)
