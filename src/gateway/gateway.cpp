// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/gateway.h"

#include <chrono>

#include "base/json/writer.h"
#include "gateway/auth/routes.h"
#include "gateway/credentials/routes.h"
#include "gateway/fhir/face.h"
#include "gateway/ledger/archives.h"
#include "gateway/ledger/routes.h"
#include "gateway/openapi.h"
#include "gateway/organisation/routes.h"
#include "gateway/peer/routes.h"
#include "gateway/smart/routes.h"
#include "gateway/smart/visit.h"
#include "gateway/status_page.h"

namespace xl::gateway {
namespace {

/// Reads are to be under a root on the ledger within a minute: twice that is a failure.
constexpr std::uint64_t unanchored_ms_max = 120'000;

void add_metric(std::string& out, std::string_view name, std::string_view type,
                std::string_view help, std::uint64_t value) {
  out += "# HELP xinglin_" + std::string(name) + " " + std::string(help) + "\n";
  out += "# TYPE xinglin_" + std::string(name) + " " + std::string(type) + "\n";
  out += "xinglin_" + std::string(name) + " " + std::to_string(value) + "\n";
}

/// Of a node whose votes an engine asks for.
void add_signer_metrics(std::string& out, const ordering::Health::Signer& signer) {
  add_metric(out, "signer_signatures_total", "counter",
             "Signatures that the node's own signer gave the engine.", signer.signatures);
  add_metric(out, "signer_double_signs_refused_total", "counter",
             "Second votes or blocks for one step that the engine asked for, refused.",
             signer.double_signs);
  add_metric(out, "signer_away", "gauge", "1 while the outside signer is not connected.",
             signer.away ? 1 : 0);
}

}  // namespace

Result<std::unique_ptr<Gateway>> Gateway::start(const http::ServerOptions& options,
                                                const Services& services) {
  std::unique_ptr<Gateway> gateway(new Gateway(services));
  gateway->add_routes();
  Gateway* self = gateway.get();
  http::ServerOptions server = options;
  if (server.tls) server.tls->log = &services.log;
  XL_TRY_ASSIGN(gateway->server_, http::Server::start(server, [self](const http::Request& request) {
                  return self->serve(request);
                }));
  return gateway;
}

http::Response Gateway::serve(const http::Request& request) const {
  const auto start = std::chrono::steady_clock::now();
  std::string_view pattern;
  http::Response response = router_.handle(request, &pattern);
  smart::add_cors(services_, request, response);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  services_.log.write(response.status >= 500 ? LogLevel::warning : LogLevel::info,
                      LogEvent::request_served,
                      {LogField::request(request.id), LogField::method(request.method),
                       LogField::route(pattern), LogField::status(response.status),
                       LogField::milliseconds(static_cast<std::uint64_t>(took.count()))});
  return response;
}

void Gateway::add_routes() {
  router_.set_guard([this](const http::Request& request) -> Status {
    const auto principal = services_.tokens.principal_of(request);
    return principal.ok() ? Status{} : Status(principal.error());
  });
  router_.set_archives([this](ErrorCode code) { return ledger::archives_for(services_, code); });
  auth::add_routes(router_, services_);
  ledger::add_routes(router_, services_);
  organisation::add_routes(router_, services_);
  smart::add_routes(router_, services_);
  credentials::add_routes(router_, services_);
  peer::add_routes(router_, services_);
  fhir::add_routes(router_, services_);
  router_.add({"GET", "/health", "Whether the node answers and how far its ledger is",
               [this](const auto&, const auto&) { return health(); }, Access::anyone,
               RouteDoc{.answer = "Anything"}});
  router_.add({"GET", "/metrics", "Prometheus metrics",
               [this](const auto&, const auto&) { return metrics(); }, Access::anyone,
               RouteDoc{.media = "text/plain"}});
  router_.add({"GET", "/", "The status page",
               [this](const http::Request& request, const auto&) {
                 return status_page(services_.ledger, services_.engine, request);
               },
               Access::anyone, RouteDoc{.query = {"lang"}, .media = "text/html"}});
  router_.add({"GET", "/api/openapi.json", "This API's OpenAPI 3.1 description",
               [this](const auto&, const auto&) -> Result<http::Response> {
                 return json_response(openapi_text(router_.routes()));
               },
               Access::anyone, RouteDoc{.answer = "Anything"}});
}

Result<http::Response> Gateway::health() const {
  XL_TRY_ASSIGN(const query::LedgerHead head, services_.ledger.head());
  const ordering::Health health = services_.engine.health();
  json::Writer out;
  const std::uint64_t unanchored_ms = services_.custody.unanchored_age_ms();
  using State = ordering::Health::State;
  const bool healthy = health.state == State::healthy;
  // An engine without its signer does not even start.
  const bool unanswered = health.state == State::engine_down || health.state == State::starting;
  const bool away = health.signer.away && (healthy || unanswered);
  const bool full = healthy && !away && !services_.custody.port().room().ok();
  const bool late = healthy && !away && !full && unanchored_ms > unanchored_ms_max;
  out.begin_object().key("status").string(away   ? "signer_away"
                                          : full ? "disk_full"
                                          : late ? "journal_late"
                                                 : health_word(health.state));
  out.key("for_ms").string(std::to_string(late ? unanchored_ms : health.for_ms));
  out.key("behind_blocks").string(std::to_string(health.behind_blocks));
  out.key("members").unsigned_integer(health.members).key("silent").begin_array();
  for (const std::string& name : health.silent) out.string(name);
  out.end_array().key("unconnected").begin_array();
  for (const std::string& name : health.unconnected) out.string(name);
  out.end_array().key("misbehaved").begin_array();
  for (const auto& one : health.misbehaved) {
    out.begin_object().key("name").string(one.name).key("height").string(
        std::to_string(one.height));
    out.key("double_vote").boolean(one.double_vote).end_object();
  }
  out.end_array().key("signer").begin_object();
  out.key("kind").string(signer_word(health.signer.kind)).key("away").boolean(health.signer.away);
  out.key("double_signs").string(std::to_string(health.signer.double_signs)).end_object();
  const BackupTimes backups = services_.backups ? services_.backups() : BackupTimes{};
  out.key("backup_ms").string(std::to_string(backups.made_ms));
  out.key("restore_test_ms").string(std::to_string(backups.tested_ms));
  out.key("engine").string(services_.engine.name());
  out.key("height").string(std::to_string(head.height));
  const auto own = ledger::own_member(services_);
  out.key("snapshot_height").string(std::to_string(health.snapshot));
  out.key("first_block").string(std::to_string(services_.ledger.first_height()));
  out.key("archive").boolean(own && own->record.archive());
  out.key("queued").unsigned_integer(services_.engine.queued());
  const std::uint64_t until_s = server_->counters().tls_until_s;
  if (until_s != 0) out.key("certificate_until_s").string(std::to_string(until_s));
  out.end_object();
  return json_response(out.take());
}

Result<http::Response> Gateway::metrics() const {
  XL_TRY_ASSIGN(const query::LedgerHead head, services_.ledger.head());
  const http::ServerCounters http_counters = server_->counters();
  std::string out;
  add_metric(out, "ledger_height", "gauge", "Last signed height.", head.height);
  add_metric(out, "ledger_transactions_total", "counter", "Executed transactions in the history.",
             head.history_size);
  add_metric(out, "ledger_state_keys", "gauge", "Keys in the state.", head.state_keys);
  add_metric(out, "ledger_queued_transactions", "gauge", "Transactions taken and not committed.",
             services_.engine.queued());
  const ordering::Health health = services_.engine.health();
  add_metric(out, "network_silent_validators", "gauge",
             "Validators whose votes are in none of the last blocks, or none now when halted.",
             health.silent.size());
  add_metric(out, "network_misbehaved_validators", "gauge",
             "Present validators that were proved to have broken the engine's rules.",
             health.misbehaved.size());
  if (services_.engine.name() != "solo") add_signer_metrics(out, health.signer);
  const BackupTimes backups = services_.backups ? services_.backups() : BackupTimes{};
  add_metric(out, "backup_last_seconds", "gauge",
             "Time of the last backup of this member, Unix time in seconds; 0: none is known.",
             backups.made_ms / 1000);
  add_metric(out, "custody_failed_rounds_total", "counter",
             "Rounds in which a journal root, session seal or unfinished write failed.",
             services_.custody.failed_rounds());
  add_metric(out, "copies_lacking", "gauge",
             "Copies of own bodies that other members should keep and do not.",
             services_.copies.lacking());
  add_metric(out, "custody_unanchored_age_ms", "gauge",
             "Age of the oldest journal entry that no root on the ledger holds, in milliseconds.",
             services_.custody.unanchored_age_ms());
  add_metric(out, "http_requests_total", "counter", "Requests handed to a handler.",
             http_counters.requests);
  add_metric(out, "http_refused_total", "counter", "Requests over a bound, malformed or late.",
             http_counters.refused);
  add_metric(out, "http_connections_total", "counter", "Connections accepted.",
             http_counters.connections);
  add_metric(out, "http_connections_open", "gauge", "Connections open now.",
             http_counters.connections_open);
  if (http_counters.tls_until_s != 0) {
    add_metric(out, "tls_certificate_expires_seconds", "gauge",
               "End of the TLS certificate in use, Unix time in seconds.",
               http_counters.tls_until_s);
  }
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = std::move(out);
  return response;
}

}  // namespace xl::gateway
