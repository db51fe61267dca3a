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
/// Resources inside resources: a Bundle's entries may hold Bundles.
constexpr int inner_depth_max = 4;

/// What a label of a system says.
enum class LabelSystem { confidentiality, level, sensitivity, law, harmless, unknown };

struct KnownSystem {
  std::string_view name;
  LabelSystem kind;
};

/// The systems of security labels by each of their names, those of STU3 and DSTU2 too. What is
/// harmless restricts nothing: purposes, integrity, provenance.
constexpr auto label_systems = std::to_array<KnownSystem>({
    {"http://terminology.hl7.org/CodeSystem/v3-Confidentiality", LabelSystem::confidentiality},
    {"http://hl7.org/fhir/v3/Confidentiality", LabelSystem::confidentiality},
    {"urn:oid:2.16.840.1.113883.5.25", LabelSystem::confidentiality},
    {gbt_39725_levels, LabelSystem::level},
    {"http://terminology.hl7.org/CodeSystem/v3-ActCode", LabelSystem::sensitivity},
    {"http://hl7.org/fhir/v3/ActCode", LabelSystem::sensitivity},
    {"urn:oid:2.16.840.1.113883.5.4", LabelSystem::sensitivity},
    {"http://terminology.hl7.org/CodeSystem/v3-ActUSPrivacyLaw", LabelSystem::law},
    {"http://hl7.org/fhir/v3/ActUSPrivacyLaw", LabelSystem::law},
    {"http://terminology.hl7.org/CodeSystem/v3-ActReason", LabelSystem::harmless},
    {"http://hl7.org/fhir/v3/ActReason", LabelSystem::harmless},
    {"http://terminology.hl7.org/CodeSystem/v3-ObservationValue", LabelSystem::harmless},
    {"http://hl7.org/fhir/v3/ObservationValue", LabelSystem::harmless},
});

LabelSystem label_system(std::string_view name) {
  const auto found = std::ranges::find(label_systems, name, &KnownSystem::name);
  return found == label_systems.end() ? LabelSystem::unknown : found->kind;
}

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

/// Hands over each resource that one carries: contained, of a Bundle's entries, of parameters.
template <typename See>
void for_each_inner(json::Value resource, int depth, const See& see) {
  if (depth == inner_depth_max) return;
  const auto look = [&](json::Value inner) {
    if (!inner.is_object()) return;
    see(inner);
    for_each_inner(inner, depth + 1, see);
  };
  for (const json::Value inner : resource.find("contained").items()) look(inner);
  for (const json::Value entry : resource.find("entry").items()) look(entry.find("resource"));
  for (const json::Value one : resource.find("parameter").items()) look(one.find("resource"));
}

/// Collects the codings of one resource, or of those inside it.
class ClassCollector {
 public:
  ClassCollector(std::vector<ClassLabel>& out, bool& cut) : out_(out), cut_(cut) {}

  void add(std::string_view system, std::string_view code) {
    const bool full = out_.size() == label_classes_max;
    if (code.empty() || (full && cut_)) return;
    if (code.size() > label_code_bytes_max || system.size() > label_system_bytes_max) {
      cut_ = true;
      return;
    }
    const auto same = [&](const ClassLabel& label) {
      return label.code == code && label.system == system;
    };
    if (std::any_of(out_.begin(), out_.end(), same)) return;
    if (full) {
      cut_ = true;
      return;
    }
    out_.push_back({std::string(system), std::string(code)});
  }

  /// The codings of a resource and its components.
  void add_resource(json::Value resource) {
    add(resource_types, text_at(resource, "resourceType"));
    add_elements(resource);
    for (const json::Value component : resource.find("component").items()) {
      add_value(component.find("code"));
    }
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

  std::vector<ClassLabel>& out_;
  bool& cut_;
};

/// Collects confidentiality and sensitivities.
class SecurityCollector {
 public:
  explicit SecurityCollector(Labels& out) : out_(out) {}

  /// A label that nobody here understands protects all the same.
  void add(std::string_view system, std::string_view code) {
    const LabelSystem kind = label_system(system);
    if (kind == LabelSystem::harmless) return;
    if (kind == LabelSystem::unknown || code.empty()) {
      raise(confidentiality_very);
    } else if (kind == LabelSystem::confidentiality) {
      add_confidentiality(code);
    } else if (kind == LabelSystem::level) {
      add_confidentiality(confidentiality_of_level(code));
    } else if (kind == LabelSystem::law) {
      raise(confidentiality_restricted);
    } else {
      add_sensitivity(code);
    }
  }

  void add_confidentiality(std::string_view code) {
    constexpr std::string_view levels = "ULMNRV";
    const std::size_t level = code.size() == 1 ? levels.find(code[0]) : std::string_view::npos;
    raise(level == std::string_view::npos ? confidentiality_very
                                          : static_cast<std::uint8_t>(level + 1));
  }
  void raise(std::uint8_t level) {
    highest_ = std::max(highest_, level);
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

void add_security(json::Value resource, Labels& out, SecurityCollector& collector) {
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
  const json::Value whole = resource.find("confidentiality");
  if (const auto code = whole.as_string()) collector.add_confidentiality(*code);
  if (!out.sensitivities.empty() || out.sensitivities_cut) {
    collector.raise(confidentiality_restricted);
  }
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
  ClassCollector(out.classes, out.classes_cut).add_resource(resource);
  SecurityCollector security(out);
  add_security(resource, out, security);
  ClassCollector inside(out.inner_classes, out.classes_cut);
  for_each_inner(resource, 0, [&](json::Value inner) {
    inside.add_resource(inner);
    add_security(inner, out, security);
  });
  add_time(resource, out);
  add_links(resource, out);
  return out;
}

}  // namespace xl::fhir
