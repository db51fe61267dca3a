// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "node/tests/leak_world.h"

/// The paths of the leak matrix: how each may be probed, and what of the routes and of the
/// CapabilityStatement it covers.
namespace xl::node::testing::leak {

/// What is asked, relative to the FHIR base unless it begins with `/`.
struct Question {
  std::string method = "GET";
  std::string path;
  std::string body{};
  std::string type{};  ///< media type of the body; empty: FHIR
  demo::Headers headers{};
};

/// About whom and what a question is.
struct About {
  std::string patient;  ///< id of a Patient
  std::string type;     ///< of the record
  std::string id;
  std::string record;  ///< name of the record in the vault
};

/// What may come back.
enum class Rule {
  /// As a read: what may not be known answers strangers as what is not there; the house is told.
  as_read,
  /// What may not be known answers everybody as what is not there.
  as_absent,
  /// Whoever asks gets the same, whatever is there.
  refused,
};

/// A path to one record.
struct Probe {
  std::string name;
  std::string covers;  ///< words of `coverage`
  Rule rule = Rule::as_read;
  int action = 1;         ///< of the model
  std::size_t place = 0;  ///< of the version: 0 is the last one
  std::function<bool(const std::string& type)> applies{};
  std::function<Question(const About&)> ask;
};

inline std::string batch_of(const std::string& kind, const std::string& method,
                            const std::string& url, const std::string& more = {}) {
  return R"({"resourceType":"Bundle","type":")" + kind + R"(","entry":[{"request":{"method":")" +
         method + R"(","url":")" + url + "\"}" + more + "}]}";
}
inline std::string parameters_of(const std::string& name, const std::string& reference) {
  return R"({"name":")" + name + R"(","valueReference":{"reference":")" + reference + "\"}}";
}
inline std::string minimal(const About& at, const std::string& patient) {
  return R"({"resourceType":")" + at.type + R"(","id":")" + at.id +
         R"(","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/)" + patient +
         "\"}}";
}

/// Has the type the parameter `patient`?
inline bool names_patient(const std::string& type) { return type != "Patient" && type != "Binary"; }

inline std::string record_of(const About& at) { return at.type + "/" + at.id; }
/// Asks for a record by GET.
inline std::function<Question(const About&)> get_record(const std::string& behind,
                                                        const demo::Headers& headers = {}) {
  return
      [=](const About& at) { return Question{.path = record_of(at) + behind, .headers = headers}; };
}

inline std::vector<Probe> probes_of_single_reads() {
  return {
      {.name = "read", .covers = "interaction read", .ask = get_record("")},
      {.name = "head",
       .covers = "interaction read",
       .ask =
           [=](const About& at) {
             return Question{"POST", "", batch_of("batch", "HEAD", record_of(at))};
           }},
      {.name = "vread",
       .covers = "interaction vread",
       .place = 1,
       .ask = get_record("/_history/1")},
      {.name = "vread of no version",
       .covers = "interaction vread",
       .rule = Rule::refused,
       .ask = get_record("/_history/9")},
      {.name = "history of one",
       .covers = "interaction history-instance",
       .action = 2,
       .ask = get_record("/_history")},
      {.name = "read if none match",
       .covers = "interaction read",
       .ask = get_record("", {{"If-None-Match", "W/\"1\""}})},
      {.name = "read if modified since",
       .covers = "interaction read",
       .ask = get_record("", {{"If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"}})},
      {.name = "read in part", .covers = "interaction read", .ask = get_record("?_summary=true")},
      {.name = "read of elements",
       .covers = "interaction read",
       .ask = get_record("?_elements=id")},
      {.name = "validate kept", .covers = "operation validate", .ask = get_record("/$validate")},
      {.name = "read in a batch",
       .covers = "interaction batch",
       .ask =
           [=](const About& at) {
             return Question{"POST", "", batch_of("batch", "GET", record_of(at))};
           }},
      {.name = "read in a transaction",
       .covers = "interaction transaction",
       .ask =
           [=](const About& at) {
             return Question{"POST", "", batch_of("transaction", "GET", record_of(at))};
           }},
  };
}

inline std::vector<Probe> probes_of_lookups() {
  const auto proof = [](const std::string& behind) {
    return [=](const About& at) {
      return Question{.path = "/records/" + at.type + "/" + at.id + "/proof" + behind};
    };
  };
  return {
      {.name = "search by id",
       .covers = "interaction search-type",
       .rule = Rule::as_absent,
       .action = 2,
       .applies = names_patient,
       .ask =
           [](const About& at) {
             return Question{.path = at.type + "?_id=" + at.id + "&patient=" + at.patient};
           }},
      {.name = "search by id and nobody",
       .covers = "interaction search-type",
       .rule = Rule::as_absent,
       .action = 2,
       .ask = [](const About& at) { return Question{.path = at.type + "?_id=" + at.id}; }},
      {.name = "search all types by id",
       .covers = "interaction search-system",
       .rule = Rule::as_absent,
       .action = 2,
       .ask = [](const About& at) { return Question{.path = "?_id=" + at.id}; }},
      {.name = "posted search by id",
       .covers = "interaction search-type",
       .rule = Rule::as_absent,
       .action = 2,
       .applies = names_patient,
       .ask =
           [](const About& at) {
             return Question{"POST", at.type + "/_search",
                             "_id=" + at.id + "&patient=" + at.patient,
                             "application/x-www-form-urlencoded"};
           }},
      {.name = "provenance of it",
       .covers = "view Provenance",
       .rule = Rule::as_absent,
       .ask =
           [=](const About& at) { return Question{.path = "Provenance?target=" + record_of(at)}; }},
      {.name = "provenance by name",
       .covers = "view Provenance",
       .rule = Rule::as_absent,
       .place = 1,
       .ask =
           [](const About& at) { return Question{.path = "Provenance/xl-" + at.record + "-1"}; }},
      {.name = "proof",
       .covers = "route GET /o/{org}/records/{type}/{id}/proof",
       .rule = Rule::as_absent,
       .ask = proof("")},
      {.name = "proof of a version",
       .covers = "route GET /o/{org}/records/{type}/{id}/proof",
       .rule = Rule::as_absent,
       .place = 1,
       .ask = proof("?version=1")},
      {.name = "list",
       .covers = "interaction search-type",
       .applies = [](const std::string& type) { return type == "List"; },
       .ask =
           [](const About& at) {
             return Question{.path = "Observation?_list=" + at.id + "&patient=" + at.patient};
           }},
      {.name = "bytes",
       .covers = "interaction read",
       .applies = [](const std::string& type) { return type == "Binary"; },
       .ask = get_record("", {{"Accept", "text/plain"}})},
  };
}

inline std::vector<Probe> probes_of_reads() {
  std::vector<Probe> out = probes_of_single_reads();
  const std::vector<Probe> more = probes_of_lookups();
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

/// Of a Patient alone.
inline std::vector<Probe> probes_of_patients() {
  const auto of_patient = [](const std::string& type) { return type == "Patient"; };
  const auto get = [](const std::string& behind) {
    return [=](const About& at) { return Question{.path = "Patient/" + at.id + behind}; };
  };
  const auto merge = [](const std::string& operation) {
    return [=](const About& at) {
      return Question{"POST", "Patient/" + operation,
                      R"({"resourceType":"Parameters","parameter":[)" +
                          parameters_of("source-patient", "Patient/" + at.id) + "," +
                          parameters_of("target-patient", "Patient/m98") +
                          R"(,{"name":"preview","valueBoolean":true}]})"};
    };
  };
  return {
      {.name = "everything",
       .covers = "operation everything",
       .action = 2,
       .applies = of_patient,
       .ask = get("/$everything")},
      {.name = "everything by post",
       .covers = "operation everything",
       .action = 2,
       .applies = of_patient,
       .ask =
           [](const About& at) {
             return Question{"POST", "Patient/" + at.id + "/$everything",
                             R"({"resourceType":"Parameters","parameter":[]})"};
           }},
      {.name = "merge",
       .covers = "operation merge",
       .rule = Rule::refused,
       .applies = of_patient,
       .ask = merge("$merge")},
      {.name = "unmerge",
       .covers = "operation unmerge",
       .rule = Rule::refused,
       .applies = of_patient,
       .ask = merge("$unmerge")},
  };
}

/// What nobody but the patient, guardians and overseers is given: of whoever it may be.
inline std::vector<Probe> probes_of_owners() {
  const auto of_patient = [](const std::string& type) { return type == "Patient"; };
  const auto get = [](const std::string& behind) {
    return [=](const About& at) { return Question{.path = "Patient/" + at.id + behind}; };
  };
  const auto prepare = [](const About& at) {
    return Question{"POST", "Consent/$prepare",
                    R"({"resourceType":"Consent","status":"active","scope":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},"category":[{
"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"Patient/)" +
                        at.id +
                        R"("},"policy":[{"uri":"http://example.org/policy"}],"provision":{"type":
"deny"}})"};
  };
  return {
      {.name = "see as",
       .covers = "operation see-as",
       .rule = Rule::refused,
       .applies = of_patient,
       .ask = get("/$see-as?actor=Organization/x")},
      {.name = "explain",
       .covers = "operation explain",
       .rule = Rule::refused,
       .applies = of_patient,
       .ask = get("/$explain?actor=Organization/x&record=Observation/o")},
      {.name = "access log",
       .covers = "operation access-log",
       .rule = Rule::refused,
       .applies = of_patient,
       .ask = get("/$access-log")},
      {.name = "audit events",
       .covers = "view AuditEvent",
       .rule = Rule::refused,
       .applies = of_patient,
       .ask = [](const About& at) { return Question{.path = "AuditEvent?patient=" + at.id}; }},
      {.name = "prepare a consent",
       .covers = "operation prepare",
       .rule = Rule::refused,
       .applies = of_patient,
       .ask = prepare},
  };
}

/// Changes by those who may change nothing here.
inline std::vector<Probe> probes_of_plain_writes() {
  const auto write = [=](const std::string& method, demo::Headers headers = {}) {
    return [=](const About& at) {
      const bool bare = method == "DELETE";
      return Question{method, record_of(at), bare ? "" : minimal(at, at.patient), "", headers};
    };
  };
  return {
      {.name = "put", .covers = "interaction update", .ask = write("PUT")},
      {.name = "put if match",
       .covers = "interaction update",
       .ask = write("PUT", {{"If-Match", "W/\"1\""}})},
      {.name = "put if another matches",
       .covers = "interaction update",
       .ask = write("PUT", {{"If-Match", "W/\"7\""}})},
      {.name = "put if none match",
       .covers = "interaction update",
       .ask = write("PUT", {{"If-None-Match", "*"}})},
      {.name = "put about another",
       .covers = "interaction update",
       .ask =
           [=](const About& at) {
             return Question{"PUT", record_of(at), minimal(at, "m90")};
           }},
      {.name = "patch",
       .covers = "interaction patch",
       .ask =
           [=](const About& at) {
             return Question{"PATCH", record_of(at),
                             R"([{"op":"test","path":"/status","value":"final"}])",
                             "application/json-patch+json"};
           }},
      {.name = "delete", .covers = "interaction delete", .ask = write("DELETE")},
      {.name = "delete if match",
       .covers = "interaction delete",
       .ask = write("DELETE", {{"If-Match", "W/\"1\""}})},
      {.name = "delete if another matches",
       .covers = "interaction delete",
       .ask = write("DELETE", {{"If-Match", "W/\"7\""}})},
      {.name = "erase",
       .covers = "operation erase",
       .ask =
           [](const About& at) {
             return Question{"POST", record_of(at) + "/$erase",
                             R"({"resourceType":"Parameters","parameter":[{"name":"confirm",)"
                             R"("valueString":")" +
                                 record_of(at) + R"("}]})"};
           }},
  };
}

inline std::vector<Probe> probes_of_conditions() {
  const auto where = [](const std::string& method) {
    return [=](const About& at) {
      const bool patch = method == "PATCH";
      std::string body = minimal(at, at.patient);
      // Without an id of its own: who names the record asks for it.
      body.erase(body.find(R"("id":)"), std::string(R"("id":"",)").size() + at.id.size());
      if (patch) body = R"([{"op":"add","path":"/issued","value":"2026-01-01T00:00:00Z"}])";
      return Question{method, at.type + "?_id=" + at.id, method == "DELETE" ? "" : body,
                      patch ? "application/json-patch+json" : ""};
    };
  };
  return {
      {.name = "conditional update",
       .covers = "conditional conditionalUpdate",
       .ask = where("PUT")},
      {.name = "conditional patch",
       .covers = "conditional conditionalUpdate",
       .ask = where("PATCH")},
      {.name = "conditional delete",
       .covers = "conditional conditionalDelete",
       .ask = where("DELETE")},
      {.name = "conditional create",
       .covers = "conditional conditionalCreate,interaction create",
       .ask =
           [](const About& at) {
             About fresh = at;
             fresh.id = "m97-new";
             return Question{"POST",
                             at.type,
                             minimal(fresh, at.patient),
                             "",
                             {{"If-None-Exist", "_id=" + at.id}}};
           }},
      {.name = "delete in a batch",
       .covers = "interaction batch",
       .ask =
           [=](const About& at) {
             return Question{"POST", "", batch_of("batch", "DELETE", record_of(at))};
           }},
      {.name = "delete in a transaction",
       .covers = "interaction transaction",
       .ask =
           [=](const About& at) {
             return Question{"POST", "", batch_of("transaction", "DELETE", record_of(at))};
           }},
  };
}

inline std::vector<Probe> probes_of_writes() {
  std::vector<Probe> out = probes_of_plain_writes();
  const std::vector<Probe> more = probes_of_conditions();
  out.insert(out.end(), more.begin(), more.end());
  for (Probe& one : out) {
    one.rule = Rule::refused;
    one.applies = [](const std::string& type) { return type == "Observation"; };
  }
  return out;
}

/// A search about one patient, and which of the records of a type it finds.
struct Listing {
  std::string name;
  std::string covers;
  std::string path;  ///< `{p}` is the patient, `{p}-x` a record of it
  std::vector<std::string> types;
  std::function<bool(const Kept&)> finds{};
  std::string method = "GET";
};

inline bool has_code(const Kept& one, const std::string& code) {
  const auto& codes = universe::kinds()[static_cast<std::size_t>(one.versions.back().kind)].codes;
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

inline std::vector<Listing> listings() {
  const std::vector<std::string> observations_only = {"Observation"};
  const auto of_hiv = [](const Kept& one) { return (one.versions.back().sensitivities & 2) != 0; };
  const auto of_a = [](const Kept& one) { return has_code(one, "A"); };
  const auto dated = [](const Kept& one) {
    const int time = one.versions.back().time;
    return time != universe::undated && universe::span_of(time).first >= 2;
  };
  std::vector<Listing> out;
  const auto add = [&](const std::string& name, const std::string& path,
                       std::function<bool(const Kept&)> finds = {},
                       std::vector<std::string> types = {"Observation"},
                       const std::string& method = "GET") {
    out.push_back(
        {name, "interaction search-type", path, std::move(types), std::move(finds), method});
  };
  for (const char* type : {"Condition", "DiagnosticReport", "DocumentReference", "Encounter",
                           "List", "CareTeam", "Consent"}) {
    add("search of " + std::string(type), std::string(type) + "?patient={p}", {}, {type});
  }
  add("search", "Observation?patient=Patient/{p}");
  add("search by subject", "Observation?subject=Patient/{p}");
  add("search posted", "Observation/_search?patient={p}", {}, observations_only, "POST");
  add("search counted", "Observation?patient={p}&_total=accurate");
  add("search of elements", "Observation?patient={p}&_elements=id");
  add("search sorted by date", "Observation?patient={p}&_sort=-date");
  add("search sorted by change", "Observation?patient={p}&_sort=_lastUpdated");
  add("search by code", "Observation?patient={p}&code=A", of_a);
  add("search by no code", "Observation?patient={p}&code:not=A",
      [=](const Kept& one) { return !of_a(one); });
  add("search by label", "Observation?patient={p}&_security=HIV", of_hiv);
  add("search by date", "Observation?patient={p}&date=ge2026-01-07", dated);
  add("search by missing", "Observation?patient={p}&date:missing=true",
      [](const Kept& one) { return one.versions.back().time == universe::undated; });
  add("compartment", "Patient/{p}/Observation");
  add("compartment posted", "Patient/{p}/Observation/_search", {}, observations_only, "POST");
  out.push_back({"compartment of all",
                 "interaction search-type",
                 "Patient/{p}/*",
                 {"Observation", "Condition", "DiagnosticReport", "DocumentReference", "Encounter",
                  "List", "CareTeam", "Consent", "Patient"},
                 {}});
  return out;
}

}  // namespace xl::node::testing::leak
