# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: the Java world's FHIR client, which checks a server's CapabilityStatement before its first
request, does everything with ours. Method: HAPI FHIR's client, by its own interface
(hapi/HapiClient.java), against a real node."""

import os
import subprocess

import outside

STEPS = ["capabilities", "create", "read", "update", "patch", "invalid", "transaction", "search",
         "history", "operations", "delete"]


def test_hapi_s_client_does_all_of_it(server):
    done = subprocess.run(["java", "-cp", outside.hapi_classpath(), "HapiClient", server.url],
                          env={**os.environ, "XL_TOKEN": server.token}, capture_output=True,
                          text=True, timeout=240)
    assert done.stdout.splitlines() == [f"ok {step}" for step in STEPS], done.stdout + done.stderr
