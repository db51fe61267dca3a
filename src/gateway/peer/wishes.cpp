// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/peer/wishes.h"

#include "contracts/api/shape.h"
#include "gateway/peer/fetch.h"
#include "gateway/peer/peer.pb.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::gateway::peer {

using custody::bytes_of;
using custody::KnownRequest;
using custody::RequestState;
using xinglin::consent::v1::DeclinedRequest;
using xinglin::peer::v1::Look;
using xinglin::peer::v1::LookAnswer;
using xinglin::peer::v1::Standing;
using xinglin::peer::v1::Wish;
using xinglin::peer::v1::WishAnswer;

namespace {

template <typename Message>
void show_sign_in(const custody::Principal& who, Message& out) {
  out.set_key(bytes_of(who.key_id));
  out.set_challenge(who.sign_in.challenge);
  out.set_signature(bytes_of(who.sign_in.signature));
}

Standing standing_of(const KnownRequest& one) {
  Standing out;
  out.set_request(bytes_of(one.request.bytes));
  out.set_state(static_cast<std::uint32_t>(one.state));
  out.set_sent_ms(one.sent_ms);
  out.set_until_ms(one.until_ms);
  if (one.declined) out.set_text(one.declined->text());
  if (one.consent) {
    out.set_patient(bytes_of(one.patient.bytes));
    out.set_consent(bytes_of(one.consent->bytes));
  }
  return out;
}

/// Errors: peer_answer_untrusted.
Result<KnownRequest> read_standing(const Standing& told) {
  KnownRequest out;
  const bool in_force = !told.consent().empty();
  const bool shaped = contracts::check_id(told.request(), "request").ok() &&
                      told.state() <= static_cast<std::uint32_t>(RequestState::revoked) &&
                      told.text().size() <= limits::request_text_bytes_max &&
                      (in_force ? contracts::check_id(told.consent(), "consent").ok() &&
                                      contracts::check_id(told.patient(), "patient").ok()
                                : told.patient().empty());
  if (!shaped) return make_error(ErrorCode::peer_answer_untrusted);
  out.request = contracts::id_of(told.request());
  out.state = static_cast<RequestState>(told.state());
  out.sent_ms = told.sent_ms();
  out.until_ms = told.until_ms();
  if (!told.text().empty()) out.declined.emplace().set_text(told.text());
  if (in_force) {
    out.patient = contracts::id_of(told.patient());
    out.consent = contracts::id_of(told.consent());
  }
  return out;
}

}  // namespace

Result<model::Id> send_wish(Desk& desk, custody::Organisation& us, const custody::Principal& who,
                            const model::Id& custodian, const custody::NewRequest& wish) {
  Wish message;
  show_sign_in(who, message);
  message.set_handle(bytes_of(wish.handle.bytes));
  message.set_asked(bytes_of(model::encode(wish.asked)));
  message.set_start_ms(wish.start_ms);
  message.set_end_ms(wish.end_ms);
  message.set_until_ms(wish.until_ms);
  message.set_why(wish.why);
  XL_TRY_ASSIGN(const Bytes raw, desk.ask(us, custodian, PeerKind::wish, model::encode(message)));
  WishAnswer answer;
  const bool told =
      model::decode_canonical(raw, answer) && contracts::check_id(answer.request(), "request").ok();
  if (!told) return make_error(ErrorCode::peer_answer_untrusted);
  return contracts::id_of(answer.request());
}

Result<std::vector<KnownRequest>> look_there(Desk& desk, custody::Organisation& us,
                                             const custody::Principal& who,
                                             const model::Id& custodian,
                                             const std::optional<model::Id>& request) {
  Look message;
  show_sign_in(who, message);
  if (request) message.set_request(bytes_of(request->bytes));
  XL_TRY_ASSIGN(const Bytes raw, desk.ask(us, custodian, PeerKind::look, model::encode(message)));
  LookAnswer answer;
  const bool told = model::decode_canonical(raw, answer) &&
                    answer.standings().size() <= custody::requests_shown_max;
  if (!told) return make_error(ErrorCode::peer_answer_untrusted);
  std::vector<KnownRequest> out;
  for (const Standing& one : answer.standings()) {
    XL_TRY_ASSIGN(KnownRequest known, read_standing(one));
    if (request && known.request != *request) return make_error(ErrorCode::peer_answer_untrusted);
    out.push_back(std::move(known));
  }
  if (request && out.size() != 1) return make_error(ErrorCode::peer_answer_untrusted);
  return out;
}

Result<Bytes> answer_wish(custody::Organisation& of, const auth::Tokens& tokens,
                          const Heard& heard) {
  Wish message;
  XL_TRY(contracts::decode_message(heard.payload, message));
  XL_TRY(contracts::check_id(message.handle(), "handle"));
  XL_TRY_ASSIGN(const custody::Principal who,
                signed_in_there(tokens, heard.from,
                                {message.key(), message.challenge(), message.signature()}));
  custody::NewRequest wish;
  wish.handle = contracts::id_of(message.handle());
  XL_TRY(contracts::decode_message(copy_of(view_of(message.asked())), wish.asked));
  wish.start_ms = message.start_ms();
  wish.end_ms = message.end_ms();
  wish.until_ms = message.until_ms();
  wish.why = message.why();
  XL_TRY_ASSIGN(const KnownRequest made, of.requests().ask(who, std::move(wish)));
  WishAnswer out;
  out.set_request(bytes_of(made.request.bytes));
  return model::encode(out);
}

Result<Bytes> answer_look(custody::Organisation& of, const auth::Tokens& tokens,
                          const Heard& heard) {
  Look message;
  XL_TRY(contracts::decode_message(heard.payload, message));
  XL_TRY_ASSIGN(const custody::Principal who,
                signed_in_there(tokens, heard.from,
                                {message.key(), message.challenge(), message.signature()}));
  LookAnswer out;
  if (message.request().empty()) {
    XL_TRY_ASSIGN(const std::vector<KnownRequest> all, of.requests().of_asker(who.did));
    for (const KnownRequest& one : all) *out.add_standings() = standing_of(one);
    return model::encode(out);
  }
  XL_TRY(contracts::check_id(message.request(), "request"));
  XL_TRY_ASSIGN(const KnownRequest one, of.requests().find(contracts::id_of(message.request())));
  if (one.asker != who.did) return make_error(ErrorCode::request_unknown);
  *out.add_standings() = standing_of(one);
  return model::encode(out);
}

}  // namespace xl::gateway::peer
