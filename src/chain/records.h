// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

#include "chain/chain.h"

/// Encodings of what the store keeps of the chain (`docs/reference/formats.md` §9).
namespace xl::chain {

constexpr std::string_view meta_format = "format";
constexpr std::string_view meta_network = "network";
constexpr std::string_view meta_head = "head";
/// First height whose block is in the store (8 bytes), and the time before it in milliseconds (8).
/// Not there: 1, and the genesis' time.
constexpr std::string_view meta_base = "base";
/// There while the store is being filled from a snapshot: it is no ledger yet.
constexpr std::string_view meta_taking = "taking";
/// Not there: nothing was ever proved.
constexpr std::string_view meta_misbehaviour = "misbehaviour";
/// The newest so many are kept by name; the blocks hold the proofs of all.
constexpr std::size_t misbehaviour_kept_max = 64;
/// Version of the store's layout. A store of another version is refused.
constexpr std::uint8_t store_format_version = 1;

/// What one executed block came to.
struct BlockRoots {
  Hash state_root{};
  Hash history_root{};
  std::uint64_t history_size = 0;
  std::uint64_t history_first = 0;
  Bytes end_result;  ///< canonical TransactionResult with the events of its end; empty: none
};

/// Encodes what `decode_head` reads.
[[nodiscard]] Bytes encode_head(const Head& head);
/// Errors: store_corrupt.
[[nodiscard]] Result<Head> decode_head(ByteView bytes);

/// Encodes the roots after a block; `history_first` is the index of its first entry, `end_result`
/// as in `BlockRoots`.
[[nodiscard]] Bytes encode_roots(const Head& after, std::uint64_t history_first,
                                 ByteView end_result = {});
/// Errors: store_corrupt.
[[nodiscard]] Result<BlockRoots> decode_roots(ByteView bytes);

/// Encodes what `decode_located` reads. `result` is a canonical TransactionResult.
[[nodiscard]] Bytes encode_located(const model::HistoryEntry& entry, std::uint64_t history_index,
                                   ByteView result);
/// Errors: store_corrupt.
[[nodiscard]] Result<LocatedTransaction> decode_located(const Hash& id, ByteView bytes);

/// Encodes a block as it is stored.
[[nodiscard]] Bytes encode_block(const model::comet::Header& header,
                                 const std::vector<Bytes>& envelopes,
                                 const model::comet::Commit& last_commit,
                                 const model::comet::EvidenceList& evidence);
/// The commit is left empty. Errors: store_corrupt.
[[nodiscard]] Result<StoredBlockView> decode_stored_block(ByteView bytes);

/// Encodes what `decode_misbehaviour` reads.
[[nodiscard]] Bytes encode_misbehaviour(const std::vector<Misbehaviour>& cases);
/// Errors: store_corrupt.
[[nodiscard]] Result<std::vector<Misbehaviour>> decode_misbehaviour(ByteView bytes);

}  // namespace xl::chain
