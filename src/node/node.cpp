// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/node.h"

#include <algorithm>

#include "base/file.h"
#include "contracts/governance/view.h"
#include "crypto/library_check.h"
#include "model/limits.h"
#include "node/backup_requests.h"
#include "node/folder_lock.h"
#include "node/network/folder.h"
#include "node/notice_sender.h"
#include "node/peer_exchange.h"
#include "node/smart_settings.h"

namespace xl::node {
namespace {

/// Requests carry health data: in clear they stay on this machine.
Status check_listen(const Config& config) {
  if (config.tls || config.listen == "127.0.0.1" || config.listen == "::1") return {};
  return make_error(ErrorCode::config_invalid,
                    "gateway.listen: without TLS 127.0.0.1 or ::1 only; set "
                    "gateway.tls_certificate and gateway.tls_key, which 'xinglin node certificate' "
                    "makes");
}

/// Where the gateway listens and what it speaks.
gateway::http::ServerOptions server_options(const Layout& layout, const Config& config) {
  gateway::http::ServerOptions out;
  out.address = config.listen;
  out.port = config.port;
  out.tls = config.tls;
  if (out.tls) {
    for (auto* file : {&out.tls->certificate, &out.tls->key, &out.tls->client_ca}) {
      if (!file->empty()) *file = layout.root / *file;  // which leaves an absolute one as it is
    }
  }
  return out;
}

}  // namespace

Result<model::Genesis> load_genesis(const Layout& layout) {
  std::error_code failure;
  if (!std::filesystem::exists(layout.genesis(), failure)) {
    return make_error(ErrorCode::data_folder_missing, layout.root.string());
  }
  XL_TRY_ASSIGN(const Bytes raw, read_file(layout.genesis(), limits::genesis_bytes_max));
  return json::in_file(model::read_genesis(raw), text_of(raw), layout.genesis().string());
}

Status check_keys_settled(const Layout& layout) {
  std::error_code failure;
  if (!std::filesystem::exists(layout.keys_rotating(), failure)) return {};
  return make_error(ErrorCode::keys_rotation_unfinished, layout.keys().string());
}

namespace {

/// Organisations that a node may speak for: those of the genesis, and those of its own card, which
/// came by the members' vote.
Result<std::vector<std::pair<model::Id, std::string>>> organisations_of(
    const Layout& layout, const model::Genesis& genesis) {
  std::vector<std::pair<model::Id, std::string>> out;
  for (const json::Value one : genesis.section("identity").find("organisations").items()) {
    XL_TRY_ASSIGN(const model::Id did,
                  model::id_from_did(one.find("did").as_string().value_or("")));
    out.emplace_back(did, std::string(one.find("name").as_string().value_or("")));
  }
  std::error_code failure;
  if (!std::filesystem::exists(layout.own_card(), failure)) return out;
  XL_TRY_ASSIGN(const Bytes file, read_file(layout.own_card(), founding_file_bytes_max));
  XL_TRY_ASSIGN(const MemberCard card, read_member_card(file));
  for (const CardOrganisation& one : card.organisations) {
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const auto& other) { return other.first == one.did; });
    if (!known) out.emplace_back(one.did, one.name);
  }
  return out;
}

}  // namespace

std::vector<model::Id> hosted_ids(const Layout& layout, const model::Genesis& genesis) {
  std::vector<model::Id> out;
  const auto organisations = organisations_of(layout, genesis);
  if (!organisations.ok()) return out;
  for (const auto& [did, name] : *organisations) {
    std::error_code failure;
    if (std::filesystem::exists(layout.service_key(did.text()), failure)) out.push_back(did);
  }
  return out;
}

Result<std::vector<custody::Custody::Hosted>> hosted_organisations(const Layout& layout,
                                                                   const model::Genesis& genesis,
                                                                   const Unlock& unlock) {
  XL_TRY(check_keys_settled(layout));
  std::vector<custody::Custody::Hosted> out;
  XL_TRY_ASSIGN(const auto organisations, organisations_of(layout, genesis));
  for (const auto& [did, name] : organisations) {
    const auto key_path = layout.service_key(did.text());
    std::error_code failure;
    if (!std::filesystem::exists(key_path, failure)) continue;  // of another member's node
    XL_TRY_ASSIGN(crypto::SigningKey key, unlock.load_signing_key(key_path));
    out.push_back({{did, name, std::move(key)},
                   {vault::places_below(layout.vault(), did), layout.record_index(did.text())}});
  }
  return out;
}

Result<std::unique_ptr<Node>> Node::start(const Layout& layout, const Config& config,
                                          const Unlock& unlock, const Clock& clock, const Log& log,
                                          const StartProgress& progress) {
  XL_TRY(crypto::check_libraries());
  XL_TRY(check_listen(config));
  XL_TRY_ASSIGN(model::Genesis genesis, load_genesis(layout));
  XL_TRY(check_founded(layout, genesis));
  XL_TRY(check_keys_settled(layout));
  std::unique_ptr<Node> node(new Node());
  node->disk_ = std::make_unique<const DiskWatch>(layout.root);
  const DiskWatch& disk = *node->disk_;
  XL_TRY(disk.room(disk_reserve::start_bytes));
  // Before the store: a wrong passphrase is told whatever else is wrong.
  XL_TRY_ASSIGN(OrderingKeys keys, load_ordering_keys(layout, config.engine, unlock));

  XL_TRY_ASSIGN(node->folder_lock_, lock_folder(layout));
  std::error_code failure;
  if (std::filesystem::exists(layout.former_ledger(), failure)) {
    return make_error(ErrorCode::snapshot_unfinished);
  }
  XL_TRY_ASSIGN(node->database_, state::Database::open(layout.ledger(), {}));
  XL_TRY_ASSIGN(node->chain_, chain::Chain::open(*node->database_, node->registry_,
                                                 std::move(genesis), progress.state));
  node->ledger_ = std::make_unique<query::Ledger>(*node->chain_);

  XL_TRY_ASSIGN(
      node->ordering_,
      Ordering::start(layout, config.engine, std::move(keys), *node->chain_, *node->database_,
                      clock, log, [&disk] { return disk.room(disk_reserve::ledger_bytes); }));
  ordering::Engine& engine = node->ordering_->engine();

  if (config.keep_blocks != 0) {
    const auto is_archive = [chain = node->chain_.get(),
                             own = hosted_ids(layout, node->chain_->genesis())] {
      return std::any_of(own.begin(), own.end(), [&](const model::Id& did) {
        const auto member = contracts::governance::find_member(*chain->durable_state(), did);
        return member && contracts::governance::is_present(*member) && member->archive();
      });
    };
    node->forgetting_ =
        std::make_unique<Forgetting>(*node->chain_, config.keep_blocks, is_archive, log);
  }
  node->port_.emplace(*node->ledger_, engine, clock,
                      [&disk] { return disk.room(disk_reserve::records_bytes); });
  XL_TRY_ASSIGN(auto hosted, hosted_organisations(layout, node->ledger_->genesis(), unlock));
  XL_TRY_ASSIGN(node->custody_,
                custody::Custody::open(std::move(hosted), unlock.for_vault(), *node->port_));
  node->custody_->on_failure([&log](ErrorCode code) {
    log.write(LogLevel::warning, LogEvent::custody_failed, {LogField::code(code)});
  });
  node->custody_->tell_by(notice_sender(config.webhooks_within));
  XL_TRY(node->start_custody(layout, config, log, progress.index));

  XL_TRY_ASSIGN(
      node->gateway_,
      gateway::Gateway::start(
          server_options(layout, config),
          {*node->ledger_, engine, clock, *node->custody_, *node->tokens_, *node->smart_,
           *node->credentials_, *node->peers_, *node->copies_, log, node->ordering_->light(),
           [layout] { return backup_times(layout); }, config.public_url}));
  // Care goes on without it.
  const Status admin = node->start_admin(layout, config, unlock, clock, log);
  if (!admin.ok()) {
    log.write(LogLevel::warning, LogEvent::backup_failed, {LogField::code(admin.error().code)});
  }
  return node;
}

/// Opens what the gateway needs, brings back what a lost disk held, and lets the custody begin.
Status Node::start_custody(const Layout& layout, const Config& config, const Log& log,
                           const std::function<void(std::uint64_t)>& indexed) {
  XL_TRY(open_faces(layout, config));
  // Before the custody reads what it keeps.
  XL_TRY_ASSIGN(const auto back, copies_->bring_back_lost(indexed));
  if (back.brought + back.lost != 0) {
    log.write(LogLevel::warning, LogEvent::bodies_brought_back,
              {LogField::count(back.brought), LogField::lost(back.lost)});
  }
  XL_TRY(custody_->start(indexed));
  copies_->start();
  return {};
}

/// What the gateway keeps and remembers for its organisations.
Status Node::open_faces(const Layout& layout, const Config& config) {
  tokens_ = std::make_unique<gateway::auth::Tokens>(*port_);
  XL_TRY_ASSIGN(auto smart, smart_settings(layout, config, custody_->organisations()));
  XL_TRY_ASSIGN(
      smart_, gateway::smart::Server::open(*custody_, *tokens_, layout.smart(), std::move(smart)));
  XL_TRY_ASSIGN(auto exchange, peer_exchange(layout, config));
  peers_ = std::make_unique<gateway::peer::Desk>(*custody_, *tokens_, std::move(exchange),
                                                 config.copies);
  copies_ = std::make_unique<gateway::peer::Copies>(*custody_, *peers_, config.copies);
  XL_TRY_ASSIGN(credentials_, gateway::credentials::Server::open(*custody_, layout.credentials()));
  return {};
}

/// What commands beside the running node ask of it, as it holds the stores.
Status Node::start_admin(const Layout& layout, const Config& config, const Unlock& unlock,
                         const Clock& clock, const Log& log) {
  std::vector<custody::Stores*> stores;
  for (const auto& one : custody_->organisations()) stores.push_back(&one->stores());
  // Shared, as the handler must be copyable and keys are not.
  const auto services = std::make_shared<const BackupServices>(
      BackupServices{layout, unlock.copy(), clock, log, config.engine.kind, std::move(stores)});
  const std::filesystem::path folder = layout.admin_socket().parent_path();
  XL_TRY(vault::make_private_directory(folder));
  std::error_code failure;
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failure);
  if (failure) return make_error(ErrorCode::file_unwritable, folder.string());
  XL_TRY_ASSIGN(admin_, AdminServer::start(layout.admin_socket(), [services](json::Value request) {
                  return answer_backup_request(*services, request);
                }));
  return {};
}

Node::~Node() {
  if (admin_) admin_->stop();
  if (port_) port_->hurry();
  if (gateway_) gateway_->stop();
  if (copies_) copies_->stop();
  if (custody_) custody_->stop();
  if (ordering_) ordering_->stop();
}

}  // namespace xl::node
