# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""A real node of one hospital, asked over HTTP by the hospital's own software."""

import http.client
import json
import os
import urllib.parse

from test_node import Node, SignedIn, run


class Answer:
    """What came back for one request."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def issues(self):
        """Severity, code, element and words of each issue of an OperationOutcome."""
        outcome = self.json
        assert outcome["resourceType"] == "OperationOutcome", outcome
        return [(one["severity"], one["code"], *one.get("expression", [None])[:1],
                 one.get("diagnostics", "")) for one in outcome["issue"]]


class FhirServer:
    """`url` is the FHIR base, `token` the bearer token of the hospital's software."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "operator.key").write_bytes(os.urandom(32))
        run("node", "init", "--data", "data", "--organisation", "North:hospital",
            "--operator-key", "operator.key", cwd=folder)
        self.node = Node(folder)
        self.signed_in = SignedIn(self.node, folder)
        self.signed_in.write()  # which signs in
        self.token = self.signed_in.server.token.removeprefix("Bearer ")
        self.url = self.node.url + "/fhir"
        self.connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(self.url).netloc, timeout=120)

    def ask(self, method, path, resource=None, **headers):
        """One request below the base; `resource`: a value or the bytes themselves. A header's name
        is written with `_`."""
        body = resource if isinstance(resource, bytes | None) else json.dumps(resource).encode()
        sent = {"Authorization": f"Bearer {self.token}",
                **({"Content-Type": "application/fhir+json"} if body else {}),
                **{name.replace("_", "-"): value for name, value in headers.items()}}
        url = path if path.startswith("http") else f"{self.url}/{path}"
        self.connection.request(method, url.removeprefix(self.node.url), body=body, headers=sent)
        answer = self.connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())

    def close(self):
        self.connection.close()
        self.signed_in.server.shutdown()
        self.signed_in.server.server_close()
        assert self.node.stop() == 0
