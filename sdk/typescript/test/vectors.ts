// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { XinglinError, readGenesis, verifyReceipt, type Genesis } from "../src/index.js";

/** `tests/golden/receipts.jsonl`: receipts, altered ones and their verdicts, of three languages. */

const root = new URL("../../../../", import.meta.url);

/** A file of the repository. */
export function repositoryFile(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, root)), "utf8");
}

/** The readers' samples of third parties; `undefined` where they are not. */
export function sharedFile(path: string): string | undefined {
  const folder = process.env["XL_SHARED_DATA"] ?? fileURLToPath(new URL("../shared/data", root));
  try {
    return readFileSync(`${folder}/${path}`, "utf8");
  } catch {
    return undefined;
  }
}

/** `ok`, or the name of the error with which a receipt is refused. */
export function verdict(text: string | Uint8Array, genesis: Genesis): string {
  try {
    verifyReceipt(text, genesis);
    return "ok";
  } catch (error) {
    if (error instanceof XinglinError) return error.errorName;
    throw error;
  }
}

export interface Case {
  readonly name: string;
  readonly text: string;
  readonly genesis: Genesis;
  readonly expected: string;
}

export interface Sweep {
  readonly name: string;
  readonly text: string;
  readonly genesis: Genesis;
  readonly xor: number;
  readonly verdicts: readonly (readonly [string, number])[];
}

/** All of the file. */
export function readVectors(): { cases: Case[]; sweeps: Sweep[] } {
  const genesis = new Map<string, Genesis>();
  const receipts = new Map<string, { text: string; genesis: Genesis }>();
  const cases: Case[] = [];
  const sweeps: Sweep[] = [];
  for (const line of repositoryFile("tests/golden/receipts.jsonl").trimEnd().split("\n")) {
    const one = JSON.parse(line);
    if (one.sweep !== undefined) {
      const { xor, verdicts } = one;
      sweeps.push({ name: one.sweep, ...receipts.get(one.sweep)!, xor, verdicts });
      continue;
    }
    if (one.receipt === undefined) {
      genesis.set(one.genesis, readGenesis(one.text));
      continue;
    }
    const itsGenesis = one.genesis && genesis.get(one.genesis)!;
    if (one.altered === undefined) {
      receipts.set(one.receipt, { text: one.text, genesis: itsGenesis });
      const { text, expected } = one;
      cases.push({ name: one.receipt, text, genesis: itsGenesis, expected });
      continue;
    }
    const base = receipts.get(one.receipt)!;
    cases.push({
      name: `${one.receipt}: ${one.altered}`,
      text: base.text.slice(0, one.at) + one.put + base.text.slice(one.at + one.removed),
      genesis: itsGenesis ?? base.genesis,
      expected: one.expected,
    });
  }
  return { cases, sweeps };
}
