// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/consent/sealed_forms.h"

#include <algorithm>
#include <vector>

#include "contracts/api/shape.h"
#include "crypto/hash.h"
#include "crypto/suite.h"
#include "model/canonical.h"
#include "model/limits.h"
#include "model/tags.h"

namespace xl::contracts::consent {

namespace wire = xinglin::consent::v1;

namespace {

constexpr std::uint32_t form_version = 1;

Bytes form_commitment(std::string_view tag, const google::protobuf::Message& message) {
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, crypto::tagged_hash(tag, {model::encode(message)}));
  return out;
}

Status check_salted(std::uint32_t version, const std::string& salt) {
  if (version != form_version) return malformed("version");
  return salt.size() == limits::policy_salt_bytes ? Status{} : Status(malformed("salt"));
}

std::string class_order(const wire::Class& one) { return std::string(text_of(model::encode(one))); }

/// Is one of `classes` among what the terms are about?
bool any_agreed(const AgreementTerms& terms, std::span<const ResourceClass> classes) {
  if (terms.classes().empty()) return true;
  return std::any_of(classes.begin(), classes.end(), [&](const ResourceClass& one) {
    return std::any_of(terms.classes().begin(), terms.classes().end(), [&](const auto& agreed) {
      return agreed.system() == one.system && agreed.code() == one.code;
    });
  });
}

bool agreed_purpose(const AgreementTerms& terms, std::uint32_t purpose) {
  return std::find(terms.purposes().begin(), terms.purposes().end(), purpose) !=
         terms.purposes().end();
}

}  // namespace

Bytes commitment_of(const DeclinedRequest& declined) {
  return form_commitment(model::tags::consent_refusal, declined);
}

Bytes commitment_of(const AgreementTerms& terms) {
  return form_commitment(model::tags::agreement_terms, terms);
}

Bytes commitment_of(const AgreementWords& words) {
  return form_commitment(model::tags::agreement_words, words);
}

Status check_declined(const DeclinedRequest& declined) {
  XL_TRY(check_salted(declined.version(), declined.salt()));
  XL_TRY(check_id(declined.decline(), "decline"));
  XL_TRY(check_id(declined.request(), "request"));
  XL_TRY(check_id(declined.patient(), "patient"));
  XL_TRY(check_id(declined.custodian(), "custodian"));
  XL_TRY(check_digest(declined.asked(), "asked"));
  const bool fits = declined.text().size() <= limits::request_text_bytes_max;
  return fits ? Status{} : Status(malformed("text"));
}

Status check_terms(const AgreementTerms& terms) {
  XL_TRY(check_salted(terms.version(), terms.salt()));
  XL_TRY(check_id(terms.agreement(), "agreement"));
  XL_TRY(check_id(terms.holder(), "holder"));
  XL_TRY(check_id(terms.reader(), "reader"));
  if (terms.holder() == terms.reader()) return malformed("reader");
  if (static_cast<std::uint32_t>(terms.classes_size()) > limits::classes_max) {
    return malformed("classes");
  }
  std::string before;
  for (const wire::Class& one : terms.classes()) {
    const bool sized = !one.system().empty() &&
                       one.system().size() <= limits::class_system_bytes_max &&
                       !one.code().empty() && one.code().size() <= limits::class_code_bytes_max;
    std::string now = class_order(one);
    if (!sized || (!before.empty() && before >= now)) return malformed("classes");
    before = std::move(now);
  }
  XL_TRY(check_ascending(terms.purposes(), 1, limits::purposes_of_use_max, purpose_of_use_max,
                         "purposes"));
  if (terms.retention_days() < 1 || terms.retention_days() > limits::agreement_days_max) {
    return malformed("retention_days");
  }
  const bool fits = terms.text().size() <= limits::agreement_text_bytes_max;
  return fits ? Status{} : Status(malformed("text"));
}

Status check_words(const AgreementWords& words) {
  XL_TRY(check_salted(words.version(), words.salt()));
  XL_TRY(check_id(words.dispute(), "dispute"));
  const bool fits =
      !words.text().empty() && words.text().size() <= limits::agreement_text_bytes_max;
  return fits ? Status{} : Status(malformed("text"));
}

void normalise(AgreementTerms& terms) {
  std::vector<wire::Class> classes(terms.classes().begin(), terms.classes().end());
  const auto before = [](const wire::Class& one, const wire::Class& other) {
    return class_order(one) < class_order(other);
  };
  std::stable_sort(classes.begin(), classes.end(), before);
  terms.clear_classes();
  for (const wire::Class& one : classes) {
    const int last = terms.classes_size() - 1;
    if (last < 0 || class_order(terms.classes(last)) != class_order(one)) {
      *terms.add_classes() = one;
    }
  }
  auto& purposes = *terms.mutable_purposes();
  std::sort(purposes.begin(), purposes.end());
  purposes.erase(std::unique(purposes.begin(), purposes.end()), purposes.end());
}

bool covers(const AgreementTerms& terms, const Request& request, const Facts& facts) {
  return terms.holder() == text_of(facts.custodian.view()) &&
         terms.reader() == text_of(request.requester.organisation.view()) &&
         agreed_purpose(terms, static_cast<std::uint32_t>(request.purpose)) &&
         any_agreed(terms, request.resource.classes);
}

bool covers(const AgreementTerms& terms, const Rule& permit) {
  for (const std::uint32_t purpose : permit.purposes()) {
    if (!agreed_purpose(terms, purpose)) return false;
  }
  if (terms.classes().empty()) return true;
  if (permit.classes().empty()) return false;
  return std::all_of(permit.classes().begin(), permit.classes().end(), [&](const auto& one) {
    const ResourceClass alone[] = {{one.system(), one.code()}};
    return any_agreed(terms, alone);
  });
}

}  // namespace xl::contracts::consent
