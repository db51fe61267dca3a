// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  XinglinError, readGenesis, verifyCheckpoint, verifyCoseReceipt, verifyReceipt,
} from "../src/index.js";
import { toHex, utf8 } from "../src/bytes.js";
import { limits } from "../src/limits.js";
import {
  checkpointCases, coseVerdict, readVectors, repositoryFile, sweep as sweepBytes, verdict,
} from "./vectors.js";

// Goal: this verifier and the one in C++ say the same of the same text. Method: the recorded
// receipts and their alterations, every byte of two of them changed, and documents at the bounds.

const { cases, sweeps, coses } = readVectors();

test("every recorded receipt and alteration gets its verdict", () => {
  assert.ok(cases.length > 800);
  for (const one of cases) {
    assert.equal(verdict(one.text, one.genesis), one.expected, one.name);
  }
});

test("every byte changed gets the verdict that C++ gives", () => {
  assert.ok(sweeps.length >= 2);
  for (const sweep of sweeps) {
    const text = utf8(sweep.text);
    const runs = sweepBytes(text, sweep.xor, () => verdict(text, sweep.genesis));
    assert.deepEqual(runs, sweep.verdicts, sweep.name);
  }
});

test("every COSE receipt, and every byte of it changed, gets its verdict", () => {
  assert.ok(coses.length >= 7);
  for (const one of coses) {
    assert.equal(coseVerdict(one.bytes, one), one.expected, one.name);
    const runs = sweepBytes(one.bytes, 1, () => coseVerdict(one.bytes, one));
    assert.deepEqual(runs, one.verdicts, one.name);
  }
});

test("a COSE receipt says who states what", () => {
  const one = coses.find((each) => each.name === "by a founder")!;
  const statement = verifyCoseReceipt(one.bytes, one.genesis);
  const paper = JSON.parse(cases.find((each) => each.name.startsWith("paper"))!.text);
  assert.equal(statement.transactionId, paper.entry.transaction_id);
  assert.equal(statement.resultDigest, paper.entry.result_digest);
  assert.equal(statement.historyRoot, paper.history_root);
  assert.equal(statement.signer.name, "Golden north");
  assert.deepEqual(
    [statement.height, statement.index, statement.envelopeIndex, statement.status],
    [41n, 2, 7, 2301],
  );
});

test("a receipt says what it proves", () => {
  const one = cases.find((each) => each.name.startsWith("paper"))!;
  const proof = verifyReceipt(one.text, one.genesis);
  const given = JSON.parse(one.text);
  assert.equal(proof.chainId, "paper");
  assert.equal(proof.signedHeight, 42n);
  assert.equal(proof.signedTime, given.block.signed_header.header.time);
  assert.equal(proof.validators, 4);
  assert.equal(proof.signatures, 3); // the fifth did not vote
  assert.deepEqual(proof.signedBy.map((signer) => signer.power), [30n, 30n, 10n]);
  const transaction = proof.transaction!;
  assert.equal(transaction.id, given.entry.transaction_id);
  assert.equal(transaction.height, 41n);
  assert.equal(transaction.status, 2301);
  assert.deepEqual(
    transaction.signers.map((signer) => signer.algorithm),
    ["ed25519", "p256", "webauthn_p256"],
  );
  assert.deepEqual(
    transaction.signers.map((signer) => toHex(signer.publicKey)),
    given.signers.map((signer: { public_key: string }) => signer.public_key),
  );
  assert.equal(toHex(proof.state!.key), given.state.key);
  assert.equal(proof.state!.value, null);
});

test("the receipts of the formats verify", () => {
  const file = (name: string): string => repositoryFile(`src/model/tests/vectors/${name}`);
  const genesis = readGenesis(file("genesis.json"));
  for (const [name, height] of [["receipt.json", 2n], ["receipt-trust-path.json", 42n]] as const) {
    const proof = verifyReceipt(file(name), genesis);
    assert.deepEqual([proof.transaction!.status, proof.signedHeight], [2207, height]);
  }
});

test("every verdict on checkpoints is reached", () => {
  const given = checkpointCases();
  assert.ok(given.length >= 25);
  for (const one of given) assert.equal(one.given, one.expected, one.name);
});

test("a checkpoint says what it attests", () => {
  const file = (name: string): string => repositoryFile(`src/model/tests/vectors/${name}.json`);
  const genesis = readGenesis(file("genesis"));
  const proof = verifyCheckpoint(file("checkpoint-31"), genesis, [file("checkpoint-20")]);
  assert.deepEqual([proof.height, proof.validators, proof.network], [31n, 3, genesis.networkId]);
  assert.deepEqual([proof.signedWeight, proof.totalWeight], [3, 3]);
  assert.deepEqual(proof.signedBy, proof.members.map((member) => member.organisation));
});

test("an error carries its number, its name and what to do", () => {
  const one = cases.find((each) => each.expected === "commit_power_insufficient")!;
  assert.throws(
    () => verifyReceipt(one.text, one.genesis),
    (error: unknown) =>
      error instanceof XinglinError && error.code === "XL1228" && error.isAlteration &&
      error.errorName === "commit_power_insufficient" && error.fix !== "",
  );
});

test("a receipt over its bound is refused before it is read", () => {
  const { text, genesis } = cases[0]!;
  const room = limits.receiptBytesMax - text.length;
  assert.equal(verdict(text + " ".repeat(room), genesis), "ok");
  assert.equal(verdict(text + " ".repeat(room + 1), genesis), "json_too_large");
});

test("a genesis that is none is refused with its code", () => {
  const line = repositoryFile("tests/golden/receipts.jsonl").split("\n")[0]!;
  const text: string = JSON.parse(line).text;
  const refused = (document: string, name: string): void => {
    assert.throws(
      () => readGenesis(document),
      (error: unknown) => error instanceof XinglinError && error.errorName === name,
      document.slice(0, 60),
    );
  };
  refused("", "json_invalid");
  refused("[]", "genesis_malformed");
  refused(text.replace('"initial_height"', '"initial_depth"'), "genesis_malformed");
  refused(text.replace('"max_gas"', '"min_gas"'), "genesis_malformed");
  refused(text.replace('"validators"', '"x"'), "genesis_malformed");
  refused(text.replace('"suite"', '"sweet"'), "genesis_malformed");
  refused(text.replace("8c9671ad", "8C9671AD"), "genesis_malformed");
  refused("\ud800", "json_invalid");
});
