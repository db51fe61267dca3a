// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <array>
#include <utility>

#include "fhir/time.h"
#include "query/fold.h"
#include "query/index_store.h"

namespace xl::query {
namespace {

using detail::Clause;

/// A criterion binds its name, each value at most this often.
constexpr std::size_t binds_per_value = 3;
constexpr std::size_t binds_of_listing = 16;  // scope, snapshot, place of the cursor, limit
static_assert(search_values_max * binds_per_value + search_parameters_max + binds_of_listing <=
              sqlite::parameters_max);

constexpr std::array<std::pair<std::string_view, Prefix>, 8> prefixes = {{{"eq", Prefix::eq},
                                                                          {"ne", Prefix::ne},
                                                                          {"gt", Prefix::gt},
                                                                          {"lt", Prefix::lt},
                                                                          {"ge", Prefix::ge},
                                                                          {"le", Prefix::le},
                                                                          {"sa", Prefix::sa},
                                                                          {"eb", Prefix::eb}}};

Error value_error(std::string_view parameter) {
  return make_error(ErrorCode::search_value_invalid, parameter);
}

/// FHIR R4 §3.1.1.4.7: the range of the value against the range of the record.
std::string date_condition(Prefix prefix, const std::string& low, const std::string& high,
                           const fhir::TimeRange& range, Clause& out) {
  // Each value is bound where it is used: a statement has no parameter that it does not name.
  const auto above = [&] { return high + " > " + out.bind(range.high); };
  const auto below = [&] { return low + " < " + out.bind(range.low); };
  const auto inside = [&] {
    const std::string first = out.bind(range.low);
    return low + " >= " + first + " AND " + high + " <= " + out.bind(range.high);
  };
  switch (prefix) {
    case Prefix::eq:
      break;
    case Prefix::ne:
      return "(NOT (" + inside() + "))";
    case Prefix::gt:
      return "(" + above() + ")";
    case Prefix::lt:
      return "(" + below() + ")";
    case Prefix::ge:
      return "(" + above() + " OR (" + inside() + "))";
    case Prefix::le:
      return "(" + below() + " OR (" + inside() + "))";
    case Prefix::sa:
      return "(" + low + " > " + out.bind(range.high) + ")";
    case Prefix::eb:
      return "(" + high + " < " + out.bind(range.low) + ")";
  }
  return "(" + inside() + ")";
}

/// `code`, `|code` (no system), `system|code`, `system|` (any code of it).
Result<std::string> token_condition(std::string_view name, std::string_view written, Clause& out) {
  const std::size_t bar = written.find('|');
  if (bar == std::string_view::npos) {
    return "(t.value = " + out.bind(std::string(written)) + " COLLATE NOCASE)";
  }
  const std::string_view code = written.substr(bar + 1);
  if (bar == 0 && code.empty()) return value_error(name);
  std::string sql = "(t.system = " + out.bind(std::string(written.substr(0, bar)));
  if (!code.empty()) sql += " AND t.value = " + out.bind(std::string(code)) + " COLLATE NOCASE";
  return sql + ")";
}

/// A bare id is of the parameter's target type, where it has one.
Result<std::string> reference_condition(const SearchParameter& parameter, std::string_view written,
                                        Clause& out) {
  const auto parts = reference_parts(written);
  if (!parts) return value_error(parameter.name);
  std::string_view type = parts->type;
  if (type.empty() && !parts->id.starts_with("urn:")) type = parameter.target;
  std::string sql = "(t.value = " + out.bind(std::string(parts->id)) +
                    " AND t.system = " + out.bind(std::string(parts->base));
  if (!type.empty()) sql += " AND t.type = " + out.bind(std::string(type));
  return sql + ")";
}

Result<std::string> text_condition(std::string_view name, std::string_view written, Clause& out) {
  std::string folded = fold(written);
  if (folded.empty()) return value_error(name);
  std::string behind = folded + '\xff';  // above every UTF-8 byte
  std::string sql = "(t.value >= " + out.bind(std::move(folded));
  return sql + " AND t.value < " + out.bind(std::move(behind)) + ")";
}

Result<std::string> value_condition(const SearchParameter& parameter, const SearchValue& value,
                                    Clause& out) {
  if (value.text.empty() || value.text.size() > search_value_bytes_max ||
      value.text.find('\0') != std::string::npos) {
    return value_error(parameter.name);
  }
  const bool dated = parameter.kind == SearchKind::date || parameter.kind == SearchKind::updated;
  if (dated) {
    const auto range = fhir::time_range_of(value.text);
    if (!range) return value_error(parameter.name);
    const bool own = parameter.kind == SearchKind::updated;
    return date_condition(value.prefix, own ? "e.updated" : "t.low", own ? "e.updated" : "t.high",
                          *range, out);
  }
  if (value.prefix != Prefix::eq) return value_error(parameter.name);
  switch (parameter.kind) {
    case SearchKind::token:
      return token_condition(parameter.name, value.text, out);
    case SearchKind::reference:
      return reference_condition(parameter, value.text, out);
    case SearchKind::text:
      return text_condition(parameter.name, value.text, out);
    default:
      return "(e.id = " + out.bind(value.text) + ")";
  }
}

}  // namespace

namespace detail {

Status add_criteria(const Query& query, Clause& out) {
  if (query.criteria.size() > search_parameters_max) {
    return make_error(ErrorCode::search_too_complex, "parameters");
  }
  std::size_t values = 0;
  for (const SearchCriterion& criterion : query.criteria) {
    const auto parameter = search_parameter(query.type, criterion.name);
    if (!parameter) return make_error(ErrorCode::search_parameter_unknown);
    values += criterion.values.size();
    if (values > search_values_max) return make_error(ErrorCode::search_too_complex, "values");
    if (criterion.values.empty()) return value_error(parameter->name);
    const bool own = parameter->kind == SearchKind::id || parameter->kind == SearchKind::updated;
    std::string name;
    if (!own) name = out.bind(std::string(parameter->name));
    std::string any;
    for (const SearchValue& value : criterion.values) {
      XL_TRY_ASSIGN(const std::string condition, value_condition(*parameter, value, out));
      any += (any.empty() ? "" : " OR ") + condition;
    }
    out.sql +=
        own ? " AND (" + any + ")"
            : " AND EXISTS(SELECT 1 FROM terms t WHERE t.row = e.row AND t.parameter = " + name +
                  " AND (" + any + "))";
  }
  return {};
}

}  // namespace detail

Result<SearchValue> search_value(SearchKind kind, std::string_view written) {
  SearchValue out{Prefix::eq, std::string(written)};
  if (kind != SearchKind::date && kind != SearchKind::updated) return out;
  if (written.starts_with("ap")) return value_error("the prefix ap is not offered");
  for (const auto& [name, prefix] : prefixes) {
    if (written.starts_with(name)) return SearchValue{prefix, std::string(written.substr(2))};
  }
  return out;
}

}  // namespace xl::query
