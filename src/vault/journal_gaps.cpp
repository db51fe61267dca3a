// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// A journal that was restored from a backup: what it lost, and how it goes on.
#include <algorithm>

#include "model/limits.h"
#include "model/tags.h"
#include "vault/codec.h"
#include "vault/journal_store.h"

namespace xl::vault {
namespace {

constexpr std::string_view gap_columns = "SELECT first, last, held, root, noted_ms FROM gaps ";

}  // namespace

Bytes journal_gap_bytes(const model::Id& organisation, const JournalGap& gap) {
  return detail::bound_to(
      model::tags::journal_gap,
      {organisation.view(), detail::be64(gap.first_sequence), detail::be64(gap.last_sequence),
       detail::be64(gap.held_sequence), gap.root, detail::be64(gap.noted_ms)});
}

Result<JournalGap> gap_row(const sqlite::Statement& row) {
  JournalGap out;
  out.first_sequence = detail::as_unsigned(row.integer(0));
  out.last_sequence = detail::as_unsigned(row.integer(1));
  out.held_sequence = detail::as_unsigned(row.integer(2));
  XL_TRY_ASSIGN(out.root, hash_column(row, 3));
  out.noted_ms = detail::as_unsigned(row.integer(4));
  return out;
}

Result<std::optional<JournalGap>> Journal::Impl::gap_at(std::uint64_t first) {
  XL_TRY_ASSIGN(sqlite::Statement * select,
                store.statement(std::string(gap_columns) + "WHERE first = ?1"));
  XL_TRY_ASSIGN(const bool row, select->start(detail::as_signed(first)));
  if (!row) return std::optional<JournalGap>();
  auto gap = gap_row(*select);
  select->reset();
  if (!gap.ok()) return gap.error();
  return std::optional(*gap);
}

Result<std::vector<JournalGap>> Journal::gaps() const {
  const std::lock_guard guard(impl_->store_mutex);
  XL_TRY_ASSIGN(sqlite::Statement * select,
                impl_->store.statement(std::string(gap_columns) + "ORDER BY first"));
  std::vector<JournalGap> out;
  Result<bool> row = select->start();
  for (; row.ok() && *row; row = select->step()) {
    XL_TRY_ASSIGN(const JournalGap gap, gap_row(*select));
    out.push_back(gap);
  }
  select->reset();
  if (!row.ok()) return row.error();
  return out;
}

Status Journal::note_restored(std::uint64_t now_ms) {
  const std::lock_guard guard(impl_->store_mutex);
  return impl_->store.run("INSERT INTO restored VALUES(?1, ?2)", detail::as_signed(now_ms),
                          detail::as_signed(impl_->last_sequence));
}

Result<bool> Journal::is_restored() const {
  const std::lock_guard guard(impl_->store_mutex);
  XL_TRY_ASSIGN(const std::int64_t count, impl_->store.number("SELECT count(*) FROM restored"));
  return count > 0;
}

Result<std::optional<JournalBatch>> Journal::Impl::last_anchored() {
  XL_TRY_ASSIGN(const std::int64_t first, store.number("SELECT coalesce(max(first), 0) FROM batches"
                                                       " WHERE anchored_ms IS NOT NULL"));
  if (first == 0) return std::optional<JournalBatch>();
  XL_TRY_ASSIGN(const JournalBatch batch, find_batch(detail::as_unsigned(first)));
  return std::optional(batch);
}

Status Journal::go_on_behind(std::uint64_t last_sequence, const Hash& root, std::uint64_t now_ms) {
  const std::lock_guard guard(impl_->store_mutex);
  XL_TRY_ASSIGN(const auto kept, impl_->last_anchored());
  const std::uint64_t until = kept ? kept->root.last_sequence : 0;
  if (last_sequence < until) {
    return make_error(ErrorCode::journal_entry_missing, at_entry(last_sequence + 1));
  }
  XL_TRY_ASSIGN(const auto noted, impl_->gap_at(until + 1));
  if (noted && noted->last_sequence == last_sequence && noted->root == root) return {};
  if (last_sequence > until) {
    XL_TRY_ASSIGN(const std::int64_t size,
                  impl_->store.number("SELECT coalesce(min(size), 0) FROM restored"));
    // Of several restores before anything was anchored the first one tells: later sizes count what
    // was numbered again.
    const std::uint64_t held = std::clamp(detail::as_unsigned(size), until, last_sequence);
    return impl_->go_on_behind({until + 1, last_sequence, held, root, now_ms});
  }
  if (!kept || kept->root.root == root) return {};
  return make_error(ErrorCode::journal_root_mismatch, at_entry(until));
}

Status Journal::Impl::go_on_behind(const JournalGap& gap) {
  const std::uint64_t kept = gap.first_sequence - 1;
  XL_TRY_ASSIGN(Hash head, hash_of(kept));
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(store.database()));
  XL_TRY(store.run("DELETE FROM batches WHERE anchored_ms IS NULL"));
  XL_TRY(cut_groups(kept, head));
  // Aside, as old and new sequences overlap.
  XL_TRY(store.run("UPDATE entries SET sequence = -sequence WHERE sequence > ?1",
                   detail::as_signed(kept)));
  std::uint64_t next = gap.last_sequence;
  XL_TRY(number_again(next, head));
  if (next > gap.last_sequence) XL_TRY(sign_group(gap.last_sequence + 1, next, head));
  const Bytes signature = signer.sign(journal_gap_bytes(organisation, gap));
  const Hash key_id = model::key_id_of(signer.algorithm(), signer.public_key());
  // One that was noted here before ended too early: the ledger went on.
  XL_TRY(store.run("INSERT OR REPLACE INTO gaps VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                   detail::as_signed(gap.first_sequence), detail::as_signed(gap.last_sequence),
                   detail::as_signed(gap.held_sequence), ByteView(gap.root),
                   detail::as_signed(gap.noted_ms), ByteView(key_id), ByteView(signature)));
  XL_TRY(transaction.commit());
  last_sequence = next;
  last_hash = head;
  return {};
}

/// No group ends behind the entry `last`, whose hash is `head`: one that goes on is signed again.
Status Journal::Impl::cut_groups(std::uint64_t last, const Hash& head) {
  XL_TRY_ASSIGN(const std::int64_t first, store.number("SELECT coalesce(max(first), 0) FROM groups"
                                                       " WHERE first <= ?1 AND last > ?1",
                                                       detail::as_signed(last)));
  XL_TRY(store.run("DELETE FROM groups WHERE last > ?1", detail::as_signed(last)));
  return first == 0 ? Status{} : sign_group(detail::as_unsigned(first), last, head);
}

Status Journal::Impl::number_again(std::uint64_t& next, Hash& head) {
  for (;;) {
    std::vector<detail::OpenedEntry> page;
    XL_TRY_ASSIGN(sqlite::Statement * select,
                  store.statement("SELECT -sequence, previous, leaf, patient, time_ms, sealed"
                                  " FROM entries WHERE sequence < 0 ORDER BY sequence DESC"
                                  " LIMIT ?1"));
    Result<bool> row = select->start(std::int64_t{limits::vault_page_max});
    for (; row.ok() && *row; row = select->step()) {
      auto opened = open_row(*select);
      if (!opened.ok()) {
        select->reset();
        return opened.error();
      }
      page.push_back(std::move(*opened));
    }
    select->reset();
    if (!row.ok()) return row.error();
    if (page.empty()) return {};
    for (detail::OpenedEntry& one : page) {
      XL_TRY(
          store.run("DELETE FROM entries WHERE sequence = -?1", detail::as_signed(one.sequence)));
      const detail::Ticket::Part part{std::move(one.content), one.entry.time_ms, one.entry.patient};
      XL_TRY(write_entry(part, one.salt, ++next, head));
    }
  }
}

}  // namespace xl::vault
