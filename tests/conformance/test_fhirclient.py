# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: an app on SMART's own client library is launched by a record system and starts alone, is
let in, reads what it was let to, and refreshes. Method: the library as the app
(fhirclient/app.mjs), a real node, this test as the browser and the record system."""

import json
import os
import re
import socket
import subprocess
import urllib.parse

import pytest

import outside
from test_cli import visit
from test_smart import Browser, world  # noqa: F401 (the fixture)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def app(world):  # noqa: F811
    folder = outside.npm_folder("fhirclient")
    port = free_port()
    (world.folder / "chart.json").write_text(json.dumps({
        "client_id": "chart", "client_name": "Growth chart",
        "redirect_uris": [f"http://127.0.0.1:{port}/back"],
        "scope": "openid fhirUser launch launch/patient patient/*.rs online_access"}))
    world.act("city", "smart", "client", "add", "chart.json")
    (world.folder / "password").write_text("correct horse battery\n")
    may = world.doctor("may", "city", world.city)
    world.put("city", {**visit(8, may), "subject": {"reference": "Patient/bob"}})
    for number, did in (("7", world.min), ("8", may)):
        world.put("city", {"resourceType": "Practitioner", "id": number, "identifier": [
            {"system": "urn:ietf:rfc:3986", "value": did}]})
    world.act("city", "smart", "account", "add", "ward8", "--password-file", "password",
              "--did", may)
    running = subprocess.Popen(["node", "app.mjs"], cwd=folder, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "XL_PORT": str(port),
                                    "XL_ISS": world.url + "/fhir"})
    assert running.stdout.readline() == "ready\n"
    yield f"http://127.0.0.1:{port}"
    running.terminate()
    running.wait()


def redirected(answer):
    status, headers, body = answer
    assert status in (302, 303), body
    return headers["Location"]


def begin(browser, url):
    """The login page to which an app's address leads, and the page itself."""
    login = redirected(browser.open(redirected(browser.open(url))))
    return login, browser.open(login)[2]


def shown(browser, consent, **choice):
    """Agrees; what the app then shows."""
    back = redirected(browser.open(consent, {"decision": "allow", **choice}))
    status, _, body = browser.open(back)
    assert status == 200, body
    # The library leads to the address without the code once more.
    return json.loads(body)


def test_a_record_system_launches_the_app(world, app):  # noqa: F811
    launch = world.act("min", "smart", "launch", "--patient", "ada")["launch"]
    browser = Browser()
    query = urllib.parse.urlencode({"iss": world.url + "/fhir", "launch": launch})
    login, page = begin(browser, f"{app}/launch?{query}")
    world.act("min", "smart", "approve", re.search(r"approve ([A-Z]{4}-[A-Z]{4}) ", page)[1])
    consent = json.loads(browser.open(login + "/state")[2])["next"]
    told = shown(browser, consent)
    assert told["patient"] == "ada" and told["observations"] == ["bp-1"]
    assert told["refreshed"] and told["user"] == "7"


def test_the_app_starts_alone(world, app):  # noqa: F811
    browser = Browser()
    login, _ = begin(browser, f"{app}/start")
    consent = redirected(browser.open(login + "/password", {
        "name": "ward8", "password": "correct horse battery"}))
    told = shown(browser, consent, patient="bob")
    assert told["patient"] == "bob" and told["observations"] == ["bp-2"]
    assert told["refreshed"] and told["user"] == "8"
