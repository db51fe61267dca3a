// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// An app of a few lines on SMART's own client library. XL_PORT: where it listens; XL_ISS: the FHIR
// server it starts alone with. /launch takes what a record system sends, /start begins alone,
// /back is where the authorization ends; it answers what the library then can do.
import { createServer } from 'node:http';
import smart from 'fhirclient';

const kept = new Map();
const storage = {
  get: async (key) => kept.get(key),
  set: async (key, value) => kept.set(key, value) && value,
  unset: async (key) => kept.delete(key),
};
const app = {
  clientId: 'chart',
  redirectUri: `http://127.0.0.1:${process.env.XL_PORT}/back`,
  pkceMode: 'required',
};

async function show(client) {
  const patient = await client.patient.read();
  const found = await client.request(`Observation?patient=${client.patient.id}`, { flat: true });
  const before = client.state.tokenResponse.access_token;
  await client.refresh();
  const again = await client.patient.read();
  return {
    patient: patient.id,
    observations: found.map(({ id }) => id),
    refreshed: before !== client.state.tokenResponse.access_token && again.id === patient.id,
    user: client.user.id,
  };
}

async function answer(request, response) {
  const it = smart(request, response, storage);
  const { pathname } = new URL(request.url, app.redirectUri);
  if (pathname === '/launch') {
    await it.authorize({ ...app, scope: 'launch openid fhirUser patient/*.rs online_access' });
  } else if (pathname === '/start') {
    const scope = 'launch/patient openid fhirUser patient/*.rs online_access';
    await it.authorize({ ...app, scope, iss: process.env.XL_ISS });
  } else {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(await show(await it.ready())));
  }
}

createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error.stack));
  });
}).listen(Number(process.env.XL_PORT), '127.0.0.1', () => process.stdout.write('ready\n'));
