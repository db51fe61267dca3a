// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/co_sign.h"

#include <algorithm>

#include "base/file.h"
#include "cli/words.h"
#include "client/emergency.h"
#include "consents/sentence.h"
#include "contracts/api/shape.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/normal_form.h"
#include "contracts/consent/records.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"

namespace xl::cli {
namespace {

constexpr std::uint64_t co_signer_card_bytes_max = 16 * 1024;
constexpr std::uint64_t request_bytes_max = 512 * 1024;

struct ApproveOptions {
  CoSignOptions signing;
  bool show = false;
};

/// What a request asks for, so that nobody signs blindly.
struct Asked {
  std::string kind;     ///< recovery, consent, revocation
  std::string subject;  ///< whom or what it is about
  std::vector<std::string> details;
  std::optional<contracts::consent::SealedPolicy> policy;  ///< of a consent
};

std::string did_in(const std::string& field) {
  const auto id = model::id_from_bytes(view_of(field));
  return id.ok() ? model::did_text(*id) : std::string();
}

Result<Asked> asked_recovery(ByteView payload) {
  xinglin::identity::v1::StartRecovery message;
  XL_TRY(contracts::decode_message(payload, message));
  Asked out{"recovery", did_in(message.party()), {}, {}};
  for (const auto& key : message.keys()) {
    out.details.push_back("new key " +
                          to_hex(model::key_id_of(static_cast<crypto::Algorithm>(key.algorithm()),
                                                  view_of(key.public_key()))));
  }
  return out;
}

/// The policy comes with the request and is what the message commits to, or nobody signs.
Result<Asked> asked_consent(ByteView payload, ByteView sealed) {
  xinglin::consent::v1::GrantAssisted message;
  XL_TRY(contracts::decode_message(payload, message));
  const auto policy = contracts::consent::decode_sealed(sealed);
  if (!policy.ok() || policy->consent() != message.consent() ||
      policy->patient() != message.patient() ||
      client::bytes_of(contracts::consent::commitment_of(*policy)) != message.commitment()) {
    return make_error(ErrorCode::signing_request_invalid, "another policy than is to be signed");
  }
  Asked out{"consent", did_in(message.patient()), {}, {}};
  out.details.push_back("until " + time_text(message.end_ms()));
  out.policy = *policy;
  return out;
}

Result<Asked> asked_glass(const client::SigningRequest& request) {
  XL_TRY_ASSIGN(const client::AskedEmergency asked, client::asked_emergency(request));
  Asked out{asked.renewal ? "emergency renewal" : "emergency", asked.entry.text(), {}, {}};
  if (asked.emergency) {
    out.details.push_back("patient: " + model::did_text(asked.emergency->patient));
    out.details.push_back("reason: " + asked.emergency->code + ": " + asked.emergency->text);
  }
  return out;
}

Result<Asked> asked_of(const client::SigningRequest& request) {
  namespace identity = contracts::identity;
  namespace consent = contracts::consent;
  if (request.custodian) return asked_glass(request);
  const model::Message& message = request.body.messages.front();
  if (message.contract == identity::contract_number &&
      message.type == identity::start_recovery_type) {
    return asked_recovery(message.payload);
  }
  if (message.contract == consent::contract_number &&
      message.type == consent::grant_assisted_type) {
    return asked_consent(message.payload, request.sealed);
  }
  if (message.contract == consent::contract_number && message.type == consent::revoke_type) {
    xinglin::consent::v1::Revoke revoke;
    XL_TRY(contracts::decode_message(message.payload, revoke));
    const auto id = model::id_from_bytes(view_of(revoke.consent()));
    return Asked{"revocation", id.ok() ? id->text() : std::string(), {}, {}};
  }
  return make_error(ErrorCode::signing_request_invalid,
                    "of a kind that is not signed by several in turn");
}

std::size_t signatures_given(const client::SigningRequest& request) {
  return static_cast<std::size_t>(std::count_if(request.signatures.begin(),
                                                request.signatures.end(),
                                                [](const auto& one) { return one.has_value(); }));
}

Result<client::Sent> send_complete(Actor& actor, const client::SigningRequest& request) {
  if (request.custodian) return client::send_emergency(actor.session(), request);
  if (request.sealed.empty()) return actor.session().submit(request.transaction());
  XL_TRY_ASSIGN(const auto policy, contracts::consent::decode_sealed(request.sealed));
  return actor.session().bring(policy, request.transaction());
}

Result<int> run_approve(const Session& session, const ApproveOptions& options,
                        const Console& console) {
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of({}, session));
  XL_TRY_ASSIGN(const Bytes content, read_file(options.signing.request, request_bytes_max));
  XL_TRY_ASSIGN(
      client::SigningRequest request,
      json::in_file(client::read_request(text_of(content), genesis.network, SystemClock().now_ms()),
                    text_of(content), options.signing.request));
  XL_TRY_ASSIGN(const Asked asked, asked_of(request));
  console.say("You are asked to sign: " + asked.kind + " " + asked.subject,
              "请您签署:" + console.words(asked.kind) + " " + asked.subject);
  for (const std::string& detail : asked.details) {
    console.say("  " + detail, "  " + console.words(detail));
  }
  if (asked.policy) {
    console.say("  " + consents::sentence_of(*asked.policy, false),
                "  " + consents::sentence_of(*asked.policy, true));
  }
  CoSigned done{std::move(request), std::nullopt};
  if (!options.show) {
    XL_TRY_ASSIGN(Actor actor, done.request.sealed.empty() && !done.request.custodian
                                   ? Actor::open(session)
                                   : Actor::signed_in(session));
    XL_TRY(client::sign_request(done.request, actor.identity()));
    XL_TRY_ASSIGN(done, go_on_signing(actor, std::move(done.request), options.signing.request));
  }
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/signing-request-signed/v1");
    out.key("kind").string(asked.kind).key("subject").string(asked.subject);
    write_co_signed(out, done, options.signing);
    console.answer(out.end_object().take());
  } else {
    console.result(console.words(asked.kind) + "\t" + asked.subject + "\t" +
                   (done.sent ? done.sent->transaction_id : options.signing.request));
  }
  if (!options.show) say_co_signed(done, options.signing, console);
  return succeeded;
}

}  // namespace

void add_co_sign_options(CLI::App* command, CoSignOptions& options) {
  command->add_option("--with", options.cards, "cards of the others who sign")->delimiter(',');
  command->add_option("--request", options.request,
                      "the file to write, which goes to the others to be signed");
}

Result<std::vector<client::Card>> cards_of(Actor& actor, const CoSignOptions& options) {
  if (!options.cards.empty() && options.request.empty()) {
    return make_error(ErrorCode::usage_invalid,
                      "others sign too: --request names the file that goes to them");
  }
  XL_TRY_ASSIGN(const model::Genesis* genesis, actor.session().genesis());
  std::vector<client::Card> cards;
  for (const std::string& file : options.cards) {
    XL_TRY_ASSIGN(const Bytes content, read_file(file, co_signer_card_bytes_max));
    XL_TRY_ASSIGN(client::Card card,
                  json::in_file(client::read_card(text_of(content)), text_of(content), file));
    XL_TRY(client::check_card(card, genesis->network));
    cards.push_back(std::move(card));
  }
  return cards;
}

Result<CoSigned> go_on_signing(Actor& actor, client::SigningRequest request,
                               const std::string& file) {
  CoSigned out{std::move(request), std::nullopt};
  if (out.request.complete()) {
    const auto sent = send_complete(actor, out.request);
    XL_TRY(client::applied(sent));
    out.sent = *sent;
    return out;
  }
  if (actor.options().dry_run) return make_error(ErrorCode::dry_run, "it would write " + file);
  XL_TRY(write_file_durably(file, view_of(client::write_request(out.request)), 0600));
  return out;
}

Result<CoSigned> begin_signing(Actor& actor, model::Message message, Bytes sealed,
                               const CoSignOptions& options) {
  XL_TRY_ASSIGN(const std::vector<client::Card> cards, cards_of(actor, options));
  XL_TRY_ASSIGN(const model::Genesis* genesis, actor.session().genesis());
  XL_TRY_ASSIGN(client::SigningRequest request,
                client::make_request(genesis->network, std::move(message), actor.identity(), cards,
                                     std::move(sealed), actor.now_ms()));
  return go_on_signing(actor, std::move(request), options.request);
}

void say_co_signed(const CoSigned& done, const CoSignOptions& options, const Console& console) {
  if (done.sent) {
    console.done("Everybody signed; it is on the ledger", "签名已齐,已上链");
    return;
  }
  const std::string count = std::to_string(done.request.people() - signatures_given(done.request));
  const std::string last = time_text(done.request.body.valid_until_ms);
  console.done("Signed; " + count + " more must sign before " + last,
               "已签名;还需 " + count + " 人在 " + last + " 之前签名");
  console.say("  next: give them " + options.request + "; they run: ... approve " +
                  options.request + " --as THEIR_FILE",
              "  下一步:把 " + options.request + " 交给对方,由其运行:... approve " +
                  options.request + " --as 其身份文件");
}

void write_co_signed(json::Writer& out, const CoSigned& done, const CoSignOptions& options) {
  out.key("signed").unsigned_integer(signatures_given(done.request));
  out.key("signers").unsigned_integer(done.request.people());
  out.key("valid_until_ms").string(std::to_string(done.request.body.valid_until_ms));
  out.key("transaction_id");
  if (done.sent) {
    out.string(done.sent->transaction_id).key("request").null();
  } else {
    out.null().key("request").string(options.request);
  }
}

void add_approve_command(CLI::App* group, Session& session, const std::string& command) {
  auto options = std::make_shared<ApproveOptions>();
  auto* approve = group->add_subcommand("approve", "sign what somebody asks you to sign with them");
  approve->add_option("FILE", options->signing.request, "the request")->required();
  approve->add_flag("--show", options->show, "only show what is asked");
  approve->footer("Examples:\n  xinglin " + command + " approve request.json --as ward.json\n" +
                  "  xinglin " + command + " approve request.json --show");
  choose_change(approve, session, options, run_approve);
}

}  // namespace xl::cli
