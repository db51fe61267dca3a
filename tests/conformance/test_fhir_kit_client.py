# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: JavaScript's FHIR client does everything with our server. Method: fhir-kit-client, by its
own interface (fhir_kit_client/client.test.mjs), against a real node."""

import os
import re
import subprocess

import outside


def test_fhir_kit_client_does_all_of_it(server):
    folder = outside.npm_folder("fhir_kit_client")
    done = subprocess.run(["node", "--test", "--test-reporter=tap", "client.test.mjs"], cwd=folder,
                          env={**os.environ, "XL_TOKEN": server.token, "XL_BASE": server.url},
                          capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"^# pass (\d+)", done.stdout, re.MULTILINE).group(1)) >= 10, done.stdout
