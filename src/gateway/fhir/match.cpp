// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/match.h"

#include <algorithm>
#include <set>

#include "base/json/writer.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "query/fold.h"
#include "query/search_text.h"

namespace xl::gateway::fhir {

namespace consent = contracts::consent;

namespace {

constexpr std::size_t matches_max = 20;
constexpr std::size_t candidates_max = 200;  ///< looked at of each way to find some
constexpr int certain_from = 95;             ///< of a hundred
constexpr int probable_from = 70;
constexpr int possible_from = 40;

std::string text_of_member(json::Value object, std::string_view name) {
  return std::string(object.find(name).as_string().value_or(""));
}

using Texts = std::set<std::string>;

/// What two Patients are compared by, folded as searches fold.
struct Traits {
  Texts identifiers;  ///< system and value
  Texts families;
  Texts givens;
  Texts contacts;   ///< telecom
  Texts addresses;  ///< postal code and city
  std::string birth_date;
  std::string gender;
};

Traits traits_of(json::Value patient) {
  Traits out;
  for (const json::Value one : patient.find("identifier").items()) {
    const std::string system = text_of_member(one, "system");
    const std::string value = text_of_member(one, "value");
    // A number that does not say whose it is may be anybody's.
    if (!system.empty() && !value.empty()) out.identifiers.insert(system + "|" + value);
  }
  for (const json::Value name : patient.find("name").items()) {
    const std::string family = query::fold(text_of_member(name, "family"));
    if (!family.empty()) out.families.insert(family);
    for (const json::Value given : name.find("given").items()) {
      out.givens.insert(query::fold(given.as_string().value_or("")));
    }
    // A name in one piece: its words may be either.
    if (family.empty()) {
      const std::string text = query::fold(text_of_member(name, "text"));
      if (!text.empty()) out.families.insert(text);
    }
  }
  for (const json::Value one : patient.find("telecom").items()) {
    const std::string value = query::fold(text_of_member(one, "value"));
    if (!value.empty()) out.contacts.insert(value);
  }
  for (const json::Value one : patient.find("address").items()) {
    const std::string place =
        query::fold(text_of_member(one, "postalCode") + " " + text_of_member(one, "city"));
    if (!place.empty()) out.addresses.insert(place);
  }
  out.birth_date = text_of_member(patient, "birthDate");
  out.gender = text_of_member(patient, "gender");
  return out;
}

bool share(const Texts& a, const Texts& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& one) { return b.contains(one); });
}

/// One letter more, less or other, or two in each other's place.
bool nearly_equal(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() < 4 || b.size() - a.size() > 1) return false;
  std::size_t i = 0;
  while (i < a.size() && a[i] == b[i]) ++i;
  const std::string_view rest = a.substr(i);
  if (a.size() < b.size()) return rest == b.substr(i + 1);
  if (rest.substr(std::min<std::size_t>(1, rest.size())) == b.substr(std::min(i + 1, b.size()))) {
    return true;
  }
  return rest.size() >= 2 && rest[0] == b[i + 1] && rest[1] == b[i] &&
         rest.substr(2) == b.substr(i + 2);
}

/// `weight` for what agrees, half of it for what nearly does, nothing where one is silent, and as
/// much less where they disagree.
int score_texts(const Texts& a, const Texts& b, int weight) {
  if (a.empty() || b.empty()) return 0;
  if (share(a, b)) return weight;
  for (const std::string& one : a) {
    for (const std::string& other : b) {
      if (nearly_equal(one, other)) return weight / 2;
    }
  }
  return -weight;
}

int score_text(const std::string& a, const std::string& b, int weight) {
  if (a.empty() || b.empty()) return 0;
  // A year or a month agrees with every day in it.
  const bool agrees = a.starts_with(b) || b.starts_with(a);
  return agrees ? weight : -weight;
}

/// From 0 to 100.
int score_of(const Traits& wanted, const Traits& there) {
  const int born = score_text(wanted.birth_date, there.birth_date, 35);
  const int gender = score_text(wanted.gender, there.gender, 5);
  if (share(wanted.identifiers, there.identifiers)) {
    return born < 0 ? 60 : gender < 0 ? 80 : 100;
  }
  int out = score_texts(wanted.families, there.families, 35) + born + gender +
            score_texts(wanted.givens, there.givens, 15);
  const bool reached =
      share(wanted.contacts, there.contacts) || share(wanted.addresses, there.addresses);
  if (reached) out += 10;
  return std::clamp(out, 0, certain_from - 1);  // without an identifier nothing is certain
}

std::string_view grade_of(int score) {
  if (score >= certain_from) return "certain";
  if (score >= probable_from) return "probable";
  return score >= possible_from ? "possible" : "certainly-not";
}

/// Searches that anyone who matches would be found by.
std::vector<std::vector<query::SearchCriterion>> ways_to(json::Value patient) {
  std::vector<std::vector<query::SearchCriterion>> out;
  const auto add = [&](std::initializer_list<std::pair<std::string, std::string>> pairs) {
    std::vector<query::SearchCriterion> way;
    for (const auto& [name, value] : pairs) {
      auto one = query::read_criterion("Patient", name, value);
      if (one.ok()) way.push_back(std::move(*one));
    }
    if (way.size() == pairs.size()) out.push_back(std::move(way));
  };
  for (const json::Value one : patient.find("identifier").items()) {
    const std::string value = text_of_member(one, "value");
    if (!value.empty()) {
      add({{"identifier", query::protected_value(text_of_member(one, "system")) + "|" +
                              query::protected_value(value)}});
    }
  }
  const std::string born = text_of_member(patient, "birthDate");
  for (const json::Value name : patient.find("name").items()) {
    const std::string family = text_of_member(name, "family");
    const std::string text = family.empty() ? text_of_member(name, "text") : family;
    if (!text.empty()) add({{"name", query::protected_value(text)}});
    if (born.empty()) continue;
    for (const json::Value given : name.find("given").items()) {
      add({{"given", query::protected_value(given.as_string().value_or(""))}, {"birthdate", born}});
    }
  }
  if (!born.empty()) {
    add({{"birthdate", born}, {"gender", text_of_member(patient, "gender")}});
  }
  return out;
}

struct Candidate {
  query::RecordEntry entry;
  std::string content;
  int score = 0;
};

/// Whom the requester may know among those who could match.
Result<std::vector<Candidate>> candidates_for(const Call& call, custody::Viewer& viewer,
                                              json::Value patient) {
  std::vector<Candidate> out;
  std::set<std::string> seen;
  const Traits wanted = traits_of(patient);
  XL_TRY_ASSIGN(const auto patients, viewer.patients({}));
  for (std::vector<query::SearchCriterion>& way : ways_to(patient)) {
    query::Query query;
    query.type = "Patient";
    query.criteria = std::move(way);
    query.count = candidates_max;
    query.total = query::Total::none;
    query.allowed.patients = patients;
    query.allowed.record = [&](const query::RecordEntry& entry) { return viewer.allows(entry); };
    XL_TRY_ASSIGN(query::IndexPage page, call.organisation.stores().index().search(query));
    for (query::RecordEntry& entry : page.entries) {
      if (!seen.insert(entry.id).second) continue;
      auto opened = call.organisation.records().open(entry);
      if (!opened.ok() && opened.error().code == ErrorCode::record_erased) continue;
      if (!opened.ok()) return opened.error();
      json::Limits bounds;
      bounds.bytes_max = opened->content.size() + 1;
      XL_TRY_ASSIGN(const json::Document document, json::parse(opened->content, bounds));
      const int score = score_of(wanted, traits_of(document.root()));
      if (score < possible_from) continue;
      out.push_back({std::move(entry), std::move(opened->content), score});
    }
  }
  std::sort(out.begin(), out.end(), [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.entry.id < b.entry.id;
  });
  return out;
}

struct MatchWish {
  std::size_t count = matches_max;
  bool only_certain = false;
  json::Value patient;
};

Result<MatchWish> read_match(json::Value parameters) {
  MatchWish out;
  for (const json::Value one : parameters.find("parameter").items()) {
    const auto name = one.find("name").as_string().value_or("");
    if (name == "resource") out.patient = one.find("resource");
    if (name == "count") {
      const auto count = one.find("valueInteger").as_uint64();
      if (!count || *count == 0) return make_error(ErrorCode::parameter_invalid, "count");
      out.count = std::min<std::size_t>(*count, matches_max);
    }
    if (name == "onlyCertainMatches") {
      out.only_certain = one.find("valueBoolean").as_bool().value_or(false);
    }
  }
  if (out.patient.find("resourceType").as_string() != "Patient") {
    return make_error(ErrorCode::parameter_invalid, "resource");
  }
  return out;
}

std::string bundle_of(const Call& call, const std::vector<Candidate>& found) {
  std::string out =
      R"({"resourceType":"Bundle","type":"searchset","total":)" + std::to_string(found.size());
  std::string entries;
  for (const Candidate& one : found) {
    json::Writer score;
    const std::string hundredths = std::to_string(one.score);
    const std::string number =
        one.score >= 100 ? "1" : "0." + std::string(one.score < 10 ? "0" : "") + hundredths;
    score.begin_object().key("extension").begin_array().begin_object().key("url");
    score.string("http://hl7.org/fhir/StructureDefinition/match-grade").key("valueCode");
    score.string(grade_of(one.score)).end_object().end_array().key("mode").string("match");
    score.key("score").number_text(number).end_object();
    json::Writer url;
    url.string(call.base + "/" + path_of(one.entry));
    entries += (entries.empty() ? "" : ",") + std::string(R"({"fullUrl":)") + url.take() +
               R"(,"resource":)" + one.content + R"(,"search":)" + score.take() + "}";
  }
  if (!entries.empty()) out += R"(,"entry":[)" + entries + "]";
  return out + "}";
}

}  // namespace

http::Response match(const Call& call) {
  const CheckedResource given = read_resource(call.request.body);
  if (given.refused) return *given.refused;
  const auto wish = read_match(given.document->root());
  if (!wish.ok()) return refusal(wish.error());
  auto ask = ask_of(call, consent::Action::search);
  if (!ask.ok()) return refusal(ask.error());
  auto viewer = call.organisation.desk().open(std::move(*ask));
  if (!viewer.ok()) return refusal(viewer.error());
  const custody::ReadsInFlight::Guard reading(call.organisation.stores().reads());
  auto found = candidates_for(call, *viewer, wish->patient);
  if (!found.ok()) return refusal(found.error());
  if (wish->only_certain) {
    std::erase_if(*found, [](const Candidate& one) { return one.score < certain_from; });
    // Two who are both certain are not: that is for somebody to look into.
    if (found->size() > 1) found->clear();
  }
  if (found->size() > wish->count) found->resize(wish->count);
  std::vector<query::RecordEntry> shown;
  for (const Candidate& one : *found) shown.push_back(one.entry);
  const Status served = viewer->serve_listing(shown, "match", "Patient/$match", true);
  if (!served.ok()) return refusal(served.error());
  return reply(bundle_of(call, *found));
}

}  // namespace xl::gateway::fhir
