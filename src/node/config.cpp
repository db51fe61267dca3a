// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/file.h"
#include "model/limits.h"
#include "model/member_address.h"
#include "node/network/founding.h"

namespace xl::node {
namespace {

constexpr std::uint64_t config_bytes_max = 64 * 1024;
/// More than CometBFT connects to.
constexpr std::size_t engine_peers_max = 64;
/// One for each organisation that a node can host.
constexpr std::size_t smart_providers_max = 64;

Error config_error(std::string_view key, const toml::node& node) {
  return make_error(ErrorCode::config_invalid,
                    std::string(key) + " in line " + std::to_string(node.source().begin.line));
}

/// `tls_clients`: how the gateway treats certificates of those who come.
std::optional<gateway::http::TlsClients> tls_clients_of(std::string_view word) {
  if (word == "none") return gateway::http::TlsClients::none;
  if (word == "offered") return gateway::http::TlsClients::offered;
  if (word == "required") return gateway::http::TlsClients::required;
  return std::nullopt;
}

/// What the settings of TLS must have of each other.
Status check_tls(const gateway::http::TlsOptions& tls, const toml::table& table) {
  const bool asks = tls.clients != gateway::http::TlsClients::none;
  if (tls.certificate.empty()) return config_error("gateway.tls_certificate is missing", table);
  if (tls.key.empty()) return config_error("gateway.tls_key is missing", table);
  if (asks && tls.client_ca.empty()) {
    return config_error("gateway.tls_client_ca is missing", table);
  }
  if (!asks && !tls.client_ca.empty()) {
    return config_error("gateway.tls_clients must be offered or required with tls_client_ca",
                        table);
  }
  return {};
}

/// `http` or `https`, a host and what follows it, without a slash at the end.
bool is_public_url(std::string_view text) {
  constexpr std::size_t bytes_max = 256;
  const std::size_t scheme =
      text.starts_with("https://") ? 8 : (text.starts_with("http://") ? 7 : text.size());
  const std::string_view rest = text.substr(scheme);
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_[]/";
  return !rest.empty() && text.size() <= bytes_max && !rest.starts_with('/') &&
         !rest.ends_with('/') && rest.find_first_not_of(plain) == rest.npos;
}

Status read_gateway(const toml::table& table, Config& out) {
  gateway::http::TlsOptions tls;
  for (const auto& [key, value] : table) {
    const auto text = value.value_exact<std::string>();
    const bool tls_key = key.str().starts_with("tls_");
    if (key == "listen") {
      if (!text) return config_error("gateway.listen", value);
      out.listen = *text;
    } else if (key == "port") {
      const auto number = value.value_exact<std::int64_t>();
      if (!number || *number < 0 || *number > 65535) return config_error("gateway.port", value);
      out.port = static_cast<std::uint16_t>(*number);
    } else if (key == "public_url" && text && is_public_url(*text)) {
      out.public_url = *text;
    } else if (key == "peers_ca" && text && !text->empty()) {
      out.peers_ca = *text;
    } else if (key == "webhooks_within" && value.is_boolean()) {
      out.webhooks_within = value.value_exact<bool>().value_or(false);
    } else if (key == "tls_certificate" && text && !text->empty()) {
      tls.certificate = *text;
    } else if (key == "tls_key" && text && !text->empty()) {
      tls.key = *text;
    } else if (key == "tls_client_ca" && text && !text->empty()) {
      tls.client_ca = *text;
    } else if (key == "tls_clients" && text && tls_clients_of(*text)) {
      tls.clients = *tls_clients_of(*text);
    } else {
      constexpr std::string_view known =
          " public_url peers_ca webhooks_within tls_certificate tls_key tls_client_ca tls_clients ";
      const bool is_known = known.find(" " + std::string(key.str()) + " ") != known.npos;
      return config_error((is_known ? "gateway." : "unknown key gateway.") + std::string(key.str()),
                          value);
    }
    if (tls_key) out.tls = tls;
  }
  return out.tls ? check_tls(*out.tls, table) : Status{};
}

/// `id@host:port`.
std::optional<ordering::cometbft::Peer> peer_of(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at != 40 || text.size() > 40 + 1 + 255) return std::nullopt;
  const std::string_view id = text.substr(0, at);
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!std::all_of(id.begin(), id.end(), hex)) return std::nullopt;
  return ordering::cometbft::Peer{std::string(id), std::string(text.substr(at + 1))};
}

Status read_peers(const toml::node& value, std::vector<ordering::cometbft::Peer>& out) {
  const toml::array* list = value.as_array();
  if (list == nullptr || list->size() > engine_peers_max)
    return config_error("engine.peers", value);
  for (const toml::node& one : *list) {
    const auto text = one.value_exact<std::string>();
    auto peer = text ? peer_of(*text) : std::nullopt;
    if (!peer || !model::is_engine_address(peer->address)) return config_error("engine.peers", one);
    out.push_back(std::move(*peer));
  }
  return {};
}

Status read_engine(const toml::table& table, EngineSettings& out) {
  for (const auto& [key, value] : table) {
    const auto text = value.value_exact<std::string>();
    if (key == "kind" && text == "solo") {
      out.kind = EngineKind::solo;
    } else if (key == "kind" && text == "cometbft") {
      out.kind = EngineKind::cometbft;
    } else if (key == "program" && text && !text->empty()) {
      out.program = *text;
    } else if (key == "listen" && text && model::is_engine_address(*text)) {
      out.listen = *text;
    } else if (key == "signer" && text && is_signer_address(*text)) {
      out.signer = *text;
    } else if (key == "metrics" && text && (text->empty() || model::is_engine_address(*text))) {
      out.metrics = *text;
    } else if (key == "snapshot_every" && value.value_exact<std::int64_t>().value_or(0) > 0) {
      out.snapshot_every = static_cast<std::uint64_t>(*value.value_exact<std::int64_t>());
    } else if (key == "envelope_transactions" &&
               value.value_exact<std::int64_t>().value_or(0) > 0 &&
               *value.value_exact<std::int64_t>() <= limits::envelope_transactions_max) {
      out.envelope_transactions = static_cast<std::uint64_t>(*value.value_exact<std::int64_t>());
    } else if (key == "same_address" && value.is_boolean()) {
      out.same_address = *value.value_exact<bool>();
    } else if (key == "peers") {
      XL_TRY(read_peers(value, out.peers));
    } else {
      constexpr std::string_view known =
          " kind program listen signer metrics snapshot_every envelope_transactions same_address ";
      const bool is_known = known.find(" " + std::string(key.str()) + " ") != known.npos;
      return config_error((is_known ? "engine." : "unknown key engine.") + std::string(key.str()),
                          value);
    }
  }
  if (out.kind == EngineKind::solo && !out.signer.empty()) {
    return config_error("engine.signer: only kind = \"cometbft\" has an outside signer", table);
  }
  if (out.kind == EngineKind::cometbft && out.program.empty()) {
    return config_error("engine.program is missing", table);
  }
  return {};
}

/// The fewest blocks a member may keep: what recent proofs rest on, what those who join ask for,
/// and what a proof that somebody voted twice may point to.
std::uint64_t keep_blocks_min(const EngineSettings& engine) {
  const std::uint64_t proofs = 2 * limits::proof_heights_kept;
  if (engine.kind == EngineKind::solo) return proofs;
  return std::max({proofs, evidence_age_blocks, 3 * engine.snapshot_every});
}

Status read_ledger(const toml::table& table, Config& out) {
  for (const auto& [key, value] : table) {
    if (key != "keep_blocks") {
      return config_error("unknown key ledger." + std::string(key.str()), value);
    }
    const std::int64_t blocks = value.value_exact<std::int64_t>().value_or(-1);
    const std::uint64_t least = keep_blocks_min(out.engine);
    const bool archive = blocks == 0;
    if (!archive && (blocks < 0 || static_cast<std::uint64_t>(blocks) < least)) {
      return config_error("ledger.keep_blocks must be 0 or at least " + std::to_string(least),
                          value);
    }
    out.keep_blocks = static_cast<std::uint64_t>(blocks);
  }
  return {};
}

/// The issuer of an outside provider: https, or http on this machine.
bool is_issuer(std::string_view text) {
  const bool local = text.starts_with("http://127.0.0.1") || text.starts_with("http://localhost");
  return is_public_url(text) && (text.starts_with("https://") || local);
}

Status read_provider(const toml::node& node, ProviderSettings& out) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return config_error("smart.provider", node);
  for (const auto& [key, value] : *table) {
    const auto text = value.value_exact<std::string>();
    const bool given = text && !text->empty() && text->size() <= 256;
    if (key == "name" && given) {
      out.name = *text;
    } else if (key == "organisation" && given) {
      out.organisation = *text;
    } else if (key == "issuer" && text && is_issuer(*text)) {
      out.issuer = *text;
    } else if (key == "client_id" && given) {
      out.client_id = *text;
    } else if (key == "secret_file" && given) {
      out.secret_file = *text;
    } else {
      return config_error("smart.provider." + std::string(key.str()), value);
    }
  }
  if (out.issuer.empty()) return config_error("smart.provider.issuer is missing", node);
  if (out.client_id.empty()) return config_error("smart.provider.client_id is missing", node);
  if (out.name.empty()) out.name = out.issuer;
  return {};
}

Status read_copies(const toml::table& table, gateway::peer::CopySettings& out) {
  constexpr std::int64_t others_max = 16;
  constexpr std::int64_t gigabytes_max = 1'000'000;
  for (const auto& [key, value] : table) {
    const std::int64_t number = value.value_exact<std::int64_t>().value_or(-1);
    if (key == "others" && number >= 0 && number <= others_max) {
      out.others = static_cast<std::uint32_t>(number);
    } else if (key == "gigabytes_max" && number >= 0 && number <= gigabytes_max) {
      out.gigabytes_max = static_cast<std::uint64_t>(number);
    } else if (const toml::array* list = key == "members" ? value.as_array() : nullptr) {
      for (const toml::node& one : *list) {
        const auto did = model::id_from_did(one.value_exact<std::string>().value_or(""));
        if (!did.ok()) return config_error("copies.members", one);
        out.members.push_back(*did);
      }
    } else {
      return config_error("unknown key or value copies." + std::string(key.str()), value);
    }
  }
  return {};
}

Status read_smart(const toml::table& table, Config& out) {
  for (const auto& [key, value] : table) {
    if (key == "password_login" && value.is_boolean()) {
      out.password_login = *value.value_exact<bool>();
      continue;
    }
    const toml::array* list = key == "provider" ? value.as_array() : nullptr;
    if (list == nullptr || list->size() > smart_providers_max) {
      return config_error("unknown key or value smart." + std::string(key.str()), value);
    }
    for (const toml::node& one : *list) {
      XL_TRY(read_provider(one, out.providers.emplace_back()));
    }
  }
  return {};
}

}  // namespace

bool is_signer_address(std::string_view text) {
  constexpr std::size_t socket_path_max = 107;  // of a unix socket
  if (text.starts_with("tcp://")) return model::is_engine_address(text.substr(6));
  if (!text.starts_with("unix:///")) return false;
  const std::string_view path = text.substr(7);
  return path.size() <= socket_path_max && std::all_of(path.begin(), path.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("./-_").find(c) != std::string_view::npos;
         });
}

Result<Config> read_config(const std::filesystem::path& path) {
  XL_TRY_ASSIGN(const Bytes content, read_file(path, config_bytes_max));
  toml::table parsed;
  try {
    parsed = toml::parse(text_of(content));
  } catch (const toml::parse_error& failure) {
    return make_error(ErrorCode::config_invalid, "line " +
                                                     std::to_string(failure.source().begin.line) +
                                                     ": " + std::string(failure.description()));
  }
  Config out;
  for (const auto& [key, value] : parsed) {
    if (key == "gateway" && value.is_table()) {
      XL_TRY(read_gateway(*value.as_table(), out));
    } else if (key == "engine" && value.is_table()) {
      XL_TRY(read_engine(*value.as_table(), out.engine));
    } else if (key == "smart" && value.is_table()) {
      XL_TRY(read_smart(*value.as_table(), out));
    } else if (key == "copies" && value.is_table()) {
      XL_TRY(read_copies(*value.as_table(), out.copies));
    } else if (key == "ledger" && value.is_table()) {
      continue;  // its bounds depend on the engine
    } else {
      return config_error("unknown key " + std::string(key.str()), value);
    }
  }
  if (const toml::table* ledger = parsed["ledger"].as_table()) XL_TRY(read_ledger(*ledger, out));
  return out;
}

}  // namespace xl::node
