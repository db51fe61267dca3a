// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "gateway/http/server.h"

/// The part of the server that reads requests and touches no socket: what a fuzzer drives as well.
namespace xl::gateway::http {

using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

/// Sets the server's bounds on header and body. Before the first byte only.
void bound(Parser& parser, const ServerOptions& options);

/// Moves a complete request into `out`: target decoded, header names in lower case. `remote` and
/// `id` are left alone. Errors, for what Beast lets pass: request_malformed (a bad target, no Host
/// in HTTP/1.1), header_repeated (a header that is no list and that somebody acts on: two of them
/// could be read as one by us and as the other by a proxy or an auditor).
[[nodiscard]] Status convert(Parser::value_type& in, Request& out);

}  // namespace xl::gateway::http
