// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/ordering.h"

#include <algorithm>

#include "crypto/hash.h"
#include "node/network/folder.h"
#include "ordering/cometbft/signer_link.h"

namespace xl::node {
namespace engine = ordering::cometbft;

Result<OrderingKeys> load_ordering_keys(const Layout& layout, const EngineSettings& settings,
                                        const Unlock& unlock) {
  XL_TRY_ASSIGN(crypto::SigningKey envelope, unlock.load_signing_key(layout.envelope_key()));
  OrderingKeys out{{}, {}, std::move(envelope), {}};
  std::error_code failure;
  const bool here = std::filesystem::exists(layout.validator_key(), failure);
  const bool comet = settings.kind == EngineKind::cometbft;
  if (comet && here && !settings.signer.empty()) {
    return make_error(ErrorCode::config_invalid,
                      "engine.signer: " + layout.validator_key().string() +
                          " is here too; a member votes with one key, which is in one place");
  }
  if (here || !comet) {
    XL_TRY_ASSIGN(out.validator, unlock.load_signing_key(layout.validator_key()));
  }
  if (comet) {
    XL_TRY_ASSIGN(out.peer, unlock.load_signing_key(layout.peer_key()));
    if (settings.signer.empty() && std::filesystem::exists(layout.next_validator_key(), failure)) {
      XL_TRY_ASSIGN(out.next_validator, unlock.load_signing_key(layout.next_validator_key()));
    }
  }
  return out;
}

Result<std::unique_ptr<Ordering>> Ordering::start(const Layout& layout,
                                                  const EngineSettings& settings, OrderingKeys keys,
                                                  chain::Chain& chain,
                                                  const state::Database& database,
                                                  const Clock& clock, const Log& log,
                                                  std::function<Status()> room) {
  std::unique_ptr<Ordering> out(new Ordering(std::move(keys)));
  ordering::Intake::Options intake;
  intake.room = std::move(room);
  if (settings.kind == EngineKind::cometbft) {
    chain::SnapshotMaker::Options snapshots;
    snapshots.folder = layout.snapshots();
    snapshots.every_blocks = settings.snapshot_every;
    snapshots.done = [&log](std::uint64_t height, const Status& made) {
      if (made.ok()) {
        log.write(LogLevel::info, LogEvent::snapshot_made, {LogField::height(height)});
      } else if (made.error().code != ErrorCode::node_stopping) {
        log.write(LogLevel::warning, LogEvent::snapshot_failed,
                  {LogField::height(height), LogField::code(made.error().code)});
      }
    };
    out->snapshots_ = std::make_unique<chain::SnapshotMaker>(chain, database, std::move(snapshots));
    XL_TRY(out->start_comet(layout, settings, chain, clock, log, std::move(intake)));
    return out;
  }
  ordering::solo::Options options;
  options.mark = layout.signing_mark();
  options.intake = std::move(intake);
  XL_TRY_ASSIGN(out->engine_, ordering::solo::make_engine(chain, clock, *out->keys_.validator,
                                                          out->keys_.envelope, options));
  out->engine_->start();
  return out;
}

engine::EngineConfig engine_config(const Layout& layout, const EngineSettings& settings,
                                   const model::Genesis& genesis) {
  engine::EngineConfig out;
  out.moniker = genesis.chain_id;
  out.abci_socket = std::filesystem::absolute(layout.abci_socket());
  out.rpc_socket = std::filesystem::absolute(layout.rpc_socket());
  out.p2p_listen = settings.listen;
  out.peers = settings.peers;
  out.metrics_listen = settings.metrics;
  out.same_address = settings.same_address;
  return out;
}

engine::Program engine_program(const Layout& layout, const EngineSettings& settings,
                               const model::Genesis& genesis) {
  const engine::Home home{layout.engine()};
  return {
      settings.program.is_absolute() ? settings.program : layout.root / settings.program,
      {"start", "--home", std::filesystem::absolute(layout.engine()).string(), "--genesis_hash",
       to_hex(crypto::sha256(genesis.raw))},
      layout.engine_log(),
      {std::filesystem::absolute(layout.rpc_socket()),
       std::filesystem::absolute(layout.signer_socket()), home.unused_key(), home.unused_state()}};
}

Status Ordering::start_comet(const Layout& layout, const EngineSettings& settings,
                             chain::Chain& chain, const Clock& clock, const Log& log,
                             ordering::Intake::Options intake) {
  std::error_code failure;
  const std::filesystem::path sockets = layout.abci_socket().parent_path();
  std::filesystem::create_directories(sockets, failure);
  // Whoever reaches the sockets can have votes signed.
  std::filesystem::permissions(sockets, std::filesystem::perms::owner_all, failure);
  if (failure) return make_error(ErrorCode::file_unwritable, sockets.string());
  config_ = engine_config(layout, settings, chain.genesis());
  config_.signer = outside_signer_ = settings.signer;
  settings_peers_ = settings.peers;
  if (keys_.validator) {
    XL_TRY(start_signer(layout, std::move(*keys_.validator), chain, log));
    keys_.validator.reset();
  }
  XL_TRY(write_home(layout, chain, log));

  engine::Options options;
  options.intake = std::move(intake);
  options.abci_socket = config_.abci_socket;
  options.rpc_socket = config_.rpc_socket;
  options.hooks.peer_allowed = [&chain, peers = settings.peers](std::string_view id) {
    return peer_allowed(*chain.durable_state(), peers, id);
  };
  options.hooks.misbehaved = [&log](const chain::Misbehaviour& proved) {
    log.write(LogLevel::error, LogEvent::member_misbehaved,
              {LogField::validator(proved.validator), LogField::height(proved.height)});
  };
  options.snapshots = snapshots_.get();
  options.signer = [this, &log] { return look_at_signer(log); };
  options.envelope_transactions = settings.envelope_transactions;
  options.members = [&chain, own = engine::node_id_of(keys_.peer->public_key())] {
    return known_members(*chain.durable_state(), own);
  };
  XL_TRY_ASSIGN(auto made, engine::CometEngine::make(chain, clock, keys_.envelope, options));
  light_ = [comet = made.get()](const std::string& request) { return comet->forward(request); };
  engine_ = std::move(made);
  engine_->start();

  XL_TRY_ASSIGN(supervisor_,
                engine::Supervisor::start(
                    engine_program(layout, settings, chain.genesis()), [&log](ErrorCode reason) {
                      log.write(LogLevel::warning, LogEvent::engine_ended,
                                {LogField::code(reason), LogField::reason(reason)});
                    }));
  follow_members(layout, chain, log);
  return {};
}

/// Signs for the engine from now on. The key is kept by the signer alone.
Status Ordering::start_signer(const Layout& layout, crypto::SigningKey key,
                              const chain::Chain& chain, const Log& log) {
  XL_TRY_ASSIGN(engine::SignGuard guard, engine::SignGuard::open(layout.signer()));
  engine::Signer::Options options;
  options.socket = std::filesystem::absolute(layout.signer_socket());
  options.chain_id = chain.genesis().chain_id;
  options.refused = [&log](ErrorCode code, std::int64_t height) {
    // An engine that starts again asks for what it has in its own log already.
    const bool usual = code == ErrorCode::sign_regressed;
    log.write(usual ? LogLevel::debug : LogLevel::error, LogEvent::signing_refused,
              {LogField::code(code),
               LogField::height(static_cast<std::uint64_t>(std::max<std::int64_t>(height, 0)))});
  };
  config_.signer = "unix://" + options.socket.string();
  const std::scoped_lock lock(signer_mutex_);
  signer_ = engine::Signer::start(std::move(guard), std::move(key), std::move(options));
  return {};
}

/// How it goes with whoever signs, for people. On the watching thread.
ordering::Health::Signer Ordering::look_at_signer(const Log& log) {
  /// A signer that dials again is back within that many looks.
  constexpr unsigned looks_max = 3;
  using Kind = ordering::Health::Signer::Kind;
  ordering::Health::Signer out;
  {
    const std::scoped_lock lock(signer_mutex_);
    if (signer_) {
      const engine::Signer::Counters counters = signer_->counters();
      out.signatures = counters.given;
      out.double_signs = counters.double_signs;
      return out;
    }
  }
  out.kind = outside_signer_.empty() ? Kind::nobody : Kind::outside;
  if (out.kind == Kind::nobody) return out;
  const bool connected = engine::is_signer_connected(outside_signer_);
  if (connected && looks_away_ >= looks_max) log.write(LogLevel::info, LogEvent::signer_back);
  looks_away_ = connected ? 0 : std::min(looks_away_ + 1, looks_max + 1);
  if (looks_away_ == looks_max) log.write(LogLevel::error, LogEvent::signer_away);
  out.away = looks_away_ >= looks_max;
  return out;
}

/// What the engine starts from: the peers that the ledger names now, and whoever signs for it.
Status Ordering::write_home(const Layout& layout, const chain::Chain& chain, const Log& log) {
  config_.peers = peers_of(*chain.durable_state(), engine::node_id_of(keys_.peer->public_key()),
                           settings_peers_);
  if (keys_.next_validator && is_next_validator(chain, keys_.next_validator->public_key())) {
    XL_TRY(engine::SignGuard::create(layout.signer()));
    std::error_code failure;
    std::filesystem::rename(layout.next_validator_key(), layout.validator_key(), failure);
    if (failure) return make_error(ErrorCode::file_unwritable, layout.validator_key().string());
    crypto::SigningKey key = std::move(*keys_.next_validator);
    keys_.next_validator.reset();
    if (signer_) {
      signer_->use(std::move(key));
    } else {
      XL_TRY(start_signer(layout, std::move(key), chain, log));
    }
  }
  return engine::write_home(engine::Home{layout.engine()}, config_, chain.genesis().raw,
                            *keys_.peer);
}

/// Whoever was expelled is still connected, and a new key is not in use: the engine reads both at
/// its start only.
void Ordering::follow_members(const Layout& layout, const chain::Chain& chain, const Log& log) {
  const auto restart = [this, layout, &chain, &log] {
    const Status written = write_home(layout, chain, log);
    if (!written.ok()) {
      log.write(LogLevel::warning, LogEvent::engine_ended, {LogField::code(written.error().code)});
      return;
    }
    supervisor_->restart();
  };
  const auto moved = [this, layout, &chain, &log](std::string_view peer_id) {
    log.write(LogLevel::info, LogEvent::member_moved, {LogField::peer(peer_id)});
    const Status written = write_home(layout, chain, log);
    if (!written.ok()) {
      log.write(LogLevel::warning, LogEvent::engine_ended, {LogField::code(written.error().code)});
    }
  };
  const auto dial = [this] { return dial_peers(config_.rpc_socket, config_.peers); };
  std::optional<Bytes> next;
  if (keys_.next_validator) next = keys_.next_validator->public_key();
  const auto stuck = [this, &chain, &log] {
    if (engine_->health().state != ordering::Health::State::stuck) return false;
    log.write(LogLevel::warning, LogEvent::engine_stuck, {LogField::height(chain.head().height)});
    return true;
  };
  watch_.emplace(chain, engine::node_id_of(keys_.peer->public_key()), std::move(next),
                 MemberWatch::Hooks{restart, stuck, moved, dial});
}

void Ordering::stop() {
  watch_.reset();
  if (supervisor_) supervisor_->stop();
  if (signer_) signer_->stop();
  if (engine_) engine_->stop();
}

}  // namespace xl::node
