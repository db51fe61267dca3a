// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/routes.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "gateway/ledger/checkpoint.h"
#include "gateway/ledger/events.h"
#include "gateway/ledger/governance.h"
#include "gateway/ledger/light.h"
#include "gateway/ledger/parties.h"
#include "gateway/ledger/resolver.h"
#include "gateway/ledger/show.h"
#include "gateway/ledger/submit.h"
#include "model/receipt.h"

namespace xl::gateway::ledger {
namespace {

Error parameter_error(std::string_view name) {
  return make_error(ErrorCode::parameter_invalid, name);
}

Result<Hash> hash_parameter(const std::string& text, std::string_view name) {
  Hash out{};
  if (!from_hex(text, out)) return parameter_error(name);
  return out;
}

/// A decimal query parameter; `fallback` when it is missing.
Result<std::uint64_t> number_parameter(const http::Request& request, std::string_view name,
                                       std::uint64_t fallback) {
  const auto text = request.parameter(name);
  if (!text) return fallback;
  std::uint64_t value = 0;
  if (!parse_decimal(*text, value)) return parameter_error(name);
  return value;
}

Result<http::Response> get_head(const Services& services) {
  XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
  json::Writer out;
  write_head(out, head);
  return json_response(out.take());
}

Result<http::Response> get_transaction(const Services& services, const PathValues& values) {
  XL_TRY_ASSIGN(const Hash id, hash_parameter(values[0], "id"));
  XL_TRY_ASSIGN(const auto transaction, services.ledger.transaction(id));
  json::Writer out;
  write_transaction(out, transaction, services.ledger.registry());
  return json_response(out.take());
}

Result<http::Response> get_receipt(const Services& services, const http::Request& request,
                                   const PathValues& values) {
  XL_TRY_ASSIGN(const Hash id, hash_parameter(values[0], "id"));
  XL_TRY_ASSIGN(const std::uint64_t since, number_parameter(request, "since", 0));
  XL_TRY_ASSIGN(const model::Receipt receipt, services.ledger.receipt(id, since));
  return json_response(model::write_receipt(receipt));
}

Result<http::Response> get_block(const Services& services, const PathValues& values) {
  std::uint64_t height = 0;
  if (!parse_decimal(values[0], height)) return parameter_error("height");
  XL_TRY_ASSIGN(const query::LedgerBlock block, services.ledger.block(height));
  json::Writer out;
  write_block(out, block, services.ledger.registry());
  return json_response(out.take());
}

Result<http::Response> get_state(const Services& services, const http::Request& request,
                                 const PathValues& values) {
  Bytes key;
  if (values[0].size() > limits::state_key_bytes_max * 2 || !from_hex(values[0], key) ||
      key.empty()) {
    return parameter_error("key");
  }
  XL_TRY_ASSIGN(const std::uint64_t height, number_parameter(request, "height", 0));
  XL_TRY_ASSIGN(const std::uint64_t since, number_parameter(request, "since", 0));
  XL_TRY_ASSIGN(const model::Receipt receipt, services.ledger.state_receipt(key, height, since));
  return json_response(model::write_receipt(receipt));
}

Result<http::Response> get_consistency(const Services& services, const http::Request& request) {
  XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
  XL_TRY_ASSIGN(const std::uint64_t first, number_parameter(request, "first", 0));
  XL_TRY_ASSIGN(const std::uint64_t second, number_parameter(request, "second", head.history_size));
  XL_TRY_ASSIGN(const std::vector<Hash> path, services.ledger.consistency(first, second));
  json::Writer out;
  out.begin_object().key("first").string(std::to_string(first));
  out.key("second").string(std::to_string(second)).key("path").begin_array();
  for (const Hash& hash : path) out.string(to_hex(hash));
  out.end_array().end_object();
  return json_response(out.take());
}

/// What somebody without trust in this node needs.
void add_proof_routes(Router& router, const Services& services) {
  router.add({"GET", "/ledger/v1/genesis", "The network's genesis document, byte for byte",
              [services](const auto&, const auto&) -> Result<http::Response> {
                return json_response(std::string(text_of(services.ledger.genesis().raw)));
              },
              Access::anyone, RouteDoc{.answer = "Genesis"}});
  router.add({"GET", "/ledger/v1/light", "The newest header, proved from the genesis on",
              [services](const auto&, const auto&) { return prove_head(services); }, Access::anyone,
              RouteDoc{.answer = "Receipt"}});
  router.add({"GET", "/ledger/v1/checkpoint", "What members co-sign as a checkpoint at a height",
              [services](const http::Request& request, const auto&) -> Result<http::Response> {
                XL_TRY_ASSIGN(const std::uint64_t height, number_parameter(request, "height", 0));
                return offer_checkpoint(services, height);
              },
              Access::anyone, RouteDoc{.query = {"height"}, .answer = "CheckpointOffer"}});
  router.add({"GET", "/ledger/v1/receipts/{id}", "The receipt that anyone can verify offline",
              [services](const http::Request& request, const PathValues& values) {
                return get_receipt(services, request, values);
              },
              Access::anyone, RouteDoc{.query = {"since"}, .answer = "Receipt"}});
  router.add({"GET", "/ledger/v1/state/{key}", "What a state key held, with its proof",
              [services](const http::Request& request, const PathValues& values) {
                return get_state(services, request, values);
              },
              Access::signed_in, RouteDoc{.query = {"height", "since"}, .answer = "Receipt"}});
  router.add({"GET", "/ledger/v1/consistency", "Proof that the history only grew",
              [services](const http::Request& request, const auto&) {
                return get_consistency(services, request);
              },
              Access::anyone, RouteDoc{.query = {"first", "second"}, .answer = "Consistency"}});
}

}  // namespace

void add_routes(Router& router, const Services& services) {
  router.add({"GET", "/ledger/v1/head", "What the ledger stands at",
              [services](const auto&, const auto&) { return get_head(services); }, Access::anyone,
              RouteDoc{.answer = "Head"}});
  router.add(
      {"POST", "/ledger/v1/light",
       "Headers for a member that restores its ledger, by the engine's JSON-RPC",
       [services](const http::Request& request, const auto&) {
         return answer_light(services, request);
       },
       Access::anyone,
       RouteDoc{.body_media = {"application/json"}, .body = "Anything", .answer = "Anything"}});
  router.add({"POST", "/ledger/v1/transactions", "Submit one transaction or a batch",
              [services](const http::Request& request, const auto&) {
                return submit_transactions(services, request);
              },
              Access::anyone,
              RouteDoc{.query = {"wait", "timeout_ms"},
                       .body_media = {"application/json", "application/octet-stream"},
                       .body = "Batch",
                       .answer = "Submission"}});
  router.add({"GET", "/ledger/v1/transactions/{id}", "An executed transaction and its events",
              [services](const auto&, const PathValues& values) {
                return get_transaction(services, values);
              },
              Access::signed_in, RouteDoc{.answer = "Transaction"}});
  router.add(
      {"GET", "/ledger/v1/blocks/{height}", "A block's header, commit and transactions",
       [services](const auto&, const PathValues& values) { return get_block(services, values); },
       Access::signed_in, RouteDoc{.answer = "Block"}});
  router.add(
      {"GET", "/ledger/v1/parties/{did}", "An organisation's or service's current keys, with proof",
       [services](const auto&, const PathValues& values) { return get_party(services, values); },
       Access::signed_in, RouteDoc{.answer = "Party"}});
  router.add(
      {"GET", "/ledger/v1/events",
       "Executed transactions, and what contracts did at a block's end, as server-sent events",
       [services](const http::Request& request, const auto&) {
         return follow_events(services, request);
       },
       Access::signed_in, RouteDoc{.query = {"after"}, .media = "text/event-stream"}});
  router.add({"GET", "/1.0/identifiers/{did}", "Resolves a DID: did:xinglin, did:key",
              [services](const http::Request& request, const PathValues& values) {
                return resolve_did(services, request, values);
              },
              Access::anyone,
              RouteDoc{.query = {"proof"},
                       .media = "application/did-resolution",
                       .answer = "DidResolution",
                       .refusal_media = {"application/did-resolution"}}});
  add_proof_routes(router, services);
  add_governance_routes(router, services);
}

}  // namespace xl::gateway::ledger
