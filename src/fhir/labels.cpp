// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/labels.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "fhir/references.h"
#include "fhir/time.h"

namespace xl::fhir {
namespace {

constexpr std::string_view resource_types = "http://hl7.org/fhir/resource-types";
constexpr std::string_view v3_confidentiality =
    "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
constexpr std::string_view v3_act_code = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// The elements that say what a record is of, in the order of bytes. Reasons, body sites and
/// results are not among them.
constexpr std::array<std::string_view, 18> class_elements = {"category",
                                                             "class",
                                                             "code",
                                                             "itemCodeableConcept",
                                                             "medicationCodeableConcept",
                                                             "modality",
                                                             "orderDetail",
                                                             "procedureCode",
                                                             "productCodeableConcept",
                                                             "programCode",
                                                             "scope",
                                                             "serviceCategory",
                                                             "serviceType",
                                                             "specialty",
                                                             "subType",
                                                             "subtype",
                                                             "type",
                                                             "vaccineCode"};
static_assert(std::is_sorted(class_elements.begin(), class_elements.end()));

std::string_view text_at(json::Value object, std::string_view key) {
  return object.find(key).as_string().value_or(std::string_view{});
}

/// Collects the codings of one resource.
class ClassCollector {
 public:
  explicit ClassCollector(Labels& out) : out_(out) {}

  void add(std::string_view system, std::string_view code) {
    const bool full = out_.classes.size() == label_classes_max;
    if (code.empty() || (full && out_.classes_cut)) return;
    if (code.size() > label_code_bytes_max || system.size() > label_system_bytes_max) {
      out_.classes_cut = true;
      return;
    }
    const auto same = [&](const ClassLabel& label) {
      return label.code == code && label.system == system;
    };
    if (std::any_of(out_.classes.begin(), out_.classes.end(), same)) return;
    if (full) {
      out_.classes_cut = true;
      return;
    }
    out_.classes.push_back({std::string(system), std::string(code)});
  }

  /// The codings of a resource, its components and, once, the resources it contains.
  void add_resource(json::Value resource) {
    add(resource_types, text_at(resource, "resourceType"));
    add_elements(resource);
    for (const json::Value component : resource.find("component").items()) {
      add_value(component.find("code"));
    }
    for (const json::Value inner : resource.find("contained").items()) add_elements(inner);
  }

 private:
  void add_elements(json::Value resource) {
    for (const json::Member& member : resource.members()) {
      if (std::binary_search(class_elements.begin(), class_elements.end(), member.key)) {
        add_value(member.value);
      }
    }
  }

  /// A CodeableConcept, a Coding, or an array of either.
  void add_value(json::Value value) {
    if (value.is_array()) {
      for (const json::Value item : value.items()) add_concept(item);
    } else {
      add_concept(value);
    }
  }

  void add_concept(json::Value value) {
    add(text_at(value, "system"), text_at(value, "code"));
    for (const json::Value coding : value.find("coding").items()) {
      add(text_at(coding, "system"), text_at(coding, "code"));
    }
  }

  Labels& out_;
};

/// Collects confidentiality and sensitivities.
class SecurityCollector {
 public:
  explicit SecurityCollector(Labels& out) : out_(out) {}

  void add(std::string_view system, std::string_view code) {
    if (system == v3_confidentiality) {
      add_confidentiality(code);
    } else if (system == gbt_39725_levels) {
      add_confidentiality(confidentiality_of_level(code));
    } else if (system == v3_act_code && !code.empty()) {
      add_sensitivity(code);
    }
  }

  void add_confidentiality(std::string_view code) {
    constexpr std::string_view levels = "ULMNRV";
    const std::size_t level = code.size() == 1 ? levels.find(code[0]) : std::string_view::npos;
    if (level == std::string_view::npos) return;
    highest_ = std::max(highest_, static_cast<std::uint8_t>(level + 1));
    out_.confidentiality = highest_;
  }

 private:
  void add_sensitivity(std::string_view code) {
    const auto& known = out_.sensitivities;
    const bool full = known.size() == label_sensitivities_max;
    if (full && out_.sensitivities_cut) return;
    if (std::find(known.begin(), known.end(), code) != known.end()) return;
    if (full || code.size() > label_sensitivity_bytes_max) {
      out_.sensitivities_cut = true;
    } else {
      out_.sensitivities.emplace_back(code);
    }
  }

  Labels& out_;
  std::uint8_t highest_ = 0;
};

void add_security(json::Value resource, Labels& out) {
  SecurityCollector collector(out);
  const auto add_coding = [&](json::Value coding) {
    collector.add(text_at(coding, "system"), text_at(coding, "code"));
  };
  for (const json::Value coding : resource.find("meta").find("security").items()) {
    add_coding(coding);
  }
  // DocumentReference has labels of the document, Composition one for the whole of it.
  for (const json::Value label : resource.find("securityLabel").items()) {
    for (const json::Value coding : label.find("coding").items()) add_coding(coding);
  }
  collector.add_confidentiality(text_at(resource, "confidentiality"));
  if (!out.sensitivities.empty() || out.sensitivities_cut) collector.add_confidentiality("R");
}

/// A date, dateTime or instant, a Period, or a Timing. Nothing for anything else.
std::optional<TimeRange> range_of(json::Value value) {
  if (const auto text = value.as_string()) return time_range_of(*text);
  if (!value.is_object()) return std::nullopt;
  const auto start = time_range_of(text_at(value, "start"));
  const auto end = time_range_of(text_at(value, "end"));
  if (start || end) {
    const TimeRange period{start ? start->low : time_lowest_ms, end ? end->high : time_highest_ms};
    return period.low <= period.high ? std::optional(period) : std::nullopt;
  }
  std::optional<TimeRange> events;
  for (const json::Value event : value.find("event").items()) {
    const auto one = time_range_of(event.as_string().value_or(std::string_view{}));
    if (!one) continue;
    events = events ? TimeRange{std::min(events->low, one->low), std::max(events->high, one->high)}
                    : *one;
  }
  if (events) return events;
  const json::Value bounds = value.find("repeat").find("boundsPeriod");
  return bounds.is_object() ? range_of(bounds) : std::nullopt;
}

/// Where the clinical time stands, the best first: one or two steps, then perhaps the element that
/// ends what this one begins.
struct TimePlace {
  std::string_view element;
  std::string_view inner{};
  std::string_view end_element{};
};

constexpr std::array time_places = {
    TimePlace{"effectiveDateTime"},
    TimePlace{"effectivePeriod"},
    TimePlace{"effectiveInstant"},
    TimePlace{"effectiveTiming"},
    TimePlace{"performedDateTime"},
    TimePlace{"performedPeriod"},
    TimePlace{"occurrenceDateTime"},
    TimePlace{"occurrencePeriod"},
    TimePlace{"occurrenceTiming"},
    TimePlace{"occurredDateTime"},
    TimePlace{"occurredPeriod"},
    TimePlace{"onsetDateTime", "", "abatementDateTime"},
    TimePlace{"onsetPeriod", "", "abatementPeriod"},
    TimePlace{"collection", "collectedDateTime"},
    TimePlace{"collection", "collectedPeriod"},
    TimePlace{"context", "period"},  // DocumentReference: the time of the care documented
    TimePlace{"period"},
    TimePlace{"billablePeriod"},
    TimePlace{"servicedDate"},
    TimePlace{"servicedPeriod"},
    TimePlace{"started"},
    TimePlace{"startDate"},
    TimePlace{"startDateTime"},
    TimePlace{"whenPrepared", "", "whenHandedOver"},
    TimePlace{"whenHandedOver"},
    TimePlace{"start", "", "end"},
    TimePlace{"identifiedDateTime"},
    TimePlace{"identifiedPeriod"},
    TimePlace{"executionPeriod"},
    TimePlace{"sent", "", "received"},
    TimePlace{"date"},
    TimePlace{"dateTime"},
    TimePlace{"recordedDate"},
    TimePlace{"dateRecorded"},
    TimePlace{"recorded"},
    TimePlace{"dateAsserted"},
    TimePlace{"authoredOn"},
    TimePlace{"authored"},
    TimePlace{"dateWritten"},
    TimePlace{"issued"},
    TimePlace{"created"},
};

void add_time(json::Value resource, Labels& out) {
  for (const TimePlace& place : time_places) {
    json::Value value = resource.find(place.element);
    if (!place.inner.empty()) value = value.find(place.inner);
    if (!value.present()) continue;
    auto range = range_of(value);
    if (!range) continue;
    if (!place.end_element.empty()) {
      const json::Value end_value = resource.find(place.end_element);
      const auto end = end_value.present() ? range_of(end_value) : std::nullopt;
      if (end && end->high >= range->low) range->high = end->high;
    }
    if (range->low != time_lowest_ms) out.from_ms = range->low;
    if (range->high != time_highest_ms) out.to_ms = range->high;
    return;
  }
}

/// `Encounter/7` of `Encounter/7/_history/2`; empty for a reference to anything else.
std::string_view link_of(std::string_view reference) {
  for (const std::string_view type : {"Encounter/", "CarePlan/", "EpisodeOfCare/"}) {
    if (!reference.starts_with(type)) continue;
    const std::string_view name = reference.substr(0, reference.find('/', type.size()));
    return name.size() > type.size() ? name : std::string_view{};
  }
  return {};
}

void add_links(json::Value resource, Labels& out) {
  for_each_reference(resource, [&](std::string_view text, json::Value) {
    const std::string_view link = link_of(text);
    if (link.empty() || std::find(out.links.begin(), out.links.end(), link) != out.links.end()) {
      return;
    }
    if (out.links.size() == label_links_max) {
      out.links_cut = true;
    } else {
      out.links.emplace_back(link);
    }
  });
}

}  // namespace

std::string_view confidentiality_of_level(std::string_view level) {
  constexpr std::string_view of_levels = "ULNRV";
  const bool known = level.size() == 1 && level[0] >= '1' && level[0] <= '5';
  return known ? of_levels.substr(static_cast<std::size_t>(level[0] - '1'), 1) : std::string_view{};
}

Labels labels_of(json::Value resource) {
  Labels out;
  ClassCollector(out).add_resource(resource);
  add_security(resource, out);
  add_time(resource, out);
  add_links(resource, out);
  return out;
}

}  // namespace xl::fhir
