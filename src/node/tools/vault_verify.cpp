// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/vault_verify.h"

#include <algorithm>

#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/view.h"
#include "contracts/identity/view.h"
#include "model/canonical.h"
#include "node/config.h"
#include "node/node.h"
#include "node/ordering.h"

namespace xl::node {
namespace {

namespace access = contracts::access;
namespace identity = contracts::identity;

/// A digest with its suite in front. Zeros when it is none.
Hash hash_behind_suite(const std::string& digest) {
  Hash out{};
  if (digest.size() == out.size() + 1) std::copy(digest.begin() + 1, digest.end(), out.begin());
  return out;
}

class Check {
 public:
  Check(custody::Stores& stores, const chain::Chain& chain, CustodyReport& report)
      : stores_(stores), chain_(chain), report_(report) {}

  Status run(const std::function<void(std::uint64_t)>& progress) {
    XL_TRY(check_key());
    XL_TRY(stores_.keyring().verify());
    XL_TRY_ASSIGN(const std::vector<model::Id> erasures, stores_.keyring().erasures());
    XL_TRY(stores_.erasures().verify(erasures));
    XL_TRY(stores_.bodies().verify());
    XL_TRY_ASSIGN(const auto counted, stores_.bodies().count());
    report_.bodies = counted.bodies;
    XL_TRY_ASSIGN(report_.records,
                  custody::verify_index(stores_, *chain_.durable_state(), progress));
    return check_journal();
  }

 private:
  /// The key that signs for the organisation is one that the ledger has of it.
  Status check_key() {
    const crypto::SigningKey& key = stores_.identity().key;
    const Hash id = model::key_id_of(key.algorithm(), key.public_key());
    const auto registered = identity::find_key(*chain_.durable_state(), id);
    const bool own = registered && registered->revoked_at_ms() == 0 &&
                     equal(view_of(registered->controller()), stores_.did().bytes);
    if (own) return {};
    return make_error(ErrorCode::own_key_differs, "the organisation's key " + to_hex(id));
  }

  /// The root that the ledger's transaction holds; nothing where its block was forgotten: the roots
  /// behind it follow from one another to the one in the state. Errors: journal_root_mismatch.
  Result<std::optional<model::JournalRoot>> root_on_ledger(const vault::JournalBatch& batch) {
    const Error missing =
        make_error(ErrorCode::journal_root_mismatch, "the ledger lacks the root of entry " +
                                                         std::to_string(batch.root.first_sequence) +
                                                         ", anchored as the journal says");
    const auto located = chain_.transaction(batch.transaction);
    if (!located.ok() && chain_.base() > 1) return std::optional<model::JournalRoot>();
    if (!located.ok()) return missing;
    XL_TRY_ASSIGN(const Bytes raw, chain_.transaction_bytes(*located));
    XL_TRY_ASSIGN(const model::Transaction transaction, model::decode_transaction(raw));
    xinglin::access::v1::JournalRoot message;
    const model::Message& sent = transaction.body.messages.front();
    if (sent.contract != contracts::access::contract_number ||
        sent.type != access::journal_root_type || !model::decode_canonical(sent.payload, message)) {
      return missing;
    }
    model::JournalRoot out;
    out.first_sequence = message.first_sequence();
    out.last_sequence = message.first_sequence() + message.count() - 1;
    out.root = hash_behind_suite(message.root());
    out.previous_root = hash_behind_suite(message.previous());
    return std::optional(out);
  }

  /// A journal from a backup that has not gone on yet: what the ledger holds behind it is compared
  /// when the node has.
  Result<std::vector<model::JournalRoot>> roots_of_restored() {
    report_.journal_waits = true;
    std::vector<model::JournalRoot> out;
    XL_TRY_ASSIGN(const std::vector<vault::JournalGap> gaps, stores_.journal().gaps());
    auto gap = gaps.begin();
    for (std::uint64_t next = 1; next <= stores_.journal().size();) {
      if (gap != gaps.end() && gap->first_sequence == next) {
        next = (gap++)->last_sequence + 1;
        continue;
      }
      const auto batch = stores_.journal().batch_of(next);
      if (!batch.ok() && batch.error().code != ErrorCode::journal_not_sealed) return batch.error();
      if (!batch.ok() || !batch->anchored_ms) break;
      next = batch->root.last_sequence + 1;
      XL_TRY_ASSIGN(const auto root, root_on_ledger(*batch));
      if (root) out.push_back(*root);
    }
    return out;
  }

  /// The roots that the ledger and the journal both have, which end at the same entry.
  Result<std::vector<model::JournalRoot>> roots_on_both() {
    const auto head = access::find_journal(*chain_.durable_state(), stores_.did());
    const std::uint64_t anchored = head ? head->next_sequence() - 1 : 0;
    vault::Journal& journal = stores_.journal();
    if (journal.size() < anchored) {
      return make_error(ErrorCode::journal_entry_missing,
                        "entry " + std::to_string(journal.size() + 1) +
                            ": the ledger holds roots up to entry " + std::to_string(anchored));
    }
    std::vector<model::JournalRoot> roots;
    Hash last{};
    XL_TRY_ASSIGN(const std::vector<vault::JournalGap> gaps, journal.gaps());
    auto gap = gaps.begin();
    for (std::uint64_t next = 1; next <= anchored;) {
      if (gap != gaps.end() && gap->first_sequence == next) {
        next = gap->last_sequence + 1;
        last = gap->root;
        ++gap;
        continue;
      }
      XL_TRY_ASSIGN(const vault::JournalBatch batch, journal.batch_of(next));
      next = batch.root.last_sequence + 1;
      last = batch.root.root;
      XL_TRY_ASSIGN(const auto root, root_on_ledger(batch));
      if (root) roots.push_back(*root);
    }
    const auto behind = journal.batch_of(anchored + 1);
    if (behind.ok() && behind->anchored_ms) {
      return make_error(ErrorCode::journal_root_mismatch,
                        "the ledger ends before the root of entry " +
                            std::to_string(behind->root.first_sequence) +
                            ", anchored as the journal says");
    }
    const bool same_end = anchored == 0 || last == hash_behind_suite(head->root());
    if (!same_end) return make_error(ErrorCode::journal_root_mismatch, "the last root anchored");
    return roots;
  }

  Status check_journal() {
    vault::Journal& journal = stores_.journal();
    auto found = roots_on_both();
    XL_TRY_ASSIGN(const bool restored, journal.is_restored());
    const bool behind = !found.ok() && (found.error().code == ErrorCode::journal_entry_missing ||
                                        found.error().code == ErrorCode::journal_not_sealed ||
                                        found.error().code == ErrorCode::journal_root_mismatch);
    if (behind && restored) found = roots_of_restored();
    if (!found.ok()) return found.error();
    const std::vector<model::JournalRoot>& roots = *found;
    const crypto::SigningKey& key = stores_.identity().key;
    const vault::JournalSigner signers[] = {{key.algorithm(), key.public_key()}};
    XL_TRY_ASSIGN(const vault::JournalSummary summary, journal.verify(signers, roots));
    report_.journal_entries = summary.entries;
    report_.journal_lost = summary.lost;
    report_.anchored_batches = roots.size();
    return {};
  }

  custody::Stores& stores_;
  const chain::Chain& chain_;
  CustodyReport& report_;
};

/// The keys that the node orders with open, and the members know them.
Status check_ordering_keys(const Layout& layout, const Unlock& unlock, const chain::Chain& chain) {
  XL_TRY_ASSIGN(const Config config, read_config(layout.config()));
  XL_TRY_ASSIGN(const OrderingKeys keys, load_ordering_keys(layout, config.engine, unlock));
  const auto state = chain.durable_state();
  const Hash envelope = model::key_id_of(keys.envelope.algorithm(), keys.envelope.public_key());
  const auto registered = identity::find_key(*state, envelope);
  if (!registered || (registered->purposes() & contracts::purpose_envelope) == 0) {
    return make_error(ErrorCode::own_key_differs, "the envelope key " + to_hex(envelope));
  }
  if (config.engine.kind != EngineKind::solo) return {};  // a member may wait to be voted in
  XL_TRY_ASSIGN(const auto validators, chain.validators_at(chain.head().signed_height + 1));
  const Bytes own = keys.validator->public_key();
  const bool votes = std::any_of(validators.begin(), validators.end(),
                                 [&](const auto& one) { return equal(one.public_key, own); });
  if (votes) return {};
  return make_error(ErrorCode::own_key_differs, "the validator key " + to_hex(own));
}

}  // namespace

Result<std::vector<CustodyReport>> verify_custody(
    const Layout& layout, const Unlock& unlock,
    const std::function<void(std::uint64_t)>& progress) {
  XL_TRY_ASSIGN(model::Genesis genesis, load_genesis(layout));
  XL_TRY_ASSIGN(auto hosted, hosted_organisations(layout, genesis, unlock));
  const contracts::Registry registry = contracts::make_registry();
  XL_TRY_ASSIGN(const auto database, state::Database::open(layout.ledger(), {}));
  XL_TRY_ASSIGN(const auto chain, chain::Chain::open(*database, registry, std::move(genesis)));
  XL_TRY(check_ordering_keys(layout, unlock, *chain));
  std::vector<CustodyReport> out;
  std::uint64_t before = 0;
  for (custody::Custody::Hosted& one : hosted) {
    CustodyReport report;
    report.organisation = one.identity.did;
    report.name = one.identity.name;
    const auto stores =
        custody::Stores::open(one.places, std::move(one.identity), unlock.for_vault());
    Status found;
    if (stores.ok()) {
      found = Check(**stores, *chain, report).run([&](std::uint64_t count) {
        progress(before + count);
      });
    } else if (stores.error().code == ErrorCode::vault_locked) {
      return stores.error();
    } else {
      found = stores.error();
    }
    if (!found.ok()) report.damage = found.error();
    before += report.records;
    out.push_back(std::move(report));
  }
  return out;
}

}  // namespace xl::node
