// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/rebuild_index.h"

#include "node/node.h"

namespace xl::node {

namespace {

/// Makes one organisation's index; it is closed afterwards.
Status fill(custody::Custody::Hosted& one, const model::StateReader& state, const Unlock& unlock,
            RebuiltIndexes& out, const std::function<void(std::uint64_t)>& progress) {
  XL_TRY_ASSIGN(const auto stores,
                custody::Stores::open(one.places, std::move(one.identity), unlock.for_vault()));
  const std::uint64_t before = out.versions;
  XL_TRY_ASSIGN(const std::vector<model::Id> left_out,
                custody::rebuild_index(*stores, state, [&](std::uint64_t count) {
                  out.versions = before + count;
                  progress(out.versions);
                }));
  out.left_out.insert(out.left_out.end(), left_out.begin(), left_out.end());
  return {};
}

}  // namespace

Result<RebuiltIndexes> rebuild_indexes(const Layout& layout, const Unlock& unlock,
                                       const std::function<void(std::uint64_t)>& progress) {
  XL_TRY_ASSIGN(model::Genesis genesis, load_genesis(layout));
  XL_TRY_ASSIGN(auto hosted, hosted_organisations(layout, genesis, unlock));
  const contracts::Registry registry = contracts::make_registry();
  XL_TRY_ASSIGN(const auto database, state::Database::open(layout.ledger(), {}));
  XL_TRY_ASSIGN(const auto chain, chain::Chain::open(*database, registry, std::move(genesis)));
  const auto state = chain->durable_state();
  RebuiltIndexes out;
  for (custody::Custody::Hosted& one : hosted) {
    // The former index stays until the new one is whole, and may be one that cannot be opened.
    const std::filesystem::path index = one.places.index;
    one.places.index += ".new";
    XL_TRY(query::RecordIndex::discard(one.places.index));
    XL_TRY(fill(one, *state, unlock, out, progress));
    XL_TRY(query::RecordIndex::discard(index));
    std::error_code failed;
    std::filesystem::rename(one.places.index, index, failed);
    if (failed) return make_error(ErrorCode::file_unwritable, index.string());
  }
  return out;
}

}  // namespace xl::node
