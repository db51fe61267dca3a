// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/dispute.h"

#include "base/json/writer.h"
#include "client/identity.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/api/state_value.h"
#include "crypto/random.h"
#include "model/canonical.h"

namespace xl::client {
namespace {

namespace wire = xinglin::access::v1;
namespace access = contracts::access;

constexpr std::size_t words_bytes_max = 2048;

Status check_words(const std::string& text) {
  if (!text.empty() && text.size() <= words_bytes_max) return {};
  return make_error(ErrorCode::input_invalid, "a text of 1..2,048 bytes");
}

std::string fresh_salt() {
  Hash salt{};
  crypto::random_bytes(salt);
  return bytes_of(salt);
}

/// Signs one message and brings it with the words that it commits to.
Result<Sent> bring_words(Session& who, const model::Id& custodian, const std::string& path,
                         std::uint16_t type, const google::protobuf::Message& message,
                         const Bytes& words) {
  std::vector<model::Message> one;
  one.push_back(message_to(access::contract_number, type, message));
  XL_TRY_ASSIGN(const Bytes transaction, who.sign(std::move(one)));
  json::Writer out;
  out.begin_object().key("sealed").string(to_base64(words));
  out.key("transaction").string(to_base64(transaction)).end_object();
  const std::string target = "/o/" + custodian.text() + "/disputes" + path;
  XL_TRY_ASSIGN(const json::Document answer,
                json_of(who.ask("POST", target, "application/json", out.take()), 201));
  return sent_of(answer.root().find("entry"));
}

Error dispute_differs(std::string_view what) {
  return make_error(ErrorCode::content_differs, what);
}

template <typename Words>
Status open_words(json::Value document, std::string_view member, const std::string& commitment,
                  Words& out) {
  Bytes words;
  const std::string_view text = document.find(member).as_string().value_or("");
  if (text.empty() || !from_base64(text, words) || !model::decode_canonical(words, out) ||
      access::details_commitment(words) != commitment) {
    return dispute_differs(member);
  }
  return {};
}

}  // namespace

Result<Sent> open_dispute(Session& who, const AccessProof& about, const model::Id& patient,
                          const std::string& text, model::Id& dispute) {
  XL_TRY(check_words(text));
  const Hash leaf = model::journal_leaf(about.journal.salt, about.journal.content);
  const Hash entry =
      model::journal_hash(about.custodian, about.journal.sequence, about.journal.previous, leaf);
  wire::DisputeDetails details;
  details.set_version(1);
  details.set_salt(fresh_salt());
  details.set_sequence(about.journal.sequence);
  details.set_entry(bytes_of(entry));
  details.set_text(text);
  const Bytes words = model::encode(details);
  dispute = random_id();
  wire::Dispute message;
  message.set_dispute(bytes_of(dispute.bytes));
  message.set_patient(bytes_of(patient.bytes));
  message.set_by(bytes_of(who.identity().did.bytes));
  message.set_details(access::details_commitment(words));
  return bring_words(who, about.custodian, "", access::dispute_type, message, words);
}

Result<Sent> answer_dispute(Session& officer, const model::Id& custodian, const model::Id& dispute,
                            access::DisputeFinding finding, const std::string& text) {
  XL_TRY(check_words(text));
  wire::DisputeAnswer answer;
  answer.set_version(1);
  answer.set_salt(fresh_salt());
  answer.set_dispute(bytes_of(dispute.bytes));
  answer.set_finding(static_cast<std::uint32_t>(finding));
  answer.set_text(text);
  const Bytes words = model::encode(answer);
  wire::AnswerDispute message;
  message.set_dispute(bytes_of(dispute.bytes));
  message.set_officer(bytes_of(officer.identity().did.bytes));
  message.set_answer(access::details_commitment(words));
  return bring_words(officer, custodian, "/" + dispute.text() + "/answer",
                     access::answer_dispute_type, message, words);
}

Result<ProvenDispute> check_dispute(json::Value document, const model::Trust& trust) {
  const auto id = model::id_from_text(document.find("dispute").as_string().value_or(""));
  const json::Value shown = document.find("receipt");
  if (document.find("schema").as_string() != "xinglin/dispute/v1" || !id.ok() ||
      !shown.is_object()) {
    return make_error(ErrorCode::receipt_malformed, "dispute");
  }
  XL_TRY_ASSIGN(const model::Receipt receipt, model::read_receipt(json::write(shown)));
  XL_TRY(model::verify_receipt(receipt, trust));
  ProvenDispute out;
  const auto& state = receipt.state;
  if (!state || state->key != access::dispute_key(*id) || !state->value ||
      !contracts::decode_record(*state->value, out.record)) {
    return dispute_differs("the receipt is not of the dispute");
  }
  wire::DisputeDetails details;
  XL_TRY(open_words(document, "sealed", out.record.details(), details));
  out.sequence = details.sequence();
  out.text = details.text();
  if (out.record.answered_ms() == 0) return out;
  wire::DisputeAnswer answer;
  XL_TRY(open_words(document, "sealed_answer", out.record.answer(), answer));
  if (answer.dispute() != bytes_of(id->bytes)) return dispute_differs("sealed_answer");
  out.answer = answer.text();
  return out;
}

}  // namespace xl::client
