// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/session.h"

#include "base/json/json.h"
#include "base/json/writer.h"
#include "contracts/access/records.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "contracts/identity/sign_in.h"
#include "crypto/random.h"
#include "model/canonical.h"
#include "model/member_address.h"
#include "model/receipt.h"

namespace xl::client {

namespace consent = contracts::consent;

namespace {

constexpr std::uint64_t valid_ms = 2 * 60 * 1000;
constexpr std::uint64_t delegated_ms = 60 * 60 * 1000;
constexpr unsigned unauthorised = 401;
constexpr std::size_t answer_elements_max = 20'000'000;  ///< of a page of large resources

Error would_send(const std::string& what, std::size_t bytes) {
  return make_error(ErrorCode::dry_run,
                    "it would send " + what + ", " + std::to_string(bytes) + " bytes");
}

crypto::SigningKey copy_of_key(const crypto::SigningKey& key) {
  auto copy = crypto::SigningKey::from_secret(key.algorithm(), key.secret());
  XL_CHECK(copy.ok());
  return std::move(*copy);
}

bool is_person(contracts::PartyKind kind) {
  return kind == contracts::PartyKind::practitioner || kind == contracts::PartyKind::patient ||
         kind == contracts::PartyKind::guardian;
}

std::string text_id(ByteView bytes) {
  const auto id = model::id_from_bytes(bytes);
  return id.ok() ? id->text() : std::string();
}

/// The gateways that keep what a node does not; what is no gateway's URL is left out.
void add_archives(json::Value archives, Error& error) {
  std::string urls;
  for (const json::Value one : archives.items()) {
    const std::string_view url = one.as_string().value_or("");
    if (model::is_gateway_url(url)) urls += (urls.empty() ? "" : ", ") + std::string(url);
  }
  if (urls.empty()) return;
  const bool bare = error.message == describe(error.code).en;
  error.message =
      bare ? make_error(error.code, "ask " + urls).message : error.message + "; ask " + urls;
}

/// A refusal before execution.
Result<Sent> not_executed(const HttpResponse& answer) {
  const Error error = error_of(answer);
  if (error.code == ErrorCode::answer_unexpected) return error;
  const ErrorInfo& info = describe(error.code);
  return Sent{{},
              info.number,
              code_text(info.number) + " " + std::string(info.name),
              error.message,
              error.request_id};
}

}  // namespace

Result<Sent> sent_of(json::Value entry) {
  Sent out;
  const auto id = entry.find("transaction_id").as_string();
  const auto status = entry.find("status").as_uint64();
  if (!id || !status) return make_error(ErrorCode::answer_unexpected);
  out.transaction_id = *id;
  out.status = *status;
  out.status_name = entry.find("status_name").as_string().value_or("");
  return out;
}

Status applied(const Result<Sent>& sent) {
  if (!sent.ok()) return sent.error();
  if (sent->applied()) return {};
  if (sent->transaction_id.empty()) {
    for (const ErrorInfo& info : error_registry()) {
      if (info.number != sent->status) continue;
      const auto code = static_cast<ErrorCode>(info.number);
      Error out = sent->why.empty() ? make_error(code) : Error{code, sent->why};
      out.request_id = sent->request_id;
      return out;
    }
  }
  return make_error(ErrorCode::contract_refused,
                    code_text(static_cast<std::uint16_t>(sent->status)) + " " + sent->status_name);
}

Result<json::Document> json_of(const Result<HttpResponse>& answer, unsigned status) {
  if (!answer.ok()) return answer.error();
  if (answer->status != status) return error_of(*answer);
  json::Limits bounds;
  bounds.bytes_max = answer->body.size() + 1;
  bounds.elements_max = answer_elements_max;
  return json::parse(answer->body, bounds);
}

model::Message message_to(std::uint8_t contract, std::uint16_t type,
                          const google::protobuf::Message& message) {
  return {contract, type, model::encode(message)};
}

Error error_of(const HttpResponse& answer) {
  Error out =
      make_error(ErrorCode::answer_unexpected, "HTTP status " + std::to_string(answer.status));
  const auto document = json::parse(answer.body, {});
  if (document.ok()) {
    std::string code(document->root().find("code").as_string().value_or(""));
    std::string why(document->root().find("detail").as_string().value_or(""));
    if (code.empty()) {
      const json::Value issue = document->root().find("issue").at(0);
      code = issue.find("details").find("coding").at(0).find("code").as_string().value_or("");
      why = issue.find("diagnostics").as_string().value_or("");
      const auto where = issue.find("expression").at(0).as_string();
      if (where) why = std::string(*where) + ": " + why;
    }
    for (const ErrorInfo& info : error_registry()) {
      if (code != code_text(info.number)) continue;
      out = {static_cast<ErrorCode>(info.number), why.empty() ? std::string(info.en) : why};
    }
    add_archives(document->root().find("archives"), out);
  }
  const auto request = answer.headers.find("request-id");
  if (request != answer.headers.end()) out.request_id = request->second;
  return out;
}

Session::Session(NodeAddress address, const Identity& identity, const Clock& clock)
    : http_(std::move(address)),
      identity_{identity.name,
                identity.did,
                identity.kind,
                identity.organisation,
                copy_of_key(identity.key),
                identity.roles},
      clock_(clock) {}

Result<const model::Genesis*> Session::genesis() {
  if (!genesis_) {
    XL_TRY_ASSIGN(const HttpResponse answer, http_.get("/ledger/v1/genesis"));
    if (answer.status != 200) return error_of(answer);
    XL_TRY_ASSIGN(genesis_, model::read_genesis(view_of(answer.body)));
  }
  return &*genesis_;
}

Result<Bytes> Session::sign(std::vector<model::Message> messages,
                            std::span<const Identity* const> others) {
  XL_TRY_ASSIGN(const model::Genesis* network, genesis());
  model::Body body;
  body.network = network->network;
  std::vector<const crypto::SigningKey*> keys{&identity_.key};
  for (const Identity* other : others) keys.push_back(&other->key);
  for (const crypto::SigningKey* key : keys) {
    body.signers.push_back(
        {model::key_id_of(key->algorithm(), key->public_key()), key->algorithm()});
  }
  body.valid_until_ms = clock_.now_ms() + valid_ms;
  crypto::random_bytes(body.nonce);
  body.messages = std::move(messages);
  return model::sign_transaction(body, keys);
}

Result<Sent> Session::submit(ByteView transaction) {
  if (only_show_) {
    XL_TRY_ASSIGN(const model::Transaction shown, model::decode_transaction(transaction));
    return would_send("transaction " + to_hex(shown.id), transaction.size());
  }
  XL_TRY_ASSIGN(const HttpResponse answer,
                http_.send("POST", "/ledger/v1/transactions", "application/octet-stream",
                           text_of(transaction)));
  if (answer.status != 200) return not_executed(answer);
  XL_TRY_ASSIGN(const json::Document document, json::parse(answer.body, {}));
  return sent_of(document.root().find("results").at(0).find("entry"));
}

Result<Sent> Session::submit(std::uint8_t contract, std::uint16_t type,
                             const google::protobuf::Message& message,
                             std::span<const Identity* const> others) {
  std::vector<model::Message> one;
  one.push_back(message_to(contract, type, message));
  XL_TRY_ASSIGN(const Bytes transaction, sign(std::move(one), others));
  return submit(transaction);
}

Result<std::string> Session::fresh_challenge() {
  XL_TRY_ASSIGN(const HttpResponse answer,
                http_.send("POST", "/auth/v1/challenges", "application/json", "{}"));
  if (answer.status != 201) return error_of(answer);
  XL_TRY_ASSIGN(const json::Document document, json::parse(answer.body, {}));
  const auto text = document.root().find("challenge").as_string();
  if (!text) return make_error(ErrorCode::answer_unexpected);
  return std::string(*text);
}

Result<Bytes> Session::delegation(const crypto::SigningKey& session_key,
                                  const model::Id& organisation,
                                  const std::vector<std::uint32_t>& roles) {
  XL_TRY_ASSIGN(const model::Genesis* network, genesis());
  xinglin::identity::v1::Delegate message;
  message.set_delegator(bytes_of(identity_.did.bytes));
  fill_new_key(network->network, identity_.did, session_key, contracts::purpose_session,
               clock_.now_ms() + delegated_ms, *message.mutable_key());
  message.set_organisation(bytes_of(organisation.bytes));
  message.mutable_roles()->Add(roles.begin(), roles.end());
  // The least that a delegation can name: leaving a session that others opened.
  message.add_message_types(std::uint32_t{contracts::access::contract_number} << 16U |
                            contracts::access::end_session_type);
  std::vector<model::Message> one;
  one.push_back(message_to(contracts::identity::contract_number, contracts::identity::delegate_type,
                           message));
  return sign(std::move(one));
}

Result<std::string> Session::sign_in_request(const model::Id& organisation,
                                             const std::vector<std::uint32_t>& roles,
                                             std::string challenge) {
  XL_TRY_ASSIGN(const model::Genesis* network, genesis());
  std::optional<crypto::SigningKey> session_key;
  std::string delegated;
  if (is_person(identity_.kind)) {
    XL_TRY_ASSIGN(session_key, crypto::SigningKey::generate(crypto::Algorithm::ed25519));
    XL_TRY_ASSIGN(const Bytes transaction, delegation(*session_key, organisation, roles));
    delegated = to_base64(transaction);
  }
  const crypto::SigningKey& key = session_key ? *session_key : identity_.key;
  const Hash key_id = model::key_id_of(key.algorithm(), key.public_key());
  if (challenge.empty()) {
    XL_TRY_ASSIGN(challenge, fresh_challenge());
  }
  json::Writer out;
  out.begin_object().key("challenge").string(challenge);
  out.key("organisation").string(model::did_text(organisation));
  out.key("key_id").string(to_hex(key_id)).key("signature");
  out.string(to_base64(key.sign(
      contracts::identity::sign_in_bytes(network->network, organisation, key_id, challenge))));
  if (!delegated.empty()) out.key("delegation").string(delegated);
  return out.end_object().take();
}

Status Session::sign_in(const model::Id& organisation, std::vector<std::uint32_t> roles) {
  organisation_ = organisation;
  roles_ = std::move(roles);
  XL_TRY_ASSIGN(const std::string request, sign_in_request(organisation_, roles_));
  XL_TRY_ASSIGN(const HttpResponse answer,
                http_.send("POST", "/auth/v1/tokens", "application/json", request));
  if (answer.status != 201) return error_of(answer);
  XL_TRY_ASSIGN(const json::Document document, json::parse(answer.body, {}));
  token_ = document.root().find("access_token").as_string().value_or("");
  if (token_.empty()) return make_error(ErrorCode::answer_unexpected);
  token_until_ms_ =
      clock_.now_ms() + document.root().find("expires_in").as_uint64().value_or(0) * 1000;
  return {};
}

void Session::resume(const model::Id& organisation, std::vector<std::uint32_t> roles,
                     std::string token, std::uint64_t until_ms) {
  organisation_ = organisation;
  roles_ = std::move(roles);
  token_ = std::move(token);
  token_until_ms_ = until_ms;
}

Result<HttpResponse> Session::ask(std::string_view method, const std::string& target,
                                  std::string_view content_type, std::string_view body,
                                  std::map<std::string, std::string> headers) {
  if (token_.empty()) return make_error(ErrorCode::sign_in_required);
  // What is prepared changes nothing yet.
  if (only_show_ && method != "GET" && !target.ends_with("/$prepare"))
    return would_send(std::string(method) + " " + target, body.size());
  headers["Authorization"] = "Bearer " + token_;
  XL_TRY_ASSIGN(HttpResponse answer, http_.send(method, target, content_type, body, headers));
  if (answer.status != unauthorised) return answer;
  XL_TRY(sign_in(organisation_, roles_));
  headers["Authorization"] = "Bearer " + token_;
  return http_.send(method, target, content_type, body, headers);
}

Status Session::verify_receipt(const std::string& transaction_id) {
  XL_TRY_ASSIGN(const model::Genesis* network, genesis());
  XL_TRY_ASSIGN(const HttpResponse answer, http_.get("/ledger/v1/receipts/" + transaction_id));
  if (answer.status != 200) return error_of(answer);
  XL_TRY_ASSIGN(const model::Receipt receipt, model::read_receipt(answer.body));
  return model::verify_receipt(receipt, *network);
}

Result<consent::SealedPolicy> seal_policy(consent::Policy policy, const model::Id& consent_id,
                                          const model::Id& patient, const model::Id& custodian) {
  consent::SealedPolicy sealed;
  sealed.set_patient(bytes_of(patient.bytes));
  sealed.set_custodian(bytes_of(custodian.bytes));
  *sealed.mutable_policy() = std::move(policy);
  return seal_policy(std::move(sealed), consent_id);
}

Result<consent::SealedPolicy> seal_policy(consent::SealedPolicy wanted,
                                          const model::Id& consent_id) {
  wanted.set_version(1);
  wanted.set_consent(bytes_of(consent_id.bytes));
  Hash salt{};
  crypto::random_bytes(salt);
  wanted.set_salt(bytes_of(salt));
  consent::normalise(wanted);
  XL_TRY(consent::check_sealed(wanted));
  return wanted;
}

Result<Sent> Session::bring(const consent::SealedPolicy& sealed, std::uint16_t type,
                            const google::protobuf::Message& message) {
  std::vector<model::Message> one;
  one.push_back(message_to(consent::contract_number, type, message));
  XL_TRY_ASSIGN(const Bytes transaction, sign(std::move(one)));
  return bring(sealed, transaction);
}

Result<Sent> Session::bring(const consent::SealedPolicy& sealed, ByteView transaction) {
  json::Writer out;
  out.begin_object().key("sealed").string(to_base64(model::encode(sealed)));
  out.key("transaction").string(to_base64(transaction)).end_object();
  const std::string target = "/o/" + text_id(view_of(sealed.custodian())) + "/consents";
  XL_TRY_ASSIGN(const HttpResponse answer, ask("POST", target, "application/json", out.take()));
  if (answer.status != 201) return not_executed(answer);
  XL_TRY_ASSIGN(const json::Document document, json::parse(answer.body, {}));
  return sent_of(document.root().find("entry"));
}

Result<Sent> Session::grant(consent::Policy policy, const model::Id& patient,
                            const model::Id& custodian, std::uint64_t end_ms,
                            model::Id& consent_id) {
  consent_id = random_id();
  XL_TRY_ASSIGN(const consent::SealedPolicy sealed,
                seal_policy(std::move(policy), consent_id, patient, custodian));
  return grant(sealed, end_ms);
}

Result<Sent> Session::grant(const consent::SealedPolicy& sealed, std::uint64_t end_ms) {
  xinglin::consent::v1::Grant message;
  message.set_consent(sealed.consent());
  message.set_patient(sealed.patient());
  message.set_end_ms(end_ms);
  message.set_commitment(bytes_of(consent::commitment_of(sealed)));
  return bring(sealed, consent::grant_type, message);
}

Result<Sent> Session::narrow(const model::Id& old, const consent::SealedPolicy& sealed,
                             std::uint64_t start_ms, std::uint64_t end_ms) {
  xinglin::consent::v1::Narrow message;
  message.set_consent(bytes_of(old.bytes));
  message.set_replacement(sealed.consent());
  message.set_start_ms(start_ms);
  message.set_end_ms(end_ms);
  message.set_commitment(bytes_of(consent::commitment_of(sealed)));
  return bring(sealed, consent::narrow_type, message);
}

}  // namespace xl::client
