# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: whatever anybody sends to any address of the API gets an answer of the form that the
OpenAPI description tells, never a failure of the server. Method: schemathesis makes requests from
the description, sound and broken ones, and judges the answers; its seed is fixed."""

import json
import os
import subprocess

import outside

SEED = 20261123
EXAMPLES = 200 if os.environ.get("XL_FULL") else 12  # of each operation
# What other nodes send is bytes to everybody else.
HOOKS = """import schemathesis
schemathesis.serializer.alias(["application/vnd.xinglin.peer"], "application/octet-stream")
"""
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_schema_conformance", "response_headers_conformance", "unsupported_method",
          "allow_header_conformance"]


def test_every_answer_is_as_described(server):
    python = outside.python_with("schemathesis")
    api = server.node.get("/api/openapi.json")[2]
    (server.folder / "openapi.json").write_text(api)
    (server.folder / "envelopes.py").write_text(HOOKS)
    # A stream of events has no end, and a sign-out would be everybody's.
    done = subprocess.run(
        [python.parent / "schemathesis", "run", "openapi.json", "--url", server.node.url,
         "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--seed", str(SEED),
         "--max-examples", str(EXAMPLES), "--exclude-path", "/ledger/v1/events",
         "--exclude-operation-id", "delete_auth_v1_tokens", "--header",
         f"Authorization: Bearer {server.token}", "--header", "Accept: */*",
         "--request-timeout", "20", "--continue-on-failure", "--suppress-health-check", "all",
         "--no-color", "--warnings", "off"],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "envelopes"}, cwd=server.folder,
        capture_output=True, text=True, timeout=280 if EXAMPLES < 50 else 3000)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert json.loads(server.node.get("/health")[2])["status"] == "ok"
