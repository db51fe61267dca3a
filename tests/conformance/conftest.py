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
