#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { toHex } from "./bytes.js";
import { isCheckpoint } from "./checkpoint.js";
import { beginsLikeCose } from "./cose.js";
import { XinglinError } from "./errors.js";
import {
  readGenesis, verifyCheckpoint, verifyCoseReceipt, verifyReceipt, type CheckpointProof,
  type Genesis, type Proof, type Statement,
} from "./index.js";
import { limits } from "./limits.js";

const usage =
  "usage: xinglin-verify RECEIPT --genesis GENESIS [--checkpoint FILE]... [--json]";
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

/** An RFC 3339 time with three digits behind the seconds, as the command line writes it. */
function milliseconds(time: string): string {
  const [whole, fraction = ""] = time.replace(/Z$/, "").split(".");
  return `${whole}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
}

/** The same members as `xinglin verify --json`. */
function proofAsJson(proof: Proof): string {
  const { transaction, state } = proof;
  return JSON.stringify({
    schema: "xinglin/verification/v1",
    verified: true,
    chain_id: proof.chainId,
    signed_height: String(proof.signedHeight),
    signed_time: milliseconds(proof.signedTime),
    signatures: proof.signatures,
    transaction_id: transaction?.id ?? null,
    height: transaction ? String(transaction.height) : null,
    status: transaction?.status ?? null,
    state_key: state ? toHex(state.key) : null,
    state_present: state ? state.value !== null : null,
    format: "json",
    signer: null,
    history_size: null,
    history_root: null,
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

/** The same members as `xinglin verify --json` of a COSE receipt. */
function statementAsJson(statement: Statement, genesis: Genesis): string {
  const { did, name, keyId } = statement.signer;
  return JSON.stringify({
    schema: "xinglin/verification/v1",
    verified: true,
    chain_id: genesis.chainId,
    signed_height: null,
    signed_time: null,
    signatures: 1,
    transaction_id: statement.transactionId,
    height: String(statement.height),
    status: statement.status,
    state_key: null,
    state_present: null,
    format: "cose",
    signer: { did, name: name || null, key_id: keyId },
    history_size: String(statement.historySize),
    history_root: statement.historyRoot,
  });
}

function statementAsText(statement: Statement, genesis: Genesis): string {
  const { transactionId, height, status, signer } = statement;
  return [
    `✓ Transaction ${transactionId} was executed at height ${height} with status ${status}`,
    `  network  ${genesis.chainId}`,
    `  stated   by ${signer.name}; without the validators' signatures`,
  ].join("\n");
}

/** The members of `xinglin verify --json` of a checkpoint. */
function attestedAsJson(proof: CheckpointProof, genesis: Genesis): string {
  return JSON.stringify({
    schema: "xinglin/checkpoint-verification/v1",
    verified: true,
    chain_id: genesis.chainId,
    network: proof.network,
    height: String(proof.height),
    header_hash: proof.headerHash,
    validators: proof.validators,
    members: proof.members,
    signed_by: proof.signedBy,
    signed_weight: proof.signedWeight,
    total_weight: proof.totalWeight,
  });
}

function attestedAsText(proof: CheckpointProof, genesis: Genesis): string {
  return [
    `✓ Checkpoint of height ${proof.height}`,
    `  network  ${genesis.chainId}`,
    `  header   ${proof.headerHash}`,
    ...proof.signedBy.map((did) => `  signed   ${did}`),
    `  weight   ${proof.signedWeight}/${proof.totalWeight}`,
  ].join("\n");
}

function report(
  receipt: Uint8Array,
  genesis: Genesis,
  checkpoints: readonly Uint8Array[],
  json: boolean,
): string {
  if (isCheckpoint(receipt)) {
    const attested = verifyCheckpoint(receipt, genesis, checkpoints);
    return json ? attestedAsJson(attested, genesis) : attestedAsText(attested, genesis);
  }
  if (beginsLikeCose(receipt)) {
    const statement = verifyCoseReceipt(receipt, genesis);
    return json ? statementAsJson(statement, genesis) : statementAsText(statement, genesis);
  }
  const proof = verifyReceipt(receipt, genesis, checkpoints);
  return json ? proofAsJson(proof) : proofAsText(proof);
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
        genesis: { type: "string" }, checkpoint: { type: "string", multiple: true },
        json: { type: "boolean" }, help: { type: "boolean" },
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
    const content = readFile(receipt, limits.receiptBytesMax);
    const checkpoints = (values.checkpoint ?? []).map((path) =>
      readFile(path, limits.checkpointBytesMax));
    console.log(report(content, genesis, checkpoints, values.json === true));
    return exits.done;
  } catch (error) {
    if (!(error instanceof XinglinError)) throw error;
    console.error(`✗ ${error.message} (${error.code})\n  fix: ${error.fix}`);
    return exitOf(error);
  }
}

process.exitCode = main();
