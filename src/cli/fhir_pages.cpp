// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/fhir_pages.h"

#include "fhir/definitions.h"

namespace xl::cli {
namespace {

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 0xfU];
  }
  return out;
}

/// The next page's path below the FHIR base; empty on the last. Links are absolute, and a proxy may
/// have given the server another name: only what is behind the base counts.
std::string next_path(json::Value page) {
  for (const json::Value link : page.find("link").items()) {
    if (link.find("relation").as_string() != "next") continue;
    const std::string_view url = link.find("url").as_string().value_or("");
    const std::size_t base = url.find("/fhir/");
    if (base != std::string_view::npos) return std::string(url.substr(base + 6));
  }
  return {};
}

std::string_view text_in(json::Value concept_) {
  const auto text = concept_.find("text").as_string();
  if (text) return *text;
  return concept_.find("coding").at(0).find("display").as_string().value_or("");
}

}  // namespace

Status for_each_entry(Actor& actor, const std::string& path,
                      const std::function<Status(json::Value entry)>& visit) {
  std::string next = path;
  while (!next.empty()) {
    XL_TRY_ASSIGN(const json::Document page, client::json_of(actor.fhir("GET", next)));
    for (const json::Value entry : page.root().find("entry").items()) XL_TRY(visit(entry));
    next = next_path(page.root());
  }
  return {};
}

Result<std::string> query_of(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return make_error(ErrorCode::usage_invalid, "'" + word + "' is not NAME=VALUE");
    }
    out += (out.empty() ? "?" : "&") + percent_encoded(word.substr(0, equals)) + "=" +
           percent_encoded(word.substr(equals + 1));
  }
  return out;
}

Result<ResourceName> resource_name(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash + 1 == text.size() ||
      text.find_first_of("/?#", slash + 1) != std::string::npos ||
      !fhir::is_resource_type(text.substr(0, slash))) {
    return make_error(ErrorCode::usage_invalid, "'" + text + "' is not TYPE/ID, such as Patient/7");
  }
  return ResourceName{text.substr(0, slash), text.substr(slash + 1)};
}

std::string summary_of(json::Value resource) {
  if (resource.find("resourceType").as_string() == "Patient" ||
      resource.find("resourceType").as_string() == "Practitioner") {
    const json::Value name = resource.find("name").at(0);
    const auto text = name.find("text").as_string();
    if (text) return std::string(*text);
    return std::string(name.find("given").at(0).as_string().value_or("")) + " " +
           std::string(name.find("family").as_string().value_or(""));
  }
  for (const std::string_view element :
       {"code", "medicationCodeableConcept", "vaccineCode", "type"}) {
    const json::Value value = resource.find(element);
    const std::string_view text = text_in(value.is_array() ? value.at(0) : value);
    if (!text.empty()) return std::string(text);
  }
  const auto name = resource.find("name").as_string();
  if (name) return std::string(*name);
  return std::string(resource.find("status").as_string().value_or(""));
}

}  // namespace xl::cli
