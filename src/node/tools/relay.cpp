// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/relay.h"

#include "base/checked.h"
#include "gateway/problem.h"

namespace xl::node {

Result<std::unique_ptr<Relay>> Relay::start(std::vector<client::NodeAddress> members) {
  std::unique_ptr<Relay> out(new Relay(std::move(members)));
  gateway::http::ServerOptions options;
  options.worker_threads = 4;  // the engine asks a few members, one question after the other
  XL_TRY_ASSIGN(out->server_,
                gateway::http::Server::start(options, [relay = out.get()](const auto& request) {
                  return relay->ask(request);
                }));
  return out;
}

std::string Relay::url(std::size_t member) const {
  return "http://127.0.0.1:" + std::to_string(server_->port()) + "/" + std::to_string(member);
}

gateway::http::Response Relay::ask(const gateway::http::Request& request) {
  std::uint64_t member = 0;
  if (!parse_decimal(std::string_view(request.path).substr(1), member) ||
      member >= members_.size()) {
    return gateway::problem(404, make_error(ErrorCode::route_unknown), request.id);
  }
  client::HttpClient http(members_[member]);  // one each: it belongs to one thread
  const auto answer =
      http.send(request.method, "/ledger/v1/light", request.header("content-type"), request.body);
  failed_[member] = !answer.ok() || answer->status >= 500;
  if (!answer.ok()) return gateway::problem(502, answer.error(), request.id);
  gateway::http::Response out;
  out.status = answer->status;
  const auto type = answer->headers.find("content-type");
  if (type != answer->headers.end()) out.content_type = type->second;
  out.body = answer->body;
  return out;
}

}  // namespace xl::node
