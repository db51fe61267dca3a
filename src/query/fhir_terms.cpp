// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/fhir_terms.h"

#include <algorithm>
#include <array>

#include "query/fold.h"

namespace xl::query {
namespace {

/// One search parameter of one or several types. Types are separated by spaces, empty for all;
/// paths by spaces, their steps by dots; arrays on the way are walked.
struct TermRule {
  std::string_view types;
  std::string_view name;
  SearchKind kind;
  std::string_view paths;
  std::string_view target{};
};

constexpr auto token_kind = SearchKind::token;
constexpr auto date_kind = SearchKind::date;
constexpr auto text_kind = SearchKind::text;
constexpr auto reference_kind = SearchKind::reference;

constexpr std::string_view searchable_types =
    "Patient Encounter Condition Observation DiagnosticReport Procedure MedicationRequest "
    "MedicationDispense MedicationAdministration AllergyIntolerance Immunization CarePlan "
    "ServiceRequest DocumentReference Consent Coverage Claim ExplanationOfBenefit Goal Device "
    "ImagingStudy";
constexpr std::string_view with_subject =
    "Encounter Condition Observation DiagnosticReport Procedure MedicationRequest "
    "MedicationDispense MedicationAdministration CarePlan ServiceRequest DocumentReference Goal "
    "ImagingStudy";

/// Names, kinds and paths are those of the search parameters of FHIR R4 (4.0.1).
constexpr std::array rules = {
    TermRule{"", "_id", SearchKind::id, ""},
    TermRule{"", "_lastUpdated", SearchKind::updated, ""},
    TermRule{"", "identifier", token_kind, "identifier"},

    TermRule{"Patient", "name", text_kind,
             "name.text name.family name.given name.prefix name.suffix"},
    TermRule{"Patient", "family", text_kind, "name.family"},
    TermRule{"Patient", "given", text_kind, "name.given"},
    TermRule{"Patient", "birthdate", date_kind, "birthDate"},
    TermRule{"Patient", "death-date", date_kind, "deceasedDateTime"},
    TermRule{"Patient", "gender", token_kind, "gender"},
    TermRule{"Patient", "active", token_kind, "active"},

    TermRule{with_subject, "subject", reference_kind, "subject"},
    TermRule{with_subject, "patient", reference_kind, "subject", "Patient"},
    TermRule{"AllergyIntolerance Immunization Consent Claim ExplanationOfBenefit Device", "patient",
             reference_kind, "patient", "Patient"},
    TermRule{"Coverage", "patient", reference_kind, "beneficiary", "Patient"},
    TermRule{"Coverage", "beneficiary", reference_kind, "beneficiary", "Patient"},
    TermRule{"Condition Observation DiagnosticReport Procedure MedicationRequest CarePlan "
             "ServiceRequest ImagingStudy",
             "encounter", reference_kind, "encounter", "Encounter"},
    TermRule{"Claim ExplanationOfBenefit", "encounter", reference_kind, "item.encounter",
             "Encounter"},

    TermRule{"Condition Observation DiagnosticReport Procedure ServiceRequest", "code", token_kind,
             "code"},
    TermRule{"MedicationRequest MedicationDispense MedicationAdministration", "code", token_kind,
             "medicationCodeableConcept"},
    TermRule{"AllergyIntolerance", "code", token_kind, "code reaction.substance"},
    TermRule{"Immunization", "vaccine-code", token_kind, "vaccineCode"},
    TermRule{"Encounter DocumentReference Device Coverage", "type", token_kind, "type"},
    TermRule{"Encounter", "class", token_kind, "class"},
    TermRule{"Encounter", "participant", reference_kind, "participant.individual"},
    TermRule{"Encounter", "practitioner", reference_kind, "participant.individual", "Practitioner"},
    TermRule{"Encounter", "reason-code", token_kind, "reasonCode"},
    TermRule{"AllergyIntolerance CarePlan Condition Consent DiagnosticReport DocumentReference "
             "MedicationRequest Observation Procedure ServiceRequest Goal",
             "category", token_kind, "category"},

    TermRule{"Encounter Observation DiagnosticReport Procedure MedicationRequest "
             "MedicationDispense MedicationAdministration Immunization CarePlan ServiceRequest "
             "DocumentReference Consent Coverage Claim ExplanationOfBenefit Device ImagingStudy",
             "status", token_kind, "status"},
    TermRule{"Condition AllergyIntolerance", "clinical-status", token_kind, "clinicalStatus"},
    TermRule{"Condition AllergyIntolerance", "verification-status", token_kind,
             "verificationStatus"},
    TermRule{"Goal", "lifecycle-status", token_kind, "lifecycleStatus"},
    TermRule{"MedicationRequest ServiceRequest CarePlan", "intent", token_kind, "intent"},

    TermRule{"Encounter CarePlan", "date", date_kind, "period"},
    TermRule{"Observation DiagnosticReport", "date", date_kind,
             "effectiveDateTime effectivePeriod effectiveInstant effectiveTiming.event"},
    TermRule{"Procedure", "date", date_kind, "performedDateTime performedPeriod"},
    TermRule{"Immunization", "date", date_kind, "occurrenceDateTime"},
    TermRule{"AllergyIntolerance", "date", date_kind, "recordedDate"},
    TermRule{"AllergyIntolerance", "onset", date_kind, "onsetDateTime onsetPeriod"},
    TermRule{"DocumentReference", "date", date_kind, "date"},
    TermRule{"Consent", "date", date_kind, "dateTime"},
    TermRule{"Consent", "period", date_kind, "provision.period"},
    TermRule{"MedicationRequest", "date", date_kind, "dosageInstruction.timing.event"},
    TermRule{"MedicationRequest", "authoredon", date_kind, "authoredOn"},
    TermRule{"ServiceRequest", "authored", date_kind, "authoredOn"},
    TermRule{"ServiceRequest", "occurrence", date_kind,
             "occurrenceDateTime occurrencePeriod occurrenceTiming.event"},
    TermRule{"MedicationDispense", "whenhandedover", date_kind, "whenHandedOver"},
    TermRule{"MedicationDispense", "whenprepared", date_kind, "whenPrepared"},
    TermRule{"MedicationAdministration", "effective-time", date_kind,
             "effectiveDateTime effectivePeriod"},
    TermRule{"Condition", "onset-date", date_kind, "onsetDateTime onsetPeriod"},
    TermRule{"Condition", "abatement-date", date_kind, "abatementDateTime abatementPeriod"},
    TermRule{"Condition", "recorded-date", date_kind, "recordedDate"},
    TermRule{"Claim ExplanationOfBenefit", "created", date_kind, "created"},
    TermRule{"Goal", "start-date", date_kind, "startDate"},
    TermRule{"Goal", "target-date", date_kind, "target.dueDate"},
    TermRule{"ImagingStudy", "started", date_kind, "started"},
};

/// Takes the first word of `words` away, up to `separator`.
std::string_view take_word(std::string_view& words, char separator) {
  const std::size_t end = words.find(separator);
  const std::string_view word = words.substr(0, end);
  words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  return word;
}

bool has_word(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    if (take_word(words, ' ') == wanted) return true;
  }
  return false;
}

bool applies(const TermRule& rule, std::string_view type) {
  return has_word(rule.types.empty() ? searchable_types : rule.types, type);
}

/// Bytes of `value` that fit a term, cut before a UTF-8 character.
std::string_view cut(std::string_view value) {
  if (value.size() <= term_bytes_max) return value;
  std::size_t end = term_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
  return value.substr(0, end);
}

std::string_view string_at(json::Value object, std::string_view key) {
  return object.find(key).as_string().value_or(std::string_view{});
}

/// Collects the terms of one resource.
class TermCollector {
 public:
  explicit TermCollector(std::string_view own_path) : own_path_(own_path) {}

  /// Adds what stands at the remaining `path` below `value`. The depth is that of a path.
  void walk(const TermRule& rule, json::Value value, std::string_view path) {
    if (!value.present()) return;
    if (value.is_array()) {
      for (const json::Value item : value.items()) walk(rule, item, path);
      return;
    }
    if (path.empty()) {
      add_value(rule, value);
      return;
    }
    const std::string_view step = take_word(path, '.');
    walk(rule, value.find(step), path);
  }

  [[nodiscard]] std::vector<Term> take() { return std::move(terms_); }
  [[nodiscard]] bool full() const { return full_; }

 private:
  void add(Term term) {
    if (terms_.size() >= terms_max) {
      full_ = true;
      return;
    }
    if (std::find(terms_.begin(), terms_.end(), term) == terms_.end()) {
      terms_.push_back(std::move(term));
    }
  }

  void add_value(const TermRule& rule, json::Value value) {
    switch (rule.kind) {
      case SearchKind::token:
        return add_token(rule, value);
      case SearchKind::date:
        return add_date(rule, value);
      case SearchKind::text:
        return add_text(rule, value);
      case SearchKind::reference:
        return add_reference(rule, value);
      case SearchKind::id:
      case SearchKind::updated:
        return;  // of the record itself
    }
  }

  void add_code(const TermRule& rule, std::string_view system, std::string_view code) {
    if (code.empty() || code.size() > term_bytes_max || system.size() > term_bytes_max) return;
    if (code.find('\0') != std::string_view::npos) return;  // no search value has one
    add({rule.name, rule.kind, std::string(system), {}, std::string(code), {}});
  }

  /// A CodeableConcept, Coding, Identifier, code or boolean.
  void add_token(const TermRule& rule, json::Value value) {
    if (const auto code = value.as_string()) return add_code(rule, {}, *code);
    if (const auto truth = value.as_bool()) return add_code(rule, {}, *truth ? "true" : "false");
    if (const json::Value codings = value.find("coding"); codings.present()) {
      for (const json::Value coding : codings.items()) {
        add_code(rule, string_at(coding, "system"), string_at(coding, "code"));
      }
      return;
    }
    add_code(rule, string_at(value, "system"), string_at(value, "code"));
    add_code(rule, string_at(value, "system"), string_at(value, "value"));
  }

  /// A date, dateTime or instant, or a Period, whose missing ends are open.
  void add_date(const TermRule& rule, json::Value value) {
    fhir::TimeRange range;
    if (const auto written = value.as_string()) {
      const auto read = fhir::time_range_of(*written);
      if (!read) return;
      range = *read;
    } else {
      const json::Value start = value.find("start");
      const json::Value end = value.find("end");
      const auto low = fhir::time_range_of(start.as_string().value_or(std::string_view{}));
      const auto high = fhir::time_range_of(end.as_string().value_or(std::string_view{}));
      if ((start.present() && !low) || (end.present() && !high) || (!low && !high)) return;
      if (low) range.low = low->low;
      if (high) range.high = high->high;
      if (range.low > range.high) return;
    }
    add({rule.name, rule.kind, {}, {}, {}, range});
  }

  void add_text(const TermRule& rule, json::Value value) {
    const std::string folded = fold(value.as_string().value_or(std::string_view{}));
    if (!folded.empty()) add({rule.name, rule.kind, {}, {}, std::string(cut(folded)), {}});
  }

  void add_reference(const TermRule& rule, json::Value value) {
    const auto parts = reference_parts(string_at(value, "reference"));
    if (!parts) return;
    const std::string_view type = parts->type.empty() ? string_at(value, "type") : parts->type;
    if (!rule.target.empty() && !type.empty() && type != rule.target) return;
    const bool own = !own_path_.empty() && parts->base.ends_with(own_path_);
    const std::string_view base = own ? std::string_view{} : parts->base;
    if (base.size() + parts->type.size() + parts->id.size() > term_bytes_max) return;
    add({rule.name,
         rule.kind,
         std::string(base),
         std::string(parts->type),
         std::string(parts->id),
         {}});
  }

  std::string_view own_path_;
  std::vector<Term> terms_;
  bool full_ = false;
};

}  // namespace

std::optional<ReferenceParts> reference_parts(std::string_view text_in) {
  std::string_view rest = text_in;
  if (rest.empty() || rest.front() == '#') return std::nullopt;
  if (rest.starts_with("urn:")) return ReferenceParts{{}, {}, rest};
  if (const std::size_t version = rest.find("/_history/"); version != std::string_view::npos) {
    rest = rest.substr(0, version);
  }
  const std::size_t id_at = rest.rfind('/');
  if (id_at == std::string_view::npos) return ReferenceParts{{}, {}, rest};
  const std::string_view id = rest.substr(id_at + 1);
  const std::string_view before = rest.substr(0, id_at);
  const std::size_t slash = before.rfind('/');
  const std::size_t type_at = slash == std::string_view::npos ? 0 : slash + 1;
  const std::string_view type = before.substr(type_at);
  if (id.empty() || type.empty()) return std::nullopt;
  return ReferenceParts{before.substr(0, type_at), type, id};
}

bool is_searchable_type(std::string_view type) {
  return !type.empty() && has_word(searchable_types, type);
}

std::optional<SearchParameter> search_parameter(std::string_view type, std::string_view name) {
  for (const TermRule& rule : rules) {
    if (rule.name == name && applies(rule, type)) return {{rule.name, rule.kind, rule.target}};
  }
  return std::nullopt;
}

std::vector<SearchParameter> search_parameters(std::string_view type) {
  std::vector<SearchParameter> out;
  for (const TermRule& rule : rules) {
    if (applies(rule, type)) out.push_back({rule.name, rule.kind, rule.target});
  }
  return out;
}

std::string own_path_of(const model::Id& organisation) {
  return "/o/" + organisation.text() + "/fhir/";
}

Result<std::vector<Term>> terms_of(json::Value resource, std::string_view own_path) {
  const std::string_view type = string_at(resource, "resourceType");
  TermCollector collector(own_path);
  for (const TermRule& rule : rules) {
    if (!applies(rule, type)) continue;
    std::string_view paths = rule.paths;
    while (!paths.empty()) collector.walk(rule, resource, take_word(paths, ' '));
  }
  if (collector.full()) return make_error(ErrorCode::index_entry_invalid, "too many search terms");
  return collector.take();
}

}  // namespace xl::query
