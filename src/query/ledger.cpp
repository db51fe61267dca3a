// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/ledger.h"

#include <algorithm>

namespace xl::query {

Result<LedgerHead> Ledger::head() const {
  const chain::Head now = chain_.head();
  LedgerHead out;
  out.chain_id = chain_.genesis().chain_id;
  out.height = now.signed_height;
  XL_TRY_ASSIGN(out.block_ms, chain_.last_time_ms());
  out.app_hash = now.app_hash;
  out.state_root = now.state_root;
  out.history_root = now.history_root;
  out.history_size = now.history_size;
  out.state_keys = chain_.state().key_count();
  return out;
}

Result<LedgerTransaction> Ledger::transaction(const Hash& id) const {
  XL_TRY_ASSIGN(chain::LocatedTransaction located, chain_.transaction(id));
  LedgerTransaction out;
  XL_TRY_ASSIGN(out.raw, chain_.transaction_bytes(located));
  XL_TRY_ASSIGN(const chain::StoredBlockView block, chain_.block(located.entry.height));
  out.block_ms = block.header.time.milliseconds();
  out.entry = located.entry;
  out.history_index = located.history_index;
  out.result = std::move(located.result);
  return out;
}

Result<LedgerBlock> Ledger::block(std::uint64_t height) const {
  XL_TRY_ASSIGN(chain::StoredBlockView stored, chain_.block(height));
  if (!stored.commit) return make_error(ErrorCode::height_unknown);
  LedgerBlock out{
      std::move(stored.header), std::move(*stored.commit), {}, {}, std::move(stored.end_result)};
  for (std::uint32_t i = 0; i < stored.envelopes.size(); ++i) {
    const auto envelope = model::decode_envelope(stored.envelopes[i]);
    if (!envelope.ok()) continue;  // a faulty proposer's; it holds no transactions
    for (std::uint32_t j = 0; j < envelope->transactions.size(); ++j) {
      const auto decoded = model::decode_transaction(envelope->transactions[j]);
      if (!decoded.ok()) continue;
      auto located = chain_.transaction(decoded->id);
      if (!located.ok() && located.error().code != ErrorCode::transaction_unknown) {
        return located.error();
      }
      const bool here = located.ok() && located->entry.height == height &&
                        located->entry.index == i && located->entry.envelope_index == j;
      if (here) {
        out.executed.push_back(std::move(*located));
      } else {
        out.rejected.push_back(decoded->id);
      }
    }
  }
  return out;
}

Result<Ledger::Page> Ledger::events_behind(std::uint64_t height, std::uint32_t position,
                                           std::size_t count_max, std::size_t blocks_max) const {
  Page page;
  const std::uint64_t last = chain_.head().signed_height;
  const std::uint64_t base = chain_.base();
  if (base > 1 && height < base) {
    return make_error(ErrorCode::block_not_kept,
                      "events before block " + std::to_string(base) + " are not kept here");
  }
  std::uint64_t at = std::max(height, base);
  std::uint32_t skip = at == height ? position : 0;
  for (std::size_t blocks = 0; at <= last && blocks < blocks_max; ++blocks, ++at) {
    XL_TRY_ASSIGN(const LedgerBlock stored, block(at));
    page.next_height = at;
    std::uint32_t here = 0;
    for (const chain::LocatedTransaction& one : stored.executed) {
      if (++here <= skip) continue;
      page.events.push_back({at, here, one.entry, one.result});
      if (page.events.size() >= count_max) return page;
    }
    if (!stored.end_result.empty() && ++here > skip) {
      page.events.push_back({at, here, {}, stored.end_result});
      if (page.events.size() >= count_max) return page;
    }
    skip = 0;
  }
  page.next_height = at;
  return page;
}

}  // namespace xl::query
