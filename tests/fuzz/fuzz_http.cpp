// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: base fhir crypto model contracts query custody gateway
//
// Goal: nothing that an outside client sends crashes the node before a handler has it, and it means
// the same however it is cut into packets. Method: the input is what a connection carries; Beast's
// parser takes it with the server's bounds, whole and in pieces, then come target, routes, sign-in
// and search form, each compared with what it must give back.
#include <algorithm>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "gateway/auth/sign_in.h"
#include "gateway/fhir/page.h"
#include "gateway/http/parse.h"
#include "gateway/router.h"
#include "query/search_text.h"

namespace {

namespace http = xl::gateway::http;
namespace query = xl::query;
using xl::gateway::PathValues;
using xl::gateway::Router;

/// The server's bounds, small enough that a fuzzer reaches them.
http::ServerOptions bounds() {
  http::ServerOptions options;
  options.header_bytes_max = 512;
  options.body_bytes_max = 1024;
  return options;
}

/// The path that a pattern and its values stand for.
std::string path_of(std::string_view pattern, const PathValues& values) {
  std::string out;
  auto value = values.begin();
  while (!pattern.empty()) {
    const std::size_t end = pattern.find('/', 1);
    const std::string_view segment = pattern.substr(0, end);
    pattern = end == std::string_view::npos ? std::string_view{} : pattern.substr(end);
    if (segment.ends_with("*}")) {
      out += *value++;
    } else if (segment.starts_with("/{")) {
      out += "/" + *value++;
    } else {
      out += segment;
    }
  }
  XL_CHECK(value == values.end());
  return out;
}

/// Routes of every shape that the gateway has. A handler answers the path that it was given.
Router make_router() {
  Router router;
  router.set_guard([](const http::Request& request) -> xl::Status {
    if (request.header("authorization").starts_with("Bearer ")) return {};
    return make_error(xl::ErrorCode::sign_in_required);
  });
  for (const char* method : {"GET", "POST", "PUT", "DELETE"}) {
    for (const char* pattern :
         {"/", "/health", "/auth/v1/tokens", "/ledger/v1/blocks/{height}", "/ledger/v1/{what}/head",
          "/ledger/v1/state/{key}/proof", "/o/{org}/fhir/{path*}", "/fhir/{path*}"}) {
      const std::string text = pattern;
      const bool open = text == "/" || text == "/health";
      router.add({method, text, "a route",
                  [text](const auto&, const PathValues& values) -> xl::Result<http::Response> {
                    return xl::gateway::json_response(path_of(text, values));
                  },
                  open ? xl::gateway::Access::anyone : xl::gateway::Access::signed_in});
    }
  }
  return router;
}

void check_routes(const http::Request& request) {
  static const Router router = make_router();
  const http::Response response = router.handle(request);
  if (response.status == 200) XL_CHECK(response.body == request.path);
  if (response.status == 405) XL_CHECK(response.headers.contains("allow"));
  const bool known = response.status == 200 || response.status == 401 || response.status == 404 ||
                     response.status == 405;
  XL_CHECK(known);
  http::Request head = request;
  if (request.method == "GET") {
    head.method = "HEAD";
    XL_CHECK(router.handle(head).status == response.status);
  }
}

/// A form or query as a search reads it; what one parameter asks for is fuzz_search's.
void check_search(const std::vector<std::pair<std::string, std::string>>& parameters) {
  (void)xl::gateway::fhir::page_wish(parameters);
  for (const std::string_view type : {"Patient", "Observation", "Consent"}) {
    for (const auto& [name, text] : parameters) (void)query::read_criterion(type, name, text);
  }
}

void check_text(std::string_view text) {
  std::string back;
  const bool decoded = http::percent_decode(http::percent_encode(text), true, back);
  XL_CHECK(decoded == (text.find('\0') == std::string_view::npos));
  if (decoded) XL_CHECK(back == text);
  (void)xl::gateway::auth::read_sign_in(text);
  http::Request form;
  if (http::split_target("/?" + std::string(text), form)) check_search(form.query);
}

/// What a connection asked for until it ended or was refused. How it is refused may depend on the
/// packets: Beast looks at a field as soon as it can, or when the header is complete.
using Heard = std::vector<http::Request>;

bool same(const http::Request& one, const http::Request& two) {
  return one.method == two.method && one.path == two.path && one.query == two.query &&
         one.headers == two.headers && one.body == two.body;
}

/// Gives the parser what has come, `piece` bytes at a time, as the server's reads do: first the
/// header alone, then the body. True when a request is complete; what is left stays in `bytes`.
bool read_request(http::Parser& parser, std::string_view& bytes, std::size_t piece) {
  std::size_t come = 0;
  boost::system::error_code failure;
  while (!parser.is_done()) {
    const bool header = !parser.is_header_done();
    parser.eager(!header);
    const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), come), failure);
    XL_CHECK(used <= come);
    bytes.remove_prefix(used);
    come -= used;
    if (failure && failure != boost::beast::http::error::need_more) return false;
    if (header && parser.is_header_done()) continue;
    if (parser.is_done()) break;
    if (used > 0 && !failure && come > 0) continue;
    if (come == bytes.size()) return false;  // the rest never comes
    come = std::min(come + piece, bytes.size());
  }
  return true;
}

Heard listen(std::string_view bytes, std::size_t piece) {
  Heard heard;
  const http::ServerOptions options = bounds();
  while (!bytes.empty() && heard.size() < 4) {
    http::Parser parser;
    http::bound(parser, options);
    if (!read_request(parser, bytes, piece)) break;
    http::Request request;
    if (!http::convert(parser.get(), request).ok()) break;
    XL_CHECK(request.body.size() <= options.body_bytes_max);
    XL_CHECK(request.path.starts_with('/'));
    heard.push_back(std::move(request));
    if (!parser.get().keep_alive()) break;
  }
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = xl::text_of({data, size});
  check_text(text);
  const Heard heard = listen(text, size);
  for (const http::Request& request : heard) {
    check_routes(request);
    check_search(request.query);
    check_text(request.body);
  }
  const std::size_t piece = size == 0 ? 1 : 1 + data[size - 1] % 64U;
  const Heard again = listen(text, piece);
  XL_CHECK(std::equal(heard.begin(), heard.end(), again.begin(), again.end(), same));
  return 0;
}
