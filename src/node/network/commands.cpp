// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/network/commands.h"

#include "base/file.h"
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
  std::string out;
  // genesis, accept
  std::vector<std::string> files;
  std::string engine;
  int port = 7410;

  [[nodiscard]] Layout layout() const { return {data}; }
};

int run_card(const NetworkOptions& options, const Console& console) {
  NewMember member;
  member.network_name = options.network;
  member.address = options.address;
  const Status read = parse_organisations(options.organisations, member.organisations);
  if (!read.ok()) return console.fail(read.error());
  const auto unlock = new_unlock_of(options.unlock, console);
  if (!unlock.ok()) return console.fail(unlock.error());
  const SystemClock clock;
  const auto card = make_member(options.layout(), member, *unlock, clock);
  if (!card.ok()) return console.fail(card.error());
  const auto file = read_file(options.layout().own_card(), founding_file_bytes_max);
  if (!file.ok()) return console.fail(file.error());
  const Status written = write_file_durably(options.out, *file);
  if (!written.ok()) return console.fail(written.error());
  if (console.json()) console.result(std::string(text_of(*file)));
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
    console.result("{\"schema\":\"xinglin/founding/v1\",\"network\":\"" + id +
                   "\",\"complete\":" + (founding.missing.empty() ? "true" : "false") + "}");
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

int run_genesis(const NetworkOptions& options, const Console& console) {
  const auto unlock = unlock_of(options.unlock, console);
  if (!unlock.ok()) return console.fail(unlock.error());
  FoundingSettings settings;
  settings.engine =
      options.engine.empty() ? default_engine() : std::filesystem::path(options.engine);
  settings.port = static_cast<std::uint16_t>(options.port);
  const auto founding = found_from_cards(
      options.layout(), {options.files.begin(), options.files.end()}, settings, *unlock);
  if (!founding.ok()) return console.fail(founding.error());
  const auto file = read_file(founding->own_signature, founding_file_bytes_max);
  if (!file.ok()) return console.fail(file.error());
  const Status written = write_file_durably(options.out, *file);
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

}  // namespace

void add_network_commands(CLI::App& app,
                          std::function<void(std::function<int(const Console&)>)> choose) {
  auto options = std::make_shared<NetworkOptions>();
  auto* network = app.add_subcommand("network", "found a network together")->require_subcommand(1);
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
  card->add_option("--out", options->out, "the card file to write")->required();
  card->footer(
      "Examples:\n  xinglin network card --network region --organisation 'City Hospital:hospital' "
      "\\\n    --address city.example:26656 --out city.card --passphrase-file passphrase");
  auto* genesis = network->add_subcommand("genesis", "make the genesis from all founders' cards");
  on(genesis, run_genesis);
  add_unlock_options(genesis, options->unlock);
  genesis->add_option("CARDS", options->files, "every founder's card, this one's too")->required();
  genesis->add_option("--out", options->out, "the signature file to write")->required();
  genesis->add_option("--engine", options->engine, "the CometBFT program");
  genesis->add_option("--port", options->port, "of this node's gateway")
      ->check(CLI::Range(0, 65535));
  genesis->footer(
      "Examples:\n  xinglin network genesis city.card north.card insurer.card regulator.card \\\n"
      "    --out city.signature --passphrase-file passphrase");
  auto* accept = network->add_subcommand("accept", "add the other founders' signatures");
  on(accept, run_accept);
  accept->add_option("SIGNATURES", options->files, "signature files")->required();
  accept->footer("Examples:\n  xinglin network accept north.signature insurer.signature");
}

}  // namespace xl::node
