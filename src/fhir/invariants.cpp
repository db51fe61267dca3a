// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/invariants.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <tuple>
#include <utility>
#include <vector>

#include "fhir/time.h"

/// The words that invariants.def is written in.
namespace xl::fhir::detail {
namespace {

using Texts = std::initializer_list<std::string_view>;

constexpr std::string_view ucum = "http://unitsofmeasure.org";
constexpr std::string_view allergy_verification =
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
constexpr std::string_view condition_clinical =
    "http://terminology.hl7.org/CodeSystem/condition-clinical";
constexpr std::string_view condition_verification =
    "http://terminology.hl7.org/CodeSystem/condition-ver-status";

/// An element exists with a value or with extensions alone (`_start`).
bool has(json::Value o, std::string_view key) {
  for (const json::Member& member : o.members()) {
    const std::string_view name = member.key;
    if (name == key || (name.size() == key.size() + 1 && name[0] == '_' && name.ends_with(key))) {
      return true;
    }
  }
  return false;
}

/// One of the types of a choice exists: `value` finds `valueQuantity` and `_valueString`.
bool has_choice(json::Value o, std::string_view stem) {
  for (const json::Member& member : o.members()) {
    std::string_view name = member.key;
    if (name.starts_with('_')) name.remove_prefix(1);
    if (name.size() > stem.size() && name.starts_with(stem) && name[stem.size()] >= 'A' &&
        name[stem.size()] <= 'Z') {
      return true;
    }
  }
  return false;
}

std::string_view text_of(json::Value o, std::string_view key) {
  return o.find(key).as_string().value_or(std::string_view{});
}

bool is_text(json::Value o, std::string_view key, std::string_view wanted) {
  return text_of(o, key) == wanted;
}

bool is_any(json::Value o, std::string_view key, Texts wanted) {
  return std::find(wanted.begin(), wanted.end(), text_of(o, key)) != wanted.end();
}

bool is_type(json::Value o, Texts wanted) { return is_any(o, "type", wanted); }

bool is_number(json::Value o, std::string_view key, Texts wanted) {
  const auto text = o.find(key).number_text();
  return !text || std::find(wanted.begin(), wanted.end(), *text) != wanted.end();
}

bool is_negative(json::Value o, std::string_view key) {
  const auto text = o.find(key).number_text();
  return text && text->starts_with('-') &&
         text->find_first_of("123456789") != std::string_view::npos;
}

bool is_above(json::Value o, std::string_view key, int bound) {
  const auto text = o.find(key).number_text();
  double value = 0;
  if (!text) return false;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), value);
  return read.ec == std::errc() && value > bound;
}

bool ucum_or_no_system(json::Value o) { return !has(o, "system") || is_text(o, "system", ucum); }

/// False only when every instant of `first` is after every instant of `second`.
bool in_order(json::Value first, json::Value second) {
  const auto from = time_range_of(first.as_string().value_or(std::string_view{}));
  const auto to = time_range_of(second.as_string().value_or(std::string_view{}));
  return !from || !to || from->low <= to->high;
}

std::size_t count_with(json::Value list, std::string_view key) {
  std::size_t count = 0;
  for (const json::Value item : list.items()) count += has(item, key) ? 1 : 0;
  return count;
}

std::size_t count_of(json::Value list, std::string_view key, std::string_view text) {
  std::size_t count = 0;
  for (const json::Value item : list.items()) count += is_text(item, key, text) ? 1 : 0;
  return count;
}

bool all_or_none(json::Value bundle, std::string_view key, bool all) {
  const json::Value entries = bundle.find("entry");
  return count_with(entries, key) == (all ? entries.size() : 0);
}

bool first_entry_is(json::Value bundle, std::string_view type) {
  return is_text(bundle.find("entry").at(0).find("resource"), "resourceType", type);
}

/// Numbers of the entries whose fullUrl, with their version, an entry before them has.
std::vector<std::size_t> repeated_full_urls(json::Value bundle) {
  std::vector<std::tuple<std::string_view, std::string_view, std::size_t>> seen;
  std::size_t number = 0;
  for (const json::Value entry : bundle.find("entry").items()) {
    const std::string_view url = text_of(entry, "fullUrl");
    const std::string_view version = text_of(entry.find("resource").find("meta"), "versionId");
    if (!url.empty()) seen.emplace_back(url, version, number);
    ++number;
  }
  std::sort(seen.begin(), seen.end());
  std::vector<std::size_t> out;
  for (std::size_t i = 1; i < seen.size(); ++i) {
    const auto& [url, version, at] = seen[i];
    if (url == std::get<0>(seen[i - 1]) && version == std::get<1>(seen[i - 1])) out.push_back(at);
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool full_urls_distinct(json::Value bundle) { return repeated_full_urls(bundle).empty(); }

/// Numbers of the entries that have, or lack, an element.
std::vector<std::size_t> entries_where(json::Value bundle, std::string_view key, bool there) {
  std::vector<std::size_t> out;
  std::size_t number = 0;
  for (const json::Value entry : bundle.find("entry").items()) {
    if (has(entry, key) == there) out.push_back(number);
    ++number;
  }
  return out;
}

bool has_coding(json::Value o, std::string_view key, std::string_view system, Texts codes) {
  for (const json::Value coding : o.find(key).find("coding").items()) {
    if (is_text(coding, "system", system) && is_any(coding, "code", codes)) return true;
  }
  return false;
}

/// A component has a coding of the Observation's own code. Both lists are short; where they are
/// not, only the first ones are compared.
bool component_repeats_code(json::Value observation) {
  constexpr std::size_t codings_compared = 32;
  std::vector<json::Value> own;
  for (const json::Value coding : observation.find("code").find("coding").items()) {
    if (own.size() < codings_compared) own.push_back(coding);
  }
  for (const json::Value component : observation.find("component").items()) {
    for (const json::Value coding : component.find("code").find("coding").items()) {
      const auto same = [&](json::Value one) { return json::identical(one, coding); };
      if (std::any_of(own.begin(), own.end(), same)) return true;
    }
  }
  return false;
}

using Rule = bool (*)(json::Value);

constexpr std::array rule_functions = {
#define XL_INVARIANT(name, key, holds) Rule{[](json::Value o) -> bool { return holds; }},
#include "fhir/invariants.def"
#undef XL_INVARIANT
};

constexpr std::array<std::string_view, rule_functions.size()> rule_keys = {
#define XL_INVARIANT(name, key, holds) key,
#include "fhir/invariants.def"
#undef XL_INVARIANT
};

}  // namespace

bool holds(Invariant invariant, json::Value object) {
  return rule_functions[static_cast<std::size_t>(invariant)](object);
}

std::vector<std::string> broken_places(Invariant invariant, json::Value object) {
  std::vector<std::size_t> entries;
  std::string_view element;
  switch (invariant) {
    case Invariant::bdl_1:
      return {"total"};
    case Invariant::bdl_8:
      return {"fullUrl"};
    case Invariant::bdl_2:
      element = "search";
      entries = entries_where(object, element, true);
      break;
    case Invariant::bdl_3:
      element = "request";
      entries =
          entries_where(object, element, !is_type(object, {"batch", "transaction", "history"}));
      break;
    case Invariant::bdl_4:
      element = "response";
      entries = entries_where(
          object, element, !is_type(object, {"batch-response", "transaction-response", "history"}));
      break;
    case Invariant::bdl_7:
      element = "fullUrl";
      entries = repeated_full_urls(object);
      break;
    default:
      break;
  }
  std::vector<std::string> out;
  for (const std::size_t number : entries) {
    out.push_back("entry[" + std::to_string(number) + "]." + std::string(element));
  }
  return out;
}

std::string_view invariant_key(Invariant invariant) {
  return rule_keys[static_cast<std::size_t>(invariant)];
}

}  // namespace xl::fhir::detail
