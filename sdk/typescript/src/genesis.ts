// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { toHex, utf8 } from "./bytes.js";
import { readValidators, type Validator } from "./comet.js";
import { XinglinError } from "./errors.js";
import { asString, asUint64, find, parseDecimal, parseJson, type Json } from "./json.js";
import { limits } from "./limits.js";
import { readTime } from "./time.js";
import { taggedHash } from "./trees.js";

/** A network's founding document, read and checked: the one thing a verifier has to trust. */
export interface Genesis {
  readonly chainId: string;
  /** The id of the network, over the document's bytes: lower-case hex. */
  readonly networkId: string;
  readonly validators: readonly Validator[];
  /** The whole document. */
  readonly document: Json;
}

/**
 * The bytes of a document; what is given as a text is taken as its UTF-8.
 * @throws XinglinError json_invalid: a text with a lone surrogate has no UTF-8.
 */
export function bytesOf(document: string | Uint8Array): Uint8Array {
  if (typeof document !== "string") return document;
  if (/\p{Surrogate}/u.test(document)) throw new XinglinError("json_invalid", "lone surrogate");
  return utf8(document);
}

function malformed(what: string): never {
  throw new XinglinError("genesis_malformed", what);
}

function checkParams(params: Json | undefined): void {
  const block = find(params, "block");
  const bytesMax = parseDecimal(asString(find(block, "max_bytes"))) ?? 0n;
  if (bytesMax === 0n || bytesMax > limits.blockBytesMax * 4n) {
    malformed("consensus_params.block.max_bytes");
  }
  if (find(block, "max_gas") !== "-1") malformed("consensus_params.block.max_gas must be -1");
  const app = asString(find(find(params, "version"), "app"));
  if (parseDecimal(app) === undefined) malformed("consensus_params.version.app");
}

function readSet(root: Json): Validator[] {
  try {
    const validators = readValidators(root);
    if (validators.length > 0) return validators;
  } catch (error) {
    if (!(error instanceof XinglinError)) throw error;
  }
  return malformed("validators");
}

/**
 * Reads a `genesis.json`. Give its bytes as they came: its network's id is over them.
 * @throws XinglinError genesis_malformed, json_invalid, json_too_large.
 */
export function readGenesis(document: string | Uint8Array): Genesis {
  const raw = bytesOf(document);
  const root = parseJson(raw, limits.genesisBytesMax);
  const chainId = asString(find(root, "chain_id")) ?? "";
  if (chainId === "" || utf8(chainId).length > limits.chainIdBytesMax) malformed("chain_id");
  const time = readTime(asString(find(root, "genesis_time")));
  if (time === undefined || time.seconds < 0n) malformed("genesis_time");
  if (find(root, "initial_height") !== "1") malformed("initial_height must be 1");
  checkParams(find(root, "consensus_params"));
  const validators = readSet(root);
  const state = find(root, "app_state");
  if (asUint64(find(state, "format_version")) !== 1n) malformed("app_state.format_version");
  if (asUint64(find(state, "suite")) !== 1n) malformed("app_state.suite");
  return { chainId, networkId: toHex(taggedHash("network-id", raw)), validators, document: root };
}
