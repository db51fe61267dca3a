// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/agreement.h"

#include "base/json/writer.h"
#include "client/identity.h"
#include "contracts/api/shape.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "crypto/random.h"
#include "model/canonical.h"

namespace xl::client {
namespace {

namespace agreement_wire = xinglin::consent::v1;
namespace of = contracts::consent;

std::string agreement_salt() {
  Hash salt{};
  crypto::random_bytes(salt);
  return bytes_of(salt);
}

Result<Sent> bring_agreement(Session& who, const std::string& path, std::uint16_t type,
                             const google::protobuf::Message& message, ByteView sealed) {
  std::vector<model::Message> one;
  one.push_back(message_to(of::contract_number, type, message));
  XL_TRY_ASSIGN(const Bytes transaction, who.sign(std::move(one)));
  json::Writer out;
  out.begin_object().key("sealed").string(to_base64(sealed));
  out.key("transaction").string(to_base64(transaction)).end_object();
  const std::string target = "/o/" + who.identity().did.text() + "/agreements" + path;
  XL_TRY_ASSIGN(const json::Document answer,
                json_of(who.ask("POST", target, "application/json", out.take()), 201));
  return sent_of(answer.root().find("entry"));
}

Result<of::AgreementWords> make_words(const model::Id& dispute, const std::string& text) {
  of::AgreementWords out;
  out.set_version(1);
  out.set_dispute(bytes_of(dispute.bytes));
  out.set_text(text);
  out.set_salt(agreement_salt());
  XL_TRY(of::check_words(out));
  return out;
}

}  // namespace

Status complete_terms(of::AgreementTerms& terms) {
  terms.set_version(1);
  terms.set_agreement(bytes_of(random_id().bytes));
  terms.set_salt(agreement_salt());
  of::normalise(terms);
  return of::check_terms(terms);
}

Result<Sent> propose_agreement(Session& who, const of::AgreementTerms& terms,
                               std::uint64_t end_ms) {
  const std::string own = bytes_of(who.identity().did.bytes);
  agreement_wire::ProposeAgreement message;
  message.set_agreement(terms.agreement());
  message.set_proposer(own);
  message.set_other(terms.holder() == own ? terms.reader() : terms.holder());
  message.set_end_ms(end_ms);
  message.set_commitment(bytes_of(of::commitment_of(terms)));
  return bring_agreement(who, "", of::propose_agreement_type, message, model::encode(terms));
}

Result<Sent> accept_agreement(Session& who, const of::AgreementTerms& terms) {
  agreement_wire::AcceptAgreement message;
  message.set_agreement(terms.agreement());
  message.set_commitment(bytes_of(of::commitment_of(terms)));
  return bring_agreement(who, "", of::accept_agreement_type, message, model::encode(terms));
}

Result<Sent> end_agreement(Session& who, const model::Id& agreement) {
  agreement_wire::EndAgreement message;
  message.set_agreement(bytes_of(agreement.bytes));
  return who.submit(of::contract_number, of::end_agreement_type, message);
}

Result<Sent> dispute_agreement(Session& who, const model::Id& agreement, const std::string& text,
                               model::Id& dispute) {
  dispute = random_id();
  XL_TRY_ASSIGN(const of::AgreementWords words, make_words(dispute, text));
  agreement_wire::DisputeAgreement message;
  message.set_dispute(words.dispute());
  message.set_agreement(bytes_of(agreement.bytes));
  message.set_by(bytes_of(who.identity().did.bytes));
  message.set_details(bytes_of(of::commitment_of(words)));
  return bring_agreement(who, "/" + agreement.text() + "/disputes", of::dispute_agreement_type,
                         message, model::encode(words));
}

Result<Sent> answer_agreement(Session& who, const model::Id& agreement, const model::Id& dispute,
                              const std::string& text) {
  XL_TRY_ASSIGN(const of::AgreementWords words, make_words(dispute, text));
  agreement_wire::AnswerAgreement message;
  message.set_dispute(words.dispute());
  message.set_answer(bytes_of(of::commitment_of(words)));
  return bring_agreement(who, "/" + agreement.text() + "/disputes", of::answer_agreement_type,
                         message, model::encode(words));
}

std::string terms_file(const of::AgreementTerms& terms) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/agreement-terms/v1");
  out.key("agreement").string(contracts::id_of(terms.agreement()).text());
  out.key("en").string(terms_sentence(terms, false));
  out.key("zh").string(terms_sentence(terms, true));
  out.key("sealed").string(to_base64(model::encode(terms)));
  return out.end_object().take() + "\n";
}

Result<of::AgreementTerms> read_terms_file(json::Value document) {
  Bytes sealed;
  of::AgreementTerms out;
  const bool read = document.find("schema").as_string() == "xinglin/agreement-terms/v1" &&
                    from_base64(document.find("sealed").as_string().value_or("*"), sealed) &&
                    model::decode_canonical(sealed, out);
  if (!read) return make_error(ErrorCode::content_differs, "sealed");
  XL_TRY(of::check_terms(out));
  return out;
}

std::string terms_sentence(const of::AgreementTerms& terms, bool chinese) {
  std::string classes;
  for (const auto& one : terms.classes()) {
    classes += (classes.empty() ? "" : chinese ? "、" : ", ") + one.code();
  }
  if (classes.empty()) classes = chinese ? "所有资料" : "every kind of data";
  std::string purposes;
  for (const std::uint32_t purpose : terms.purposes()) {
    for (const of::PurposeInfo& info : of::purpose_infos()) {
      if (static_cast<std::uint32_t>(info.purpose) != purpose) continue;
      purposes += (purposes.empty() ? "" : chinese ? "、" : ", ") + std::string(info.code);
    }
  }
  const std::string holder = model::did_text(contracts::id_of(terms.holder()));
  const std::string reader = model::did_text(contracts::id_of(terms.reader()));
  const std::string days = std::to_string(terms.retention_days());
  if (chinese) {
    return reader + " 经患者同意,可从 " + holder + " 获取" + classes + ",用于 " + purposes +
           ";最多保存 " + days + " 天," + (terms.onward() ? "可以" : "不得") + "转交他人。";
  }
  return reader + " may get " + classes + " from " + holder + " for " + purposes +
         " where patients agree, keep it for " + days + " days at most, and " +
         (terms.onward() ? "may" : "may not") + " hand it on.";
}

}  // namespace xl::client
