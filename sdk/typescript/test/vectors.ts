// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  XinglinError, readGenesis, verifyCoseReceipt, verifyReceipt, type Genesis, type SignerKey,
} from "../src/index.js";
import { fromBase64, fromHex } from "../src/bytes.js";

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

/** `ok`, or the name of the error with which a check refuses. */
function verdictOf(check: () => unknown): string {
  try {
    check();
    return "ok";
  } catch (error) {
    if (error instanceof XinglinError) return error.errorName;
    throw error;
  }
}

/** `ok`, or the name of the error with which a receipt is refused. */
export function verdict(receipt: string | Uint8Array, genesis: Genesis): string {
  return verdictOf(() => verifyReceipt(receipt, genesis));
}

/** A verdict of `checkpoint-verdicts.json`, reached again. */
export interface CheckpointCase {
  readonly name: string;
  readonly expected: string;
  readonly given: string;
}

/** Every case of the table: texts put in the place of others, and what is said of the receipt. */
export function checkpointCases(): CheckpointCase[] {
  const folder = "src/model/tests/vectors/";
  const genesis = readGenesis(repositoryFile(`${folder}genesis.json`));
  return JSON.parse(repositoryFile(`${folder}checkpoint-verdicts.json`)).map(
    (one: Record<string, string> & { checkpoints: string[] }): CheckpointCase => {
      const text = (file: string): string => {
        const content = repositoryFile(folder + file);
        return one["in"] === file ? content.replace(one["from"]!, () => one["to"]!) : content;
      };
      const given = verdictOf(() =>
        verifyReceipt(text(one["receipt"]!), genesis, one.checkpoints.map(text)));
      return { name: one["name"]!, expected: one["expected"]!, given };
    },
  );
}

/** The same of a COSE receipt. */
export function coseVerdict(receipt: Uint8Array, one: CoseCase): string {
  return verdictOf(() => verifyCoseReceipt(receipt, one.genesis, one.signer));
}

/** Verdicts that follow each other, and how often each comes. */
export type Runs = [string, number][];

/** The verdicts when one byte after the other is changed. */
export function sweep(bytes: Uint8Array, xor: number, judge: () => string): Runs {
  const runs: Runs = [];
  for (let i = 0; i < bytes.length; i++) {
    bytes[i]! ^= xor;
    const given = judge();
    bytes[i]! ^= xor;
    const last = runs.at(-1);
    if (last?.[0] === given) last[1]++;
    else runs.push([given, 1]);
  }
  return runs;
}

export interface CoseCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly genesis: Genesis;
  readonly signer: SignerKey | undefined;
  readonly expected: string;
  readonly verdicts: Runs;
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
  readonly verdicts: Runs;
}

/** A line about a COSE receipt, as `JSON.parse` gives it. */
interface CoseLine {
  readonly cose: string;
  readonly bytes: string;
  readonly signer?: { readonly algorithm: number; readonly public_key: string };
  readonly expected: string;
  readonly verdicts: Runs;
}

function readCoseCase(line: CoseLine, genesis: Genesis): CoseCase {
  const { cose: name, signer, expected, verdicts } = line;
  const key: SignerKey | undefined = signer && {
    algorithm: signer.algorithm === 1 ? "ed25519" : "p256",
    publicKey: fromBase64(signer.public_key)!,
  };
  return { name, bytes: fromHex(line.bytes)!, genesis, signer: key, expected, verdicts };
}

/** All of the file. */
export function readVectors(): { cases: Case[]; sweeps: Sweep[]; coses: CoseCase[] } {
  const genesis = new Map<string, Genesis>();
  const receipts = new Map<string, { text: string; genesis: Genesis }>();
  const cases: Case[] = [];
  const sweeps: Sweep[] = [];
  const coses: CoseCase[] = [];
  for (const line of repositoryFile("tests/golden/receipts.jsonl").trimEnd().split("\n")) {
    const one = JSON.parse(line);
    if (one.sweep !== undefined) {
      const { xor, verdicts } = one;
      sweeps.push({ name: one.sweep, ...receipts.get(one.sweep)!, xor, verdicts });
      continue;
    }
    if (one.cose !== undefined) {
      coses.push(readCoseCase(one, genesis.get(one.genesis)!));
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
  return { cases, sweeps, coses };
}
