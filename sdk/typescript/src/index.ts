// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

export { verifyCheckpoint, type CheckpointProof } from "./checkpoint.js";
export { verifyCoseReceipt, type SignerKey, type Statement } from "./cose.js";
export { XinglinError, type ErrorName } from "./errors.js";
export { readGenesis, type Genesis } from "./genesis.js";
export { verifyReceipt, type Proof, type ProvedState, type ProvedTransaction } from "./receipt.js";
export { type AlgorithmName } from "./signatures.js";
