// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, fromHex, utf8 } from "../src/bytes.js";
import { verifyCommitSignature, verifySignature } from "../src/signatures.js";
import { repositoryFile, sharedFile } from "./vectors.js";

// Goal: signatures are judged by the network's rules and not by a library's. Method: the values of
// docs/reference/formats-crypto.md, the odd signatures of ed25519-speccheck, all points of small
// order, and Wycheproof's ECDSA cases.

const hex = (text: string): Uint8Array => fromHex(text) ?? assert.fail(text);

function documented(name: string): Uint8Array {
  const text = repositoryFile("docs/reference/formats-crypto.md");
  return hex(new RegExp(`^${name} = ([0-9a-f]+)$`, "m").exec(text)?.[1] ?? "x");
}

/** Behind the suite byte of suite 1. */
function strict(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return verifySignature(1, key, message, concat(Uint8Array.of(1), signature));
}

test("the documented signatures verify, and no byte of them can change", () => {
  for (const [prefix, algorithm] of [["ed25519", 1], ["p256", 2], ["webauthn", 3]] as const) {
    const key = documented(`${prefix}.public_key`);
    const message = documented(`${prefix}.message`);
    const signature = documented(`${prefix}.signature`);
    assert.ok(verifySignature(algorithm, key, message, signature), prefix);
    for (let i = 0; i < signature.length; i++) {
      signature[i]! ^= 1;
      assert.ok(!verifySignature(algorithm, key, message, signature), `${prefix} byte ${i}`);
      signature[i]! ^= 1;
    }
    for (const size of [0, 1, signature.length - 1]) {
      assert.ok(!verifySignature(algorithm, key, message, signature.subarray(0, size)));
    }
    for (const other of [0, 1, 2, 3, 4].filter((number) => number !== algorithm)) {
      assert.ok(!verifySignature(other, key, message, signature), `${prefix} as ${other}`);
    }
  }
});

test("points of small order sign for nobody but ZIP-215", () => {
  const encodings = repositoryFile("src/crypto/tests/ed25519_rules_test.cpp")
    .match(/"[0-9a-f]{64}"/g)!.slice(0, 14).map((text) => hex(text.slice(1, -1)));
  assert.equal(encodings.length, 14);
  for (const key of encodings) {
    for (const r of encodings) {
      const signature = concat(r, new Uint8Array(32));
      assert.ok(verifyCommitSignature(key, utf8("any"), signature));
      assert.ok(!strict(key, utf8("any"), signature));
      signature[32] = 1;
      assert.ok(!verifyCommitSignature(key, utf8("any"), signature));
    }
  }
});

const speccheck = sharedFile("crypto/ed25519-speccheck/cases.json");
const without = { skip: speccheck === undefined && "skipped: ../shared/data not found" };

test("the twelve published cases follow the table of formats-crypto.md §2", without, () => {
  const cases = JSON.parse(speccheck!);
  let byRule = "";
  let byZip215 = "";
  for (const { pub_key, message, signature } of cases) {
    byRule += strict(hex(pub_key), hex(message), hex(signature)) ? "+" : "-";
    byZip215 += verifyCommitSignature(hex(pub_key), hex(message), hex(signature)) ? "+" : "-";
  }
  assert.equal(byRule, "---+--------");
  assert.equal(byZip215, "++++++---+++");
});

test("Wycheproof's Ed25519 cases", without, () => {
  const { testGroups } = JSON.parse(sharedFile("crypto/wycheproof/ed25519_test.json")!);
  for (const group of testGroups) {
    const key = hex(group.publicKey.pk);
    for (const { tcId, msg, sig, result } of group.tests) {
      assert.equal(strict(key, hex(msg), hex(sig)), result === "valid", `tcId ${tcId}`);
      const lenient = result === "valid" || tcId === 151;
      assert.equal(verifyCommitSignature(key, hex(msg), hex(sig)), lenient, `tcId ${tcId}`);
    }
  }
});
