// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/smart_settings.h"

#include "base/file.h"
#include "client/http_client.h"
#include "crypto/certificate.h"

namespace xl::node {
namespace {

constexpr std::size_t secret_file_bytes_max = 4096;
constexpr std::uint64_t provider_timeout_ms = 10'000;

Error provider_setting(std::string_view what) {
  return make_error(ErrorCode::config_invalid, "smart.provider." + std::string(what));
}

/// Asks an outside provider over TLS that the system's authorities vouch for.
Result<std::string> ask_provider_over_http(const std::string& method, const std::string& url,
                                           const std::string& content_type,
                                           const std::string& body) {
  const std::size_t host = url.find("://");
  const std::size_t path = host == std::string::npos ? host : url.find_first_of("/?", host + 3);
  XL_TRY_ASSIGN(client::NodeAddress address, client::parse_node_url(url.substr(0, path)));
  address.timeout_ms = provider_timeout_ms;
  client::HttpClient http(std::move(address));
  const std::string target = path == std::string::npos ? "/" : url.substr(path);
  XL_TRY_ASSIGN(client::HttpResponse answer,
                http.send(method, target, content_type, body, {{"Accept", "application/json"}}));
  if (answer.status == 200) return std::move(answer.body);
  return make_error(ErrorCode::smart_provider_failed,
                    "HTTP status " + std::to_string(answer.status));
}

Result<std::string> secret_of(const Layout& layout, const ProviderSettings& settings) {
  if (settings.secret_file.empty()) return std::string();
  const std::filesystem::path path = layout.root / settings.secret_file;
  XL_TRY(crypto::check_key_file(path));
  XL_TRY_ASSIGN(const Bytes content, read_file(path, secret_file_bytes_max));
  std::string out(text_of(content));
  while (out.ends_with('\n') || out.ends_with('\r')) out.pop_back();
  return out;
}

Result<model::Id> organisation_meant(
    const ProviderSettings& settings,
    const std::vector<std::unique_ptr<custody::Organisation>>& organisations) {
  if (settings.organisation.empty() && organisations.size() == 1) {
    return organisations.front()->did();
  }
  for (const auto& one : organisations) {
    if (settings.organisation == one->did().text() ||
        settings.organisation == model::did_text(one->did())) {
      return one->did();
    }
  }
  return provider_setting("organisation: none of this node's");
}

}  // namespace

Result<gateway::smart::Settings> smart_settings(
    const Layout& layout, const Config& config,
    const std::vector<std::unique_ptr<custody::Organisation>>& organisations) {
  gateway::smart::Settings out;
  out.password_login = config.password_login;
  out.fetch = ask_provider_over_http;
  for (const ProviderSettings& one : config.providers) {
    XL_TRY_ASSIGN(const model::Id organisation, organisation_meant(one, organisations));
    XL_TRY_ASSIGN(std::string secret, secret_of(layout, one));
    gateway::smart::Provider provider{one.name, one.issuer, one.client_id, std::move(secret)};
    if (!out.providers.emplace(organisation, std::move(provider)).second) {
      return provider_setting("organisation: two for one");
    }
  }
  return out;
}

}  // namespace xl::node
