// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/rebuild_index.h"

#include "node/node.h"

namespace xl::node {

Result<std::uint64_t> rebuild_indexes(const Layout& layout, const Unlock& unlock,
                                      const std::function<void(std::uint64_t)>& progress) {
  XL_TRY_ASSIGN(model::Genesis genesis, load_genesis(layout));
  XL_TRY_ASSIGN(auto hosted, hosted_organisations(layout, genesis, unlock));
  const contracts::Registry registry = contracts::make_registry();
  XL_TRY_ASSIGN(const auto database, state::Database::open(layout.ledger(), {}));
  XL_TRY_ASSIGN(const auto chain, chain::Chain::open(*database, registry, std::move(genesis)));
  const auto state = chain->durable_state();
  std::uint64_t done = 0;
  for (custody::Custody::Hosted& one : hosted) {
    // A damaged file could not even be opened.
    XL_TRY(query::RecordIndex::discard(one.places.index));
    XL_TRY_ASSIGN(const auto stores,
                  custody::Stores::open(one.places, std::move(one.identity), unlock.for_vault()));
    const std::uint64_t before = done;
    XL_TRY(custody::rebuild_index(*stores, *state, [&](std::uint64_t count) {
      done = before + count;
      progress(done);
    }));
  }
  return done;
}

}  // namespace xl::node
