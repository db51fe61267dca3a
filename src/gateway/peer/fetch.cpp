// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/peer/fetch.h"

#include <algorithm>

#include "contracts/api/shape.h"
#include "contracts/consent/codes.h"
#include "contracts/identity/sign_in.h"
#include "contracts/identity/view.h"
#include "custody/consents.h"
#include "gateway/peer/peer.pb.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::gateway::peer {

namespace consent = contracts::consent;
namespace identity = contracts::identity;
using custody::bytes_of;
using xinglin::peer::v1::Fetch;
using xinglin::peer::v1::FetchAnswer;

namespace {

constexpr std::string_view fetch_action = "fetch";

/// Errors: message_malformed, sign_in_refused.
Result<custody::Ask> ask_in(const auth::Tokens& tokens, const Fetch& fetch, const Heard& heard,
                            custody::FarSide& far) {
  custody::Ask out;
  XL_TRY_ASSIGN(
      out.principal,
      signed_in_there(tokens, heard.from, {fetch.key(), fetch.challenge(), fetch.signature()}));
  const auto known = consent::purpose_infos();
  const bool is_purpose = std::any_of(known.begin(), known.end(), [&](const auto& info) {
    return static_cast<std::uint32_t>(info.purpose) == fetch.purpose();
  });
  if (!is_purpose) return make_error(ErrorCode::message_malformed, "purpose");
  out.purpose = static_cast<consent::PurposeOfUse>(fetch.purpose());
  out.action = consent::Action::read;
  if (!fetch.emergency().empty()) {
    XL_TRY(contracts::check_id(fetch.emergency(), "emergency"));
    out.emergency = contracts::id_of(fetch.emergency());
  }
  far.key = heard.key;
  far.body = copy_of(view_of(fetch.body()));
  far.signature = copy_of(view_of(fetch.body_signature()));
  out.far = &far;
  return out;
}

/// What of one patient's records the requester may see, a page of it.
struct FoundPage {
  std::vector<query::RecordEntry> entries;
  std::vector<Bytes> ciphertexts;
  std::string next_cursor;
};

/// Errors: those of the index and the stores.
Result<FoundPage> find_page(custody::Organisation& of, custody::Viewer& viewer,
                            const query::Query& wanted) {
  query::Query now = wanted;
  FoundPage out;
  while (true) {
    XL_TRY_ASSIGN(query::IndexPage page, of.stores().index().search(now));
    out = {std::move(page.entries), {}, std::move(page.next_cursor)};
    // A page is read under one session: what rests on further consents is on the next.
    XL_TRY_ASSIGN(const std::size_t together, viewer.under_one_session(out.entries));
    if (together < out.entries.size()) {
      now.count = together;
      continue;
    }
    std::size_t bytes = 0;
    for (const query::RecordEntry& entry : out.entries) {
      const auto version = static_cast<std::uint32_t>(entry.vault_version);
      XL_TRY_ASSIGN(const vault::Anchored kept,
                    of.stores().vault().anchored({entry.record, version}));
      XL_TRY_ASSIGN(Bytes ciphertext, of.stores().bodies().get(kept.ciphertext_digest));
      bytes += ciphertext.size();
      if (bytes > fetched_bytes_max && !out.ciphertexts.empty()) break;
      out.ciphertexts.push_back(std::move(ciphertext));
    }
    if (out.ciphertexts.size() == out.entries.size()) return out;
    now.count = out.ciphertexts.size();  // the same page, shorter
  }
}

/// Errors: message_malformed, those of the viewer.
Result<query::Query> query_of(custody::Organisation& of, custody::Viewer& viewer,
                              const Fetch& fetch, const model::Id& patient) {
  query::Query out;
  if (static_cast<std::size_t>(fetch.types().size()) > query::search_types_max ||
      fetch.cursor().size() > query::cursor_text_bytes_max) {
    return make_error(ErrorCode::message_malformed, "types");
  }
  out.types.assign(fetch.types().begin(), fetch.types().end());
  out.cursor = fetch.cursor();
  out.count = fetched_records_max;
  out.total = query::Total::none;
  XL_TRY_ASSIGN(out.allowed.patients, viewer.patients(std::span(&patient, 1)));
  out.of_patients = {patient};
  out.allowed.record = [&of, &viewer](const query::RecordEntry& entry) {
    // Agreements are the custodian's own: elsewhere they rule nothing.
    return !of.stores().is_own(entry.patient) && !custody::is_agreed_consent(entry) &&
           viewer.allows(entry);
  };
  return out;
}

/// The data keys, wrapped for the organisation that asks; that it was given them is written down
/// first.
Status add_pieces(custody::Organisation& of, const custody::LedgerPort& port, const model::Id& to,
                  FoundPage page, FetchAnswer& out) {
  const Bytes key = identity::agreement_key_of(*port.ledger().state(), to);
  if (key.empty()) return make_error(ErrorCode::peer_key_missing);
  std::vector<vault::RecordVersion> versions;
  for (const query::RecordEntry& entry : page.entries) {
    versions.push_back({entry.record, static_cast<std::uint32_t>(entry.vault_version)});
  }
  XL_TRY_ASSIGN(const std::vector<Bytes> wraps,
                of.stores().keyring().grant(versions, {to, key}, port.now_ms()));
  for (std::size_t i = 0; i < versions.size(); ++i) {
    auto* piece = out.add_pieces();
    piece->set_record(bytes_of(versions[i].record.bytes));
    piece->set_version(versions[i].version);
    piece->set_wrap(bytes_of(wraps[i]));
    piece->set_ciphertext(bytes_of(page.ciphertexts[i]));
  }
  return {};
}

}  // namespace

Result<custody::Principal> signed_in_there(const auth::Tokens& tokens, const model::Id& from,
                                           const SignInThere& sign_in) {
  auth::Tokens::Answer answer;
  answer.challenge = sign_in.challenge;
  answer.organisation = from;
  answer.signature = copy_of(view_of(sign_in.signature));
  const ByteView key = view_of(sign_in.key);
  const bool shaped = key.size() == sizeof(Hash) &&
                      sign_in.challenge.size() <= limits::journal_text_bytes_max &&
                      identity::stated_in(sign_in.challenge).organisation.empty();
  if (!shaped) return make_error(ErrorCode::sign_in_refused);
  std::copy(key.begin(), key.end(), answer.key_id.begin());
  XL_TRY_ASSIGN(custody::Principal out, tokens.signed_in_elsewhere(answer));
  const bool asks_for_itself =
      out.kind == contracts::PartyKind::patient || out.kind == contracts::PartyKind::guardian;
  if (asks_for_itself) return make_error(ErrorCode::sign_in_refused);
  return out;
}

Result<Bytes> answer_fetch(custody::Organisation& of, const auth::Tokens& tokens,
                           const custody::LedgerPort& port, const Heard& heard) {
  Fetch fetch;
  XL_TRY(contracts::decode_message(heard.payload, fetch));
  XL_TRY(contracts::check_id(fetch.patient(), "patient"));
  const model::Id patient = contracts::id_of(fetch.patient());
  custody::FarSide far;
  XL_TRY_ASSIGN(custody::Ask ask, ask_in(tokens, fetch, heard, far));
  XL_TRY_ASSIGN(custody::Viewer viewer, of.desk().open(std::move(ask)));
  XL_TRY_ASSIGN(const query::Query wanted, query_of(of, viewer, fetch, patient));
  const custody::ReadsInFlight::Guard reading(of.stores().reads());
  XL_TRY_ASSIGN(FoundPage page, find_page(of, viewer, wanted));
  if (page.entries.empty()) {
    XL_TRY(viewer.refuse_hidden(fetch_action, true));
    return make_error(ErrorCode::access_refused);
  }
  FetchAnswer out;
  const Status served = viewer.serve(page.entries, fetch_action);
  if (far.proposal) {
    out.set_body(bytes_of(far.proposal->body));
    out.set_details(bytes_of(far.proposal->details));
    return model::encode(out);
  }
  XL_TRY(served);
  out.set_next_cursor(page.next_cursor);
  XL_TRY(add_pieces(of, port, heard.from, std::move(page), out));
  if (far.session) out.set_session(bytes_of(far.session->bytes));
  return model::encode(out);
}

}  // namespace xl::gateway::peer
