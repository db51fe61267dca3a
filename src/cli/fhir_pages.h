// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>

#include "cli/actor.h"

namespace xl::cli {

/// Asks for `path` below the FHIR base and follows the next links; `visit` gets each entry of each
/// page and may end it all with an error. Errors: those of the requests and of `visit`.
[[nodiscard]] Status for_each_entry(Actor& actor, const std::string& path,
                                    const std::function<Status(json::Value entry)>& visit);

/// `k=v` words as a query, percent-encoded. Errors: usage_invalid (no `=`).
[[nodiscard]] Result<std::string> query_of(const std::vector<std::string>& words);

/// A name of a resource: `Patient/7`.
struct ResourceName {
  std::string type;
  std::string id;

  [[nodiscard]] std::string text() const { return type + "/" + id; }
};

/// Reads `TYPE/ID`. Errors: usage_invalid.
[[nodiscard]] Result<ResourceName> resource_name(const std::string& text);

/// A short line about a resource for people: its display, code or status; empty for others.
[[nodiscard]] std::string summary_of(json::Value resource);

}  // namespace xl::cli
