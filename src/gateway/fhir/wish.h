// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "gateway/fhir/face.h"
#include "gateway/fhir/reply.h"

/// The entries of a batch or transaction as requests.
namespace xl::gateway::fhir {

/// One entry of the Bundle as a request. The resource is viewed: the Bundle outlives it.
struct Wish {
  std::string place;   ///< `Bundle.entry[2]`
  std::string method;  ///< as HTTP has it
  std::string url;     ///< relative to the base, without a slash in front
  std::string asked;   ///< the same with its condition, once that is settled; else empty
  std::string full_url;
  std::string if_match;
  std::string if_none_exist;
  std::string if_none_match;
  std::string if_modified_since;  ///< as HTTP writes it
  json::Value resource;
  std::optional<Error> refused;  ///< set: it is none, and names its element
  std::vector<Issue> issues;     ///< what its entry breaks of the definition
  std::size_t draft = 0;         ///< of a write in a transaction
  /// Of a transaction: set when its condition says that there is nothing to write.
  std::optional<http::Response> settled;
  std::string found;  ///< `Type/id` that its condition found
  bool by_condition = false;
};

/// Every entry as a wish; those that are none say why. Errors: fhir_bundle_too_large,
/// fhir_bundle_invalid (the entries are no list).
[[nodiscard]] Result<std::vector<Wish>> wishes_of(const Call& call, json::Value bundle);

/// Judges the Bundle by its definition without the resources of its entries. What an entry breaks
/// is added to its wish; what the Bundle itself breaks is returned.
[[nodiscard]] std::vector<Issue> check_entries(json::Value bundle, std::vector<Wish>& wishes);

/// True for what changes something and is not settled yet.
[[nodiscard]] bool is_write(const Wish& wish);
/// True for a search by POST, whose parameters stand in the URL: an entry has no form.
[[nodiscard]] bool is_posted_search(const Wish& wish);
/// `Type` of a URL such as `Type/id` or `Type?condition`.
[[nodiscard]] std::string type_of_url(std::string_view url);
/// The member `name` as a text; empty where there is none.
[[nodiscard]] std::string text_at(json::Value object, std::string_view name);

/// A patch as an entry has it: a Binary that holds a JSON Patch, or a Parameters (R4 §3.1.0.5.1).
struct EntryPatch {
  bool is_json_patch = false;
  json::Document changes;
};
/// Errors: fhir_patch_invalid, those of `json::parse`.
[[nodiscard]] Result<EntryPatch> patch_of(const Wish& wish);

/// The condition of an entry; empty without one. Errors: fhir_condition_empty, request_malformed.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> condition_of(
    const Wish& wish);

/// The element of an entry that an error is about.
[[nodiscard]] std::string element_of(const Wish& wish, ErrorCode code);
/// An error that names the element of an entry, unless it names one already.
[[nodiscard]] Error named(const Wish& wish, const Error& error);
/// A refusal whose issues name elements of the Bundle, where they name none or one of the resource.
[[nodiscard]] http::Response named(const Wish& wish, http::Response refused);

}  // namespace xl::gateway::fhir
