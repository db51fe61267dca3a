// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// What fhir-kit-client can do with our server. XL_BASE: the FHIR base; XL_TOKEN: a bearer token.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { CapabilityTool, Client } from "fhir-kit-client";

const client = new Client({ baseUrl: process.env.XL_BASE, bearerToken: process.env.XL_TOKEN });
let patient;

const pulse = (value) => ({
  resourceType: "Observation",
  status: "final",
  code: { coding: [{ system: "http://loinc.org", code: "8867-4" }] },
  subject: { reference: `Patient/${patient.id}` },
  effectiveDateTime: "2026-11-20T08:00:00+08:00",
  valueQuantity: { value, unit: "/min", system: "http://unitsofmeasure.org", code: "/min" },
});

async function refused(promise, status, code) {
  const error = await promise.then(() => assert.fail("it was not refused"), (told) => told);
  assert.equal(error.response?.status, status, String(error));
  assert.equal(error.response.data.resourceType, "OperationOutcome");
  assert.equal(error.response.data.issue[0].code, code);
  return error.response.data;
}

before(async () => {
  patient = await client.create({
    resourceType: "Patient",
    body: { resourceType: "Patient", active: true, name: [{ family: "Müller", given: ["李"] }] },
  });
});

test("capability statement", async () => {
  const tool = new CapabilityTool(await client.capabilityStatement());
  assert.ok(tool.serverCan("transaction") && tool.serverCan("batch"));
  assert.ok(tool.resourceCan("Patient", "read") && tool.resourceCan("Observation", "search-type"));
  assert.ok(tool.resourceSearch("Observation", "code"));
});

test("create and read", async () => {
  assert.match(patient.id, /^[A-Za-z0-9.-]{1,64}$/);
  assert.equal(patient.meta.versionId, "1");
  const { response } = Client.httpFor(patient);
  assert.equal(response.status, 201);
  assert.ok(response.headers.get("location").endsWith(`Patient/${patient.id}/_history/1`));
  assert.deepEqual(await client.read({ resourceType: "Patient", id: patient.id }), patient);
});

test("a relative reference and one in a resource are resolved", async () => {
  const found = await client.resolve({ reference: `Patient/${patient.id}` });
  assert.deepEqual(found, patient);
  const absolute = `${process.env.XL_BASE}/Patient/${patient.id}`;
  assert.deepEqual(await client.resolve({ reference: absolute }), patient);
});

test("update, patch and vread", async () => {
  const updated = await client.update({
    resourceType: "Patient",
    id: patient.id,
    body: { ...patient, active: false },
    options: { headers: { "If-Match": 'W/"1"' } },
  });
  assert.equal(updated.meta.versionId, "2");
  const stale = client.update({
    resourceType: "Patient",
    id: patient.id,
    body: patient,
    options: { headers: { "If-Match": 'W/"1"' } },
  });
  await refused(stale, 412, "conflict");
  const patched = await client.patch({
    resourceType: "Patient",
    id: patient.id,
    jsonPatch: [{ op: "replace", path: "/active", value: true }],
  });
  assert.equal(patched.active, true);
  const first = await client.vread({ resourceType: "Patient", id: patient.id, version: "1" });
  assert.deepEqual(first, patient);
});

test("history of a resource, of a type and of all", async () => {
  const one = await client.history({ resourceType: "Patient", id: patient.id });
  assert.deepEqual(one.entry.map((entry) => entry.resource.meta.versionId), ["3", "2", "1"]);
  assert.equal((await client.history({ resourceType: "Patient" })).type, "history");
  assert.ok((await client.history()).entry.length >= 3);
});

test("searches and their pages", async () => {
  for (let i = 0; i < 5; ++i) {
    await client.create({ resourceType: "Observation", body: pulse(60 + i) });
  }
  const searchParams = { patient: patient.id, code: "http://loinc.org|8867-4", _count: 2 };
  let bundle = await client.search({ resourceType: "Observation", searchParams });
  assert.equal(bundle.total, 5);
  const seen = new Set();
  for (let pages = 1; bundle; ++pages) {
    assert.ok(pages <= 3);
    for (const entry of bundle.entry) seen.add(entry.resource.id);
    bundle = await client.nextPage({ bundle });
  }
  assert.equal(seen.size, 5);
  const posted = await client.search({
    resourceType: "Patient",
    searchParams: { family: "müll" },
    options: { postSearch: true },
  });
  assert.equal(posted.entry[0].resource.id, patient.id);
});

test("batch", async () => {
  const entry = (method, url, resource) => ({ request: { method, url }, resource });
  const bundle = await client.batch({
    body: {
      resourceType: "Bundle",
      type: "batch",
      entry: [
        entry("GET", `Patient/${patient.id}`),
        entry("GET", "Patient/nobody"),
        entry("POST", "Observation", pulse(80)),
      ],
    },
  });
  assert.equal(bundle.type, "batch-response");
  assert.deepEqual(bundle.entry.map((one) => one.response.status.slice(0, 3)),
    ["200", "404", "201"]);
  assert.equal(bundle.entry[1].response.outcome.resourceType, "OperationOutcome");
});

test("transaction", async () => {
  const fullUrl = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";
  const entry = [
    {
      fullUrl,
      request: { method: "POST", url: "Patient" },
      resource: { resourceType: "Patient", name: [{ text: "Ada" }] },
    },
    {
      request: { method: "POST", url: "Observation" },
      resource: { ...pulse(70), subject: { reference: fullUrl } },
    },
  ];
  const body = { resourceType: "Bundle", type: "transaction", entry };
  const done = await client.transaction({ body });
  assert.equal(done.type, "transaction-response");
  const [who, what] = done.entry.map((one) => one.response.location);
  const kept = await client.resolve({ reference: what.replace(/\/_history\/.*/, "") });
  assert.ok(who.includes(kept.subject.reference));
  const wrong = structuredClone(body);
  wrong.entry[1].resource.status = "unheard-of";
  const told = await refused(client.transaction({ body: wrong }), 422, "code-invalid");
  assert.match(told.issue[0].expression[0], /^Bundle\.entry\[1\]\.resource.*status$/);
});

test("operations", async () => {
  const everything = await client.operation({
    name: "everything",
    resourceType: "Patient",
    id: patient.id,
    method: "GET",
  });
  assert.ok(everything.entry.length >= 6);
  const outcome = await client.operation({
    name: "$validate",
    resourceType: "Observation",
    input: pulse(60),
  });
  assert.equal(outcome.resourceType, "OperationOutcome");
});

test("what is refused says so", async () => {
  await refused(client.read({ resourceType: "Patient", id: "nobody" }), 404, "not-found");
  const body = { ...pulse(60), status: undefined };
  const told = await refused(client.create({ resourceType: "Observation", body }), 422, "required");
  assert.equal(told.issue[0].expression[0], "Observation.status");
  const stranger = new Client({ baseUrl: process.env.XL_BASE });
  await refused(stranger.read({ resourceType: "Patient", id: patient.id }), 401, "login");
});

test("delete", async () => {
  const { id } = await client.create({ resourceType: "Observation", body: pulse(99) });
  await client.delete({ resourceType: "Observation", id });
  await refused(client.read({ resourceType: "Observation", id }), 410, "deleted");
  await client.delete({ resourceType: "Observation", id });
  await client.delete({ resourceType: "Observation", id: "never-was" });
});
