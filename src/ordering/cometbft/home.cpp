// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/home.h"

#include <algorithm>
#include <map>

#include "base/file.h"
#include "base/json/writer.h"
#include "crypto/secret.h"
#include "model/comet/header.h"
#include "model/limits.h"

namespace xl::ordering::cometbft {
namespace {

/// Requests are base64 in JSON: a third more than the largest envelope, and some room.
constexpr std::size_t rpc_body_bytes_max = 2U * limits::envelope_bytes_max;

/// Every value said, so that another version's defaults change nothing (consensus.md §3.3).
/// `rpc.unsafe` adds `dial_peers`: the socket lies in the node's own folder, and what comes from
/// elsewhere is three methods of reading (gateway/ledger/light.cpp).
constexpr std::string_view config_template =
    R"(# Written by the node at each start: changes are lost.
version = "0.40.0"
proxy_app = "unix://@ABCI@"
moniker = "@MONIKER@"
db_backend = "goleveldb"
db_dir = "data"
log_level = "error"
log_format = "json"
genesis_file = "config/genesis.json"
priv_validator_key_file = "unused_key.json"
priv_validator_state_file = "unused_state.json"
priv_validator_laddr = "@SIGNER@"
node_key_file = "config/node_key.json"
abci = "socket"
filter_peers = true
[rpc]
laddr = "unix://@RPC@"
grpc_laddr = ""
unsafe = true
max_open_connections = 64
max_subscription_clients = 0
max_body_bytes = @RPC_BODY@
pprof_laddr = ""
[p2p]
laddr = "tcp://@LISTEN@"
persistent_peers = "@PEERS@"
unconditional_peer_ids = "@PEER_IDS@"
addr_book_file = "config/addrbook.json"
addr_book_strict = false
persistent_peers_max_dial_period = "10s"
flush_throttle_timeout = "10ms"
max_packet_msg_payload_size = 10240
send_rate = 51200000
recv_rate = 51200000
pex = false
seed_mode = false
allow_duplicate_ip = @SAME_ADDRESS@
handshake_timeout = "20s"
dial_timeout = "3s"
[mempool]
type = "flood"
recheck = true
recheck_timeout = "1s"
broadcast = true
size = 2000
max_txs_bytes = 268435456
cache_size = 20000
keep-invalid-txs-in-cache = false
max_tx_bytes = @ENVELOPE@
[statesync]
enable = @SYNC@
rpc_servers = "@SYNC_SERVERS@"
trust_height = @TRUST_HEIGHT@
trust_hash = "@TRUST_HASH@"
trust_period = "87600h0m0s"
discovery_time = "5s"
chunk_request_timeout = "10s"
chunk_fetchers = "4"
[blocksync]
version = "v0"
[consensus]
wal_file = "data/cs.wal/wal"
timeout_propose = "1s"
timeout_propose_delta = "500ms"
timeout_prevote = "500ms"
timeout_prevote_delta = "500ms"
timeout_precommit = "500ms"
timeout_precommit_delta = "500ms"
timeout_commit = "100ms"
double_sign_check_height = 0
skip_timeout_commit = true
create_empty_blocks = false
create_empty_blocks_interval = "60s"
peer_gossip_sleep_duration = "10ms"
peer_query_maj23_sleep_duration = "2s"
block_time_tolerance = "1m0s"
[storage]
discard_abci_responses = true
[tx_index]
indexer = "null"
[instrumentation]
prometheus = @METRICS@
prometheus_listen_addr = "@METRICS_LISTEN@"
)";

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

Status write_node_key(const Home& home, const crypto::SigningKey& node_key) {
  json::Writer node;
  node.begin_object();
  write_private_key(node, node_key);
  return write_file_durably(home.node_key(), view_of(node.end_object().take()), 0600);
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
  const EngineConfig::Sync sync = config.sync.value_or(EngineConfig::Sync{});
  std::string servers;
  for (const std::string& one : sync.servers) servers += (servers.empty() ? "" : ",") + one;
  const std::map<std::string_view, std::string> values = {
      {"SYNC", config.sync ? "true" : "false"},
      {"SYNC_SERVERS", servers},
      {"TRUST_HEIGHT", std::to_string(sync.trust_height)},
      {"TRUST_HASH", config.sync ? to_hex(sync.trust_hash) : ""},
      {"ABCI", config.abci_socket.string()},
      {"SIGNER", config.signer},
      {"MONIKER", config.moniker},
      {"RPC", config.rpc_socket.string()},
      {"RPC_BODY", std::to_string(rpc_body_bytes_max)},
      {"LISTEN", config.p2p_listen},
      {"PEERS", peers},
      {"PEER_IDS", ids},
      {"SAME_ADDRESS", config.same_address ? "true" : "false"},
      {"ENVELOPE", std::to_string(limits::envelope_bytes_max)},
      {"METRICS", config.metrics_listen.empty() ? "false" : "true"},
      {"METRICS_LISTEN", config.metrics_listen}};
  std::string out;
  std::string_view rest = config_template;
  for (std::size_t mark = rest.find('@'); mark != rest.npos; mark = rest.find('@')) {
    const std::size_t end = rest.find('@', mark + 1);
    out.append(rest.substr(0, mark)).append(values.at(rest.substr(mark + 1, end - mark - 1)));
    rest.remove_prefix(end + 1);
  }
  return out.append(rest);
}

Status write_home(const Home& home, const EngineConfig& config, ByteView genesis,
                  const crypto::SigningKey& node_key) {
  std::error_code failure;
  std::filesystem::create_directories(home.config().parent_path(), failure);
  if (failure) return make_error(ErrorCode::file_unwritable, home.config().string());
  std::filesystem::permissions(home.root, std::filesystem::perms::owner_all, failure);
  XL_TRY(write_node_key(home, node_key));
  XL_TRY(write_file_durably(home.genesis(), genesis));
  return write_file_durably(home.config(), view_of(config_text(config)));
}

}  // namespace xl::ordering::cometbft
