// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/access/status.h"
#include "contracts/access/view.h"
#include "crypto/hash.h"
#include "custody/access.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::custody {

namespace {

/// How long one attempt to anchor a root is valid. Its bytes depend on the batch and the attempt
/// alone, so after a crash the same transaction is sent again and never a second one.
constexpr std::uint64_t attempt_ms = 9 * 60 * 1000;
static_assert(attempt_ms < limits::validity_window_ms);
constexpr std::uint64_t attempts_looked_for_max = 1000;

std::string suite_digest(const Hash& hash) {
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, hash);
  return bytes_of(out);
}

/// Is an entry about nobody in particular a look at many patients? One that names an emergency, by
/// which nobody was found, is not: its evidence is of a single question.
bool is_look_at_many(const model::JournalEntry& entry) {
  xinglin::access::v1::AccessDetails single;
  return !entry.session.is_zero() && !model::decode_canonical(entry.evidence, single);
}

/// The CohortEntry that the journal entry of a look at many patients stands for. Errors:
/// journal_entry_altered.
Result<model::Message> cohort_message(const model::Id& custodian,
                                      const model::JournalEntry& entry) {
  xinglin::access::v1::CohortOpening opening;
  if (!model::decode_canonical(entry.evidence, opening)) {
    return make_error(ErrorCode::journal_entry_altered, "a look at many patients");
  }
  Hash root{};
  if (opening.root().size() != root.size()) {
    return make_error(ErrorCode::journal_entry_altered, "a look at many patients");
  }
  std::copy_n(view_of(opening.root()).begin(), root.size(), root.begin());
  xinglin::access::v1::CohortEntry message;
  message.set_entry(bytes_of(entry.session.bytes));
  message.set_custodian(bytes_of(custodian.bytes));
  message.set_requester(bytes_of(entry.organisation.bytes));
  message.set_purpose(contracts::access::details_commitment(model::encode(opening.details())));
  message.set_query(bytes_of(salted_digest(view_of(opening.query_salt()), opening.query())));
  message.set_policy_height(opening.details().policy_height());
  message.set_root(suite_digest(root));
  message.set_count(opening.count());
  return message_to(contracts::access::contract_number, contracts::access::cohort_entry_type,
                    message);
}

}  // namespace

Bytes AccessDesk::root_transaction(const vault::JournalBatch& batch, std::uint64_t attempt,
                                   bool late) const {
  xinglin::access::v1::JournalRoot message;
  message.set_custodian(bytes_of(stores_.did().bytes));
  message.set_first_sequence(batch.root.first_sequence);
  message.set_count(static_cast<std::uint32_t>(batch.root.count()));
  message.set_root(suite_digest(batch.root.root));
  if (batch.root.first_sequence != 1) message.set_previous(suite_digest(batch.root.previous_root));
  message.set_oldest_ms(batch.first_entry_ms);
  message.set_late(late);
  const crypto::SigningKey& key = stores_.identity().key;
  model::Body body;
  body.network = port_.ledger().genesis().network;
  body.signers.push_back({model::key_id_of(key.algorithm(), key.public_key()), key.algorithm()});
  body.valid_until_ms = batch.sealed_ms + (attempt + 1) * attempt_ms;
  std::copy_n(batch.root.root.begin(), body.nonce.size(), body.nonce.begin());
  body.messages.push_back(message_to(contracts::access::contract_number,
                                     contracts::access::journal_root_type, message));
  return model::sign_transaction(body, {&key});
}

std::uint64_t AccessDesk::attempt_at(const vault::JournalBatch& batch, std::uint64_t now) {
  return now > batch.sealed_ms ? (now - batch.sealed_ms) / attempt_ms : 0;
}

/// Marks the batch anchored when its root came onto the chain by this transaction.
Result<bool> AccessDesk::came_by(const vault::JournalBatch& batch, ByteView raw) {
  XL_TRY_ASSIGN(const model::Transaction transaction, model::decode_transaction(raw));
  const auto there = port_.ledger().transaction(transaction.id);
  if (!there.ok() || there->entry.status != contracts::applied) return false;
  XL_TRY(
      stores_.journal().mark_anchored(batch.root.first_sequence, transaction.id, there->block_ms));
  return true;
}

/// True when this or an earlier attempt brought the batch onto the chain.
Result<bool> AccessDesk::is_there_already(const vault::JournalBatch& batch, std::uint64_t attempt) {
  for (std::uint64_t i = 0; i <= attempt; ++i) {
    // A batch goes at once or, where the ledger stood still, lately: those between are passed over.
    if (i == attempts_looked_for_max && attempt > 2 * attempts_looked_for_max) {
      i = attempt - attempts_looked_for_max;
    }
    for (const bool late : {false, true}) {
      XL_TRY_ASSIGN(const bool found, came_by(batch, root_transaction(batch, i, late)));
      if (found) return true;
    }
  }
  return false;
}

/// True when the batch is on the chain now.
Result<bool> AccessDesk::anchor_batch(const vault::JournalBatch& batch) {
  const std::uint64_t now = port_.now_ms();
  const std::uint64_t attempt = attempt_at(batch, now);
  XL_TRY_ASSIGN(const bool there_already, is_there_already(batch, attempt));
  if (there_already) return true;
  const bool seems_late = batch.first_entry_ms + limits::journal_within_ms < now;
  for (const bool late : {seems_late, true}) {
    const Bytes raw = root_transaction(batch, attempt, late);
    XL_TRY_ASSIGN(const model::Transaction transaction, model::decode_transaction(raw));
    // Sent before in this attempt: sending it again would only be answered with "replayed", which
    // hides why it was refused.
    const auto there = port_.ledger().transaction(transaction.id);
    const ordering::Outcome sent =
        there.ok() ? ordering::Outcome(there->entry) : port_.send_all({raw}).front();
    if (sent.ok() && sent->status == contracts::access::late_unmarked && !late) continue;
    XL_TRY(port_.applied(sent));
    return came_by(batch, raw);
  }
  return false;
}

/// Sends the CohortEntry of every look at many patients in this batch that the chain does not have
/// yet. The journal remembers them: a crash loses none. One that the chain refuses for ever,
/// because it stood still too long since the decision, is passed over: the journal's root still
/// holds it.
Status AccessDesk::anchor_cohorts(const vault::JournalBatch& batch) {
  const crypto::SigningKey* ours[] = {&stores_.identity().key};
  std::uint64_t after = batch.root.first_sequence - 1;
  for (;;) {
    XL_TRY_ASSIGN(const auto page,
                  stores_.journal().entries_of(model::Id{}, after, limits::vault_page_max));
    const auto state = port_.ledger().state();
    std::vector<Bytes> transactions;
    for (const vault::KeptEntry& kept : page) {
      after = kept.sequence;
      if (after > batch.root.last_sequence) break;
      const model::JournalEntry& entry = kept.entry;
      if (!is_look_at_many(entry) || contracts::access::find_cohort(*state, entry.session))
        continue;
      XL_TRY_ASSIGN(const model::Message message, cohort_message(stores_.did(), entry));
      transactions.push_back(port_.sign({message}, ours));
    }
    for (const ordering::Outcome& outcome : port_.send_all(std::move(transactions))) {
      if (outcome.ok() && outcome->status == contracts::access::policy_height_refused) continue;
      XL_TRY(port_.applied(outcome));
    }
    if (page.size() < limits::vault_page_max || after > batch.root.last_sequence) return {};
  }
}

/// A journal from a backup goes on behind what the ledger has of it. While this node's own ledger
/// is not even where the backup was, nothing is anchored: that error is journal_entry_missing.
Status AccessDesk::go_on_after_restore() {
  vault::Journal& journal = stores_.journal();
  XL_TRY_ASSIGN(const bool restored, journal.is_restored());
  if (!restored) return {};
  const auto head = contracts::access::find_journal(*port_.ledger().state(), stores_.did());
  if (!head || head->next_sequence() <= 1) return {};
  // What the backup had sent already, and did not know to be there.
  XL_TRY_ASSIGN(const auto sealed, journal.unanchored(limits::vault_page_max));
  for (const vault::JournalBatch& batch : sealed) {
    XL_TRY_ASSIGN(const bool there, is_there_already(batch, attempt_at(batch, port_.now_ms())));
    if (!there) break;
  }
  const std::uint64_t last = head->next_sequence() - 1;
  Hash root{};
  std::copy_n(view_of(head->root()).begin() + 1, root.size(), root.begin());  // behind the suite
  const auto own = journal.batch_of(last);
  if (own.ok() && own->root.last_sequence == last && own->root.root == root) return {};
  return journal.go_on_behind(last, root, port_.now_ms());
}

/// One root after the other, so that appends are never held up for more than one and a stop is
/// heard between two.
Result<std::size_t> AccessDesk::anchor_journal(std::size_t batches_max,
                                               const std::function<bool()>& stop) {
  XL_TRY(go_on_after_restore());
  const std::uint64_t until = stores_.journal().size();  // what comes later is the next round's
  std::size_t anchored = 0;
  while (anchored < batches_max && !(anchored > 0 && stop && stop())) {
    XL_TRY_ASSIGN(auto waiting, stores_.journal().unanchored(1));
    if (waiting.empty()) {
      XL_TRY_ASSIGN(const auto sealed, stores_.journal().seal(port_.now_ms()));
      if (!sealed) break;
      waiting.push_back(*sealed);
    }
    XL_TRY(anchor_cohorts(waiting.front()));
    XL_TRY_ASSIGN(const bool done, anchor_batch(waiting.front()));
    if (!done) break;  // the chain takes them in order
    ++anchored;
    if (waiting.front().root.last_sequence >= until) break;
  }
  return anchored;
}

}  // namespace xl::custody
