// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/compartment.h"

#include <algorithm>
#include <span>

#include "fhir/tables.h"

namespace xl::fhir {
namespace {

using detail::Compartment;
using detail::Text;

const Compartment* find_compartment(std::string_view type) {
  const std::span<const Compartment> all(detail::compartments, detail::compartment_count);
  const auto found = std::lower_bound(
      all.begin(), all.end(), type,
      [](const Compartment& row, std::string_view wanted) { return row.type.view() < wanted; });
  return found == all.end() || found->type.view() != type ? nullptr : &*found;
}

/// False when the text names a resource that is no Patient.
bool may_be_patient(json::Value reference, std::string_view text) {
  if (text.empty() || text.front() == '#') return false;
  const auto stated = reference.find("type").as_string();
  if (stated && *stated != "Patient") return false;
  text = text.substr(0, text.find("/_history/"));
  text = text.substr(0, text.find('?'));
  const std::size_t id_at = text.rfind('/');
  if (id_at == std::string_view::npos) return true;  // a URN, a bare id, a search
  text = text.substr(0, id_at);
  const std::size_t type_at = text.rfind('/');
  const std::string_view type = type_at == std::string_view::npos ? text : text.substr(type_at + 1);
  return type == "Patient" || !is_resource_type(type);
}

/// Collects the references at the end of a path. Its depth is that of the path.
void collect_references(json::Value value, std::string_view path,
                        std::vector<std::string_view>& out) {
  if (value.is_array()) {
    for (const json::Value item : value.items()) {
      if (item.is_object()) collect_references(item, path, out);
    }
    return;
  }
  if (!path.empty()) {
    const std::size_t dot = path.find('.');
    const std::string_view rest =
        dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
    if (const json::Value next = value.find(path.substr(0, dot))) {
      collect_references(next, rest, out);
    }
    return;
  }
  const auto text = value.find("reference").as_string();
  if (text && may_be_patient(value, *text)) out.push_back(*text);
}

/// Removes what stands further on again, keeping the order.
void keep_first_of_each(std::vector<std::string_view>& texts) {
  std::vector<std::pair<std::string_view, std::size_t>> sorted;
  for (std::size_t at = 0; at < texts.size(); ++at) sorted.emplace_back(texts[at], at);
  std::sort(sorted.begin(), sorted.end());
  std::vector<bool> again(texts.size(), false);
  for (std::size_t at = 1; at < sorted.size(); ++at) {
    if (sorted[at].first == sorted[at - 1].first) again[sorted[at].second] = true;
  }
  std::size_t kept = 0;
  for (std::size_t at = 0; at < texts.size(); ++at) {
    if (!again[at]) texts[kept++] = texts[at];
  }
  texts.resize(kept);
}

}  // namespace

bool may_be_in_patient_compartment(std::string_view resource_type) {
  return find_compartment(resource_type) != nullptr;
}

std::vector<std::string> patient_compartment_types() {
  std::vector<std::string> out;
  for (const Compartment& one : std::span(detail::compartments, detail::compartment_count)) {
    out.emplace_back(one.type.view());
  }
  return out;
}

std::vector<std::string_view> compartment_references(json::Value resource) {
  std::vector<std::string_view> out;
  const Compartment* compartment =
      find_compartment(resource.find("resourceType").as_string().value_or(std::string_view{}));
  if (compartment == nullptr) return out;
  const std::span<const Text> paths(detail::compartment_paths + compartment->path,
                                    compartment->path_count);
  for (const Text& path : paths) collect_references(resource, path.view(), out);
  if (out.size() > 1) keep_first_of_each(out);
  return out;
}

}  // namespace xl::fhir
