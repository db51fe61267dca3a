// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/search_text.h"

#include <algorithm>
#include <array>

#include "fhir/definitions.h"

namespace xl::query {

using fhir::SearchParameter;
using fhir::SearchType;

namespace {

constexpr auto modifiers =
    std::to_array<std::pair<std::string_view, Modifier>>({{"missing", Modifier::missing},
                                                          {"exact", Modifier::exact},
                                                          {"contains", Modifier::contains},
                                                          {"not", Modifier::not_equal},
                                                          {"text", Modifier::text},
                                                          {"of-type", Modifier::of_type},
                                                          {"ofType", Modifier::of_type},
                                                          {"identifier", Modifier::identifier},
                                                          {"above", Modifier::above},
                                                          {"below", Modifier::below}});

constexpr auto prefixes = std::to_array<std::pair<std::string_view, Prefix>>({{"eq", Prefix::eq},
                                                                              {"ne", Prefix::ne},
                                                                              {"gt", Prefix::gt},
                                                                              {"lt", Prefix::lt},
                                                                              {"ge", Prefix::ge},
                                                                              {"le", Prefix::le},
                                                                              {"sa", Prefix::sa},
                                                                              {"eb", Prefix::eb},
                                                                              {"ap", Prefix::ap}});

/// A name as a message may show it: what is no name might be somebody's data.
std::string shown(std::string_view name) {
  const bool is_name = name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '_' || c == '-';
                       });
  return is_name && !name.empty() ? std::string(name) : "a parameter";
}

Error unknown_parameter(std::string_view type, std::string_view name) {
  if (name == "_text" || name == "_content") {
    return make_error(ErrorCode::search_parameter_unknown,
                      std::string(name) + ": the words of narratives and contents are not indexed");
  }
  return make_error(ErrorCode::search_parameter_unknown,
                    shown(name) + " of " + (type.empty() ? "every type" : std::string(type)));
}

Error no_modifier(std::string_view name, std::string_view modifier) {
  return make_error(ErrorCode::search_modifier_unsupported, shown(name) + ":" + shown(modifier));
}

bool fits(Modifier modifier, SearchType type) {
  switch (modifier) {
    case Modifier::none:
    case Modifier::missing:
      return true;
    case Modifier::exact:
    case Modifier::contains:
      return type == SearchType::text;
    case Modifier::not_equal:
    case Modifier::text:
    case Modifier::of_type:
      return type == SearchType::token;
    case Modifier::identifier:
    case Modifier::type:
      return type == SearchType::reference;
    case Modifier::above:
    case Modifier::below:
      return type == SearchType::uri;
  }
  return false;
}

bool has_prefixes(SearchType type) {
  return type == SearchType::date || type == SearchType::number || type == SearchType::quantity;
}

SearchValue value_of(SearchType type, std::string_view written) {
  if (has_prefixes(type)) {
    for (const auto& [name, prefix] : prefixes) {
      if (written.starts_with(name)) return {prefix, std::string(written.substr(2))};
    }
  }
  return {Prefix::eq, std::string(written)};
}

/// Reads names of one search; what stands behind a chain's dot again.
class Reader {
 public:
  Reader(std::string_view value, const OwnNames& own) : value_(value), own_(own) {}

  Result<SearchCriterion> read(std::string_view type, std::string_view name, std::size_t depth) {
    if (depth > chain_depth_max) return make_error(ErrorCode::search_too_complex, "a chain");
    if (name.starts_with("_has:")) return read_has(type, name.substr(5), depth);
    const std::size_t dot = name.find('.');
    const std::string_view head = name.substr(0, dot);
    const std::size_t colon = head.find(':');
    const std::string_view code = head.substr(0, colon);
    const SearchParameter* parameter = searched_parameter(type, code);
    if (parameter == nullptr) return unknown_parameter(type, code);
    SearchCriterion out;
    out.name = code;
    if (colon != std::string_view::npos) {
      XL_TRY(read_modifier(*parameter, head.substr(colon + 1), out));
    }
    if (dot == std::string_view::npos) {
      XL_TRY(read_values(*parameter, out));
    } else {
      XL_TRY(read_chain(*parameter, name.substr(dot + 1), depth, out));
    }
    return out;
  }

 private:
  static Status read_modifier(const SearchParameter& parameter, std::string_view text,
                              SearchCriterion& out) {
    if (fhir::is_resource_type(text) && parameter.type == SearchType::reference) {
      out.modifier = Modifier::type;
      out.target = text;
      return {};
    }
    const auto found = std::find_if(modifiers.begin(), modifiers.end(),
                                    [&](const auto& row) { return row.first == text; });
    if (found == modifiers.end() || !fits(found->second, parameter.type)) {
      return no_modifier(parameter.code, text);
    }
    out.modifier = found->second;
    return {};
  }

  Status read_values(const SearchParameter& parameter, SearchCriterion& out) const {
    for (const std::string_view written : split_protected(value_, ',')) {
      const bool plain = out.modifier == Modifier::missing;
      SearchValue value =
          plain ? SearchValue{Prefix::eq, std::string(written)} : value_of(parameter.type, written);
      // The system of an identifier may look like an address of this server.
      const bool leads = parameter.type == SearchType::reference &&
                         (out.modifier == Modifier::none || out.modifier == Modifier::type);
      if (leads) {
        // A reference is kept without our address, a canonical as it is written; none is a
        // Patient's.
        const std::string_view own = without_own_base(value.text, own_);
        const bool canonical = own.size() < value.text.size() && !own.starts_with("Patient/");
        if (canonical) out.values.push_back({value.prefix, value.text});
        value.text = std::string(own);
      }
      if (value.text.empty() || value.text.size() > search_value_bytes_max) {
        return make_error(ErrorCode::search_value_invalid, parameter.code);
      }
      out.values.push_back(std::move(value));
    }
    return {};
  }

  /// What stands behind a reference's dot, for each type that it may lead to and that knows it.
  Status read_chain(const SearchParameter& parameter, std::string_view rest, std::size_t depth,
                    SearchCriterion& out) {
    if (parameter.type != SearchType::reference) return no_modifier(parameter.code, "chain");
    std::vector<std::string_view> types;
    if (out.modifier == Modifier::type) {
      types.push_back(out.target);
    } else if (out.modifier != Modifier::none) {
      return no_modifier(parameter.code, "chain");
    } else {
      types.assign(parameter.targets().begin(), parameter.targets().end());
    }
    Error first = unknown_parameter({}, rest.substr(0, rest.find_first_of(":.")));
    bool known = false;
    for (const std::string_view type : types) {
      auto inner = read(type, rest, depth + 1);
      if (inner.ok()) {
        inner->asked_of = type;
        out.chained.push_back(std::move(*inner));
      } else if (inner.error().code != ErrorCode::search_parameter_unknown && !known) {
        first = inner.error();
        known = true;
      }
    }
    if (out.chained.empty()) return first;
    return {};
  }

  /// `Observation:patient:code` behind `_has:`.
  Result<SearchCriterion> read_has(std::string_view type, std::string_view text,
                                   std::size_t depth) {
    const std::size_t first = text.find(':');
    const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
    if (second == std::string_view::npos) return no_modifier("_has", "");
    const std::string_view other = text.substr(0, first);
    const std::string_view via = text.substr(first + 1, second - first - 1);
    const SearchParameter* reference = searched_parameter(other, via);
    if (reference == nullptr || reference->type != SearchType::reference) {
      return unknown_parameter(other, via);
    }
    const auto targets = reference->targets();
    if (type.empty() || std::find(targets.begin(), targets.end(), type) == targets.end()) {
      return unknown_parameter(other, via);
    }
    SearchCriterion out;
    out.name = "_has";
    out.target = via;
    XL_TRY_ASSIGN(SearchCriterion inner, read(other, text.substr(second + 1), depth + 1));
    inner.asked_of = other;
    out.chained.push_back(std::move(inner));
    return out;
  }

  std::string_view value_;
  const OwnNames& own_;
};

}  // namespace

std::string_view without_own_base(std::string_view reference, const OwnNames& own) {
  for (const std::string& base : own.bases) {
    const bool below = !base.empty() && reference.starts_with(base) &&
                       reference.substr(base.size()).starts_with('/');
    if (below) return reference.substr(base.size() + 1);
  }
  if (own.path.empty() || !reference.starts_with("http")) return reference;
  const std::size_t at = reference.find(own.path);
  return at == std::string_view::npos ? reference : reference.substr(at + own.path.size());
}

std::string protected_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(",|$\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::vector<std::string_view> split_protected(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == separator) {
      out.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  out.push_back(text.substr(start));
  return out;
}

std::string unprotected(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool protects = text[i] == '\\' && i + 1 < text.size() &&
                          std::string_view(",|$\\").find(text[i + 1]) != std::string_view::npos;
    if (protects) ++i;
    out += text[i];
  }
  return out;
}

const SearchParameter* searched_parameter(std::string_view type, std::string_view name) {
  const SearchParameter* found =
      fhir::find_search_parameter(type.empty() ? "Resource" : type, name);
  if (found == nullptr) return nullptr;
  const bool own = name == "_id" || name == "_lastUpdated";
  return own || has_terms(*found) ? found : nullptr;
}

Result<SearchCriterion> read_criterion(std::string_view type, std::string_view name,
                                       std::string_view value, const OwnNames& own) {
  if (name.size() > search_name_bytes_max) {
    return make_error(ErrorCode::search_too_complex, "the name of a parameter");
  }
  return Reader(value, own).read(type, name, 0);
}

Result<std::vector<SortKey>> read_sort(std::string_view type, std::string_view text) {
  std::vector<SortKey> out;
  for (std::string_view name : split_protected(text, ',')) {
    const bool descending = name.starts_with('-');
    if (descending) name.remove_prefix(1);
    const SearchParameter* parameter = searched_parameter(type, name);
    const bool ordered = parameter != nullptr && parameter->type != SearchType::composite &&
                         parameter->type != SearchType::special;
    if (!ordered) return unknown_parameter(type, name);
    out.push_back({std::string(name), descending});
  }
  if (out.size() > sort_keys_max) return make_error(ErrorCode::search_too_complex, "_sort");
  return out;
}

Result<Include> read_include(std::string_view name, std::string_view text) {
  Include out;
  const std::size_t colon = name.find(':');
  out.reverse = name.substr(0, colon) == "_revinclude";
  if (colon != std::string_view::npos) {
    out.iterate = name.substr(colon) == ":iterate" || name.substr(colon) == ":recurse";
    if (!out.iterate) return no_modifier(name.substr(0, colon), name.substr(colon + 1));
  }
  if (text == "*" && !out.reverse) {
    out.parameter = "*";
    return out;
  }
  const std::size_t first = text.find(':');
  if (first == std::string_view::npos) return unknown_parameter({}, name.substr(0, colon));
  out.type = text.substr(0, first);
  const std::string_view rest = text.substr(first + 1);
  const std::size_t second = rest.find(':');
  out.parameter = rest.substr(0, second);
  if (second != std::string_view::npos) out.target = rest.substr(second + 1);
  if (!out.target.empty() && !fhir::is_resource_type(out.target)) {
    return unknown_parameter(out.type, out.target);
  }
  if (!fhir::is_resource_type(out.type)) return unknown_parameter(out.type, out.parameter);
  if (out.parameter == "*") return out;
  const SearchParameter* parameter = searched_parameter(out.type, out.parameter);
  if (parameter == nullptr || parameter->type != SearchType::reference) {
    return unknown_parameter(out.type, out.parameter);
  }
  return out;
}

}  // namespace xl::query
