// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "crypto/signature.h"
#include "model/genesis.h"

/// What the golden chain is made of: fixed keys, fixed times, every message of every contract, and
/// refusals and rejections of each kind. Used to record the chain and never to replay it.
namespace xl::golden {

/// What goes into one block.
struct StoryBlock {
  std::uint64_t block_ms = 0;
  std::vector<Bytes> envelopes;
};

/// The text of the chain's genesis document.
[[nodiscard]] std::string genesis_text();

/// The key of the chain's only validator.
[[nodiscard]] const crypto::SigningKey& validator();

/// The blocks in order; the first has height 2, each is followed by its proof block.
[[nodiscard]] std::vector<StoryBlock> story(const model::Genesis& genesis);

}  // namespace xl::golden
