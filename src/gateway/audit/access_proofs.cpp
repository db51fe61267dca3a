// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/audit/access_proofs.h"

#include <algorithm>

#include "base/json/writer.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.pb.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "contracts/identity/records.h"
#include "custody/consents.h"
#include "gateway/organisation/proofs.h"
#include "model/access_list.h"
#include "model/canonical.h"
#include "model/limits.h"
#include "model/receipt.h"

namespace xl::gateway::audit {

namespace identity = contracts::identity;

namespace {

/// How far the custodian's clock and the blocks' time may be apart.
constexpr std::uint64_t around_ms = 60'000;
constexpr std::size_t consents_shown_max = 2UL * limits::consents_active_max;

}  // namespace

Status AccessProofs::need_state(std::string_view name, ByteView key, Needed& out) {
  const Bytes of = copy_of(key);
  auto found = known_.find(of);
  if (found == known_.end()) {
    XL_TRY_ASSIGN(const model::Receipt receipt, services_.ledger.state_receipt(key, 0));
    found = known_.emplace(of, receipts_.size()).first;
    receipts_.push_back(model::write_receipt(receipt));
  }
  out.emplace_back(name, found->second);
  return {};
}

/// The receipts with which an entry can be checked by the genesis alone: of the transaction that
/// anchored it, and of what its evidence names.
Result<AccessProofs::Needed> AccessProofs::receipts_of(const vault::JournalBatch& batch,
                                                       const model::JournalEntry& entry) {
  Needed out;
  const Bytes of = copy_of(ByteView(batch.transaction));
  auto found = known_.find(of);
  if (found == known_.end()) {
    XL_TRY_ASSIGN(const model::Receipt anchor, services_.ledger.receipt(batch.transaction));
    found = known_.emplace(of, receipts_.size()).first;
    receipts_.push_back(model::write_receipt(anchor));
  }
  out.emplace_back("anchor", found->second);
  xinglin::access::v1::AccessDetails details;
  if (!model::decode_canonical(entry.evidence, details)) return out;
  const bool of_emergency = contracts::access::is_glass_action(entry.action);
  if (of_emergency && entry.decision == model::JournalDecision::permitted) {
    XL_TRY(need_state("emergency", contracts::access::emergency_key(entry.session), out));
    return out;
  }
  if (details.key().size() != sizeof(Hash)) return out;  // a refusal that came from another member
  const Hash key_id = contracts::key_id_of(details.key());
  XL_TRY(need_state("key", identity::key_key(key_id), out));
  const auto key = identity::find_key(*services_.ledger.state(), key_id);
  if (key && !key->has_delegation() && key->controller() != details.organisation()) {
    XL_TRY(need_state("service", identity::party_key(contracts::id_of(key->controller())), out));
  }
  if (!details.session_details().empty()) {
    XL_TRY(need_state("session", contracts::access::session_key(entry.session), out));
  }
  if (details.has_cohort()) {
    XL_TRY(need_state("cohort", contracts::access::cohort_key(entry.session), out));
  }
  return out;
}

/// A proof without its receipts, its last brace left out.
Result<std::string> AccessProofs::entry_part(const vault::KeptEntry& kept,
                                             const vault::JournalBatch& batch) const {
  XL_TRY_ASSIGN(const model::JournalProof proof,
                organisation_.stores().journal().prove(kept.sequence));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/access-proof/v1");
  out.key("organisation").string(model::did_text(organisation_.did()));
  out.key("sequence").string(std::to_string(kept.sequence));
  out.key("first_sequence").string(std::to_string(batch.root.first_sequence));
  out.key("last_sequence").string(std::to_string(batch.root.last_sequence));
  out.key("root").string(to_hex(batch.root.root));
  out.key("previous").string(to_hex(proof.previous)).key("salt").string(to_hex(proof.salt));
  out.key("content").string(to_base64(proof.content)).key("path").begin_array();
  for (const Hash& hash : proof.path) out.string(to_hex(hash));
  out.end_array().key("transaction").string(to_hex(batch.transaction)).end_object();
  std::string text = out.take();
  text.pop_back();
  return text;
}

/// The patient's consents that held within a minute of the entry, as they were sealed.
Result<std::string> AccessProofs::consents_then(const model::JournalEntry& entry) const {
  const auto state = services_.ledger.state();
  const std::uint64_t before = entry.time_ms - std::min(entry.time_ms, around_ms);
  query::Query wanted;
  wanted.type = "Consent";
  wanted.allowed.patients = std::vector{entry.patient};
  wanted.count = query::index_page_max;
  wanted.total = query::Total::none;
  std::string out;
  std::size_t shown = 0;
  do {
    XL_TRY_ASSIGN(const query::IndexPage page, organisation_.stores().index().search(wanted));
    for (const query::RecordEntry& one : page.entries) {
      const auto record = contracts::consent::find_consent(*state, one.record);
      if (!custody::is_agreed_consent(one) || !record ||
          record->since_ms() > entry.time_ms + around_ms ||
          (record->ended_ms() != 0 && record->ended_ms() < before) || shown == consents_shown_max) {
        continue;
      }
      XL_TRY_ASSIGN(const vault::Opened sealed,
                    organisation_.stores().vault().get({one.record, 1}));
      XL_TRY_ASSIGN(const model::Receipt receipt,
                    services_.ledger.state_receipt(contracts::consent::consent_key(one.record), 0));
      out += (shown++ == 0 ? "" : ",") + std::string("{\"sealed\":\"") + to_base64(sealed.content) +
             "\",\"receipt\":" + model::write_receipt(receipt) + "}";
    }
    wanted.cursor = page.next_cursor;
  } while (!wanted.cursor.empty());
  return out;
}

/// The opening of the version that the entry is about; empty: there is none, or it is erased.
Result<std::string> AccessProofs::record_then(const model::JournalEntry& entry) const {
  if (entry.subject.size() != limits::id_bytes + 4) return std::string();
  const auto record = model::id_from_bytes(ByteView(entry.subject).first(limits::id_bytes));
  const auto version = read_be<std::uint32_t>(ByteView(entry.subject).subspan(limits::id_bytes));
  if (!record.ok() || version == 0) return std::string();
  const auto opening = organisation_.stores().vault().open_commitment({*record, version});
  if (!opening.ok()) return std::string();
  return organisation::record_proof(services_, organisation_, {*record, version}, entry.patient,
                                    *opening);
}

/// What `decide` was asked about, without what the custodian established.
Result<std::string> AccessProofs::disclosed(const model::JournalEntry& entry) const {
  XL_TRY_ASSIGN(const std::string consents, consents_then(entry));
  XL_TRY_ASSIGN(const std::string record, record_then(entry));
  return "{\"consents\":[" + consents + "]" + (record.empty() ? "" : ",\"record\":" + record) + "}";
}

Result<std::string> AccessProofs::alone(const vault::KeptEntry& kept, bool to_the_patient) {
  const vault::Journal& journal = organisation_.stores().journal();
  XL_TRY_ASSIGN(const vault::JournalBatch batch, journal.batch_of(kept.sequence));
  if (!batch.anchored_ms) return make_error(ErrorCode::journal_not_sealed);
  XL_TRY_ASSIGN(std::string out, entry_part(kept, batch));
  XL_TRY_ASSIGN(const Needed needed, receipts_of(batch, kept.entry));
  out += ",\"receipts\":{";
  for (const auto& [name, at] : needed) {
    if (out.back() != '{') out += ',';
    out += "\"" + name + "\":" + receipts_[at];
  }
  out += "}";
  if (to_the_patient && !kept.entry.patient.is_zero()) {
    XL_TRY_ASSIGN(const std::string about, disclosed(kept.entry));
    out += ",\"disclosed\":" + about;
  }
  return out + "}";
}

Status AccessProofs::add(const vault::KeptEntry& kept) {
  const vault::Journal& journal = organisation_.stores().journal();
  const auto batch = journal.batch_of(kept.sequence);
  const bool sealed = batch.ok() || batch.error().code != ErrorCode::journal_not_sealed;
  if (sealed && !batch.ok()) return batch.error();
  added_.push_back(kept.sequence);
  // One root covers all or none: what came onto the ledger between two entries waits as well.
  const bool split = sealed && !waiting_.empty() && batch->root.last_sequence >= waiting_.back();
  if (!sealed || !batch->anchored_ms || split) {
    waiting_.push_back(kept.sequence);
    return {};
  }
  XL_TRY_ASSIGN(const std::string part, entry_part(kept, *batch));
  XL_TRY_ASSIGN(const Needed needed, receipts_of(*batch, kept.entry));
  entries_ += (entries_.empty() ? "" : ",") + part + ",\"receipts\":{";
  for (const auto& [name, at] : needed) {
    if (entries_.back() != '{') entries_ += ',';
    entries_ += "\"" + name + "\":" + std::to_string(at);
  }
  entries_ += "}}";
  return {};
}

/// The custodian's word for which entries there are, `,"statement":…`.
Result<std::string> AccessProofs::statement(const Page& page, std::uint64_t before) {
  vault::JournalLook look;
  look.patients = std::vector{page.patient};
  look.before = before;
  model::AccessListPage told;
  told.network = services_.ledger.genesis().network;
  told.custodian = organisation_.did();
  told.patient = page.patient;
  told.total = page.total;
  told.before = before;
  told.next_before = page.next_before;
  told.sequences = added_;
  XL_TRY_ASSIGN(told.count, organisation_.stores().journal().count(look));
  XL_TRY_ASSIGN(const query::LedgerHead head, services_.ledger.head());
  told.height = head.height;
  told.time_ms = services_.custody.port().now_ms();
  const crypto::SigningKey& key = organisation_.stores().identity().key;
  const Hash key_id = model::key_id_of(key.algorithm(), key.public_key());
  Needed needed;
  XL_TRY(need_state("key", identity::key_key(key_id), needed));
  const auto record = identity::find_key(*services_.ledger.state(), key_id);
  if (record && record->controller() != custody::bytes_of(organisation_.did().bytes)) {
    const model::Id service = contracts::id_of(record->controller());
    XL_TRY(need_state("service", identity::party_key(service), needed));
  }
  json::Writer out;
  out.begin_object().key("before").string(std::to_string(told.before));
  out.key("count").string(std::to_string(told.count));
  out.key("height").string(std::to_string(told.height));
  out.key("time_ms").string(std::to_string(told.time_ms)).key("key").string(to_hex(key_id));
  out.key("signature").string(to_base64(key.sign(model::access_list_bytes(told))));
  out.key("receipts").begin_object();
  for (const auto& [name, at] : needed) out.key(name).unsigned_integer(at);
  out.end_object().end_object();
  return ",\"statement\":" + out.take();
}

Result<std::string> AccessProofs::take(const Page& page) {
  json::Writer head;
  head.begin_object().key("schema").string("xinglin/access-proofs/v1");
  head.key("organisation").string(model::did_text(organisation_.did()));
  head.key("patient").string(model::did_text(page.patient));
  head.key("total").string(std::to_string(page.total));
  head.key("next_before").string(page.next_before == 0 ? "" : std::to_string(page.next_before));
  head.key("waiting").begin_array();
  for (const std::uint64_t one : waiting_) head.string(std::to_string(one));
  head.end_array().end_object();
  std::string out = head.take();
  out.pop_back();
  if (page.before) {
    XL_TRY_ASSIGN(const std::string signed_part, statement(page, *page.before));
    out += signed_part;
  }
  out += ",\"receipts\":[";
  for (const std::string& one : receipts_) out += (out.back() == '[' ? "" : ",") + one;
  return out + "],\"entries\":[" + entries_ + "]}";
}

}  // namespace xl::gateway::audit
