// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/notice_sender.h"

#include <map>

#include "client/http_client.h"

namespace xl::node {
namespace {

constexpr std::uint64_t notice_timeout_ms = 5'000;

Status send_notice(const std::string& url, const std::string& body,
                   const std::vector<std::pair<std::string, std::string>>& headers, bool within) {
  const std::size_t host = url.find("://");
  const std::size_t path = host == std::string::npos ? host : url.find_first_of("/?", host + 3);
  XL_TRY_ASSIGN(client::NodeAddress address, client::parse_node_url(url.substr(0, path)));
  address.timeout_ms = notice_timeout_ms;
  const bool own_machine = address.host == "localhost" || address.host == "127.0.0.1" ||
                           address.host == "::1" || address.host == "[::1]";
  address.public_only = !within && !own_machine;
  client::HttpClient http(std::move(address));
  std::string target = path == std::string::npos ? "/" : url.substr(path);
  if (target.front() == '?') target.insert(0, "/");
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                http.send("POST", target, "application/json", body,
                          std::map<std::string, std::string>(headers.begin(), headers.end())));
  if (answer.status >= 200 && answer.status < 300) return {};
  return make_error(ErrorCode::answer_unexpected, "HTTP status " + std::to_string(answer.status));
}

}  // namespace

custody::SendNotice notice_sender(bool within) {
  return [within](const std::string& url, const std::string& body,
                  const std::vector<std::pair<std::string, std::string>>& headers) {
    return send_notice(url, body, headers, within);
  };
}

}  // namespace xl::node
