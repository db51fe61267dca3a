# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""What the tests of other people's clients and examples share: a hospital's FHIR server."""

import os
import pathlib
import sys

import pytest

os.umask(0o077)
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "acceptance"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from fhir_server import FhirServer
    running = FhirServer(tmp_path_factory.mktemp("hospital"))
    yield running
    running.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A hospital, City, with its identity file, and Mei, a physician."""
    from test_cli import OPERATOR, World
    folder = tmp_path_factory.mktemp("city")
    (folder / "operator.key").write_bytes(os.urandom(32))
    out = World(folder)
    out.found("City:hospital")
    out.start()
    one, = out.json("identity", "list")["organisations"]
    out.did = one["did"]
    source = folder / "data" / "keys" / f"{out.did.removeprefix('did:xinglin:')}.identity.json"
    (folder / "city.json").write_bytes(source.read_bytes())
    out.json("identity", "create", "Mei", "--kind", "practitioner", "--role", "physician",
             "--organisation", out.did, "--out", "mei.json", *OPERATOR)
    yield out
    out.stop()
