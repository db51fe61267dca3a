// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/peer_exchange.h"

#include "client/http_client.h"

namespace xl::node {
namespace {

/// What another node's gateway says of a refusal before it knows who asks.
Error peer_refusal(const client::HttpResponse& answer) {
  return make_error(ErrorCode::peer_unreachable, "HTTP status " + std::to_string(answer.status));
}

}  // namespace

Result<gateway::peer::Exchange> peer_exchange(const Layout& layout, const Config& config) {
  client::TlsFiles files;
  if (!config.peers_ca.empty()) files.ca = (layout.root / config.peers_ca).string();
  if (config.tls) {
    files.certificate = (layout.root / config.tls->certificate).string();
    files.key = (layout.root / config.tls->key).string();
  }
  std::error_code failure;
  if (!files.ca.empty() && !std::filesystem::exists(files.ca, failure)) {
    return make_error(ErrorCode::config_invalid, "gateway.peers_ca: " + files.ca);
  }
  return gateway::peer::Exchange([files](const std::string& method, const std::string& url,
                                         const std::string& body,
                                         std::uint64_t timeout_ms) -> Result<std::string> {
    const std::size_t path = url.find('/', url.find("://") + 3);
    const std::string base = url.substr(0, path);
    const bool tls = base.starts_with("https://");
    auto address = client::parse_node_url(base, tls ? files : client::TlsFiles{});
    if (!address.ok()) return make_error(ErrorCode::peer_unreachable, base);
    address->timeout_ms = timeout_ms;
    client::HttpClient http(std::move(*address));
    const std::string target = path == std::string::npos ? "/" : url.substr(path);
    auto answer =
        http.send(method, target, body.empty() ? "" : "application/vnd.xinglin.peer", body);
    if (!answer.ok()) return make_error(ErrorCode::peer_unreachable, answer.error().text());
    if (answer->status != 200) return peer_refusal(*answer);
    return std::move(answer->body);
  });
}

}  // namespace xl::node
