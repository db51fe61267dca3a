// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/ordering.h"

#include <algorithm>

#include "crypto/hash.h"
#include "node/network/folder.h"

namespace xl::node {
namespace engine = ordering::cometbft;

Result<OrderingKeys> load_ordering_keys(const Layout& layout, EngineKind kind,
                                        const Unlock& unlock) {
  XL_TRY_ASSIGN(crypto::SigningKey validator, unlock.load_signing_key(layout.validator_key()));
  XL_TRY_ASSIGN(crypto::SigningKey envelope, unlock.load_signing_key(layout.envelope_key()));
  OrderingKeys out{std::move(validator), {}, std::move(envelope), {}};
  if (kind == EngineKind::cometbft) {
    XL_TRY_ASSIGN(out.peer, unlock.load_signing_key(layout.peer_key()));
    std::error_code failure;
    if (std::filesystem::exists(layout.next_validator_key(), failure)) {
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
  XL_TRY_ASSIGN(out->engine_, ordering::solo::make_engine(chain, clock, out->keys_.validator,
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
  return {settings.program.is_absolute() ? settings.program : layout.root / settings.program,
          {"start", "--home", std::filesystem::absolute(layout.engine()).string(), "--genesis_hash",
           to_hex(crypto::sha256(genesis.raw))},
          layout.engine_log(),
          {std::filesystem::absolute(layout.rpc_socket())}};
}

Status Ordering::start_comet(const Layout& layout, const EngineSettings& settings,
                             chain::Chain& chain, const Clock& clock, const Log& log,
                             ordering::Intake::Options intake) {
  std::error_code failure;
  std::filesystem::create_directories(layout.abci_socket().parent_path(), failure);
  config_ = engine_config(layout, settings, chain.genesis());
  settings_peers_ = settings.peers;
  XL_TRY(write_home(layout, chain));

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
  options.envelope_transactions = settings.envelope_transactions;
  XL_TRY_ASSIGN(const std::vector<MemberCard> cards, founders_of(layout));
  for (const MemberCard& card : cards) {
    options.members.push_back({card.organisations.front().name, engine::node_id_of(card.peer_key),
                               card.validator_key, card.peer_key == keys_.peer->public_key()});
  }
  XL_TRY_ASSIGN(auto made, engine::CometEngine::make(chain, clock, keys_.envelope, options));
  light_ = [comet = made.get()](const std::string& request) { return comet->forward(request); };
  engine_ = std::move(made);
  engine_->start();

  XL_TRY_ASSIGN(supervisor_,
                engine::Supervisor::start(engine_program(layout, settings, chain.genesis()),
                                          [&log](const std::string&) {
                                            log.write(LogLevel::warning, LogEvent::engine_ended,
                                                      {LogField::code(ErrorCode::engine_failed)});
                                          }));
  follow_members(layout, chain, log);
  return {};
}

/// What the engine starts from: the peers that the ledger names now, and the key it votes with.
Status Ordering::write_home(const Layout& layout, const chain::Chain& chain) {
  config_.peers = peers_of(*chain.durable_state(), engine::node_id_of(keys_.peer->public_key()),
                           settings_peers_);
  if (keys_.next_validator && is_next_validator(chain, keys_.next_validator->public_key())) {
    std::error_code failure;
    std::filesystem::rename(layout.next_validator_key(), layout.validator_key(), failure);
    if (failure) return make_error(ErrorCode::file_unwritable, layout.validator_key().string());
    keys_.validator = std::move(*keys_.next_validator);
    keys_.next_validator.reset();
  }
  return engine::write_home(engine::Home{layout.engine()}, config_, chain.genesis().raw,
                            *keys_.peer, keys_.validator, chain.head().height > 0);
}

/// Whoever was expelled is still connected, and a new key is not in use: the engine reads both at
/// its start only.
void Ordering::follow_members(const Layout& layout, const chain::Chain& chain, const Log& log) {
  const auto restart = [this, layout, &chain, &log] {
    const Status written = write_home(layout, chain);
    if (!written.ok()) {
      log.write(LogLevel::warning, LogEvent::engine_ended, {LogField::code(written.error().code)});
      return;
    }
    supervisor_->restart();
  };
  std::optional<Bytes> next;
  if (keys_.next_validator) next = keys_.next_validator->public_key();
  const auto stuck = [this, &chain, &log] {
    if (engine_->health().state != ordering::Health::State::stuck) return false;
    log.write(LogLevel::warning, LogEvent::engine_stuck, {LogField::height(chain.head().height)});
    return true;
  };
  watch_.emplace(chain, engine::node_id_of(keys_.peer->public_key()), std::move(next),
                 MemberWatch::Hooks{restart, stuck});
}

void Ordering::stop() {
  watch_.reset();
  if (supervisor_) supervisor_->stop();
  if (engine_) engine_->stop();
}

}  // namespace xl::node
