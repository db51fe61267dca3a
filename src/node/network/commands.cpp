// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/network/commands.h"

#include "base/file.h"
#include "base/json/writer.h"
#include "model/member_address.h"
#include "node/config.h"
#include "node/init.h"
#include "node/network/folder.h"
#include "node/unlock_options.h"

namespace xl::node {
namespace {

struct NetworkOptions {
  std::string data = "xinglin-data";
  UnlockOptions unlock;
  // card
  std::string network = "xinglin";
  std::vector<std::string> organisations;
  std::string address;
  std::string gateway;
  bool archive = false;
  std::string validator_key;
  std::string out;
  // genesis, accept
  std::vector<std::string> files;
  std::string engine;
  std::string signer;
  int port = 7410;

  [[nodiscard]] Layout layout() const { return {data}; }
};

/// What the card tells besides: `--gateway`, else the address in settings that are there already;
/// `--archive`, which such settings must not contradict.
Status fill_places(const NetworkOptions& options, NewMember& member) {
  member.address = options.address;
  member.gateway = options.gateway;
  member.archive = options.archive;
  std::error_code failure;
  if (!std::filesystem::exists(options.layout().config(), failure)) return {};
  XL_TRY_ASSIGN(const Config config, read_config(options.layout().config()));
  if (member.archive && config.keep_blocks != 0) {
    return make_error(ErrorCode::config_invalid,
                      "ledger.keep_blocks must be 0 for a member that is an archive");
  }
  if (!member.gateway.empty() || config.public_url.empty()) return {};
  if (model::is_gateway_url(config.public_url)) member.gateway = config.public_url;
  return {};
}

int run_card(const NetworkOptions& options, const Console& console) {
  NewMember member;
  member.network_name = options.network;
  const Status places = fill_places(options, member);
  if (!places.ok()) return console.fail(places.error());
  const Status read = parse_organisations(options.organisations, member.organisations);
  if (!read.ok()) return console.fail(read.error());
  if (!options.validator_key.empty()) {
    Bytes key;
    if (!from_base64(options.validator_key, key) ||
        !crypto::check_public_key(crypto::Algorithm::ed25519, key).ok()) {
      return console.fail(make_error(ErrorCode::key_malformed, "--validator-key"));
    }
    member.outside_validator = std::move(key);
  }
  const auto unlock = new_unlock_of(options.unlock, console);
  if (!unlock.ok()) return console.fail(unlock.error());
  const SystemClock clock;
  const auto card = make_member(options.layout(), member, *unlock, clock);
  if (!card.ok()) return console.fail(card.error());
  const auto file = read_file(options.layout().own_card(), founding_file_bytes_max);
  if (!file.ok()) return console.fail(file.error());
  const Status written = write_new_file(options.out, *file);
  if (!written.ok()) return console.fail(written.error());
  if (console.json()) console.document(text_of(*file));
  console.done("Made the member's keys in " + options.data + " and its card in " + options.out,
               "已在 " + options.data + " 生成成员密钥,名片在 " + options.out);
  console.say(
      "  next: give the card to every other founder, take theirs, then: "
      "xinglin network genesis CARDS…",
      "  下一步:与其他创始成员交换名片,然后:xinglin network genesis 名片…");
  return static_cast<int>(ExitCode::done);
}

void show_founding(const Founding& founding, const Console& console) {
  const std::string id = to_hex(founding.network);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/founding/v1").key("network").string(id);
    out.key("complete").boolean(founding.missing.empty());
    console.answer(out.key("missing").string(founding.missing).end_object().take());
  }
  // Short enough to be read out over the telephone.
  console.say("  network  " + id.substr(0, 8) + " " + id.substr(8, 8) + " … (compare it by voice)",
              "  网络编号 " + id.substr(0, 8) + " " + id.substr(8, 8) + " …(请电话核对)");
  if (founding.missing.empty()) {
    console.done("Every founder has signed: the node can run", "所有创始成员均已签署,节点可以运行");
    return;
  }
  console.say("  not signed yet: " + founding.missing, "  尚未签署:" + founding.missing);
}

/// How the node is to run. Errors: usage_invalid (the signer's address).
Result<FoundingSettings> settings_of(const NetworkOptions& options) {
  FoundingSettings out;
  out.engine = options.engine.empty() ? default_engine() : std::filesystem::path(options.engine);
  out.port = static_cast<std::uint16_t>(options.port);
  out.signer = options.signer;
  if (!out.signer.empty() && !is_signer_address(out.signer)) {
    return make_error(ErrorCode::usage_invalid, "--signer is tcp://HOST:PORT or unix:///PATH");
  }
  return out;
}

int run_genesis(const NetworkOptions& options, const Console& console) {
  const auto unlock = unlock_of(options.unlock, console);
  if (!unlock.ok()) return console.fail(unlock.error());
  const auto read = settings_of(options);
  if (!read.ok()) return console.fail(read.error());
  const FoundingSettings& settings = *read;
  const auto founding = found_from_cards(
      options.layout(), {options.files.begin(), options.files.end()}, settings, *unlock);
  if (!founding.ok()) return console.fail(founding.error());
  const auto file = read_file(founding->own_signature, founding_file_bytes_max);
  if (!file.ok()) return console.fail(file.error());
  const Status written = write_new_file(options.out, *file);
  if (!written.ok()) return console.fail(written.error());
  console.done("Made the genesis of " + std::to_string(founding->members) +
                   " members and signed it; the signature is in " + options.out,
               "已由 " + std::to_string(founding->members) +
                   " 个成员的名片生成并签署创世文件,签名在 " + options.out);
  show_founding(*founding, console);
  return static_cast<int>(ExitCode::done);
}

int run_accept(const NetworkOptions& options, const Console& console) {
  const auto founding =
      accept_signatures(options.layout(), {options.files.begin(), options.files.end()});
  if (!founding.ok()) return console.fail(founding.error());
  show_founding(*founding, console);
  return static_cast<int>(ExitCode::done);
}

int run_invite(const NetworkOptions& options, const Console& console) {
  const auto invitation = write_invitation(options.layout());
  if (!invitation.ok()) return console.fail(invitation.error());
  const Status written = write_new_file(options.out, view_of(*invitation));
  if (!written.ok()) return console.fail(written.error());
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/invitation-written/v1").key("file");
    console.answer(out.string(options.out).end_object().take());
  }
  console.done("Wrote the invitation " + options.out, "已写出邀请文件 " + options.out);
  console.say("  next, at the newcomer: xinglin network join " + options.out,
              "  下一步(新成员处):xinglin network join " + options.out);
  return static_cast<int>(ExitCode::done);
}

int run_join(const NetworkOptions& options, const Console& console) {
  const auto invitation = read_file(options.files[0], invitation_bytes_max);
  if (!invitation.ok()) return console.fail(invitation.error());
  const auto read = settings_of(options);
  if (!read.ok()) return console.fail(read.error());
  const FoundingSettings& settings = *read;
  const auto network = join_network(options.layout(), *invitation, settings);
  if (!network.ok() && network.error().code == ErrorCode::invitation_invalid) {
    return console.fail(json::in_file(network.error(), text_of(*invitation), options.files[0]));
  }
  if (!network.ok()) return console.fail(network.error());
  const std::string id = to_hex(*network);
  if (console.json()) {
    console.answer("{\"schema\":\"xinglin/joined/v1\",\"network\":\"" + id + "\"}");
  }
  console.done("Checked what every founder signed; the node can run and will follow the ledger",
               "已核对全部创始成员的签署;节点可以运行并同步账本");
  console.say("  network  " + id.substr(0, 8) + " " + id.substr(8, 8) + " … (compare it by voice)",
              "  网络编号 " + id.substr(0, 8) + " " + id.substr(8, 8) + " …(请电话核对)");
  return static_cast<int>(ExitCode::done);
}

int run_rekey(const NetworkOptions& options, const Console& console) {
  const Layout layout = options.layout();
  const auto config = read_config(layout.config());
  if (!config.ok()) return console.fail(config.error());
  if (config->engine.kind == EngineKind::solo) {
    return console.fail(make_error(ErrorCode::usage_invalid,
                                   "engine.kind: with solo the genesis fixes the validator key"));
  }
  std::error_code failure;
  if (std::filesystem::exists(layout.next_validator_key(), failure)) {
    return console.fail(make_error(ErrorCode::file_exists,
                                   layout.next_validator_key().string() +
                                       " waits for a vote already; a key is never replaced"));
  }
  const auto unlock = unlock_of(options.unlock, console);
  if (!unlock.ok()) return console.fail(unlock.error());
  if (ask_admin(layout.admin_socket(), "{}")) {
    return console.fail(make_error(ErrorCode::store_locked, "the node runs: stop it first"));
  }
  const auto old = unlock->load_signing_key(layout.envelope_key());  // this folder's own unlock
  if (!old.ok()) return console.fail(old.error());
  const auto key = crypto::SigningKey::generate(crypto::Algorithm::ed25519);
  if (!key.ok()) return console.fail(key.error());
  const Status saved =
      unlock->save(layout.next_validator_key(), crypto::keyfile::Kind::ed25519, key->secret());
  if (!saved.ok()) return console.fail(saved.error());
  const std::string text = to_base64(key->public_key());
  if (console.json()) {
    console.answer("{\"schema\":\"xinglin/validator-key/v1\",\"key\":\"" + text + "\"}");
  } else {
    console.result(text);
  }
  console.done("Made the next validator key", "已生成下一把验证者密钥");
  console.say(
      "  next: start the node again, then propose it:\n"
      "    xinglin network proposal create rekey --title 'a new key' --key " +
          text + " --as ORGANISATION",
      "  下一步:重启节点,然后提案:\n"
      "    xinglin network proposal create rekey --title 新密钥 --key " +
          text + " --as 机构身份文件");
  return static_cast<int>(ExitCode::done);
}

}  // namespace

namespace {

/// What a network that runs already needs: newcomers and new keys.
template <typename On>
void add_joining_commands(CLI::App& network, const std::shared_ptr<NetworkOptions>& options,
                          const On& on) {
  auto* invite = network.add_subcommand("invite", "what a newcomer needs to follow this network");
  on(invite, run_invite);
  invite->add_option("--out", options->out, "the invitation file to write")->required();
  invite->footer(
      "Examples:\n  xinglin network invite --out region.invitation\n"
      "  xinglin network invite --data /srv/xinglin --out region.invitation");
  auto* join = network.add_subcommand("join", "make this member's folder a node of a network");
  on(join, run_join);
  join->add_option("INVITATION", options->files, "a member's invitation")->required()->expected(1);
  join->add_option("--engine", options->engine, "the CometBFT program");
  join->add_option("--port", options->port, "of this node's gateway")->check(CLI::Range(0, 65535));
  join->add_option("--signer", options->signer,
                   "tcp://HOST:PORT or unix:///PATH where the engine listens for an outside "
                   "signer");
  join->footer(
      "Examples:\n  xinglin network card --network region --organisation 'West Clinic:clinic' \\\n"
      "    --address west.example:26656 --out west.card --passphrase-file passphrase\n"
      "  xinglin network join region.invitation");
  auto* rekey = network.add_subcommand("rekey", "make the validator key that the next vote names");
  on(rekey, run_rekey);
  add_unlock_options(rekey, options->unlock);
  rekey->footer(
      "Examples:\n  xinglin network rekey --passphrase-file passphrase\n"
      "  xinglin network rekey --data /srv/xinglin --operator-key operator.key");
}

}  // namespace

void add_network_commands(CLI::App& app,
                          std::function<void(std::function<int(const Console&)>)> choose) {
  auto options = std::make_shared<NetworkOptions>();
  auto* network = app.add_subcommand("network", "found a network together, and decide in it")
                      ->require_subcommand(1);
  const auto on = [choose, options](CLI::App* command,
                                    int (*run)(const NetworkOptions&, const Console&)) {
    command->add_option("--data", options->data, "the node's data folder");
    command->callback([choose, options, run] {
      choose([options, run](const Console& console) { return run(*options, console); });
    });
  };
  auto* card = network->add_subcommand("card", "make a member's keys here, and its card");
  on(card, run_card);
  add_unlock_options(card, options->unlock);
  card->add_option("--network", options->network, "short name of the network to be founded");
  card->add_option("--organisation", options->organisations, "NAME:TYPE; may be repeated")
      ->required();
  card->add_option("--address", options->address, "HOST:PORT where others reach this engine")
      ->required();
  card->add_option("--gateway", options->gateway,
                   "http(s)://HOST[:PORT] where others reach this gateway; default: "
                   "gateway.public_url, or none");
  card->add_flag("--archive", options->archive, "this member keeps every block");
  card->add_option("--validator-key", options->validator_key,
                   "public key of an outside signer, base64; without it a key is made here");
  card->add_option("--out", options->out, "the card file to write")->required();
  card->footer(
      "Examples:\n  xinglin network card --network region --organisation 'City Hospital:hospital' "
      "\\\n    --address city.example:26656 --gateway https://city.example:7410 --archive \\\n"
      "    --out city.card --passphrase-file passphrase\n"
      "  xinglin network card --organisation 'West Clinic:clinic' --address west.example:26656 \\\n"
      "    --out west.card --operator-key operator.key");
  auto* genesis = network->add_subcommand("genesis", "make the genesis from all founders' cards");
  on(genesis, run_genesis);
  add_unlock_options(genesis, options->unlock);
  genesis->add_option("CARDS", options->files, "every founder's card, this one's too")->required();
  genesis->add_option("--out", options->out, "the signature file to write")->required();
  genesis->add_option("--engine", options->engine, "the CometBFT program");
  genesis->add_option("--port", options->port, "of this node's gateway")
      ->check(CLI::Range(0, 65535));
  genesis->add_option("--signer", options->signer,
                      "tcp://HOST:PORT or unix:///PATH where the engine listens for an outside "
                      "signer");
  genesis->footer(
      "Examples:\n  xinglin network genesis city.card north.card insurer.card regulator.card \\\n"
      "    --out city.signature --passphrase-file passphrase\n"
      "  xinglin network genesis *.card --out city.signature --operator-key operator.key");
  auto* accept = network->add_subcommand("accept", "add the other founders' signatures");
  on(accept, run_accept);
  accept->add_option("SIGNATURES", options->files, "signature files")->required();
  accept->footer(
      "Examples:\n  xinglin network accept north.signature insurer.signature\n"
      "  xinglin network accept --data /srv/xinglin north.signature --json");
  add_joining_commands(*network, options, on);
}

}  // namespace xl::node
