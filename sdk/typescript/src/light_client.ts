// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

import { equal, utf8 } from "./bytes.js";
import type { Start } from "./checkpoint.js";
import {
  addressOf, flags, hashOfHeader, hashOfValidators, voteBytes,
  type Commit, type Header, type LightBlock, type Validator,
} from "./comet.js";
import { XinglinError } from "./errors.js";
import { limits } from "./limits.js";
import { verifyCommitSignature } from "./signatures.js";

/** CometBFT's light client, as far as a receipt needs it: formats.md §8. */

function checkHeader(header: Header): void {
  const chainIdBytes = utf8(header.chainId).length;
  if (chainIdBytes === 0 || chainIdBytes > limits.chainIdBytesMax) {
    throw new XinglinError("header_invalid", "chain id");
  }
  if (header.height < 1n) throw new XinglinError("header_invalid", "height");
  const optional = [
    header.lastCommitHash, header.dataHash, header.lastResultsHash, header.evidenceHash,
    header.consensusHash, header.lastBlockId.hash,
  ];
  const required = [header.validatorsHash, header.nextValidatorsHash];
  const sized =
    optional.every((hash) => hash.length === 0 || hash.length === 32) &&
    required.every((hash) => hash.length === 32);
  if (!sized) throw new XinglinError("header_invalid", "hash length");
  if (header.proposerAddress.length !== 20) {
    throw new XinglinError("header_invalid", "proposer address");
  }
}

function checkCommit(commit: Commit, header: Header): void {
  if (commit.height !== header.height) throw new XinglinError("commit_invalid", "height");
  if (!equal(commit.blockId.hash, hashOfHeader(header))) {
    throw new XinglinError("commit_invalid", "block id is not the header's hash");
  }
  if (commit.blockId.partsTotal === 0n || commit.blockId.partsHash.length !== 32) {
    throw new XinglinError("commit_invalid", "part set header");
  }
  if (commit.signatures.length === 0) {
    throw new XinglinError("commit_invalid", "number of signatures");
  }
  for (const vote of commit.signatures) {
    const absent = vote.flag === flags.absent;
    if (vote.address.length !== (absent ? 0 : 20)) {
      throw new XinglinError("commit_invalid", "validator address");
    }
    if (vote.signature.length !== (absent ? 0 : 64)) {
      throw new XinglinError("commit_invalid", "signature length");
    }
  }
}

function totalPower(validators: readonly Validator[]): bigint {
  if (validators.length === 0) {
    throw new XinglinError("validators_mismatch", "number of validators");
  }
  let total = 0n;
  for (const validator of validators) {
    if (validator.publicKey.length !== 32 || validator.power < 1n) {
      throw new XinglinError("validators_mismatch", "malformed validator");
    }
    total += validator.power;
    if (total > limits.votingPowerTotalMax) {
      throw new XinglinError("validators_mismatch", "voting power");
    }
  }
  return total;
}

function signed(block: LightBlock, slot: number): boolean {
  const vote = block.commit.signatures[slot]!;
  const message = voteBytes(block.header.chainId, block.commit, vote);
  return verifyCommitSignature(block.validators[slot]!.publicKey, message, vote.signature);
}

/** Valid signatures of more than two thirds; a bad one is skipped as long as the rest suffices. */
function checkPower(block: LightBlock): void {
  const needed = (totalPower(block.validators) * 2n) / 3n;
  if (!equal(block.header.validatorsHash, hashOfValidators(block.validators))) {
    throw new XinglinError("validators_mismatch");
  }
  if (block.commit.signatures.length !== block.validators.length) {
    throw new XinglinError("commit_invalid", "one signature slot per validator");
  }
  let tallied = 0n;
  for (let slot = 0; slot < block.validators.length && tallied <= needed; slot++) {
    const vote = block.commit.signatures[slot]!;
    if (vote.flag !== flags.commit) continue;
    if (!equal(vote.address, addressOf(block.validators[slot]!.publicKey))) {
      throw new XinglinError("commit_invalid", "address is not the validator's");
    }
    if (signed(block, slot)) tallied += block.validators[slot]!.power;
  }
  if (tallied <= needed) throw new XinglinError("commit_power_insufficient");
}

/**
 * Follows the validator sets from a start to the block that a receipt rests on. Blocks of the path
 * at or below a checkpoint are passed over: it says what they would.
 * @throws XinglinError trust_path_broken, header_invalid, commit_invalid, validators_mismatch,
 *   commit_power_insufficient.
 */
export function verifyTrustPath(
  chainId: string,
  start: Start,
  path: readonly LightBlock[],
  target: LightBlock,
): void {
  let announced = hashOfValidators(start.validators);
  let height = start.height;
  const first = path.findIndex((block) => height === 0n || block.header.height > height);
  for (const block of [...(first < 0 ? [] : path.slice(first)), target]) {
    if (block.header.chainId !== chainId) {
      throw new XinglinError("trust_path_broken", "other chain id");
    }
    if (block.header.height <= height) {
      throw new XinglinError("trust_path_broken", "heights do not rise");
    }
    if (!equal(block.header.validatorsHash, announced)) {
      throw new XinglinError("trust_path_broken", "validator set was not announced before");
    }
    checkHeader(block.header);
    checkCommit(block.commit, block.header);
    checkPower(block);
    announced = block.header.nextValidatorsHash;
    height = block.header.height;
  }
}

/**
 * Everyone whose vote for this block verifies. `verifyTrustPath` stops at two thirds; this looks at
 * each slot. Precondition: `verifyTrustPath` accepted the block.
 */
export function signersOf(block: LightBlock): Validator[] {
  return block.validators.filter((validator, slot) => {
    const vote = block.commit.signatures[slot]!;
    return (
      vote.flag === flags.commit && equal(vote.address, validator.address) && signed(block, slot)
    );
  });
}
