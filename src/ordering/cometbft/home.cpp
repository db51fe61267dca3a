// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/home.h"

#include <algorithm>
#include <sstream>

#include "base/file.h"
#include "base/json/writer.h"
#include "crypto/secret.h"
#include "model/comet/header.h"
#include "model/limits.h"

namespace xl::ordering::cometbft {
namespace {

/// Requests are base64 in JSON: a third more than the largest envelope, and some room.
constexpr std::size_t rpc_body_bytes_max = 2U * limits::envelope_bytes_max;

/// CometBFT keeps seed ‖ public key.
void write_private_key(json::Writer& out, const crypto::SigningKey& key) {
  crypto::SecretBytes both(key.secret().size() + key.public_key().size());
  const Bytes public_key = key.public_key();
  std::copy(key.secret().begin(), key.secret().end(), both.mutable_view().begin());
  std::copy(public_key.begin(), public_key.end(),
            both.mutable_view().subspan(key.secret().size()).begin());
  out.key("priv_key").begin_object().key("type").string("tendermint/PrivKeyEd25519");
  out.key("value").string(to_base64(both.view())).end_object();
}

Status write_keys(const Home& home, const crypto::SigningKey& node_key,
                  const crypto::SigningKey& validator_key) {
  json::Writer node;
  node.begin_object();
  write_private_key(node, node_key);
  XL_TRY(write_file_durably(home.node_key(), view_of(node.end_object().take()), 0600));
  const Bytes public_key = validator_key.public_key();
  json::Writer validator;
  validator.begin_object();
  validator.key("address").string(to_hex(model::comet::address_of(public_key)));
  validator.key("pub_key").begin_object().key("type").string("tendermint/PubKeyEd25519");
  validator.key("value").string(to_base64(public_key)).end_object();
  write_private_key(validator, validator_key);
  return write_file_durably(home.validator_key(), view_of(validator.end_object().take()), 0600);
}

}  // namespace

std::string node_id_of(ByteView public_key) { return to_hex(model::comet::address_of(public_key)); }

std::string config_text(const EngineConfig& config) {
  std::string peers;
  std::string ids;
  for (const Peer& peer : config.peers) {
    if (!peers.empty()) peers += ',';
    if (!ids.empty()) ids += ',';
    peers += peer.node_id + "@" + peer.address;
    ids += peer.node_id;
  }
  std::ostringstream out;
  const auto text = [&out](std::string_view key, std::string_view value) {
    out << key << " = \"" << value << "\"\n";
  };
  const auto plain = [&out](std::string_view key, const auto& value) {
    out << key << " = " << value << "\n";
  };
  out << "# Written by the Xinglin node at each start; changes here are lost.\n";
  text("version", "0.40.0");
  text("proxy_app", "unix://" + config.abci_socket.string());
  text("moniker", config.moniker);
  text("db_backend", "goleveldb");
  text("db_dir", "data");
  text("log_level", "error");
  text("log_format", "json");
  text("genesis_file", "config/genesis.json");
  text("priv_validator_key_file", "config/priv_validator_key.json");
  text("priv_validator_state_file", "data/priv_validator_state.json");
  text("priv_validator_laddr", "");
  text("node_key_file", "config/node_key.json");
  text("abci", "socket");
  plain("filter_peers", "true");
  out << "[rpc]\n";
  text("laddr", "unix://" + config.rpc_socket.string());
  text("grpc_laddr", "");
  plain("unsafe", "false");
  plain("max_open_connections", 64);
  plain("max_subscription_clients", 0);
  plain("max_body_bytes", rpc_body_bytes_max);
  text("pprof_laddr", "");
  out << "[p2p]\n";
  text("laddr", "tcp://" + config.p2p_listen);
  text("persistent_peers", peers);
  text("unconditional_peer_ids", ids);
  text("addr_book_file", "config/addrbook.json");
  plain("addr_book_strict", "false");
  text("persistent_peers_max_dial_period", "10s");
  text("flush_throttle_timeout", "10ms");
  plain("max_packet_msg_payload_size", 10240);
  plain("send_rate", 51200000);
  plain("recv_rate", 51200000);
  plain("pex", "false");
  plain("seed_mode", "false");
  plain("allow_duplicate_ip", config.same_address ? "true" : "false");
  text("handshake_timeout", "20s");
  text("dial_timeout", "3s");
  out << "[mempool]\n";
  text("type", "flood");
  plain("recheck", "true");
  text("recheck_timeout", "1s");
  plain("broadcast", "true");
  plain("size", 2000);
  plain("max_txs_bytes", 268435456);
  plain("cache_size", 20000);
  plain("keep-invalid-txs-in-cache", "false");
  plain("max_tx_bytes", limits::envelope_bytes_max);
  out << "[statesync]\n";
  plain("enable", "false");
  out << "[blocksync]\n";
  text("version", "v0");
  out << "[consensus]\n";
  text("wal_file", "data/cs.wal/wal");
  text("timeout_propose", "1s");
  text("timeout_propose_delta", "500ms");
  text("timeout_prevote", "500ms");
  text("timeout_prevote_delta", "500ms");
  text("timeout_precommit", "500ms");
  text("timeout_precommit_delta", "500ms");
  text("timeout_commit", "100ms");
  plain("double_sign_check_height", 0);
  plain("skip_timeout_commit", "true");
  plain("create_empty_blocks", "false");
  text("create_empty_blocks_interval", "60s");
  text("peer_gossip_sleep_duration", "10ms");
  text("peer_query_maj23_sleep_duration", "2s");
  text("block_time_tolerance", "1m0s");
  out << "[storage]\n";
  plain("discard_abci_responses", "true");
  out << "[tx_index]\n";
  text("indexer", "null");
  out << "[instrumentation]\n";
  plain("prometheus", config.metrics_listen.empty() ? "false" : "true");
  text("prometheus_listen_addr", config.metrics_listen);
  return out.str();
}

Status write_home(const Home& home, const EngineConfig& config, ByteView genesis,
                  const crypto::SigningKey& node_key, const crypto::SigningKey& validator_key,
                  bool began) {
  std::error_code failure;
  for (const auto& folder : {home.config().parent_path(), home.sign_state().parent_path()}) {
    std::filesystem::create_directories(folder, failure);
    if (failure) return make_error(ErrorCode::file_unwritable, folder.string());
  }
  std::filesystem::permissions(home.root, std::filesystem::perms::owner_all, failure);
  if (!std::filesystem::exists(home.sign_state(), failure)) {
    if (began) return make_error(ErrorCode::sign_state_missing, home.sign_state().string());
    XL_TRY(write_file_durably(home.sign_state(), view_of(R"({"height":"0","round":0,"step":0})"),
                              0600));
  }
  XL_TRY(write_keys(home, node_key, validator_key));
  XL_TRY(write_file_durably(home.genesis(), genesis));
  return write_file_durably(home.config(), view_of(config_text(config)));
}

}  // namespace xl::ordering::cometbft
