# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: SD-JWTs are understood by others, and theirs by us. Method: the reference implementation
(PyPI sd-jwt, pinned) verifies credentials that a node issued, whole and shown in part with key
binding, and refuses altered ones; what it issues, with decoys and hidden parts in each place, is
verified by the command line."""

import base64
import json
import pathlib
import subprocess

import outside

PROGRAM = pathlib.Path(__file__).parent / "sd_jwt_program.py"


def theirs(step, given, code=0):
    done = subprocess.run([outside.python_with("sd_jwt"), PROGRAM, step], text=True,
                          input=json.dumps(given), capture_output=True, timeout=60)
    assert (done.returncode == 0) == (code == 0), done.stdout + done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr


def issued(world):
    """A role that Mei holds, and the issuer's key as its DID document has it."""
    offer = world.act("city", "credential", "offer", "Role", "--claim", "role=nurse", "--claim",
                      "organisation_name=City", "--claim", "given_name=Mei")
    held = world.act("mei", "credential", "accept", offer["link"], "--code", offer["tx_code"])
    world.act("mei", "credential", "show", held["id"], "--out", "role.sd-jwt")
    text = (world.folder / "role.sd-jwt").read_text()
    document = world.json("identity", "resolve", world.did)["document"]
    head = text.split(".")[0]
    kid = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    [key] = [one["publicKeyJwk"] for one in document["verificationMethod"]
             if one["id"].rpartition("#")[2] == kid.rpartition("#")[2]]
    return text, key


def test_they_verify_what_we_issue(world):
    text, jwk = issued(world)
    claims = theirs("check", {"text": text, "jwk": jwk})["claims"]
    assert claims["role"] == "nurse" and claims["given_name"] == "Mei"
    assert claims["iss"] == world.did and "_sd" not in claims
    bare = text.split("~")[0] + "~"
    assert "given_name" not in theirs("check", {"text": bare, "jwk": jwk})["claims"]
    head, payload, signature = bare.rstrip("~").split(".")
    broken = signature[:-8] + ("AAAAAAAA" if not signature.endswith("AAAAAAAA") else "BBBBBBBB")
    theirs("check", {"text": f"{head}.{payload}.{broken}~", "jwk": jwk}, code=1)


def test_we_verify_what_they_issue(world):
    made = theirs("issue", {"show": {"given_name": True, "address": {"city": True},
                                     "nationalities": [False, True]}})
    (world.folder / "theirs.sd-jwt").write_text(made["text"])
    (world.folder / "issuer.json").write_text(json.dumps(made["jwks"]))
    verify = ("credential", "verify", "theirs.sd-jwt", "--issuer", "issuer.json")
    claims = world.json(*verify)["claims"]
    assert claims["given_name"] == "Zoë" and claims["open"] == 1
    assert claims["address"] == {"country": "AT", "city": "Linz"}
    assert claims["nationalities"] == ["DE"]
    less = theirs("issue", {"show": {}})
    (world.folder / "less.sd-jwt").write_text(less["text"])
    (world.folder / "issuer.json").write_text(json.dumps(less["jwks"]))
    claims = world.json("credential", "verify", "less.sd-jwt", "--issuer", "issuer.json")["claims"]
    assert "given_name" not in claims and "address" not in claims
    assert world.json(*verify, code=3)["error"]["code"] == "XL4401"  # another's key
