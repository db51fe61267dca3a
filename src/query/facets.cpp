// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "fhir/time.h"
#include "query/fhir_terms.h"
#include "query/fold.h"
#include "query/measures.h"

namespace xl::query {

namespace path = fhir::fhirpath;
using fhir::SearchType;

namespace {

std::string_view string_at(json::Value object, std::string_view key) {
  return object.find(key).as_string().value_or(std::string_view{});
}

std::optional<long double> number_at(json::Value object, std::string_view key) {
  return magnitude_of(object.find(key).number_text().value_or(std::string_view{}));
}

/// No search value has a control character that we use ourselves, or a NUL.
bool can_be_asked(std::string_view text) {
  return text.size() <= term_bytes_max && text.find('\0') == std::string_view::npos &&
         text.find(part_mark) == std::string_view::npos;
}

/// One element becoming facets.
class FacetMaker {
 public:
  FacetMaker(std::string_view own_path, std::vector<Facet>& out) : own_path_(own_path), out_(out) {}

  void token(const path::Item& item);
  void date(const path::NodeItem& node);
  void text(const path::NodeItem& node);
  void reference(const path::NodeItem& node);
  void number(const path::NodeItem& node);
  void quantity(const path::NodeItem& node);
  void uri(const path::NodeItem& node);
  void position(const path::NodeItem& node);

 private:
  void add(Form form, std::string value, std::string text = {}) {
    out_.push_back({form, std::move(value), std::move(text), false, 0, 0});
  }
  void add_range(Form form, std::string value, std::int64_t low, std::int64_t high) {
    if (low <= high) out_.push_back({form, std::move(value), {}, true, low, high});
  }
  void add_code(std::string_view system, std::string_view code);
  void add_display(std::string_view text);
  void add_identifier(json::Value identifier);
  void add_words(std::string_view text);
  void add_target(std::string_view reference);
  void add_measure(const Measure& measure);

  std::string_view own_path_;
  std::vector<Facet>& out_;
};

void FacetMaker::add_code(std::string_view system, std::string_view code) {
  if (!can_be_asked(code) || !can_be_asked(system)) return;
  if (!system.empty()) add(Form::system, std::string(system));
  if (code.empty()) return;
  const std::string folded = folded_code(code);
  add(Form::code, folded);
  add(Form::coded, join_parts({system, folded}), std::string(code));
}

void FacetMaker::add_display(std::string_view text) {
  const std::string folded = folded_term(text);
  if (!folded.empty()) add(Form::display, folded, folded);
}

void FacetMaker::add_identifier(json::Value identifier) {
  const std::string_view value = string_at(identifier, "value");
  add_code(string_at(identifier, "system"), value);
  const json::Value type = identifier.find("type");
  add_display(string_at(type, "text"));
  if (value.empty() || !can_be_asked(value)) return;
  for (const json::Value coding : type.find("coding").items()) {
    const std::string_view system = string_at(coding, "system");
    const std::string_view code = string_at(coding, "code");
    if (code.empty() || !can_be_asked(system) || !can_be_asked(code)) continue;
    add(Form::of_type, join_parts({system, folded_code(code), folded_code(value)}));
  }
}

void FacetMaker::token(const path::Item& item) {
  if (const bool* truth = item.as<bool>()) return add_code({}, *truth ? "true" : "false");
  const path::NodeItem* node = item.node();
  if (node == nullptr) return;
  const json::Value value = node->value;
  if (const auto code = value.as_string()) return add_code({}, *code);
  if (const auto truth = value.as_bool()) return add_code({}, *truth ? "true" : "false");
  if (!value.is_object()) return;
  const std::string_view type = path::type_name(*node);
  if (type == "Identifier") return add_identifier(value);
  if (type == "CodeableConcept") {
    for (const json::Value coding : value.find("coding").items()) {
      add_code(string_at(coding, "system"), string_at(coding, "code"));
      add_display(string_at(coding, "display"));
    }
    return add_display(string_at(value, "text"));
  }
  if (type == "Coding") {
    add_code(string_at(value, "system"), string_at(value, "code"));
    return add_display(string_at(value, "display"));
  }
  if (type == "ContactPoint") add_code({}, string_at(value, "value"));
}

/// The outer ends of what an element says of time.
std::optional<fhir::TimeRange> period_of(json::Value period) {
  const json::Value start = period.find("start");
  const json::Value end = period.find("end");
  const auto low = fhir::time_range_of(start.as_string().value_or(std::string_view{}));
  const auto high = fhir::time_range_of(end.as_string().value_or(std::string_view{}));
  if ((start.present() && !low) || (end.present() && !high) || (!low && !high)) return std::nullopt;
  fhir::TimeRange out;
  if (low) out.low = low->low;
  if (high) out.high = high->high;
  return out;
}

/// A Timing from its first to its last moment (R4 §3.1.1.4.7).
std::optional<fhir::TimeRange> timing_of(json::Value timing) {
  std::optional<fhir::TimeRange> out = period_of(timing.find("repeat").find("boundsPeriod"));
  for (const json::Value event : timing.find("event").items()) {
    const auto one = fhir::time_range_of(event.as_string().value_or(std::string_view{}));
    if (!one) continue;
    if (!out) out = *one;
    out->low = std::min(out->low, one->low);
    out->high = std::max(out->high, one->high);
  }
  return out;
}

void FacetMaker::date(const path::NodeItem& node) {
  std::optional<fhir::TimeRange> range;
  if (const auto written = node.value.as_string()) {
    range = fhir::time_range_of(*written);
  } else {
    const std::string_view type = path::type_name(node);
    if (type == "Period") range = period_of(node.value);
    if (type == "Timing") range = timing_of(node.value);
  }
  if (range) add_range(Form::time, {}, range->low, range->high);
}

void FacetMaker::add_words(std::string_view text) {
  const std::string folded = folded_term(text);
  if (folded.empty()) return;
  add(Form::words, folded, folded);
  if (can_be_asked(text)) add(Form::exact, std::string(text));
}

void FacetMaker::text(const path::NodeItem& node) {
  if (const auto written = node.value.as_string()) return add_words(*written);
  constexpr std::array<std::string_view, 12> parts = {
      "text", "family", "given",    "prefix",  "suffix",     "line",
      "city", "state",  "district", "country", "postalCode", "display"};
  for (const std::string_view part : parts) {
    const json::Value found = node.value.find(part);
    if (const auto written = found.as_string()) add_words(*written);
    for (const json::Value one : found.items()) {
      if (const auto written = one.as_string()) add_words(*written);
    }
  }
}

void FacetMaker::add_target(std::string_view reference) {
  const auto parts = reference_parts(reference);
  if (!parts || !can_be_asked(reference)) return;
  const bool own = !own_path_.empty() && parts->base.ends_with(own_path_);
  const std::string_view base = own ? std::string_view{} : parts->base;
  std::string name = std::string(base) + std::string(parts->type);
  if (!parts->type.empty()) name += '/';
  name += parts->id;
  add(Form::target, join_parts({base, parts->type, parts->id}), name);
  add(Form::bare, std::string(parts->id));
  // A canonical names a version behind a bar; it is found without it too.
  const std::size_t bar = reference.find('|');
  if (bar != std::string_view::npos) add_target(reference.substr(0, bar));
}

void FacetMaker::reference(const path::NodeItem& node) {
  if (const auto written = node.value.as_string()) {
    std::string canonical(written->substr(0, written->find('#')));
    if (canonical.ends_with('|')) canonical.pop_back();
    if (!canonical.empty() && can_be_asked(canonical)) add(Form::canonical, canonical, canonical);
    return add_target(*written);
  }
  if (node.kind == fhir::Kind::resource || node.value.find("resourceType").present()) {
    const std::string_view id = string_at(node.value, "id");
    const std::string_view type = string_at(node.value, "resourceType");
    if (!id.empty()) add_target(std::string(type) + "/" + std::string(id));
    return;
  }
  add_target(string_at(node.value, "reference"));
  const json::Value identifier = node.value.find("identifier");
  const std::string_view value = string_at(identifier, "value");
  const std::string_view system = string_at(identifier, "system");
  if (!can_be_asked(value) || !can_be_asked(system)) return;
  if (!system.empty()) add(Form::identifier_system, std::string(system));
  if (value.empty()) return;
  add(Form::identifier_value, folded_code(value));
  add(Form::identifier, join_parts({system, folded_code(value)}));
}

void FacetMaker::number(const path::NodeItem& node) {
  const auto number = magnitude_of(node.value.number_text().value_or(std::string_view{}));
  if (!number) return;
  const std::int64_t place = sortable(*number);
  add_range(Form::number, {}, place, place);
}

void FacetMaker::add_measure(const Measure& measure) {
  add_range(Form::quantity, {}, sortable(measure.low), sortable(measure.high));
  for (const std::string_view name : {std::string_view(measure.code), measure.unit}) {
    const bool again = name == measure.unit && measure.unit == measure.code;
    if (name.empty() || again || !can_be_asked(name)) continue;
    add_range(Form::unit, std::string(name), sortable(measure.low), sortable(measure.high));
  }
  if (measure.code.empty() || !can_be_asked(measure.code) || !can_be_asked(measure.system)) return;
  const auto base = base_measure(measure);
  if (base) {
    add_range(Form::measured, base->dimension, sortable(base->low), sortable(base->high));
  } else {
    add_range(Form::coded_unit, join_parts({measure.system, measure.code}), sortable(measure.low),
              sortable(measure.high));
  }
}

/// A Quantity or one of its kinds; Money, whose unit is its currency.
std::optional<Measure> quantity_of(json::Value quantity) {
  const auto number = number_at(quantity, "value");
  if (!number) return std::nullopt;
  Measure out;
  out.low = out.high = *number;
  out.system = string_at(quantity, "system");
  out.code = string_at(quantity, "code");
  out.unit = string_at(quantity, "unit");
  if (const auto currency = quantity.find("currency").as_string()) {
    out.system = "urn:iso:std:iso:4217";
    out.code = *currency;
  }
  // `<5` may be anything below.
  const std::string_view comparator = string_at(quantity, "comparator");
  if (comparator.starts_with('<')) out.low = -HUGE_VALL;
  if (comparator.starts_with('>')) out.high = HUGE_VALL;
  return out;
}

/// A Range; a missing end is open. Its unit is that of the end there is.
std::optional<Measure> range_of(json::Value range) {
  auto low = quantity_of(range.find("low"));
  const auto high = quantity_of(range.find("high"));
  if (!low && !high) return std::nullopt;
  Measure out = low ? *low : *high;
  if (!low) out.low = -HUGE_VALL;
  out.high = high ? high->high : HUGE_VALL;
  return out;
}

/// SampledData between its smallest and its largest value (R4, Observation `value-quantity`).
std::optional<Measure> samples_of(json::Value samples) {
  auto out = quantity_of(samples.find("origin"));
  if (!out) return std::nullopt;
  const long double zero = out->low;
  const long double factor = number_at(samples, "factor").value_or(1);
  std::string_view data = string_at(samples, "data");
  bool any = false;
  while (!data.empty()) {
    const std::size_t end = data.find(' ');
    const auto number = magnitude_of(data.substr(0, end));
    data.remove_prefix(end == std::string_view::npos ? data.size() : end + 1);
    if (!number) continue;  // E, U and L: no value
    const long double value = zero + factor * *number;
    out->low = any ? std::min(out->low, value) : value;
    out->high = any ? std::max(out->high, value) : value;
    any = true;
  }
  if (!any) return std::nullopt;
  return out;
}

void FacetMaker::quantity(const path::NodeItem& node) {
  const std::string_view type = path::type_name(node);
  std::optional<Measure> measure;
  if (type == "Range") {
    measure = range_of(node.value);
  } else if (type == "SampledData") {
    measure = samples_of(node.value);
  } else if (node.value.is_object()) {
    measure = quantity_of(node.value);
  }
  if (measure) add_measure(*measure);
}

void FacetMaker::uri(const path::NodeItem& node) {
  const std::string_view written = node.value.as_string().value_or(std::string_view{});
  if (!written.empty() && can_be_asked(written)) {
    add(Form::uri, std::string(written), std::string(written));
  }
}

void FacetMaker::position(const path::NodeItem& node) {
  const auto latitude = number_at(node.value, "latitude");
  const auto longitude = number_at(node.value, "longitude");
  if (!latitude || !longitude) return;
  const std::int64_t north = sortable(*latitude);
  const std::int64_t east = sortable(*longitude);
  add_range(Form::latitude, {}, north, north);
  add_range(Form::longitude, {}, east, east);
}

}  // namespace

std::string folded_code(std::string_view code) {
  std::string out(code);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::int64_t sortable(long double number) {
  const auto bits = std::bit_cast<std::int64_t>(static_cast<double>(number));
  // Of negative numbers the larger bits mean the smaller number; -0 is 0.
  return bits >= 0 ? bits : std::bit_cast<std::int64_t>(0x8000000000000000ULL) - bits;
}

long double from_sortable(std::int64_t integer) {
  if (integer < 0) integer = std::bit_cast<std::int64_t>(0x8000000000000000ULL) - integer;
  return std::bit_cast<double>(integer);
}

std::string join_parts(std::initializer_list<std::string_view> parts) {
  std::string out;
  bool first = true;
  for (const std::string_view part : parts) {
    if (!first) out += part_mark;
    out += part;
    first = false;
  }
  return out;
}

void append_facets(SearchType type, const path::Item& item, std::string_view own_path,
                   std::vector<Facet>& out) {
  FacetMaker maker(own_path, out);
  if (type == SearchType::token) return maker.token(item);
  const path::NodeItem* node = item.node();
  if (node == nullptr || !node->value.present()) return;
  switch (type) {
    case SearchType::date:
      return maker.date(*node);
    case SearchType::text:
      return maker.text(*node);
    case SearchType::reference:
      return maker.reference(*node);
    case SearchType::number:
      return maker.number(*node);
    case SearchType::quantity:
      return maker.quantity(*node);
    case SearchType::uri:
      return maker.uri(*node);
    case SearchType::special:
      return maker.position(*node);
    case SearchType::token:
    case SearchType::composite:
      return;
  }
}

}  // namespace xl::query
