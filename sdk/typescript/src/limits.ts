// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors

/** What a document may cost the verifier. The same bounds as `src/model/limits.h`. */
export const limits = {
  genesisBytesMax: 4 * 1024 * 1024,
  receiptBytesMax: 16 * 1024 * 1024,
  jsonDepthMax: 16,
  jsonElementsMax: 1_000_000,
  trustPathMax: 4096,
  validatorsMax: 256,
  chainIdBytesMax: 50,
  votingPowerTotalMax: (1n << 63n) / 8n - 1n,
  blockBytesMax: 4n * 1024n * 1024n,
  signersMax: 8,
  signatureBytesMax: 2048,
  messagesMax: 16,
  payloadBytesMax: 32 * 1024,
  transactionBytesMax: 64 * 1024,
  envelopeBytesMax: 1024 * 1024,
  stateKeyBytesMax: 128,
  stateValueBytesMax: 16 * 1024,
  historyPathMax: 64,
  stateSiblingsMax: 256,
  hexTextMax: 128,
  coseEntryBytesMax: 256,
  checkpointBytesMax: 4 * 1024 * 1024,
  checkpointKeyBytesMax: 512,
  checkpointsMax: 64,
  membersMax: 256,
  memberWeightMax: 1_000_000n,
  memberKeysMax: 16,
} as const;
