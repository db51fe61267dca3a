// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/term_match.h"

#include <algorithm>

#include "fhir/time.h"
#include "query/fold.h"

namespace xl::query {

using fhir::SearchParameter;
using fhir::SearchType;

namespace {

/// `code`, `system|code`, `|code` and `system|` (R4 §3.1.1.4.10).
bool meets_token(const Facet& facet, std::string_view written) {
  const auto parts = split_protected(written, '|');
  if (parts.size() == 1) {
    return facet.form == Form::code && facet.value == folded_code(unprotected(written));
  }
  const std::string system = unprotected(parts[0]);
  const std::string code = folded_code(unprotected(written.substr(parts[0].size() + 1)));
  if (code.empty()) return facet.form == Form::system && facet.value == system;
  return facet.form == Form::coded && facet.value == join_parts({system, code});
}

/// A bare id is of any type that the parameter leads to, as in the index.
bool meets_reference(const Facet& facet, std::string_view written,
                     const SearchParameter& parameter) {
  constexpr std::size_t targets_listed_max = 16;
  const std::string plain = unprotected(written);
  const auto parts = reference_parts(plain);
  if (!parts) return false;
  const auto is = [&](std::string_view type) {
    return facet.form == Form::target && facet.value == join_parts({parts->base, type, parts->id});
  };
  if (!parts->type.empty() || parts->id.starts_with("urn:")) return is(parts->type);
  const auto targets = parameter.targets();
  if (targets.size() > targets_listed_max) {
    return facet.form == Form::bare && facet.value == parts->id;
  }
  return is("") || std::any_of(targets.begin(), targets.end(), is);
}

/// FHIR R4 §3.1.1.4.7.
bool meets_date(const Facet& facet, const SearchValue& value) {
  const auto wanted = fhir::time_range_of(value.text);
  if (!wanted || facet.form != Form::time || !facet.ranged) return false;
  const bool inside = facet.low >= wanted->low && facet.high <= wanted->high;
  const bool above = facet.high > wanted->high;
  const bool below = facet.low < wanted->low;
  switch (value.prefix) {
    case Prefix::eq:
      return inside;
    case Prefix::ne:
      return !inside;
    case Prefix::gt:
      return above;
    case Prefix::lt:
      return below;
    case Prefix::ge:
      return above || inside;
    case Prefix::le:
      return below || inside;
    case Prefix::sa:
      return facet.low > wanted->high;
    case Prefix::eb:
      return facet.high < wanted->low;
    case Prefix::ap:
      break;
  }
  return false;
}

bool meets_facet(const Facet& facet, const SearchValue& value, const SearchParameter& parameter) {
  switch (parameter.type) {
    case SearchType::token:
      return meets_token(facet, value.text);
    case SearchType::text:
      return facet.form == Form::words &&
             facet.text.starts_with(folded_term(unprotected(value.text)));
    case SearchType::reference:
      return meets_reference(facet, value.text, parameter);
    case SearchType::uri:
      return facet.form == Form::uri && facet.value == unprotected(value.text);
    case SearchType::date:
      return meets_date(facet, value);
    case SearchType::number:
    case SearchType::quantity:
    case SearchType::composite:
    case SearchType::special:
      break;
  }
  return false;
}

}  // namespace

bool is_decidable(std::string_view type, const SearchCriterion& criterion) {
  const SearchParameter* parameter = searched_parameter(type, criterion.name);
  const bool plain = parameter != nullptr && criterion.modifier == Modifier::none &&
                     criterion.chained.empty() && criterion.values.size() == 1 &&
                     criterion.name != "_id" && criterion.name != "_lastUpdated";
  if (!plain) return false;
  const SearchValue& value = criterion.values.front();
  switch (parameter->type) {
    case SearchType::token:
    case SearchType::uri:
      return true;
    case SearchType::text:
      return !folded_term(unprotected(value.text)).empty();
    case SearchType::reference:
      return reference_parts(unprotected(value.text)).has_value();
    case SearchType::date:
      return value.prefix != Prefix::ap && fhir::time_range_of(value.text).has_value();
    case SearchType::number:
    case SearchType::quantity:
    case SearchType::composite:
    case SearchType::special:
      break;
  }
  return false;
}

bool meets(std::string_view type, std::span<const Term> terms, const SearchCriterion& criterion) {
  const SearchParameter* parameter = searched_parameter(type, criterion.name);
  if (parameter == nullptr) return false;
  return std::any_of(terms.begin(), terms.end(), [&](const Term& term) {
    return term.parameter->code == parameter->code &&
           std::ranges::any_of(criterion.values, [&](const SearchValue& value) {
             return meets_facet(term.facet, value, *parameter);
           });
  });
}

}  // namespace xl::query
