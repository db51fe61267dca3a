// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/machine.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <thread>

#include "base/checked.h"
#include "node/config.h"
#include "node/network/roster.h"
#include "node/node.h"
#include "node/tools/ports.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;

/// What this program is made for and tested with.
constexpr std::string_view engine_module = "github.com/cometbft/cometbft";
constexpr std::string_view engine_version = "v0.40.0";
constexpr std::uint64_t program_bytes_max = 256U << 20U;
constexpr std::uint64_t peer_patience_ms = 3000;

Finding bad(std::string name, std::string what, std::string fix, ExitCode exit_code) {
  return {std::move(name), false, std::move(what), std::move(fix), exit_code, false};
}

Finding check_engine(const Layout& layout, const EngineSettings& settings) {
  const fs::path program =
      settings.program.is_absolute() ? settings.program : layout.root / settings.program;
  std::error_code failure;
  if (!fs::exists(program, failure)) {
    return bad("engine", "there is no program at " + program.string(),
               "set engine.program to the consensus engine; './dev cluster' makes it",
               ExitCode::failed);
  }
  const std::string version = go_module_version(program, engine_module);
  if (version == engine_version) return good("engine", "CometBFT " + version);
  Finding out = good("engine", "CometBFT " + version + ", made for " + std::string(engine_version));
  if (version.empty()) out.what = "its program does not tell which version it is";
  out.fix = "install CometBFT " + std::string(engine_version);
  out.warning = true;
  return out;
}

std::optional<std::uint16_t> port_of(std::string_view address) {
  std::uint64_t port = 0;
  const std::size_t colon = address.rfind(':');
  if (colon == address.npos || !parse_decimal(address.substr(colon + 1), port) || port == 0 ||
      port > 65535) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(port);
}

/// Free, or had by the program that it is for. Which of two nodes of one machine has it is not
/// told apart.
Finding check_port(std::string_view setting, std::uint16_t port, std::string_view wanted) {
  const std::string name = "port " + std::to_string(port);
  const std::string key(setting);
  const auto listener = listener_at(port);
  if (!listener) return good(name, key + " is free");
  if (listener->pid == 0) {
    Finding out = good(name, key + " is taken by a program of another user");
    out.warning = true;
    out.fix = "see who has it, as root: ss -ltnp";
    return out;
  }
  const std::string who = listener->name + ", process " + std::to_string(listener->pid);
  if (listener->name == wanted) return good(name, key + " is had by " + who);
  return bad(name, key + " is taken by " + who, "end that program, or change " + key,
             ExitCode::failed);
}

void check_ports(const Config& config, std::vector<Finding>& out) {
  if (config.port != 0) out.push_back(check_port("gateway.port", config.port, "xinglin"));
  if (config.engine.kind != EngineKind::cometbft) return;
  const auto listen = port_of(config.engine.listen);
  if (listen) out.push_back(check_port("engine.listen", *listen, "cometbft"));
  const auto metrics = port_of(config.engine.metrics);
  if (metrics) out.push_back(check_port("engine.metrics", *metrics, "cometbft"));
}

/// The other engines by name, at the addresses that the settings or the ledger give.
std::vector<std::pair<std::string, std::string>> peers_in(const EngineSettings& settings,
                                                          const Roster& roster) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const ListedMember& member : roster.members) {
    if (!member.self) out.emplace_back(member.name, address_to_dial(member, settings.peers));
  }
  for (const auto& peer : settings.peers) {
    const bool listed =
        std::any_of(roster.members.begin(), roster.members.end(),
                    [&](const ListedMember& one) { return one.peer_id == peer.node_id; });
    if (!listed) out.emplace_back(peer.node_id, peer.address);
  }
  return out;
}

void check_peers(const EngineSettings& settings, const Roster& roster, std::vector<Finding>& out) {
  const auto peers = peers_in(settings, roster);
  std::vector<std::string> why(peers.size());
  std::vector<std::thread> calls;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    calls.emplace_back([&, i] { why[i] = why_unreachable(peers[i].second, peer_patience_ms); });
  }
  for (std::thread& call : calls) call.join();
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const auto& [name, address] = peers[i];
    Finding one = good("peer", name + " at " + address + " is reachable");
    if (!why[i].empty()) {
      one.what = name + " at " + address + ": " + why[i];
      one.fix = "ask that member whether its node runs and its firewall lets this one in";
      one.warning = true;  // one that is down does not make this node ill
    }
    out.push_back(std::move(one));
  }
}

std::optional<Finding> check_archive(const Config& config, const Roster& roster) {
  const auto own = std::find_if(roster.members.begin(), roster.members.end(),
                                [](const ListedMember& member) { return member.self; });
  if (own == roster.members.end() || !own->archive) return std::nullopt;
  if (config.keep_blocks == 0) return good("archive", "keeps every block, as the ledger says");
  Finding out = good("archive",
                     "the ledger lists this member as an archive: nothing is forgotten, "
                     "whatever ledger.keep_blocks says");
  out.fix = "set ledger.keep_blocks to 0, or give the role up: xinglin network update --no-archive";
  out.warning = true;
  return out;
}

}  // namespace

std::string go_module_version(const fs::path& program, std::string_view path) {
  std::error_code failure;
  const auto size = fs::file_size(program, failure);
  if (failure || size > program_bytes_max) return {};
  std::string content(size, '\0');
  std::ifstream file(program, std::ios::binary);
  if (!file.read(content.data(), static_cast<std::streamsize>(size))) return {};
  for (const std::string_view line : {"\nmod\t", "\ndep\t"}) {
    const std::string wanted = std::string(line) + std::string(path) + "\t";
    const std::size_t at = content.find(wanted);
    if (at == std::string::npos) continue;
    const std::size_t begin = at + wanted.size();
    const std::size_t end = content.find_first_of("\t\n", begin);
    constexpr std::size_t version_bytes_max = 100;
    if (end == std::string::npos || end - begin > version_bytes_max) continue;
    return content.substr(begin, end - begin);
  }
  return {};
}

std::string own_url(const Layout& layout) {
  const auto config = read_config(layout.config());
  if (!config.ok() || config->port == 0) return {};
  const bool everywhere = config->listen == "0.0.0.0" || config->listen == "::";
  std::string host = everywhere ? "127.0.0.1" : config->listen;
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  const std::string_view scheme = config->tls ? "https://" : "http://";
  return std::string(scheme) + host + ":" + std::to_string(config->port);
}

std::vector<Finding> check_machine(const Layout& layout) {
  std::vector<Finding> out;
  std::error_code failure;
  if (!fs::exists(layout.config(), failure)) return out;
  const auto config = read_config(layout.config());
  if (!config.ok()) {
    out.push_back(bad("settings", config.error().message, "correct the line named in node.toml",
                      ExitCode::input_invalid));
    return out;
  }
  const auto genesis = load_genesis(layout);
  const Roster roster = genesis.ok() ? read_roster(layout, *genesis) : Roster{};
  if (const auto archive = check_archive(*config, roster)) out.push_back(*archive);
  if (config->engine.kind == EngineKind::cometbft) {
    out.push_back(check_engine(layout, config->engine));
  }
  check_ports(*config, out);
  if (config->engine.kind == EngineKind::cometbft) check_peers(config->engine, roster, out);
  return out;
}

}  // namespace xl::node
