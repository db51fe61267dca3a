// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whatever way is taken to health data, everybody learns what the patient's policies let them
// know, and of what is hidden not even that it is there. Method: path × kind of policy × kind of
// requester over HTTP on a real node. What is given is compared with an independent model
// (contracts/consent/tests/policy_model.h); what is not given, byte for byte, with the answer about
// something that never was. Routes and the CapabilityStatement are read from the node: one that the
// matrix does not know fails.
#include <gtest/gtest.h>

#include <atomic>

#include "base/json/writer.h"
#include "node/tests/leak_paths.h"
#include "node/tests/leak_routes.h"

namespace xl::node::testing::leak {
namespace {

using client::HttpResponse;

constexpr int to_read = 1;
constexpr int to_search = 2;
constexpr std::size_t askers_at_once = 14;  // refusals wait for the end of a step of time

/// Everything that an answer says, without what differs by itself between two requests.
std::string told(const HttpResponse& answer, const std::vector<std::string>& names) {
  std::string out = std::to_string(answer.status) + "\n";
  std::string request;
  for (const auto& [name, value] : answer.headers) {
    if (name == "request-id") request = value;
    if (name == "date" || name == "request-id" || name == "content-length") continue;
    out += name + ": " + value + "\n";
  }
  out += answer.body;
  const auto replace = [&](const std::string& what, const std::string& by) {
    if (what.empty()) return;
    for (std::size_t at = out.find(what); at != std::string::npos; at = out.find(what, at)) {
      out.replace(at, what.size(), by);
      at += by.size();
    }
  };
  replace(request, "@request");
  for (const std::string& name : names) replace(name, "@name");
  return out;
}

/// The records that an answer gives, each as `Type/id`: of a Bundle its entries, else itself.
std::multiset<std::string> given(const HttpResponse& answer, const std::string& only_mode = {}) {
  std::multiset<std::string> out;
  if (answer.status >= 400 || answer.body.empty()) return out;
  const json::Document document = parsed(answer);
  const auto add = [&](json::Value one) {
    const auto type = one.find("resourceType").as_string().value_or("");
    if (type == "OperationOutcome" || type == "Bundle" || type == "Parameters") return;
    if (type.empty()) return;  // of a deletion
    out.insert(std::string(type) + "/" + std::string(one.find("id").as_string().value_or("")));
  };
  if (document.root().find("resourceType").as_string() != "Bundle") {
    add(document.root());
    return out;
  }
  for (const json::Value entry : document.root().find("entry").items()) {
    const auto mode = entry.find("search").find("mode").as_string().value_or("match");
    if (only_mode.empty() || mode == only_mode) add(entry.find("resource"));
  }
  return out;
}

std::string total_of(const HttpResponse& answer) {
  return std::string(parsed(answer).root().find("total").number_text().value_or("none"));
}

std::string link_of(const HttpResponse& answer, std::string_view relation) {
  for (const json::Value link : parsed(answer).root().find("link").items()) {
    if (link.find("relation").as_string() == relation) {
      return std::string(link.find("url").as_string().value_or(""));
    }
  }
  return {};
}

std::string shown(const std::multiset<std::string>& names) {
  std::string out;
  for (const std::string& one : names) out += one + " ";
  return out;
}

class LeakMatrix : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = std::make_unique<World>();
    world_->make();
  }
  static void TearDownTestSuite() {
    std::cout << "leak matrix: " << asked_ << " requests\n";
    world_.reset();
  }

  static HttpResponse ask(FhirClient& client, const Question& question,
                          const demo::Headers& headers) {
    demo::Headers all = headers;
    all.insert(question.headers.begin(), question.headers.end());
    ++asked_;
    const std::string type = question.body.empty()   ? ""
                             : question.type.empty() ? "application/fhir+json"
                                                     : question.type;
    std::string path = question.path;
    const bool of_house = path.starts_with('/');
    auto answer = client.who().session->ask(
        question.method, of_house ? world_->house() + path : client.base() + path, type,
        question.body, std::move(all));
    EXPECT_TRUE(answer.ok()) << question.path;
    return answer.ok() ? std::move(*answer) : HttpResponse{};
  }

  /// Runs `each` for every requester and kind of policy, some requesters at a time.
  template <typename Each>
  static void for_everybody(const Each& each) {
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < askers_at_once; ++i) {
      threads.emplace_back([&] {
        for (std::size_t at = next++; at < world_->askers.size(); at = next++) {
          const Who& who = world_->askers[at];
          std::optional<FhirClient> client;
          for (std::size_t k = 0; k < world_->people.size(); ++k) {
            if (!client || who.name == "the patient") client.emplace(world_->client(who, k));
            each(who, k, *client);
          }
        }
      });
    }
    for (std::thread& one : threads) one.join();
  }

  static std::string about(const Who& who, std::size_t k, const std::string& what) {
    return who.name + " / " + world_->people[k].sort->name + " / " + what;
  }

  /// Nothing of a record that may not be known stands in the answer.
  static void expect_unmarked(const Who& who, std::size_t k, const HttpResponse& answer,
                              const std::string& what) {
    const std::string mark = "mark-" + world_->people[k].id + "-";
    for (std::size_t at = answer.body.find(mark); at != std::string::npos;
         at = answer.body.find(mark, at + 1)) {
      std::size_t end = at + mark.size();
      while (end < answer.body.size() && std::isalnum(answer.body[end]) != 0) ++end;
      const std::string name = answer.body.substr(at + mark.size(), end - at - mark.size());
      const std::string id = world_->people[k].id + (name == "self" ? "" : "-" + name);
      bool known = false;
      for (const Kept& one : world_->people[k].records) {
        if (one.id != id) continue;
        for (std::size_t i = 0; i < one.versions.size(); ++i) {
          known = known || world_->may(who, k, one, i, to_read) ||
                  world_->may(who, k, one, i, to_search);
        }
      }
      EXPECT_TRUE(known) << about(who, k, what) << ": " << name;
    }
  }

  static About about_record(std::size_t k, const Kept& one) {
    const auto entry = world_->custodian().records().current(one.type, one.id);
    EXPECT_TRUE(entry.ok() && *entry);
    return {world_->people[k].id, one.type, one.id, (*entry)->record.text()};
  }
  static About about_nothing(std::size_t k, const Kept& one) {
    if (one.type == "Patient") {
      return {absent_patient, one.type, absent_patient, "aaaaaaaaaaaaaaaaaaaaaaaaaa"};
    }
    return {world_->people[k].id, one.type, "m99-nix", "aaaaaaaaaaaaaaaaaaaaaaaaaa"};
  }

  static void probe(const Who& who, std::size_t k, FhirClient& client, const Probe& path,
                    const Kept& one);
  static void expect_refused(const Who& who, std::size_t k, FhirClient& client, const Probe& path,
                             const Kept& one, const HttpResponse& answer);
  static void expect_given(const Who& who, std::size_t k, const Probe& path, const Kept& one,
                           const HttpResponse& answer);

  static std::multiset<std::string> expected(const Who& who, std::size_t k,
                                             const Listing& listing) {
    std::multiset<std::string> out;
    for (const Kept& one : world_->people[k].records) {
      const bool wanted =
          std::find(listing.types.begin(), listing.types.end(), one.type) != listing.types.end();
      if (!wanted || one.deleted || (listing.finds && !listing.finds(one))) continue;
      if (world_->may(who, k, one, to_search)) out.insert(one.name());
    }
    return out;
  }

  static inline std::unique_ptr<World> world_;
  static inline std::atomic<std::size_t> asked_{0};
};

/// Did what was asked for come? Expected of what the model permits.
void LeakMatrix::expect_given(const Who& who, std::size_t k, const Probe& path, const Kept& one,
                              const HttpResponse& answer) {
  const std::string what = about(who, k, path.name + " " + one.name());
  // Of a version that is no more, or a record that is deleted, as much is told.
  const bool fits = answer.status == 200 || answer.status == 304 ||
                    (one.deleted && answer.status == 410) || answer.status == 422 ||
                    (one.type == "Consent" && answer.status == 409);  // proved by the ledger
  EXPECT_TRUE(fits) << what << ": " << answer.status << " " << answer.body.substr(0, 400);
  if (path.name == "history of one") {
    std::size_t versions = 0;
    for (std::size_t i = 0; i < one.versions.size(); ++i) {
      versions += world_->may(who, k, one, i, to_search) ? 1 : 0;
    }
    EXPECT_EQ(total_of(answer), std::to_string(versions)) << what;
    EXPECT_EQ(parsed(answer).root().find("entry").size(), versions) << what;
  }
}

void LeakMatrix::expect_refused(const Who& who, std::size_t k, FhirClient& client,
                                const Probe& path, const Kept& one, const HttpResponse& answer) {
  const std::string what = about(who, k, path.name + " " + one.name());
  if (who.house && path.rule == Rule::as_read) {
    const bool inside = answer.status == 200 && path.ask(about_record(k, one)).path.empty();
    EXPECT_TRUE(answer.status == 403 || inside) << what << ": " << answer.status;
    for (const char* header : {"etag", "last-modified", "location"}) {
      EXPECT_FALSE(answer.headers.contains(header)) << what;
    }
    return;
  }
  const About nothing = about_nothing(k, one);
  const HttpResponse absent = ask(client, path.ask(nothing), world_->headers(who, k));
  EXPECT_EQ(told(answer, {one.id, about_record(k, one).record}),
            told(absent, {nothing.id, nothing.record}))
      << what;
}

void LeakMatrix::probe(const Who& who, std::size_t k, FhirClient& client, const Probe& path,
                       const Kept& one) {
  const HttpResponse answer = ask(client, path.ask(about_record(k, one)), world_->headers(who, k));
  expect_unmarked(who, k, answer, path.name + " " + one.name());
  const std::size_t version = path.place == 0 ? one.versions.size() - 1 : path.place - 1;
  bool may = path.rule != Rule::refused && world_->may(who, k, one, version, path.action);
  if (path.name == "history of one") may = world_->may(who, k, one, to_search);
  const bool unnamed = (path.name == "search by id and nobody" && one.type != "Patient") ||
                       path.name == "search all types by id";
  if (unnamed) may = may && !who.must_name && who.name != "own doctor without care";
  const bool nowhere = path.action == 2 && path.rule == Rule::as_absent && one.deleted;
  if (may && !nowhere) {
    expect_given(who, k, path, one, answer);
  } else {
    expect_refused(who, k, client, path, one, answer);
  }
}

TEST_F(LeakMatrix, OneRecordIsGivenOrIsAsIfItWereNot) {
  std::vector<Probe> all = probes_of_reads();
  for (const auto& more : {probes_of_patients()}) all.insert(all.end(), more.begin(), more.end());
  for_everybody([&](const Who& who, std::size_t k, FhirClient& client) {
    const auto& records = world_->people[k].records;
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::vector<const Kept*> fitting;
      for (const Kept& one : records) {
        const bool merged = all[i].covers.find("merge") != std::string::npos;
        if (merged && who.house) continue;  // may write; of whom it may not know a read tells
        if (!all[i].applies || all[i].applies(one.type)) fitting.push_back(&one);
      }
      if (fitting.empty()) continue;
      // Each path takes another record with each requester and policy.
      const std::size_t turn = i * 7 + k * 3 + static_cast<std::size_t>(who.asker);
      probe(who, k, client, all[i], *fitting[turn % fitting.size()]);
    }
  });
}

/// `path` with the patient's id in its place.
std::string path_about(std::string path, const std::string& patient) {
  for (std::size_t at = path.find("{p}"); at != std::string::npos; at = path.find("{p}")) {
    path.replace(at, 3, patient);
  }
  return path;
}

/// A posted search has its parameters in the body.
Question question_of(const Listing& listing, const std::string& patient) {
  const std::string path = path_about(listing.path, patient);
  if (listing.method != "POST") return {.path = path};
  const std::size_t mark = path.find('?');
  if (mark == std::string::npos) {
    return {"POST", path, "_count=100", "application/x-www-form-urlencoded"};
  }
  return {"POST", path.substr(0, mark), path.substr(mark + 1), "application/x-www-form-urlencoded"};
}

TEST_F(LeakMatrix, SearchesFindWhatThePoliciesLeaveAndCountNothingElse) {
  const std::vector<Listing> all = listings();
  for_everybody([&](const Who& who, std::size_t k, FhirClient& client) {
    const std::string& patient = world_->people[k].id;
    const demo::Headers headers = world_->headers(who, k);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Listing& listing = all[i];
      // Every second one, others with each requester and policy.
      if ((i + k + static_cast<std::size_t>(who.asker)) % 2 == 1) continue;
      const std::string what = about(who, k, listing.name);
      const HttpResponse answer = ask(client, question_of(listing, patient), headers);
      expect_unmarked(who, k, answer, listing.name);
      ASSERT_EQ(answer.status, 200U) << what << answer.body;
      const auto wanted = expected(who, k, listing);
      const auto found = given(answer);
      EXPECT_EQ(shown(found), shown(wanted)) << what;
      EXPECT_EQ(total_of(answer), std::to_string(wanted.size())) << what;
      EXPECT_EQ(link_of(answer, "next"), "") << what;
      if (!wanted.empty()) continue;
      // Nothing: as of somebody who never was.
      const HttpResponse absent = ask(client, question_of(listing, absent_patient), headers);
      EXPECT_EQ(told(answer, {patient}), told(absent, {absent_patient})) << what;
    }
  });
}

TEST_F(LeakMatrix, PagesAndCountsTellOfNothingElse) {
  const Listing all{"pages", "", "", {"Observation"}, {}};
  for_everybody([&](const Who& who, std::size_t k, FhirClient& client) {
    const std::string& patient = world_->people[k].id;
    const demo::Headers headers = world_->headers(who, k);
    const auto wanted = expected(who, k, all);
    const std::string total = std::to_string(wanted.size());
    for (const char* only : {"&_summary=count", "&_count=0"}) {
      const HttpResponse counted =
          ask(client, {.path = "Observation?patient=" + patient + only}, headers);
      EXPECT_EQ(total_of(counted), total) << about(who, k, only);
      EXPECT_EQ(given(counted).size(), 0U) << about(who, k, only);
      EXPECT_EQ(link_of(counted, "next"), "") << about(who, k, only);
    }
    for (const char* order : {"", "&_sort=date"}) {
      std::multiset<std::string> found;
      std::string next = "Observation?patient=" + patient + "&_count=2" + order;
      std::size_t pages = 0;
      while (!next.empty() && pages < 20) {
        const HttpResponse page = ask(client, {.path = next}, headers);
        ++pages;
        found.merge(given(page));
        EXPECT_EQ(total_of(page), total) << about(who, k, "page");
        const std::string url = link_of(page, "next");
        next = url.empty() ? "" : url.substr(url.find(client.base()) + client.base().size());
      }
      EXPECT_EQ(shown(found), shown(wanted)) << about(who, k, "pages");
      EXPECT_EQ(pages, std::max<std::size_t>(1, (wanted.size() + 1) / 2)) << about(who, k, "pages");
    }
  });
}

TEST_F(LeakMatrix, NothingIsFoundThroughWhatIsHidden) {
  for_everybody([&](const Who& who, std::size_t k, FhirClient& client) {
    const std::string& patient = world_->people[k].id;
    const demo::Headers headers = world_->headers(who, k);
    const auto may = [&](const std::string& name) {
      for (const Kept& one : world_->people[k].records) {
        if (one.id == patient + name) return world_->may(who, k, one, to_search);
      }
      ADD_FAILURE() << name;
      return false;
    };
    const auto expect = [&](const std::string& path, const std::multiset<std::string>& matches,
                            const std::multiset<std::string>& beside = {}) {
      const HttpResponse answer = ask(client, {.path = path_about(path, patient)}, headers);
      const std::string what = about(who, k, path);
      expect_unmarked(who, k, answer, path);
      ASSERT_EQ(answer.status, 200U) << what << answer.body;
      EXPECT_EQ(shown(given(answer, "match")), shown(matches)) << what;
      EXPECT_EQ(shown(given(answer, "include")), shown(beside)) << what;
      EXPECT_EQ(total_of(answer), std::to_string(matches.size())) << what;
    };
    const auto names = [&](std::initializer_list<std::pair<const char*, bool>> some) {
      std::multiset<std::string> out;
      for (const auto& [name, there] : some) {
        const std::string text(name);
        const std::size_t slash = text.find('/') + 1;
        if (there) out.insert(text.substr(0, slash) + patient + text.substr(slash));
      }
      return out;
    };
    const bool r1 = may("-r1");
    const bool hiv = may("-hiv");
    const bool o2 = may("-o2");
    const bool v1 = may("-v1");
    const bool self = may("");
    const bool coded = may("-o1") || hiv;
    expect("DiagnosticReport?patient={p}&result:Observation.code=A",
           names({{"DiagnosticReport/-r1", r1 && hiv}}));
    expect("Patient?_id={p}&_has:Observation:patient:code=A", names({{"Patient/", self && coded}}));
    expect("Patient?_id={p}&_has:Observation:patient:_security=PSY",
           names({{"Patient/", self && may("-psy")}}));
    expect("Observation?patient={p}&_has:DiagnosticReport:result:status=final",
           names({{"Observation/-hiv", r1 && hiv}}));
    expect("Observation?patient={p}&_id={p}-o2&subject:Patient.identifier=urn:leak%7C{p}",
           names({{"Observation/-o2", o2 && self}}));
    expect("DiagnosticReport?patient={p}&_include=DiagnosticReport:result",
           names({{"DiagnosticReport/-r1", r1}}), names({{"Observation/-hiv", r1 && hiv}}));
    expect("Observation?patient={p}&_id={p}-hiv&_revinclude=DiagnosticReport:result",
           names({{"Observation/-hiv", hiv}}), names({{"DiagnosticReport/-r1", r1 && hiv}}));
    expect(
        "Observation?patient={p}&_id={p}-o2&_include=Observation:encounter&"
        "_include:iterate=Encounter:subject",
        names({{"Observation/-o2", o2}}),
        names({{"Encounter/-v1", o2 && v1}, {"Patient/", o2 && v1 && self}}));
  });
}

TEST_F(LeakMatrix, EverythingOfAPatientIsWhatMayBeKnown) {
  for_everybody([&](const Who& who, std::size_t k, FhirClient& client) {
    const std::string& patient = world_->people[k].id;
    const demo::Headers headers = world_->headers(who, k);
    const Kept& self = world_->people[k].records.front();
    if (!world_->may(who, k, self, to_search)) return;
    std::multiset<std::string> wanted;
    for (const Kept& one : world_->people[k].records) {
      if (!one.deleted && world_->may(who, k, one, to_search)) wanted.insert(one.name());
    }
    const HttpResponse answer =
        ask(client, {.path = "Patient/" + patient + "/$everything"}, headers);
    expect_unmarked(who, k, answer, "everything");
    EXPECT_EQ(shown(given(answer, "match")), shown(wanted)) << about(who, k, "everything");
    EXPECT_EQ(total_of(answer), std::to_string(wanted.size())) << about(who, k, "everything");
  });
}

/// Over the wire between organisations: staff and software of another one bring what they may read,
/// and whom they may know nothing of is as nobody.
TEST_F(LeakMatrix, WhatOtherOrganisationsBringIsWhatTheyMayRead) {
  for_everybody([&](const Who& who, std::size_t k, FhirClient& client) {
    const Somebody& whose = world_->people[k];
    const model::Id own = client.who().session->identity().organisation;
    const model::Id custodian = world_->live->organisations[0];
    const bool a_person = who.name == "the patient" || who.name == "another patient" ||
                          who.ward >= 0 || own == custodian;
    const auto gather = [&](const model::Id& patient) {
      const std::string body = R"({"resourceType":"Parameters","parameter":[{"name":"source",)"
                               R"("valueString":")" +
                               model::did_text(custodian) + "|" + model::did_text(patient) +
                               "\"}]}";
      ++asked_;
      auto answer =
          client.who().session->ask("POST", "/o/" + own.text() + "/fhir/Patient/$gather",
                                    "application/fhir+json", body, world_->headers(who, k));
      EXPECT_TRUE(answer.ok());
      return answer.ok() ? std::move(*answer) : HttpResponse{};
    };
    const HttpResponse answer = gather(whose.did);
    if (a_person) {
      EXPECT_GE(answer.status, 400U) << about(who, k, "gather");
      EXPECT_EQ(answer.status, gather(client::random_id()).status) << about(who, k, "gather");
      return;
    }
    std::multiset<std::string> wanted;
    for (const Kept& one : whose.records) {
      const bool comes = !one.deleted && one.type != "Consent";
      if (comes && world_->may(who, k, one, to_read)) wanted.insert(one.name());
    }
    expect_unmarked(who, k, answer, "gather");
    EXPECT_EQ(shown(given(answer)), shown(wanted)) << about(who, k, "gather");
    if (!wanted.empty()) return;
    const std::string absent = gather(client::random_id()).body;
    const auto issue = [](const std::string& body) { return body.substr(body.find("\"entry\"")); };
    EXPECT_EQ(issue(answer.body), issue(absent)) << about(who, k, "gather");
  });
}

TEST_F(LeakMatrix, WhatOwnersAreGivenTellsOthersNothing) {
  const std::vector<Probe> all = probes_of_owners();
  for_everybody([&](const Who& who, std::size_t k, FhirClient& client) {
    if (who.name == "the patient" || who.ward == static_cast<int>(k)) return;
    for (const Probe& path : all) {
      // The desk writes down what patients agree to.
      if (who.house && path.name == "prepare a consent") continue;
      probe(who, k, client, path, world_->people[k].records.front());
    }
  });
}

TEST_F(LeakMatrix, ChangesTellNobodyWhatIsThere) {
  const std::vector<Probe> all = probes_of_writes();
  for_everybody([&](const Who& who, std::size_t k, FhirClient& client) {
    if (who.software) return;  // which keeps everything itself
    const demo::Headers headers = world_->headers(who, k);
    std::vector<const Kept*> hidden;
    for (const Kept& one : world_->people[k].records) {
      universe::Point written = one.versions.back();
      written.kind = 0;
      written.confidentiality = 4;
      written.sensitivities = 0;
      written.time = universe::undated;
      written.thing = 6;
      const bool writes = who.house && (world_->may(who, k, one, to_read) ||
                                        world_->may(who, k, written, to_read) ||
                                        world_->may(who, k, one, to_search));
      if (one.type == "Observation" && !writes) hidden.push_back(&one);
    }
    if (hidden.empty()) return;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Kept& one = *hidden[(i + k) % hidden.size()];
      const bool by_condition = all[i].covers.starts_with("conditional");
      if (!who.house || by_condition) probe(who, k, client, all[i], one);
    }
    if (!who.house) return;
    // The house is told that it is there, and nothing about it.
    const Kept& one = *hidden[k % hidden.size()];
    std::map<std::string, std::string> first;
    for (const Probe& path : all) {
      if (path.covers.starts_with("conditional") || path.name.find(" in a ") != std::string::npos) {
        continue;
      }
      const HttpResponse answer = ask(client, path.ask(about_record(k, one)), headers);
      EXPECT_EQ(answer.status, 403U) << about(who, k, path.name + " " + one.name()) << answer.body;
      const std::string all_told = told(answer, {});
      const auto [at, fresh] = first.emplace(path.covers, all_told);
      EXPECT_EQ(at->second, all_told) << about(who, k, path.name + " " + one.name());
    }
  });
}

/// Of whom one may not know, by number, name or DID: as of nobody.
TEST_F(LeakMatrix, RoutesOfPatientsTellOthersNothing) {
  const std::string other = model::did_text(custody::random_id());
  const std::uint64_t entries = world_->custodian().stores().journal().size();
  for_everybody([&](const Who& who, std::size_t k, FhirClient& client) {
    if (who.name == "the patient" || who.ward == static_cast<int>(k)) return;
    if (who.name == "another patient") return;  // is given their own, whoever is named
    const Somebody& whose = world_->people[k];
    const std::string did = model::did_text(whose.did);
    const auto same = [&](const Question& there, const Question& nowhere,
                          const std::vector<std::string>& names) {
      const demo::Headers headers = world_->headers(who, k);
      EXPECT_EQ(told(ask(client, there, headers), names),
                told(ask(client, nowhere, headers), names))
          << about(who, k, there.path);
    };
    for (const char* path : {"/access-log", "/access-log/proofs", "/access-log/export", "/consents",
                             "/disputes", "/notices", "/requests", "/handles"}) {
      const std::string text(path);
      same({.path = text + "?patient=" + did}, {.path = text + "?patient=" + other}, {did, other});
    }
    // Somebody else's: of their own reads people have receipts.
    std::uint64_t number = 1 + (entries / 40) * (k + 1);
    const vault::Journal& journal = world_->custodian().stores().journal();
    while (number > 1 && journal.entry(number)->entry.actor == client.who().did()) --number;
    const std::string one = std::to_string(number);
    const std::string none = std::to_string(entries * 1000 + 7);
    for (const std::string& whom : {did, other}) {
      same({.path = "/access-log/" + one + "/proof?patient=" + whom},
           {.path = "/access-log/" + none + "/proof?patient=" + whom}, {one, none});
    }
    const bool sees_log = who.name == "regulator" || who.ward >= 0;
    if (!sees_log) {
      same({.path = "AuditEvent/xl-" + one}, {.path = "AuditEvent/xl-" + none}, {one, none});
    }
    // Whoever makes a launch does so for what they usually do.
    Who usual = who;
    const bool software = who.software || who.name == "software of another house";
    usual.purpose = software ? 4 : who.ward >= 0 ? who.purpose : 0;
    if (world_->may(usual, k, whose.records.front(), to_read)) return;
    const auto launch = [](const std::string& patient) {
      return Question{"POST", "/smart/v1/launches", R"({"patient":")" + patient + "\"}",
                      "application/json"};
    };
    same(launch(whose.id), launch(absent_patient), {whose.id, absent_patient});
  });
}

/// Everybody's at once: whoever may not name nobody is refused the same, others get their own.
TEST_F(LeakMatrix, ListsOfManyHoldWhatMayBeKnownOfEach) {
  for (const Who& who : world_->askers) {
    FhirClient client = world_->client(who, 0);
    const bool of_all = who.software || who.name == "own doctor in care";
    for (const char* path : {"Observation?_count=1000", "Observation/_history?_count=1000",
                             "_history?_count=1000", "Condition?_count=1000"}) {
      const HttpResponse answer = ask(client, {.path = path}, who.headers);
      if (who.must_name) {
        EXPECT_EQ(answer.status, 400U) << who.name << path;
        EXPECT_NE(answer.body.find("XL3504"), std::string::npos) << who.name << path;
        continue;
      }
      ASSERT_EQ(answer.status, 200U) << who.name << answer.body;
      std::multiset<std::string> wanted;
      const std::string text(path);
      const bool history = text.find("_history") != std::string::npos;
      const std::string type = text.substr(0, text.find_first_of("?/"));
      for (std::size_t k = 0; k < world_->people.size(); ++k) {
        const bool own = who.name == "the patient" && k == 0;
        if (!of_all && !own) continue;
        for (const Kept& one : world_->people[k].records) {
          if (!text.starts_with('_') && one.type != type) continue;
          for (std::size_t i = 0; i < one.versions.size(); ++i) {
            const bool last = i + 1 == one.versions.size();
            if ((!history && !last) || (last && one.deleted)) continue;
            if (world_->may(who, k, one, i, to_search)) wanted.insert(one.name());
          }
        }
      }
      std::multiset<std::string> found;
      for (const std::string& name : given(answer)) {
        if (name.find("/m90") == std::string::npos) found.insert(name);
      }
      // A page has no more.
      if (wanted.size() < 1000) {
        EXPECT_EQ(shown(found), shown(wanted)) << who.name << " " << path;
      }
    }
    for (std::size_t k = 0; k < world_->people.size(); ++k) {
      const std::string& id = world_->people[k].id;
      const Question question{"POST", "Patient/$match",
                              R"({"resourceType":"Parameters","parameter":[{"name":"resource",
"resource":{"resourceType":"Patient","identifier":[{"system":"urn:leak","value":")" +
                                  id + R"("}],"name":[{"family":"mark-)" + id + "-self\"}]}}]}"};
      const HttpResponse answer = ask(client, question, who.headers);
      expect_unmarked(who, k, answer, "match");
      if (who.must_name) {
        EXPECT_EQ(answer.status, 400U) << who.name;
      }
      if (who.name == "the patient") continue;  // who is one of them
      const auto known_as = [&](const std::string& value) {
        return ask(client, {.path = "Patient/$ihe-pix?sourceIdentifier=urn:leak%7C" + value},
                   who.headers);
      };
      const Kept& self = world_->people[k].records.front();
      const HttpResponse pix = known_as(id);
      expect_unmarked(who, k, pix, "ihe-pix");
      const bool may = !who.must_name && !self.deleted && world_->may(who, k, self, to_search);
      if (may) {
        EXPECT_EQ(pix.status, 200U) << who.name << " " << pix.body;
      } else {
        const HttpResponse nobody = known_as("nobody");
        EXPECT_EQ(pix.status, nobody.status) << who.name << " " << pix.body;
        EXPECT_EQ(pix.body, nobody.body) << who.name;
      }
    }
  }
}

TEST_F(LeakMatrix, NobodyWithoutASignInLearnsAnything) {
  client::HttpClient http({"127.0.0.1", std::to_string(world_->live->node->port())});
  std::vector<Probe> all = probes_of_reads();
  for (const auto& more : {probes_of_patients(), probes_of_owners(), probes_of_writes()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  for (const Probe& path : all) {
    for (const Kept& one : world_->people[0].records) {
      if (path.applies && !path.applies(one.type)) continue;
      const Question question = path.ask(about_record(0, one));
      const std::string base =
          world_->house() + (question.path.starts_with('/') ? "" : "/fhir/") + question.path;
      const std::string type = question.type.empty() ? "application/fhir+json" : question.type;
      const auto answer = http.send(question.method, base, question.body.empty() ? "" : type,
                                    question.body, question.headers);
      ASSERT_TRUE(answer.ok()) << path.name;
      EXPECT_EQ(answer->status, 401U) << path.name;
    }
  }
}

/// A refusal leaves the same traces, whatever is there: as many entries in the journal, whose roots
/// the ledger shows to every member.
TEST_F(LeakMatrix, TheHiddenAndTheAbsentLeaveTheSameTraces) {
  const vault::Journal& journal = world_->custodian().stores().journal();
  const auto traces = [&](FhirClient& client, const Question& question,
                          const demo::Headers& headers) {
    const std::uint64_t before = journal.size();
    (void)ask(client, question, headers);
    return journal.size() - before;
  };
  for (const Who& who : world_->askers) {
    if (who.house || who.name == "the patient" || who.name == "regulator") continue;
    FhirClient client = world_->client(who, 0);
    for (std::size_t k = 0; k < world_->people.size(); k += 7) {
      if (who.ward == static_cast<int>(k)) continue;
      const demo::Headers headers = world_->headers(who, k);
      for (const Probe& path : probes_of_reads()) {
        for (const Kept& one : world_->people[k].records) {
          if (one.id != world_->people[k].id + "-hiv" || path.applies) continue;
          bool known = false;
          for (const int action : {to_read, to_search}) {
            known = known || world_->may(who, k, one, action);
          }
          if (known) continue;
          EXPECT_EQ(traces(client, path.ask(about_record(k, one)), headers),
                    traces(client, path.ask(about_nothing(k, one)), headers))
              << about(who, k, path.name);
        }
      }
    }
  }
}

/// The words of what the probes and listings cover.
std::set<std::string> covered() {
  std::set<std::string> out = known_elsewhere();
  std::vector<std::string> words;
  for (const auto& some :
       {probes_of_reads(), probes_of_patients(), probes_of_owners(), probes_of_writes()}) {
    for (const Probe& one : some) words.push_back(one.covers);
  }
  for (const std::string& text : words) {
    std::size_t from = 0;
    for (std::size_t comma = 0; comma != std::string::npos; from = comma + 1) {
      comma = text.find(',', from);
      out.insert(text.substr(from, comma == std::string::npos ? comma : comma - from));
    }
  }
  return out;
}

TEST_F(LeakMatrix, KnowsEveryRouteAndInteraction) {
  client::HttpClient http({"127.0.0.1", std::to_string(world_->live->node->port())});
  const auto api = http.get("/api/openapi.json");
  ASSERT_TRUE(api.ok());
  std::set<std::string> there;
  const json::Document described = parsed(*api);
  for (const json::Member& path : described.root().find("paths").members()) {
    for (const json::Member& method : path.value.members()) {
      std::string name(method.key);
      for (char& c : name) c = static_cast<char>(std::toupper(c));
      there.insert(name + " " + std::string(path.key));
    }
  }
  EXPECT_GT(there.size(), 90U);
  for (const std::string& one : there) {
    if (one.find("/fhir/{path}") != std::string::npos) continue;  // by its CapabilityStatement
    EXPECT_TRUE(known_routes().contains(one))
        << "a new route: say in leak_routes.h how it may be probed: " << one;
  }
  for (const auto& [one, why] : known_routes()) {
    EXPECT_TRUE(there.contains(one)) << "no such route any more: " << one;
  }

  const std::set<std::string> words = covered();
  const auto statement = http.get(world_->house() + "/fhir/metadata");
  ASSERT_TRUE(statement.ok());
  const json::Document capability = parsed(*statement);
  const json::Value rest = capability.root().find("rest").at(0);
  std::set<std::string> said;
  const auto say = [&](json::Value of) {
    for (const json::Value one : of.find("interaction").items()) {
      said.insert("interaction " + std::string(one.find("code").as_string().value_or("")));
    }
    for (const json::Value one : of.find("operation").items()) {
      said.insert("operation " + std::string(one.find("name").as_string().value_or("")));
    }
    for (const json::Member& member : of.members()) {
      if (member.key.starts_with("conditional"))
        said.insert("conditional " + std::string(member.key));
    }
  };
  say(rest);
  for (const json::Value type : rest.find("resource").items()) say(type);
  for (const std::string& one : said) {
    EXPECT_TRUE(words.contains(one)) << "say in leak_paths.h how it may be probed: " << one;
  }
}

/// What is not there yet refuses clearly, whoever asks about whomever.
TEST_F(LeakMatrix, ExportsAndSubscriptionsAreRefused) {
  for (const Who& who : world_->askers) {
    FhirClient client = world_->client(who, 0);
    for (const char* path :
         {"$export", "Patient/$export", "Group/g1/$export", "Patient/m10/$export"}) {
      const HttpResponse answer = ask(client, {.path = path}, who.headers);
      EXPECT_GE(answer.status, 400U) << who.name << " " << path;
      EXPECT_LT(answer.status, 500U) << who.name << " " << path;
    }
  }
}

}  // namespace
}  // namespace xl::node::testing::leak
