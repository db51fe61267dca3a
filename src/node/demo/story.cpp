// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/demo/story.h"

#include <algorithm>

#include "base/file.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/view.h"
#include "contracts/consent/decide.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "contracts/identity/view.h"
#include "crypto/merkle.h"
#include "crypto/random.h"
#include "node/commands.h"
#include "node/demo/hospital.h"
#include "node/init.h"

namespace xl::node::demo {
namespace {

namespace access = contracts::access;
namespace consent = contracts::consent;

constexpr std::uint64_t day_ms = 24ULL * 60 * 60 * 1000;
constexpr std::uint64_t session_ms = 10 * 60 * 1000;
constexpr std::uint32_t patients_count = 12;

/// Everybody, and what happens to them.
class Story {
 public:
  Story(Node& node, LedgerClient& ledger, const Console& console)
      : node_(node), ledger_(ledger), console_(console) {}

  Status found(const Layout& layout, const Unlock& unlock, ByteView operator_key);
  Status admit_patients();
  Status ask_without_permission();
  Status share();
  Status read_after_permit();
  Status stop_sharing();
  Status attack();
  Status verify_everything();

 private:
  [[nodiscard]] consent::Decision decide(const std::string& type) const;
  [[nodiscard]] Result<Sent> open_session(const model::Id& session);
  [[nodiscard]] Status refused(const Result<Sent>& sent, std::string_view english,
                               std::string_view chinese);
  [[nodiscard]] Status happened(const Result<Sent>& sent, std::string_view english,
                                std::string_view chinese);
  [[nodiscard]] Status tell_decision(const consent::Decision& decision) const;

  Node& node_;
  LedgerClient& ledger_;
  const Console& console_;
  std::vector<std::unique_ptr<Hospital>> hospitals_;
  std::vector<Actor> doctors_;
  std::vector<Patient> patients_;
  std::optional<consent::SealedPolicy> shared_;
  model::Id consent_;
};

/// Says that something was done, or fails because it was not.
Status Story::happened(const Result<Sent>& sent, std::string_view english,
                       std::string_view chinese) {
  if (!sent.ok()) return sent.error();
  if (sent->status != 0) return make_error(ErrorCode::answer_unexpected, sent->status_name);
  console_.done(english, chinese);
  return {};
}

/// Says that something was refused and why, or fails because it was not.
Status Story::refused(const Result<Sent>& sent, std::string_view english,
                      std::string_view chinese) {
  if (!sent.ok()) return sent.error();
  if (sent->status == 0) return make_error(ErrorCode::answer_unexpected, "was not refused");
  console_.say("✋ " + std::string(english) + ": " + sent->status_name,
               "✋ " + std::string(chinese) + ":" + sent->status_name);
  return {};
}

Status Story::tell_decision(const consent::Decision& decision) const {
  for (const consent::Reason reason : decision.reasons) {
    for (const consent::ReasonInfo& info : consent::reason_infos()) {
      if (info.reason != reason) continue;
      console_.say("    because: " + std::string(info.en), "    原因:" + std::string(info.zh));
    }
  }
  return {};
}

Status Story::found(const Layout& layout, const Unlock& unlock, ByteView operator_key) {
  const json::Value list = node_.ledger().genesis().section("identity").find("organisations");
  for (const json::Value organisation : list.items()) {
    if (organisation.find("type").as_uint64() !=
        static_cast<std::uint64_t>(OrganisationType::hospital)) {
      continue;
    }
    XL_TRY_ASSIGN(const model::Id did,
                  model::id_from_did(organisation.find("did").as_string().value_or("")));
    XL_TRY_ASSIGN(crypto::SigningKey key, unlock.load_signing_key(layout.service_key(did.text())));
    const std::string name(organisation.find("name").as_string().value_or(""));
    XL_TRY_ASSIGN(auto hospital, Hospital::open(layout.root / "vault",
                                                Actor{name, did, std::move(key)}, operator_key));
    hospitals_.push_back(std::move(hospital));
  }
  for (const char* name : {"李敏", "Ward", "王医生"}) doctors_.push_back(make_actor(name));
  for (std::size_t i = 0; i < hospitals_.size(); ++i) {
    XL_TRY(happened(hospitals_[i]->employ(ledger_, doctors_[i]),
                    hospitals_[i]->actor().name + " attests Dr " + doctors_[i].name,
                    hospitals_[i]->actor().name + " 认证医生 " + doctors_[i].name));
  }
  return {};
}

Status Story::admit_patients() {
  const SystemClock clock;
  Progress progress(console_, std::string(console_.pick("  Patients", "  患者")), clock.now_ms());
  std::size_t records = 0;
  for (std::uint32_t i = 0; i < patients_count; ++i) {
    XL_TRY_ASSIGN(Patient patient,
                  hospitals_[i % hospitals_.size()]->admit(ledger_, make_history(i)));
    records += patient.records.size();
    patients_.push_back(std::move(patient));
    progress.update(i + 1, patients_count, clock.now_ms());
  }
  progress.finish();
  const std::string count = std::to_string(records);
  console_.done(
      "12 patients, " + count + " records: encrypted in their hospitals' vaults, anchored",
      "12 位患者,共 " + count + " 条记录:已在各医院加密保存,并在账本上存证");
  const std::string name = patients_[0].actor.name;
  return happened(hospitals_[0]->hand_over(ledger_, patients_[0]),
                  name + " takes over her record with a key of her own",
                  name + " 用自己的钥匙接管了病历");
}

/// The custodian's decision about the second hospital's doctor and one class of data.
consent::Decision Story::decide(const std::string& type) const {
  consent::Request request;
  request.requester.kind = consent::RequesterKind::practitioner;
  request.requester.did = doctors_[1].did;
  request.requester.organisation = hospitals_[1]->actor().did;
  request.requester.roles = {static_cast<std::uint32_t>(contracts::identity::Role::physician)};
  request.purpose = *consent::purpose_of_code("TREAT");
  request.action = consent::Action::read;
  request.resource.classes.push_back({std::string(consent::resource_types_system), type});
  request.resource.author_organisation = hospitals_[0]->actor().did;
  consent::Facts facts;
  facts.patient = patients_[0].actor.did;
  facts.custodian = hospitals_[0]->actor().did;
  facts.role_attested = true;
  std::vector<consent::KnownPolicy> policies;
  if (shared_) {
    const auto state = node_.ledger().state();
    const auto head = node_.ledger().head();
    const bool active = head.ok() && consent::is_active(*state, consent_, head->block_ms);
    policies.push_back({consent_, active, shared_->policy()});
  }
  return consent::decide(policies, request, facts);
}

Result<Sent> Story::open_session(const model::Id& session) {
  xinglin::access::v1::OpenSession message;
  message.set_session(bytes_of(session.bytes));
  message.set_requester(bytes_of(hospitals_[1]->actor().did.bytes));
  message.set_patient(bytes_of(patients_[0].actor.did.bytes));
  message.add_consents(bytes_of(consent_.bytes));
  message.set_decision(bytes_of(committed("request, decision and reasons")));
  message.set_ends_ms(ledger_.clock().now_ms() + session_ms);
  return ledger_.send(access::contract_number, access::open_session_type, message,
                      {&hospitals_[1]->actor(), &hospitals_[0]->actor()});
}

Status Story::ask_without_permission() {
  const consent::Decision decision = decide("Observation");
  if (decision.permit) return make_error(ErrorCode::internal_failure, "permitted without consent");
  console_.say(
      "✋ " + doctors_[1].name + " of " + hospitals_[1]->actor().name +
          " asks for observations: refused",
      "✋ " + hospitals_[1]->actor().name + " 的 " + doctors_[1].name + " 请求查看检验结果:被拒绝");
  XL_TRY(tell_decision(decision));
  xinglin::access::v1::Denied message;
  message.set_entry(bytes_of(random_id().bytes));
  message.set_patient(bytes_of(patients_[0].actor.did.bytes));
  message.set_details(bytes_of(committed("who asked, for what, and why not")));
  XL_TRY(happened(ledger_.send(access::contract_number, access::denied_type, message,
                               {&hospitals_[0]->actor()}),
                  "  the refusal is on the ledger too: the patient will see it",
                  "  拒绝也记入账本:患者看得到"));
  consent_ = random_id();
  return refused(open_session(random_id()), "a session without any consent",
                 "没有授权就想打开会话");
}

Status Story::share() {
  consent::SealedPolicy sealed;
  sealed.set_version(1);
  sealed.set_consent(bytes_of(consent_.bytes));
  sealed.set_patient(bytes_of(patients_[0].actor.did.bytes));
  sealed.set_custodian(bytes_of(hospitals_[0]->actor().did.bytes));
  sealed.mutable_policy()->set_effect(static_cast<std::uint32_t>(consent::Effect::permit));
  auto* rule = sealed.mutable_policy()->mutable_rule();
  auto* grantee = rule->add_grantees();
  grantee->set_organisation(bytes_of(hospitals_[1]->actor().did.bytes));
  grantee->set_person(bytes_of(doctors_[1].did.bytes));
  auto* shared_class = rule->add_classes();
  shared_class->set_system(std::string(consent::resource_types_system));
  shared_class->set_code("Observation");
  rule->set_confidentiality_min(static_cast<std::uint32_t>(consent::Confidentiality::unrestricted));
  rule->set_confidentiality_max(static_cast<std::uint32_t>(consent::Confidentiality::normal));
  rule->add_purposes(static_cast<std::uint32_t>(*consent::purpose_of_code("TREAT")));
  rule->add_actions(static_cast<std::uint32_t>(consent::Action::read));
  std::array<std::uint8_t, 32> salt{};
  crypto::random_bytes(salt);
  sealed.set_salt(bytes_of(salt));
  consent::normalise(*sealed.mutable_policy());
  XL_TRY(consent::check_sealed(sealed));
  xinglin::consent::v1::Grant message;
  message.set_consent(bytes_of(consent_.bytes));
  message.set_patient(sealed.patient());
  message.set_end_ms(ledger_.clock().now_ms() + 30 * day_ms);
  message.set_commitment(bytes_of(consent::commitment_of(sealed)));
  XL_TRY(happened(
      ledger_.send(consent::contract_number, consent::grant_type, message, {&patients_[0].actor}),
      patients_[0].actor.name + " shares observations with Dr " + doctors_[1].name +
          ", for treatment, for 30 days",
      patients_[0].actor.name + " 授权 " + doctors_[1].name + " 查看检验结果,用于治疗,30 天"));
  shared_ = std::move(sealed);
  return {};
}

Status Story::read_after_permit() {
  const consent::Decision decision = decide("Observation");
  if (!decision.permit) return make_error(ErrorCode::internal_failure, "refused despite consent");
  XL_TRY(tell_decision(decision));
  if (decide("Condition").permit) {
    return make_error(ErrorCode::internal_failure, "a class that was not shared was permitted");
  }
  const model::Id session = random_id();
  XL_TRY(happened(open_session(session), "both hospitals sign the permit; only then a key is used",
                  "两家医院共同签署许可;此后才动用密钥"));
  const auto state = node_.ledger().state();
  const auto head = node_.ledger().head();
  if (!head.ok()) return head.error();
  std::vector<Bytes> leaves;
  for (std::size_t i = 0; i < patients_[0].records.size(); ++i) {
    if (patients_[0].types[i] != "Observation") continue;
    if (!access::session_is_live(*state, session, head->block_ms)) {
      return make_error(ErrorCode::internal_failure, "the session is not live");
    }
    XL_TRY_ASSIGN(const vault::Opened opened,
                  hospitals_[0]->records().get(patients_[0].records[i]));
    Bytes leaf = committed("one read");  // salted: a read is health data too
    leaf.push_back(opened.content.empty() ? 0 : 1);
    leaves.push_back(std::move(leaf));
  }
  xinglin::access::v1::SealSession seal;
  seal.set_session(bytes_of(session.bytes));
  Bytes root{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(root, crypto::merkle::root_of(leaves));
  seal.set_root(bytes_of(root));
  seal.set_count(static_cast<std::uint32_t>(leaves.size()));
  const std::string count = std::to_string(leaves.size());
  return happened(ledger_.send(access::contract_number, access::seal_session_type, seal,
                               {&hospitals_[0]->actor()}),
                  count + " observations read; the reads are sealed on the ledger",
                  "读取了 " + count + " 条检验结果;读取记录已封存上链");
}

Status Story::stop_sharing() {
  xinglin::consent::v1::Revoke message;
  message.set_consent(bytes_of(consent_.bytes));
  XL_TRY(happened(
      ledger_.send(consent::contract_number, consent::revoke_type, message, {&patients_[0].actor}),
      patients_[0].actor.name + " stops sharing", patients_[0].actor.name + " 撤销授权"));
  if (decide("Observation").permit) {
    return make_error(ErrorCode::internal_failure, "permitted after revocation");
  }
  return refused(open_session(random_id()), "another session after that", "此后再想打开会话");
}

Status Story::attack() {
  XL_TRY(refused(ledger_.send_again(), "the same signed request a second time",
                 "把同一份签名请求再发一次"));
  xinglin::consent::v1::Grant message;
  message.set_consent(bytes_of(random_id().bytes));
  message.set_patient(bytes_of(patients_[0].actor.did.bytes));
  message.set_commitment(bytes_of(committed("a consent that nobody gave")));
  XL_TRY(refused(ledger_.send(consent::contract_number, consent::grant_type, message,
                              {&hospitals_[2]->actor()}),
                 hospitals_[2]->actor().name + " consents in the patient's name",
                 hospitals_[2]->actor().name + " 冒充患者授权"));
  const Actor stranger = make_actor("a stranger");
  return refused(ledger_.send(consent::contract_number, consent::grant_type, message, {&stranger}),
                 "a stranger's key", "陌生人的钥匙");
}

Status Story::verify_everything() {
  const SystemClock clock;
  Progress progress(console_, std::string(console_.pick("  Receipts", "  凭证")), clock.now_ms());
  const auto& ids = ledger_.executed();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    XL_TRY(ledger_.verify(ids[i]));
    progress.update(i + 1, ids.size(), clock.now_ms());
  }
  progress.finish();
  const std::string count = std::to_string(ids.size());
  console_.done(count + " receipts verified with the genesis alone, refusals included",
                count + " 份凭证仅凭创世文件全部核验通过,被拒绝的也在内");
  return {};
}

/// The operator's key of the demo, made on its first run.
Result<crypto::SecretBytes> demo_operator_key(const std::filesystem::path& folder) {
  const auto path = folder / "operator.key";
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (!std::filesystem::exists(path, failure)) {
    const auto fresh = crypto::SecretBytes::random(crypto::keyfile::operator_key_bytes);
    XL_TRY(write_file_durably(path, fresh.view(), 0600));
  }
  return crypto::keyfile::read_operator_key(path);
}

Status play(Node& node, const Layout& layout, const Unlock& unlock, ByteView operator_key,
            const Console& console) {
  const SystemClock clock;
  LedgerClient ledger({"127.0.0.1", std::to_string(node.port())}, node.ledger().genesis(), clock);
  Story story(node, ledger, console);
  XL_TRY(story.found(layout, unlock, operator_key));
  XL_TRY(story.admit_patients());
  XL_TRY(story.ask_without_permission());
  XL_TRY(story.share());
  XL_TRY(story.read_after_permit());
  XL_TRY(story.stop_sharing());
  XL_TRY(story.attack());
  return story.verify_everything();
}

}  // namespace

int run_demo(const DemoOptions& options, const Console& console) {
  const StopSignals signals;  // before any thread starts
  const Layout layout{options.folder / "data"};
  const SystemClock clock;
  auto key = demo_operator_key(options.folder);
  if (!key.ok()) return console.fail(key.error());
  const Bytes operator_key = copy_of(key->view());
  const Unlock unlock = Unlock::with_operator_key(std::move(*key));
  std::error_code failure;
  if (!std::filesystem::exists(layout.genesis(), failure)) {
    const InitOptions init{"demo",
                           {{"市一医院 City Hospital", OrganisationType::hospital},
                            {"省人民医院 Province Hospital", OrganisationType::hospital},
                            {"江南医院 Riverside Hospital", OrganisationType::hospital},
                            {"省医保局 Health Insurance", OrganisationType::insurer},
                            {"卫健委 Health Authority", OrganisationType::regulator}}};
    const Status made = init_solo(layout, init, unlock, clock);
    if (!made.ok()) return console.fail(made.error());
    console.done("Made a network: 3 hospitals, an insurer, a regulator, on one embedded node",
                 "已建立网络:三家医院、一家医保机构、一家监管机构,共用一个内嵌节点");
  }
  Config config;
  config.port = options.port;
  auto node = Node::start(layout, config, unlock, clock);
  if (!node.ok()) return console.fail(node.error());
  const Status told = play(**node, layout, unlock, operator_key, console);
  if (!told.ok()) return console.fail(told.error());
  const std::string url = "http://127.0.0.1:" + std::to_string((*node)->port()) + "/";
  console.say("The personas' keys were made by this demo and are gone with it.",
              "演示人物的钥匙由本演示生成,演示结束即消失。");
  if (console.json()) console.result("{\"url\":\"" + url + "\",\"story\":\"done\"}");
  if (options.exit) return static_cast<int>(ExitCode::done);
  console.say("  Open      " + url + "\n  Try next  ./build/xinglin demo tamper --data " +
                  layout.root.string() + "   (after Ctrl-C)",
              "  打开      " + url + "\n  下一步    ./build/xinglin demo tamper --data " +
                  layout.root.string() + "   (先按 Ctrl-C)");
  signals.wait();
  return static_cast<int>(ExitCode::done);
}

}  // namespace xl::node::demo
