// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/demo/story.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/file.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "client/bundle_file.h"
#include "client/emergency.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "crypto/secret.h"
#include "node/commands.h"
#include "node/demo/cast.h"
#include "node/demo/fhir_talk.h"
#include "node/demo/histories.h"
#include "node/demo/members.h"
#include "node/init.h"
#include "node/log.h"

namespace xl::node::demo {
namespace {

namespace consent = contracts::consent;
using client::bytes_of;
using client::Sent;

constexpr std::uint64_t day_ms = 24ULL * 60 * 60 * 1000;
constexpr std::uint32_t patients_count = 12;

/// Everybody, and what happens to them.
class Story {
 public:
  Story(Cast& cast, const Console& console) : cast_(cast), console_(console) {}

  Status meet(const Layout& layout, const Unlock& unlock, const model::Genesis& genesis);
  Status admit_patients();
  Status admit_bundles(const std::filesystem::path& folder);
  Status care_at_home();
  Status ask_from_elsewhere();
  Status share();
  Status stop_sharing();
  Status pay();
  Status emergency();
  Status look_at_the_log();
  Status attack();
  Status verify_everything();

 private:
  Status put_all(Persona& hospital, const std::vector<json::Value>& resources);
  Status claim_first_patient();
  [[nodiscard]] Result<model::Id> grant(const Persona& grantee, const model::Id& organisation,
                                        const std::vector<std::string>& types,
                                        consent::PurposeOfUse purpose);
  Status revoke(const model::Id& consent);
  [[nodiscard]] Result<std::size_t> count_of(Persona& who, const Persona& custodian,
                                             const std::string& query,
                                             std::map<std::string, std::string> headers = {});
  [[nodiscard]] Status refused(const Result<Sent>& sent, std::string_view english,
                               std::string_view chinese);
  void say(std::string_view english, std::string_view chinese) const {
    console_.say("▸ " + std::string(english), "▸ " + std::string(chinese));
  }
  void stop(std::string_view english, std::string_view chinese) const {
    console_.say("✋ " + std::string(english), "✋ " + std::string(chinese));
  }

  Cast& cast_;
  const Console& console_;
  std::vector<Persona> hospitals_;
  std::optional<Persona> insurer_, regulator_;
  std::vector<Persona> doctors_;
  std::optional<Persona> claims_officer_, inspector_, patient_;
  std::string patient_name_, patient_id_;  ///< the first patient of the first hospital
  std::vector<std::string> types_;         ///< of the first patient's resources
  model::Id consent_;
  std::size_t records_ = 0;
};

Status Story::meet(const Layout& layout, const Unlock& unlock, const model::Genesis& genesis) {
  for (const json::Value one : genesis.section("identity").find("organisations").items()) {
    XL_TRY_ASSIGN(const model::Id did,
                  model::id_from_did(one.find("did").as_string().value_or("")));
    const std::string name(one.find("name").as_string().value_or(""));
    std::error_code failure;
    if (!std::filesystem::exists(layout.service_key(did.text()), failure)) continue;  // another's
    XL_TRY_ASSIGN(Persona organisation, cast_.organisation(layout, unlock, name, did));
    const auto type = static_cast<OrganisationType>(one.find("type").as_uint64().value_or(0));
    if (type == OrganisationType::hospital)
      hospitals_.push_back(std::move(organisation));
    else if (type == OrganisationType::insurer)
      insurer_ = std::move(organisation);
    else
      regulator_ = std::move(organisation);
  }
  if (hospitals_.size() != 3 || !insurer_ || !regulator_) {
    return make_error(ErrorCode::config_invalid,
                      "the folder holds another network than the demo's");
  }
  using identity::LicenceType;
  using identity::Role;
  const auto employ = [&](Persona& at, const char* name, Role role, LicenceType licence,
                          Persona& out) -> Status {
    XL_TRY_ASSIGN(out, cast_.practitioner(at, name, role, licence));
    say(at.name + " attests " + name + ", who signs in with a key of their own",
        at.name + " 认证 " + name + ",其以本人密钥登录");
    return {};
  };
  doctors_.resize(3);
  XL_TRY(employ(hospitals_[0], "李敏", Role::physician, LicenceType::medical, doctors_[0]));
  XL_TRY(employ(hospitals_[1], "Dr Ward", Role::physician, LicenceType::medical, doctors_[1]));
  XL_TRY(employ(hospitals_[2], "王医生", Role::emergency_physician, LicenceType::medical,
                doctors_[2]));
  claims_officer_.emplace();
  XL_TRY(employ(*insurer_, "陈核保", Role::claims_officer, LicenceType::none, *claims_officer_));
  inspector_.emplace();
  return employ(*regulator_, "周监察", Role::auditor, LicenceType::none, *inspector_);
}

Status Story::put_all(Persona& hospital, const std::vector<json::Value>& resources) {
  for (const std::string& transaction : client::transactions_of(resources)) {
    XL_TRY_ASSIGN(const client::HttpResponse answer,
                  hospital.session->ask("POST", "/o/" + hospital.did().text() + "/fhir/",
                                        "application/fhir+json", transaction,
                                        {{"Prefer", "return=minimal"}}));
    if (answer.status != 200) return client::error_of(answer);
  }
  records_ += resources.size();
  return {};
}

Status Story::admit_patients() {
  Progress progress(console_, std::string(console_.pick("  Patients", "  患者")),
                    cast_.clock().now_ms());
  for (std::uint32_t i = 0; i < patients_count; ++i) {
    const DemoHistory history = make_history(i);
    std::vector<json::Document> parsed;
    std::vector<json::Value> resources;
    for (const DemoResource& resource : history.resources) {
      XL_TRY_ASSIGN(json::Document document, json::parse(resource.json, {}));
      parsed.push_back(std::move(document));
      resources.push_back(parsed.back().root());
      if (i == 0) types_.push_back(resource.type);
    }
    XL_TRY(put_all(hospitals_[i % hospitals_.size()], resources));
    progress.update(i + 1, patients_count, cast_.clock().now_ms());
  }
  progress.finish();
  patient_name_ = make_history(0).name;
  patient_id_ = "demo-0";
  console_.done(std::to_string(patients_count) + " patients, " + std::to_string(records_) +
                    " records: sent as FHIR, encrypted in their hospitals' vaults, anchored",
                std::to_string(patients_count) + " 位患者,共 " + std::to_string(records_) +
                    " 条记录:以 FHIR 送入,在各医院加密保存,并在账本上存证");
  return claim_first_patient();
}

Status Story::admit_bundles(const std::filesystem::path& folder) {
  XL_TRY_ASSIGN(const auto files, client::bundle_files(folder));
  Progress progress(console_, std::string(console_.pick("  Files", "  文件")),
                    cast_.clock().now_ms());
  std::size_t patients = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    XL_TRY_ASSIGN(const client::BundleFile file, client::read_bundle_file(files[i]));
    Persona& hospital = hospitals_[patients % hospitals_.size()];
    bool about_patient = false;
    for (const json::Value resource : file.resources) {
      if (resource.find("resourceType").as_string() != "Patient") continue;
      about_patient = true;
      if (!patient_id_.empty()) continue;
      patient_id_ = resource.find("id").as_string().value_or("");
      const json::Value name = resource.find("name").at(0);
      patient_name_ = std::string(name.find("given").at(0).as_string().value_or("")) + " " +
                      std::string(name.find("family").as_string().value_or(""));
      for (const json::Value one : file.resources) {
        types_.emplace_back(one.find("resourceType").as_string().value_or(""));
      }
    }
    // What is about institutions is everybody's: each hospital gets a copy.
    if (!about_patient) {
      for (Persona& each : hospitals_) XL_TRY(put_all(each, file.resources));
    } else {
      XL_TRY(put_all(hospital, file.resources));
      ++patients;
    }
    progress.update(i + 1, files.size(), cast_.clock().now_ms());
  }
  progress.finish();
  if (patient_id_.empty()) return make_error(ErrorCode::input_invalid, "no Patient in the files");
  console_.done(std::to_string(patients) + " patients, " + std::to_string(records_) +
                    " records: sent as FHIR, encrypted in their hospitals' vaults, anchored",
                std::to_string(patients) + " 位患者,共 " + std::to_string(records_) +
                    " 条记录:以 FHIR 送入,在各医院加密保存,并在账本上存证");
  return claim_first_patient();
}

Status Story::claim_first_patient() {
  XL_TRY_ASSIGN(const model::Id did,
                pseudonym_of(*hospitals_[0].session, hospitals_[0].did(), patient_id_));
  XL_TRY_ASSIGN(patient_, cast_.patient(hospitals_[0], patient_name_, did));
  console_.done(patient_name_ + " takes over her record with a key of her own",
                patient_name_ + " 用自己的钥匙接管了病历");
  return {};
}

Result<std::size_t> Story::count_of(Persona& who, const Persona& custodian,
                                    const std::string& query,
                                    std::map<std::string, std::string> headers) {
  return count_entries(*who.session, custodian.did(), query, std::move(headers));
}

/// The hospital's own doctor: first without an encounter, then with one.
Status Story::care_at_home() {
  Persona& doctor = doctors_[0];
  const std::string observations = "Observation?patient=" + patient_id_;
  XL_TRY(open_encounter(*hospitals_[0].session, hospitals_[0].did(), patient_id_, doctor.did(),
                        "finished"));
  XL_TRY_ASSIGN(const std::size_t before, count_of(doctor, hospitals_[0], observations));
  if (before != 0) return make_error(ErrorCode::internal_failure, "read without an encounter");
  stop(doctor.name + " looks for " + patient_name_ + "'s results without an encounter: nothing",
       doctor.name + " 在没有就诊的情况下查看 " + patient_name_ + " 的检验结果:无结果");
  XL_TRY(open_encounter(*hospitals_[0].session, hospitals_[0].did(), patient_id_, doctor.did(),
                        "in-progress"));
  XL_TRY_ASSIGN(const std::size_t after, count_of(doctor, hospitals_[0], observations));
  if (after == 0) return make_error(ErrorCode::internal_failure, "own care found nothing");
  say("With an encounter open " + doctor.name + " reads " + std::to_string(after) +
          " results; each read was in the journal before its first byte",
      "就诊开始后," + doctor.name + " 读取了 " + std::to_string(after) +
          " 条检验结果;每次读取都先写入日志");
  return {};
}

Status Story::ask_from_elsewhere() {
  Persona& doctor = doctors_[1];
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                get_fhir(*doctor.session, hospitals_[0].did(), "Patient/" + patient_id_));
  if (answer.status != 404) return make_error(ErrorCode::internal_failure, "read without consent");
  stop(
      doctor.name + " of " + hospitals_[1].name + " asks for " + patient_name_ +
          ": refused, nobody consented. The refusal is journalled, and its root goes on the ledger",
      hospitals_[1].name + " 的 " + doctor.name + " 请求 " + patient_name_ +
          " 的病历:因无授权被拒绝。拒绝已记入日志,日志指纹随后上链");
  console_.say("    because: " + client::error_of(answer).text(),
               "    原因:" + std::string(describe(client::error_of(answer).code).zh));
  return {};
}

Result<model::Id> Story::grant(const Persona& grantee, const model::Id& organisation,
                               const std::vector<std::string>& types,
                               consent::PurposeOfUse purpose) {
  consent::Policy policy;
  policy.set_effect(static_cast<std::uint32_t>(consent::Effect::permit));
  auto* rule = policy.mutable_rule();
  auto* who = rule->add_grantees();
  who->set_organisation(bytes_of(organisation.bytes));
  who->set_person(bytes_of(grantee.did().bytes));
  for (const std::string& type : types) {
    auto* one = rule->add_classes();
    one->set_system(std::string(consent::resource_types_system));
    one->set_code(type);
  }
  rule->set_confidentiality_min(static_cast<std::uint32_t>(consent::Confidentiality::unrestricted));
  rule->set_confidentiality_max(static_cast<std::uint32_t>(consent::Confidentiality::normal));
  rule->add_purposes(static_cast<std::uint32_t>(purpose));
  rule->add_actions(static_cast<std::uint32_t>(consent::Action::read));
  rule->add_actions(static_cast<std::uint32_t>(consent::Action::search));
  model::Id out;
  XL_TRY(must_apply(patient_->session->grant(policy, patient_->did(), hospitals_[0].did(),
                                             cast_.clock().now_ms() + 30 * day_ms, out)));
  return out;
}

Status Story::share() {
  Persona& doctor = doctors_[1];
  XL_TRY_ASSIGN(consent_, grant(doctor, hospitals_[1].did(), {"Observation"},
                                consent::PurposeOfUse::treatment));
  say(patient_name_ + " shares observations with " + doctor.name + ", for treatment, for 30 days",
      patient_name_ + " 授权 " + doctor.name + " 查看检验结果,用于诊疗,30 天");
  XL_TRY_ASSIGN(const std::size_t shared,
                count_of(doctor, hospitals_[0], "Observation?patient=" + patient_id_));
  const auto expected =
      static_cast<std::size_t>(std::count(types_.begin(), types_.end(), "Observation"));
  if (shared != std::min<std::size_t>(expected, 1000)) {
    return make_error(ErrorCode::internal_failure,
                      "observations shared and observations read differ");
  }
  say(doctor.name + " reads " + std::to_string(shared) +
          " observations: both hospitals signed the permit on the ledger first",
      doctor.name + " 读取了 " + std::to_string(shared) +
          " 条检验结果:两家医院先在账本上共同签署许可");
  XL_TRY_ASSIGN(const std::size_t others,
                count_of(doctor, hospitals_[0], "Condition?patient=" + patient_id_));
  if (others != 0) return make_error(ErrorCode::internal_failure, "a class not shared was read");
  stop(doctor.name + " looks for diagnoses as well: nothing, they were not shared",
       doctor.name + " 还想查看诊断:未授权,无结果");
  return {};
}

Status Story::revoke(const model::Id& consent) {
  xinglin::consent::v1::Revoke message;
  message.set_consent(bytes_of(consent.bytes));
  return must_apply(
      patient_->session->submit(consent::contract_number, consent::revoke_type, message));
}

Status Story::stop_sharing() {
  XL_TRY(revoke(consent_));
  XL_TRY_ASSIGN(const std::size_t after,
                count_of(doctors_[1], hospitals_[0], "Observation?patient=" + patient_id_));
  if (after != 0) return make_error(ErrorCode::internal_failure, "read after revocation");
  say(patient_name_ + " stops sharing", patient_name_ + " 撤销授权");
  stop(doctors_[1].name + " asks again: nothing any more", doctors_[1].name + " 再次请求:已无结果");
  return {};
}

Status Story::pay() {
  Persona& officer = *claims_officer_;
  const std::map<std::string, std::string> purpose{{"X-Purpose-Of-Use", "HPAYMT"}};
  const std::string claims = "Claim?patient=" + patient_id_;
  XL_TRY_ASSIGN(const std::size_t before, count_of(officer, hospitals_[0], claims, purpose));
  if (before != 0) return make_error(ErrorCode::internal_failure, "claims read without consent");
  stop(officer.name + " of " + insurer_->name + " asks for claims: nothing without consent",
       insurer_->name + " 的 " + officer.name + " 请求理赔资料:未授权,无结果");
  const auto granted = grant(officer, insurer_->did(), {"Claim"}, consent::PurposeOfUse::payment);
  if (!granted.ok()) return granted.error();
  XL_TRY_ASSIGN(const std::size_t after, count_of(officer, hospitals_[0], claims, purpose));
  const bool has_claims = std::find(types_.begin(), types_.end(), "Claim") != types_.end();
  if (has_claims && after == 0) return make_error(ErrorCode::internal_failure, "no claim found");
  say(patient_name_ + " lets " + insurer_->name +
          " see claims, for payment: " + std::to_string(after) + " read, nothing else",
      patient_name_ + " 允许 " + insurer_->name + " 为支付目的查看理赔:读取 " +
          std::to_string(after) + " 条,别无其他");
  return revoke(*granted);  // the claims are paid
}

Status Story::emergency() {
  Persona& doctor = doctors_[2];
  Sent sent;
  XL_TRY_ASSIGN(
      const model::Id entry,
      client::declare_emergency(
          *doctor.session, hospitals_[0].did(),
          {patient_->did(), "unconscious", "unconscious after a traffic accident"}, sent));
  XL_TRY(must_apply(sent));
  XL_TRY_ASSIGN(const std::size_t found,
                count_of(doctor, hospitals_[0], "Condition?patient=" + patient_id_,
                         {{"X-Purpose-Of-Use", "ETREAT"}, {"X-Emergency-Entry", entry.text()}}));
  if (found == 0 && std::find(types_.begin(), types_.end(), "Condition") != types_.end()) {
    return make_error(ErrorCode::internal_failure, "the emergency opened nothing");
  }
  say(patient_name_ + " lies unconscious in " + hospitals_[2].name + ": " + doctor.name +
          " breaks the glass, with a reason, and sees " + std::to_string(found) +
          " diagnoses; a review is due within 72 hours",
      patient_name_ + " 在 " + hospitals_[2].name + " 昏迷:" + doctor.name +
          " 说明理由后紧急查看,看到 " + std::to_string(found) + " 条诊断;须在 72 小时内复核");
  return {};
}

Status Story::look_at_the_log() {
  XL_TRY_ASSIGN(const LogSummary log, access_log(*patient_->session, hospitals_[0].did()));
  say(patient_name_ + " looks at her access log: " + std::to_string(log.permitted) + " reads, " +
          std::to_string(log.refused) + " refusals, by " + std::to_string(log.organisations) +
          " institutions",
      patient_name_ + " 查看访问记录:" + std::to_string(log.permitted) + " 次读取," +
          std::to_string(log.refused) + " 次被拒绝,来自 " + std::to_string(log.organisations) +
          " 家机构");
  if (log.permitted == 0 || log.refused == 0) {
    return make_error(ErrorCode::internal_failure, "the access log leaves something out");
  }
  return {};
}

Status Story::refused(const Result<Sent>& sent, std::string_view english,
                      std::string_view chinese) {
  if (!sent.ok()) return sent.error();
  if (sent->applied()) return make_error(ErrorCode::internal_failure, "was not refused");
  stop(std::string(english) + ": " + sent->status_name,
       std::string(chinese) + ":" + sent->status_name);
  return {};
}

Status Story::attack() {
  xinglin::consent::v1::Revoke again;
  again.set_consent(bytes_of(consent_.bytes));
  XL_TRY_ASSIGN(const Bytes raw, patient_->session->sign({client::message_to(
                                     consent::contract_number, consent::revoke_type, again)}));
  const auto once = patient_->session->submit(raw);
  if (!once.ok()) return once.error();
  XL_TRY(refused(patient_->session->submit(raw), "The same signed request a second time",
                 "把同一份签名请求再发一次"));
  xinglin::consent::v1::Grant message;
  message.set_consent(bytes_of(client::random_id().bytes));
  message.set_patient(bytes_of(patient_->did().bytes));
  message.set_commitment(bytes_of(client::committed("a consent that nobody gave")));
  XL_TRY(
      refused(hospitals_[2].session->submit(consent::contract_number, consent::grant_type, message),
              hospitals_[2].name + " consents in the patient's name",
              hospitals_[2].name + " 冒充患者授权"));
  const Persona stranger = cast_.stranger("a stranger");
  return refused(stranger.session->submit(consent::contract_number, consent::grant_type, message),
                 "A stranger's key", "陌生人的钥匙");
}

/// The regulator sees no health data and can check everything.
Status Story::verify_everything() {
  XL_TRY_ASSIGN(const std::vector<std::string> ids, executed_transactions(*inspector_->session));
  Progress progress(console_, std::string(console_.pick("  Receipts", "  凭证")),
                    cast_.clock().now_ms());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    XL_TRY(inspector_->session->verify_receipt(ids[i]));
    progress.update(i + 1, ids.size(), cast_.clock().now_ms());
  }
  progress.finish();
  const std::string count = std::to_string(ids.size());
  console_.done(inspector_->name + " of " + regulator_->name + ": " + count +
                    " receipts verified with the genesis alone, refusals included",
                regulator_->name + " 的 " + inspector_->name + ":" + count +
                    " 份凭证仅凭创世文件全部核验通过,被拒绝的也在内");
  return {};
}

Status play(const Node& node, const DemoOptions& options, const Layout& layout,
            const Unlock& unlock, ByteView operator_key, const Console& console) {
  const SystemClock clock;
  Cast cast({"127.0.0.1", std::to_string(node.port())}, clock, options.folder / "personas",
            {crypto::keyfile::Protection::operator_key, operator_key});
  Story story(cast, console);
  XL_TRY_ASSIGN(const model::Genesis genesis, load_genesis(layout));
  XL_TRY(story.meet(layout, unlock, genesis));
  XL_TRY(options.bundles.empty() ? story.admit_patients() : story.admit_bundles(options.bundles));
  XL_TRY(story.care_at_home());
  XL_TRY(story.ask_from_elsewhere());
  XL_TRY(story.share());
  XL_TRY(story.stop_sharing());
  XL_TRY(story.pay());
  XL_TRY(story.emergency());
  XL_TRY(story.look_at_the_log());
  XL_TRY(story.attack());
  return story.verify_everything();
}

std::vector<NewOrganisation> founders() {
  return {{"市一医院 City Hospital", OrganisationType::hospital},
          {"省人民医院 Province Hospital", OrganisationType::hospital},
          {"江南医院 Riverside Hospital", OrganisationType::hospital},
          {"省医保局 Health Insurance", OrganisationType::insurer},
          {"卫健委 Health Authority", OrganisationType::regulator}};
}

/// Several engines have to find each other first.
Status await_first_block(const Node& node, const StopSignals& signals, const Console& console) {
  constexpr int patience_s = 120;
  bool said = false;
  for (int tenths = 0; !node.ledger().block(1).ok(); ++tenths) {
    if (tenths > patience_s * 10) {
      return make_error(ErrorCode::members_too_slow,
                        "the members' engines do not agree on a block");
    }
    if (signals.pending()) return make_error(ErrorCode::node_stopping);
    if (!said && tenths > 10) {
      console.say("Waiting until the members' engines have found each other",
                  "正在等待各成员的共识引擎互相连接");
      said = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return {};
}

/// The node that the story is played on.
struct Stage {
  Layout layout;
  Config config;
};

Result<Stage> one_member(const DemoOptions& options, const Unlock& unlock, const Clock& clock,
                         const Console& console) {
  Stage out{{options.folder / "data"}, {}};
  out.config.port = options.port;
  std::error_code failure;
  if (!std::filesystem::exists(out.layout.genesis(), failure)) {
    NewMember member;
    member.network_name = "demo";
    member.organisations = founders();
    XL_TRY(init_solo(out.layout, member, unlock, clock));
    console.done("Made a network: 3 hospitals, an insurer, a regulator, on one embedded node",
                 "已建立网络:三家医院、一家医保机构、一家监管机构,共用一个内嵌节点");
  }
  return out;
}

Result<Stage> several_members(const DemoOptions& options, const Unlock& unlock, const Clock& clock,
                              const Console& console) {
  XL_TRY(found_members(options.folder, options.members, founders(), options.port, unlock, clock));
  const std::string count = std::to_string(options.members);
  console.done(
      "Founded a network of " + count +
          " members: cards exchanged, one genesis, signed by all; an engine beside each node",
      "已由 " + count +
          " 个成员共同创建网络:交换名片、同一创世文件、全体签署;每个节点旁运行一个共识引擎");
  Stage out{member_layout(options.folder, 1), {}};
  XL_TRY_ASSIGN(out.config, read_config(out.layout.config()));
  if (options.port != 0) out.config.port = options.port;
  return out;
}

}  // namespace

int run_demo(const DemoOptions& options, const Console& console) {
  const StopSignals signals;  // before any thread starts
  const SystemClock clock;
  auto key = demo_operator_key(options.folder);
  if (!key.ok()) return console.fail(key.error());
  const Bytes operator_key = copy_of(key->view());
  const Unlock unlock = Unlock::with_operator_key(std::move(*key));
  const auto stage = options.members > 1 ? several_members(options, unlock, clock, console)
                                         : one_member(options, unlock, clock, console);
  if (!stage.ok()) return console.fail(stage.error());
  Members others;
  const Status started =
      others.start(options.folder, 2, options.members, options.folder / "operator.key");
  if (!started.ok()) return console.fail(started.error());
  const auto log = open_log(stage->layout, console.options(), false);
  if (!log.ok()) return console.fail(log.error());
  auto node = Node::start(stage->layout, stage->config, unlock, clock, *log);
  if (!node.ok()) return console.fail(node.error());
  const Status live = await_first_block(**node, signals, console);
  if (!live.ok()) return console.fail(live.error());
  const Status told = play(**node, options, stage->layout, unlock, operator_key, console);
  if (!told.ok()) return console.fail(told.error());
  const std::string url = "http://127.0.0.1:" + std::to_string((*node)->port()) + "/";
  console.say("The personas' keys lie in " + (options.folder / "personas").string() +
                  ": on this node, not with people. Only a demo may do that.",
              "演示人物的钥匙保存在 " + (options.folder / "personas").string() +
                  ":在本节点上,而不在本人手中。只有演示可以这样做。");
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/demo/v1").key("url").string(url);
    console.answer(out.key("story").string("done").end_object().take());
  }
  if (options.exit) return static_cast<int>(ExitCode::done);
  console.say("  Open      " + url + "\n  Try next  ./build/xinglin demo tamper --data " +
                  stage->layout.root.string() + "   (after Ctrl-C)",
              "  打开      " + url + "\n  下一步    ./build/xinglin demo tamper --data " +
                  stage->layout.root.string() + "   (先按 Ctrl-C)");
  signals.wait();
  return static_cast<int>(ExitCode::done);
}

}  // namespace xl::node::demo
