// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Roots for the chain, proofs towards them, and the check of a whole journal.
#include <algorithm>

#include "crypto/merkle.h"
#include "model/limits.h"
#include "vault/journal_store.h"

namespace xl::vault {
namespace {

constexpr std::string_view batch_columns =
    "SELECT first, last, root, previous_root, sealed_ms, first_entry_ms, anchored_ms,"
    " transaction_id FROM batches ";

/// Walks a journal in order and keeps what the next row must agree with.
class Walk {
 public:
  Walk(const model::Id& organisation, detail::Store& store, std::span<const JournalSigner> signers)
      : organisation_(organisation), store_(store), signers_(signers) {}

  [[nodiscard]] Status begin() {
    XL_TRY(next_group(1));
    return next_batch();
  }

  /// The last sequence that was walked over.
  [[nodiscard]] std::uint64_t last() const { return last_; }

  [[nodiscard]] Status take(const detail::OpenedEntry& opened) {
    const std::uint64_t expected = last_ + 1;
    if (opened.sequence != expected) {
      return make_error(ErrorCode::journal_entry_missing, at_entry(expected));
    }
    if (opened.previous != summary_.head) {
      return make_error(ErrorCode::journal_chain_broken, at_entry(expected));
    }
    summary_.head = model::journal_hash(organisation_, expected, opened.previous, opened.leaf);
    last_ = expected;
    ++summary_.entries;
    XL_TRY(take_into_group());
    return take_into_batch();
  }

  [[nodiscard]] Status finish(std::span<const model::JournalRoot> anchored) {
    if (group_last_ != 0 || batch_.has_value()) {
      return make_error(ErrorCode::journal_entry_missing, at_entry(last_ + 1));
    }
    for (const model::JournalRoot& root : anchored) {
      if (root.last_sequence > last_) {
        return make_error(ErrorCode::journal_entry_missing, at_entry(last_ + 1));
      }
      if (std::find(roots_.begin(), roots_.end(), root) == roots_.end()) {
        return make_error(ErrorCode::journal_root_mismatch, at_entry(root.first_sequence));
      }
    }
    return {};
  }

  [[nodiscard]] const JournalSummary& summary() const { return summary_; }

 private:
  /// The first group that ends at `sequence` or later.
  [[nodiscard]] Status next_group(std::uint64_t sequence) {
    XL_TRY_ASSIGN(sqlite::Statement * select,
                  store_.statement("SELECT last, first, key_id, signature FROM groups"
                                   " WHERE last >= ?1 ORDER BY last LIMIT 1"));
    XL_TRY_ASSIGN(const bool row, select->start(detail::as_signed(sequence)));
    group_last_ = row ? detail::as_unsigned(select->integer(0)) : 0;
    if (row) {
      group_first_ = detail::as_unsigned(select->integer(1));
      key_id_ = copy_of(select->blob(2));
      signature_ = copy_of(select->blob(3));
    }
    select->reset();
    return {};
  }

  /// Each entry must lie in a group, and the group's signature must fit its last hash.
  [[nodiscard]] Status take_into_group() {
    const auto invalid = [&] {
      return make_error(ErrorCode::journal_signature_invalid, at_entry(last_));
    };
    if (group_last_ == 0) XL_TRY(next_group(last_));  // appended since we looked
    if (group_last_ == 0 || group_first_ > last_) return invalid();
    if (group_last_ != last_) return {};
    if (group_first_ != signed_until_ + 1) return invalid();
    const Bytes message =
        journal_group_bytes(organisation_, group_first_, group_last_, summary_.head);
    if (!is_signed(message, key_id_, signature_)) return invalid();
    signed_until_ = group_last_;
    return next_group(last_ + 1);
  }

  [[nodiscard]] bool is_signed(ByteView message, ByteView key_id, ByteView signature) const {
    return std::any_of(signers_.begin(), signers_.end(), [&](const JournalSigner& signer) {
      return equal(model::key_id_of(signer.algorithm, signer.public_key), key_id) &&
             crypto::verify(signer.algorithm, signer.public_key, message, signature);
    });
  }

  /// Where a gap begins behind what was walked over: over it, if the custodian signed it.
  [[nodiscard]] Status step_over_gap() {
    XL_TRY_ASSIGN(sqlite::Statement * select,
                  store_.statement("SELECT first, last, held, root, noted_ms, key_id, signature"
                                   " FROM gaps WHERE first = ?1"));
    XL_TRY_ASSIGN(const bool row, select->start(detail::as_signed(last_ + 1)));
    if (!row) return {};
    const auto gap = gap_row(*select);
    const bool valid =
        gap.ok() && signed_until_ == last_ && gap->last_sequence > last_ &&
        gap->held_sequence >= last_ && gap->held_sequence <= gap->last_sequence &&
        is_signed(journal_gap_bytes(organisation_, *gap), select->blob(5), select->blob(6));
    select->reset();
    if (!valid) return make_error(ErrorCode::journal_signature_invalid, at_entry(last_ + 1));
    summary_.lost += gap->last_sequence - gap->held_sequence;
    last_ = signed_until_ = gap->last_sequence;
    previous_root_ = gap->root;
    return {};
  }

  [[nodiscard]] Status next_batch() {
    XL_TRY(step_over_gap());
    static constexpr std::string_view behind = "WHERE first > ?1 ORDER BY first LIMIT 1";
    XL_TRY_ASSIGN(sqlite::Statement * select,
                  store_.statement(std::string(batch_columns) + std::string(behind)));
    XL_TRY_ASSIGN(const bool row, select->start(detail::as_signed(last_)));
    batch_.reset();
    if (row) {
      auto batch = batch_row(*select);
      select->reset();
      if (!batch.ok() || batch->root.first_sequence != last_ + 1) {
        return make_error(ErrorCode::journal_root_mismatch, at_entry(last_ + 1));
      }
      batch_ = *batch;
    }
    select->reset();
    return {};
  }

  [[nodiscard]] Status take_into_batch() {
    if (!batch_.has_value()) return {};
    const model::JournalRoot& root = batch_->root;
    leaves_.push_back(crypto::merkle::leaf_hash(summary_.head));
    if (last_ < root.last_sequence) return {};
    if (crypto::merkle::root_of_leaf_hashes(leaves_) != root.root ||
        root.previous_root != previous_root_ || root.last_sequence != last_) {
      return make_error(ErrorCode::journal_root_mismatch, at_entry(root.first_sequence));
    }
    leaves_.clear();
    roots_.push_back(root);
    previous_root_ = root.root;
    ++summary_.batches;
    if (batch_->anchored_ms.has_value()) ++summary_.anchored_batches;
    return next_batch();
  }

  model::Id organisation_;
  detail::Store& store_;
  std::span<const JournalSigner> signers_;
  JournalSummary summary_;
  std::uint64_t last_ = 0;
  Hash previous_root_{};
  std::uint64_t group_first_ = 0;
  std::uint64_t group_last_ = 0;  // 0: no group follows
  std::uint64_t signed_until_ = 0;
  Bytes key_id_;
  Bytes signature_;
  std::optional<JournalBatch> batch_;
  std::vector<Hash> leaves_;
  std::vector<model::JournalRoot> roots_;
};

}  // namespace

Result<std::vector<Hash>> Journal::Impl::tree_leaves(std::uint64_t first, std::uint64_t last) {
  XL_TRY_ASSIGN(sqlite::Statement * select,
                store.statement("SELECT sequence, previous, leaf FROM entries"
                                " WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence"));
  std::vector<Hash> leaves;
  Result<bool> row = select->start(detail::as_signed(first), detail::as_signed(last));
  for (; row.ok() && *row; row = select->step()) {
    const std::uint64_t sequence = detail::as_unsigned(select->integer(0));
    if (sequence != first + leaves.size()) break;
    XL_TRY_ASSIGN(const Hash previous, hash_column(*select, 1));
    XL_TRY_ASSIGN(const Hash leaf, hash_column(*select, 2));
    leaves.push_back(
        crypto::merkle::leaf_hash(model::journal_hash(organisation, sequence, previous, leaf)));
  }
  select->reset();
  if (!row.ok()) return row.error();
  if (leaves.size() != last - first + 1) {
    return make_error(ErrorCode::journal_entry_missing, at_entry(first + leaves.size()));
  }
  return leaves;
}

Result<std::optional<JournalBatch>> Journal::seal(std::uint64_t now_ms) {
  const std::lock_guard guard(impl_->store_mutex);
  detail::Store& store = impl_->store;
  JournalBatch batch;
  batch.sealed_ms = now_ms;
  {
    XL_TRY_ASSIGN(sqlite::Statement * select,
                  store.statement("SELECT last, root FROM batches ORDER BY first DESC LIMIT 1"));
    XL_TRY_ASSIGN(const bool row, select->start());
    batch.root.first_sequence = 1;
    if (row) {
      batch.root.first_sequence = detail::as_unsigned(select->integer(0)) + 1;
      XL_TRY_ASSIGN(batch.root.previous_root, hash_column(*select, 1));
    }
    select->reset();
  }
  XL_TRY_ASSIGN(const auto gap, impl_->gap_at(batch.root.first_sequence));
  if (gap) {
    batch.root.first_sequence = gap->last_sequence + 1;
    batch.root.previous_root = gap->root;
  }
  const std::uint64_t first = batch.root.first_sequence;
  if (first > impl_->last_sequence) return std::optional<JournalBatch>{};
  batch.root.last_sequence = std::min(impl_->last_sequence, first + limits::journal_batch_max - 1);
  XL_TRY_ASSIGN(const std::vector<Hash> leaves,
                impl_->tree_leaves(first, batch.root.last_sequence));
  batch.root.root = crypto::merkle::root_of_leaf_hashes(leaves);
  XL_TRY_ASSIGN(
      const std::int64_t oldest,
      store.number("SELECT min(time_ms) FROM entries WHERE sequence BETWEEN ?1 AND ?2",
                   detail::as_signed(first), detail::as_signed(batch.root.last_sequence)));
  batch.first_entry_ms = detail::as_unsigned(oldest);
  XL_TRY(store.run("INSERT INTO batches VALUES(?1, ?2, ?3, ?4, ?5, ?6, NULL, NULL)",
                   detail::as_signed(first), detail::as_signed(batch.root.last_sequence),
                   ByteView(batch.root.root), ByteView(batch.root.previous_root),
                   detail::as_signed(now_ms), oldest));
  return std::optional(batch);
}

Result<SessionReads> Journal::reads_of(const model::Id& patient, const model::Id& session) const {
  std::vector<Hash> leaves;
  std::uint64_t after = 0;
  for (;;) {
    XL_TRY_ASSIGN(const std::vector<KeptEntry> page,
                  entries_of(patient, after, limits::vault_page_max));
    if (page.empty()) break;
    after = page.back().sequence;
    const std::lock_guard guard(impl_->store_mutex);
    for (const KeptEntry& kept : page) {
      if (kept.entry.session != session || kept.entry.decision != model::JournalDecision::permitted)
        continue;
      XL_TRY_ASSIGN(const std::vector<Hash> leaf, impl_->tree_leaves(kept.sequence, kept.sequence));
      leaves.insert(leaves.end(), leaf.begin(), leaf.end());
    }
  }
  return SessionReads{crypto::merkle::root_of_leaf_hashes(leaves), leaves.size()};
}

Result<std::vector<JournalBatch>> Journal::unanchored(std::uint32_t count_max) const {
  if (count_max > limits::vault_page_max) {
    return make_error(ErrorCode::journal_page_too_large, std::to_string(count_max));
  }
  const std::lock_guard guard(impl_->store_mutex);
  XL_TRY_ASSIGN(sqlite::Statement * select,
                impl_->store.statement(std::string(batch_columns) +
                                       "WHERE anchored_ms IS NULL ORDER BY first LIMIT ?1"));
  std::vector<JournalBatch> out;
  Result<bool> row = select->start(std::int64_t{count_max});
  for (; row.ok() && *row; row = select->step()) {
    XL_TRY_ASSIGN(const JournalBatch batch, batch_row(*select));
    out.push_back(batch);
  }
  select->reset();
  if (!row.ok()) return row.error();
  return out;
}

Result<std::optional<std::uint64_t>> Journal::oldest_unanchored_ms() const {
  const std::lock_guard guard(impl_->store_mutex);
  XL_TRY_ASSIGN(
      sqlite::Statement * select,
      impl_->store.statement("SELECT time_ms FROM entries WHERE sequence > coalesce((SELECT last "
                             "FROM batches WHERE anchored_ms IS NOT NULL ORDER BY first DESC LIMIT "
                             "1), 0) ORDER BY sequence LIMIT 1"));
  const Result<bool> row = select->start();
  std::optional<std::uint64_t> out;
  if (row.ok() && *row) out = detail::as_unsigned(select->integer(0));
  select->reset();
  if (!row.ok()) return row.error();
  return out;
}

Result<JournalBatch> Journal::Impl::find_batch(std::uint64_t sequence) {
  if (sequence == 0 || sequence > last_sequence) {
    return make_error(ErrorCode::journal_entry_unknown, at_entry(sequence));
  }
  XL_TRY_ASSIGN(sqlite::Statement * select,
                store.statement(std::string(batch_columns) +
                                "WHERE first <= ?1 ORDER BY first DESC LIMIT 1"));
  XL_TRY_ASSIGN(const bool row, select->start(detail::as_signed(sequence)));
  if (!row || detail::as_unsigned(select->integer(1)) < sequence) {
    select->reset();
    return make_error(ErrorCode::journal_not_sealed, at_entry(sequence));
  }
  auto batch = batch_row(*select);
  select->reset();
  return batch;
}

Result<JournalBatch> Journal::batch_of(std::uint64_t sequence) const {
  const std::lock_guard guard(impl_->store_mutex);
  return impl_->find_batch(sequence);
}

Status Journal::mark_anchored(std::uint64_t first_sequence, const Hash& transaction,
                              std::uint64_t anchored_ms) {
  const std::lock_guard guard(impl_->store_mutex);
  XL_TRY_ASSIGN(const std::int64_t there,
                impl_->store.number("SELECT count(*) FROM batches WHERE first = ?1",
                                    detail::as_signed(first_sequence)));
  if (there == 0) return make_error(ErrorCode::journal_entry_unknown, at_entry(first_sequence));
  XL_TRY(impl_->store.run(
      "UPDATE batches SET transaction_id = ?2, anchored_ms = ?3"
      " WHERE first = ?1 AND anchored_ms IS NULL",
      detail::as_signed(first_sequence), ByteView(transaction), detail::as_signed(anchored_ms)));
  // The ledger takes roots in order: what was lost stands in front of this one.
  return impl_->store.run(
      "DELETE FROM restored WHERE noted_ms <= (SELECT sealed_ms FROM batches WHERE first = ?1)",
      detail::as_signed(first_sequence));
}

Result<model::JournalProof> Journal::prove(std::uint64_t sequence) const {
  const std::lock_guard guard(impl_->store_mutex);
  XL_TRY_ASSIGN(const JournalBatch batch, impl_->find_batch(sequence));
  XL_TRY_ASSIGN(detail::OpenedEntry opened, impl_->open_entry(sequence));
  XL_TRY_ASSIGN(const std::vector<Hash> leaves,
                impl_->tree_leaves(batch.root.first_sequence, batch.root.last_sequence));
  return model::JournalProof{
      sequence, opened.previous, opened.salt, std::move(opened.content),
      crypto::merkle::inclusion_path(leaves, sequence - batch.root.first_sequence)};
}

Result<JournalSummary> Journal::verify(std::span<const JournalSigner> signers,
                                       std::span<const model::JournalRoot> anchored) const {
  Walk walk(impl_->organisation, impl_->store, signers);
  for (bool begun = false;; begun = true) {
    // Page by page, so that appends go on meanwhile; the last page and the verdict are one.
    const std::lock_guard guard(impl_->store_mutex);
    if (!begun) {
      XL_TRY(impl_->store.database().check_integrity());
      XL_TRY(walk.begin());
    }
    XL_TRY_ASSIGN(sqlite::Statement * select,
                  impl_->store.statement(std::string(entry_columns) +
                                         "WHERE sequence > ?1 ORDER BY sequence LIMIT ?2"));
    std::uint32_t taken = 0;
    Result<bool> row =
        select->start(detail::as_signed(walk.last()), std::int64_t{limits::vault_page_max});
    for (; row.ok() && *row; row = select->step(), ++taken) {
      const auto opened = impl_->open_row(*select);
      const Status status = opened.ok() ? walk.take(*opened) : Status(opened.error());
      if (!status.ok()) {
        select->reset();
        return status.error();
      }
    }
    select->reset();
    if (!row.ok()) return row.error();
    if (taken == limits::vault_page_max) continue;
    XL_TRY(walk.finish(anchored));
    return walk.summary();
  }
}

}  // namespace xl::vault
