# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: other people's FHIR R4 resources are created and read back equal, element by element and
digit by digit; what is wrong is refused with an OperationOutcome that names the element. Method:
every file through HTTP to a real node whose patients are those that the file speaks of; where we
answer otherwise than the independent validators, disagreements.tsv says why, and holds no more."""

import pytest

import examples

needs_data = pytest.mark.skipif(not (examples.SHARED / "fhir").is_dir(),
                                reason="skipped: ../shared/data not found")


# Refused for something that is no element.
WITHOUT_ELEMENT = {
    "fhir/ms-fhir-server/Normative__Bundle-Batch.json": "an If-Match of no form",
    "fhir/ms-fhir-server/Normative__Bundle-BatchWithDuplicatedItems.json":
        "an operation that is not built",
    "fhir/ms-fhir-server/Normative__MoneyWithWrongDecimal.json": "a data type is no resource"}


class Visit:
    """One file's stay at the server: what it needed and left is deleted behind it."""

    def __init__(self, server):
        self.server, self.kept = server, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in reversed(self.kept):
            kept = name.startswith("AuditEvent/")  # what was reported stays
            assert self.server.ask("DELETE", name).status == (409 if kept else 204), name

    def admit(self, resource, brought=()):
        """The patients whom a resource is about, as a hospital has them before; not those whom it
        brings itself."""
        patients = {one["reference"].split("/_history/")[0] for one in
                    examples.references(resource)}
        for name in sorted(patients - set(brought)):
            if not name.startswith("Patient/") or len(name.split("/")) != 2:
                continue
            answer = self.server.ask("PUT", name, {
                "resourceType": "Patient", "id": name.removeprefix("Patient/")})
            if answer.status == 201:
                self.kept.append(name)

    def keep(self, location):
        name = "/".join(location.split("/_history/")[0].split("/")[-2:])
        self.kept.append(name)
        return name

    def create(self, resource):
        """Its refusal, or nothing when it was created and is read back equal."""
        if resource["resourceType"] != "Bundle":
            self.admit(resource)
        answer = self.server.ask("POST", resource["resourceType"], examples.written(resource))
        if answer.status != 201:
            return answer
        self.check(self.keep(answer.headers["Location"]), resource)
        return None

    def check(self, name, wanted):
        read = self.server.ask("GET", name)
        assert read.status == 200, name
        assert examples.without_our_own(examples.parsed(read.body)) == \
            examples.without_our_own(wanted), name

    def process(self, bundle):
        """The same for a transaction or batch: every resource that an entry writes."""
        self.admit(bundle, [name for entry in bundle.get("entry", []) for name in
                            (entry.get("fullUrl"), entry.get("request", {}).get("url"))])
        answer = self.server.ask("POST", "", examples.written(bundle))
        if answer.status != 200:
            return answer
        names, checks = {}, {}  # of several writes of one record the last one counts
        for sent, told in zip(bundle.get("entry", []), answer.json.get("entry", []), strict=True):
            if told["response"]["status"][:2] == "20" and "location" in told["response"]:
                name = self.keep(told["response"]["location"])
                names[sent.get("fullUrl", name)] = name
                checks.pop(name, None)
                if sent["request"]["method"] == "PUT" or told["response"]["status"] == "201":
                    checks[name] = sent["resource"]
            elif told["response"]["status"][0] != "2":
                return answer
        for name, wanted in checks.items():
            self.check(name, examples.linked(wanted, names))
        return None


def refusal_of(server, text):
    """How the server refuses a file; nothing when it takes it and gives it back unchanged."""
    try:
        resource = examples.parsed(text)
        kind = resource["resourceType"]
    except (ValueError, KeyError, TypeError):
        return server.ask("POST", "Patient", text.encode())
    with Visit(server) as visit:
        if kind == "Bundle" and resource.get("type") in ("batch", "transaction"):
            return visit.process(resource)
        return visit.create(resource)


def why(answer):
    """The first words of a refusal."""
    outcome = answer.json
    if outcome["resourceType"] == "Bundle":
        outcome = next(one["response"]["outcome"] for one in outcome["entry"]
                       if one["response"]["status"][0] != "2")
    issue = outcome["issue"][0]
    assert issue["severity"] in ("error", "fatal") and issue["diagnostics"], issue
    return issue


@needs_data
def test_what_is_valid_is_kept_as_it_came_and_what_is_not_is_refused(server):
    reasons = examples.disagreements()
    listed = set().union(*reasons.values())
    wrong, disagreed, count = [], set(), 0
    for path, valid in examples.verdicts().items():
        count += 1
        text = (examples.SHARED / path).read_bytes().decode("utf-8-sig")
        refused = refusal_of(server, text)
        if refused is not None:
            issue = why(refused)
            # What is no JSON has no elements: the byte is named.
            named = "expression" in issue or "at byte" in issue["diagnostics"]
            if not valid and not named and path not in WITHOUT_ELEMENT:
                wrong.append((path, "names no element: " + issue["diagnostics"]))
        if (refused is None) != valid:
            disagreed.add(path)
            if path not in listed:
                wrong.append((path, "refused: " + why(refused)["diagnostics"] if refused else
                              "accepted"))
    assert not wrong, "\n".join(map(str, wrong))
    assert count >= 900
    stale = set(reasons["server"]) - disagreed
    assert not stale, f"the list holds what is no disagreement any more: {stale}"
    print(f"{count} files, {count - len(disagreed)} as the validators say")
