// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>

#include "gateway/http/message.h"
#include "gateway/smart/scopes.h"

/// Pages for people: plain HTML in Chinese and English, one style sheet and one script of our own.
namespace xl::gateway::smart {

/// By `lang` of the query, else by what the browser asks for; Chinese where it does not say.
[[nodiscard]] bool wants_chinese(const http::Request& request);

/// Text as HTML shows it.
[[nodiscard]] std::string html(std::string_view text);

/// One language's words of two.
[[nodiscard]] std::string_view either(bool chinese, std::string_view zh, std::string_view en);

/// What a scope lets an app do, in a person's words.
[[nodiscard]] std::string scope_words(const ResourceScope& scope, bool chinese);

/// A page.
struct Page {
  std::string title;
  std::string body;     ///< HTML
  std::string assets;   ///< the address of style and script, no slash at its end; empty: none
  std::string goes_to;  ///< origin that a form may lead to, beside our own
  bool chinese = false;
  unsigned status = 200;
};

/// The page with headers that keep it to itself: nothing but our own style and script runs, nobody
/// may frame or keep it.
[[nodiscard]] http::Response page(const Page& content);

/// A refusal for whoever sits before the browser.
[[nodiscard]] http::Response error_page(const Error& error, bool chinese);

/// HTML attributes with what the script says when a browser refuses something, by its code.
[[nodiscard]] std::string told_errors(bool chinese);

/// What pages load.
[[nodiscard]] http::Response login_style();
[[nodiscard]] http::Response login_script();

}  // namespace xl::gateway::smart
