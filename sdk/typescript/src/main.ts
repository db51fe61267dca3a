#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { toHex } from "./bytes.js";
import { XinglinError } from "./errors.js";
import { readGenesis, verifyReceipt, type Proof } from "./index.js";
import { limits } from "./limits.js";

const usage = "usage: xinglin-verify RECEIPT --genesis GENESIS [--json]";
/** docs/reference/cli.md, "Exit codes". */
const exits = { done: 0, failed: 1, wrongUsage: 2, altered: 3, notFound: 6, inputInvalid: 9 };

function readFile(path: string, bytesMax: number): Uint8Array {
  try {
    if (statSync(path).size > bytesMax) throw new XinglinError("file_too_large");
    return readFileSync(path);
  } catch (error) {
    if (error instanceof XinglinError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new XinglinError(missing ? "file_missing" : "file_unreadable");
  }
}

/** The same members as `xinglin verify --json`. */
function proofAsJson(proof: Proof): string {
  const { transaction, state } = proof;
  return JSON.stringify({
    schema: "xinglin/verification/v1",
    verified: true,
    chain_id: proof.chainId,
    signed_height: String(proof.signedHeight),
    signed_time: proof.signedTime,
    signatures: proof.signatures,
    transaction_id: transaction?.id ?? null,
    ...(transaction && { height: String(transaction.height), status: transaction.status }),
    state_key: state ? toHex(state.key) : null,
    ...(state && { state_present: state.value !== null }),
    format: "json",
    signer: null,
  });
}

function proofAsText(proof: Proof): string {
  const { transaction, state } = proof;
  const lines: string[] = [];
  if (transaction) {
    const { id, height, status } = transaction;
    lines.push(`✓ Transaction ${id} was executed at height ${height} with status ${status}`);
  }
  if (state) {
    const held = state.value === null ? "held nothing" : "held the value given";
    lines.push(`✓ State key ${toHex(state.key)} ${held}`);
  }
  lines.push(`  network  ${proof.chainId}`);
  lines.push(`  signed   height ${proof.signedHeight}, ${proof.signedTime}`);
  lines.push(`  by       ${proof.signatures} of ${proof.validators} validators`);
  return lines.join("\n");
}

function exitOf(error: XinglinError): number {
  if (error.isAlteration) return exits.altered;
  if (error.errorName === "file_missing") return exits.notFound;
  return error.errorName.startsWith("file_") ? exits.failed : exits.inputInvalid;
}

function main(): number {
  let given;
  try {
    given = parseArgs({
      allowPositionals: true,
      options: {
        genesis: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean" },
      },
    });
  } catch {
    console.error(usage);
    return exits.wrongUsage;
  }
  const { positionals, values } = given;
  if (values.help) {
    console.log(usage);
    return exits.done;
  }
  const [receipt] = positionals;
  if (receipt === undefined || positionals.length > 1 || values.genesis === undefined) {
    console.error(usage);
    return exits.wrongUsage;
  }
  try {
    const genesis = readGenesis(readFile(values.genesis, limits.genesisBytesMax));
    const proof = verifyReceipt(readFile(receipt, limits.receiptBytesMax), genesis);
    console.log(values.json ? proofAsJson(proof) : proofAsText(proof));
    return exits.done;
  } catch (error) {
    if (!(error instanceof XinglinError)) throw error;
    console.error(`✗ ${error.message} (${error.code})\n  fix: ${error.fix}`);
    return exitOf(error);
  }
}

process.exitCode = main();
