// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <chrono>
#include <set>
#include <thread>

#include "client/card.h"
#include "client/emergency.h"
#include "client/identity.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/tests/policy_model.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "node/tests/leak_policies.h"
#include "node/tests/live_node.h"

/// The world of the leak matrix: a node with a patient for each kind of policy and requesters of
/// each kind, and what the independent model says that each of them may know.
namespace xl::node::testing::leak {

namespace universe = contracts::consent::universe;
namespace identity = contracts::identity;

/// One record, as the model sees it.
struct Kept {
  std::string type;
  std::string id;
  std::vector<universe::Point> versions;  ///< the first first; who asks, why and for what left open
  bool deleted = false;                   ///< its last version says so
  std::vector<std::string> shown_by = {};  ///< of bytes: the records by which they are decided too
  [[nodiscard]] std::string name() const { return type + "/" + id; }
};

/// Somebody who is kept here, with a kind of policy.
struct Somebody {
  const Sort* sort = nullptr;
  std::string id;  ///< of the Patient
  model::Id did;
  std::vector<Kept> records;
  std::optional<model::Id> emergency;  ///< that fay declared
};

/// Somebody who asks, in one way.
struct Who {
  std::string name;
  int asker = 0;    ///< of the model
  int purpose = 0;  ///< of the model
  demo::Headers headers{};
  bool house = false;     ///< of the custodian: told that something is there
  bool software = false;  ///< writes without a decision
  bool must_name = false;
  int ward = -1;  ///< of a guardian: number of the patient
};

constexpr const char* absent_patient = "m99";

/// Day 0 of the model: 5 January 2026.
inline std::int64_t day_zero_ms() {
  const std::chrono::sys_days day = std::chrono::year{2026} / 1 / 5;
  return std::chrono::milliseconds(day.time_since_epoch()).count();
}
inline std::string day_text(int day) { return "2026-01-0" + std::to_string(5 + day); }

inline std::string coding(const std::string& system, const std::string& code) {
  return R"({"system":")" + system + R"(","code":")" + code + "\"}";
}
inline std::string concept_of(const std::string& codings) {
  return R"({"coding":[)" + codings + "]}";
}

/// Writes the records of one patient.
class RecordWriter {
 public:
  explicit RecordWriter(std::string patient, std::string dora, std::string mia)
      : patient_(std::move(patient)), dora_(std::move(dora)), mia_(std::move(mia)) {}

  [[nodiscard]] std::string id(const std::string& name) const { return patient_ + "-" + name; }
  [[nodiscard]] std::string mark(const std::string& name) const { return "mark-" + id(name); }

  /// A resource of the type with `rest` behind its labels.
  [[nodiscard]] std::string resource(const std::string& type, const std::string& name,
                                     const universe::Point& point, const std::string& rest) const {
    std::string labels;
    for (std::size_t i = 0; i < 3; ++i) {
      if ((point.sensitivities >> i & 1) == 0) continue;
      labels +=
          (labels.empty() ? "" : ",") + coding("http://terminology.hl7.org/CodeSystem/v3-ActCode",
                                               universe::sensitivity_codes()[i]);
    }
    if (point.confidentiality == 6) {
      labels = coding("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "V");
    }
    return R"({"resourceType":")" + type + R"(","id":")" + (name.empty() ? patient_ : id(name)) +
           "\"" + (labels.empty() ? "" : R"(,"meta":{"security":[)" + labels + "]}") + rest + "}";
  }

  [[nodiscard]] std::string subject() const {
    return R"(,"subject":{"reference":"Patient/)" + patient_ + "\"}";
  }

  [[nodiscard]] static std::string codes_of(const universe::Point& point) {
    std::string codings = coding("http://loinc.org", "2339-0");
    for (const std::string& code : universe::kinds()[static_cast<std::size_t>(point.kind)].codes) {
      codings += "," + coding(std::string(universe::terminology), code);
    }
    return concept_of(codings);
  }

  [[nodiscard]] std::string observation(const std::string& name, const universe::Point& point,
                                        const std::string& rest = {}) const {
    std::string time;
    if (point.time != universe::undated) {
      const auto [a, b] = universe::span_of(point.time);
      time = a == b ? R"(,"effectiveDateTime":")" + day_text(a) + "\""
                    : R"(,"effectivePeriod":{"start":")" + day_text(a) + R"(","end":")" +
                          day_text(b) + "\"}";
    }
    return resource("Observation", name, point,
                    R"(,"status":"final","code":)" + codes_of(point) + subject() + time +
                        R"(,"note":[{"text":")" + mark(name) + "\"}]" + rest);
  }

  [[nodiscard]] std::string condition(const std::string& name, const universe::Point& point) const {
    return resource("Condition", name, point,
                    R"(,"code":)" + codes_of(point) + subject() + R"(,"note":[{"text":")" +
                        mark(name) + "\"}]");
  }

  [[nodiscard]] std::string patient() const {
    return R"({"resourceType":"Patient","id":")" + patient_ + R"(","name":[{"family":")" +
           mark("self") + R"("}],"identifier":[{"system":"urn:leak","value":")" + patient_ +
           "\"}]}";
  }
  [[nodiscard]] std::string encounter() const {
    return resource("Encounter", "v1", {},
                    R"(,"status":"in-progress","class":)" +
                        coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB") +
                        subject() + R"(,"type":[{"text":")" + mark("v1") +
                        R"("}],"participant":[{"individual":{"reference":"Practitioner/)" + dora_ +
                        "\"}}]");
  }
  [[nodiscard]] std::string team() const {
    return resource("CareTeam", "t1", {},
                    R"(,"status":"active","name":")" + mark("t1") + "\"" + subject() +
                        R"(,"participant":[{"member":{"reference":"Practitioner/)" + mia_ +
                        "\"}}]");
  }
  [[nodiscard]] std::string report(const universe::Point& point) const {
    return resource("DiagnosticReport", "r1", point,
                    R"(,"status":"final","code":)" + codes_of(point) + subject() +
                        R"(,"effectiveDateTime":")" + day_text(2) +
                        R"(","result":[{"reference":"Observation/)" + id("hiv") +
                        R"("}],"conclusion":")" + mark("r1") + "\"");
  }
  [[nodiscard]] std::string list() const {
    return resource("List", "l1", {},
                    R"(,"status":"current","mode":"working","title":")" + mark("l1") + "\"" +
                        subject() + R"(,"entry":[{"item":{"reference":"Observation/)" + id("o1") +
                        R"("}},{"item":{"reference":"Observation/)" + id("hiv") + "\"}}]");
  }
  [[nodiscard]] std::string document(const universe::Point& point) const {
    return resource("DocumentReference", "dx", point,
                    R"(,"status":"current","description":")" + mark("dx") + "\"" + subject() +
                        R"(,"content":[{"attachment":{"url":"Binary/)" + id("b2") + R"("}}])");
  }
  [[nodiscard]] std::string shown_bytes() const {
    return resource(
        "Binary", "b2", {},
        R"(,"contentType":"text/plain","data":")" + to_base64(view_of(mark("b2"))) + "\"");
  }
  [[nodiscard]] std::string binary() const {
    return resource("Binary", "b1", {},
                    R"(,"contentType":"text/plain","securityContext":{"reference":"Patient/)" +
                        patient_ + R"("},"data":")" + to_base64(view_of(mark("b1"))) + "\"");
  }

 private:
  std::string patient_, dora_, mia_;
};

/// The node with everybody on it. Made once; asked by several threads, each with its own clients.
class World {
 public:
  void make() {
    live = std::make_unique<LiveNode>("leak-matrix", 3);
    live->start();
    ASSERT_NE(live->node, nullptr);
    north = std::make_unique<FhirClient>(live->hospital(0), live->organisations[0]);
    hire();
    for (std::size_t i = 0; i < sorts().size(); ++i) add_somebody(i);
    ASSERT_EQ(north->put("Patient/m90", RecordWriter("m90", "", "").patient()).status, 201U);
    bob_did = pseudonym("m90");
    appoint();  // before anybody claims: at once
    for (std::size_t i = 0; i < people.size(); ++i) agree(i);
    wait_for_ended();
    name_askers();
  }

  /// What the model says: may `who` do this with a version of a record of this patient?
  [[nodiscard]] bool may(const Who& who, std::size_t patient, universe::Point point,
                         int action) const {
    universe::World facts;
    const Somebody& whose = people[patient];
    const bool practitioner = universe::askers()[static_cast<std::size_t>(who.asker)].kind ==
                              contracts::consent::RequesterKind::practitioner;
    facts.attested = practitioner;
    facts.encounter = who.name == "own doctor in care";
    facts.guardian = who.ward == static_cast<int>(patient);
    const bool declared = who.name == "doctor in an emergency" && whose.emergency.has_value();
    facts.declared = facts.reason = declared;
    facts.licensed = true;
    point.asker = who.asker;
    point.purpose = who.purpose;
    point.action = action;
    return universe::answer(whose.sort->policies, point, facts).permit;
  }
  /// Of one version, from 0: whoever may not know what it became does not know what it was, and
  /// bytes are for whom their document is for.
  [[nodiscard]] bool may(const Who& who, std::size_t patient, const Kept& one, std::size_t version,
                         int action) const {
    bool out = may(who, patient, one.versions[version], action) &&
               may(who, patient, one.versions.back(), action);
    for (const Kept& other : people[patient].records) {
      if (std::ranges::find(one.shown_by, other.name()) == one.shown_by.end()) continue;
      out = out && may(who, patient, other, action);
    }
    return out;
  }
  [[nodiscard]] bool may(const Who& who, std::size_t patient, const Kept& one, int action) const {
    return may(who, patient, one, one.versions.size() - 1, action);
  }

  /// A connection for `who`; a patient is another person for each.
  FhirClient client(const Who& who, std::size_t patient) {
    const std::scoped_lock lock(mutex_);
    const model::Id& at = live->organisations[0];
    if (who.name == "the patient") return {person(people[patient].did), at};
    if (who.name == "another patient") return {person(bob_did), at};
    if (who.ward >= 0) return {guardian(who.ward), at};
    if (who.name == "own software" || who.name == "own software treating") {
      return {live->hospital(0), at};
    }
    if (who.name == "software of another house") return {live->hospital(1), at};
    return {staff(who), at};
  }

  /// The headers with which `who` asks about this patient.
  [[nodiscard]] demo::Headers headers(const Who& who, std::size_t patient) const {
    demo::Headers out = who.headers;
    const auto& emergency = people[patient].emergency;
    if (who.name == "doctor in an emergency" && emergency) {
      out["X-Emergency-Entry"] = emergency->text();
    }
    return out;
  }

  [[nodiscard]] std::string house() const { return "/o/" + live->organisations[0].text(); }
  custody::Organisation& custodian() { return *live->node->custody().find(live->organisations[0]); }

  std::unique_ptr<LiveNode> live;
  std::unique_ptr<FhirClient> north;
  std::vector<Somebody> people;
  std::vector<Who> askers;
  model::Id bob_did;

 private:
  struct Hired {
    std::string name;
    std::size_t house;
    identity::Role role;
    identity::LicenceType licence;
    model::Id did{};
  };

  demo::Persona hired(const Hired& one) {
    demo::Persona employer = live->hospital(one.house);
    auto out = live->cast().practitioner(employer, one.name, one.role, one.licence);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return std::move(*out);
  }
  void hire() {
    using identity::LicenceType;
    using identity::Role;
    staff_ = {{"fay", 1, Role::physician, LicenceType::medical},
              {"mia", 1, Role::physician, LicenceType::medical},
              {"dora", 0, Role::physician, LicenceType::medical},
              {"nils", 0, Role::physician, LicenceType::medical},
              {"wanda", 2, Role::auditor, LicenceType::none}};
    for (Hired& one : staff_) one.did = hired(one).did();
  }
  [[nodiscard]] model::Id did_of(const std::string& name) const {
    for (const Hired& one : staff_) {
      if (one.name == name) return one.did;
    }
    ADD_FAILURE() << name;
    return {};
  }
  demo::Persona staff(const Who& who) {
    const std::string& did = universe::askers()[static_cast<std::size_t>(who.asker)].did;
    for (const Hired& one : staff_) {
      if (one.name == did) return hired(one);
    }
    ADD_FAILURE() << who.name;
    return {};
  }
  demo::Persona person(const model::Id& did) {
    auto out = live->cast().patient(north->who(), "patient", did);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return std::move(*out);
  }
  demo::Persona guardian(int ward) {
    demo::Persona out{"guardian",
                      std::make_unique<client::Session>(
                          client::NodeAddress{"127.0.0.1", std::to_string(live->node->port())},
                          guardians_.at(ward), live->clock)};
    EXPECT_TRUE(out.session->sign_in(live->organisations[0], {}).ok());
    return out;
  }
  model::Id pseudonym(const std::string& id) {
    const auto did = demo::pseudonym_of(*north->who().session, live->organisations[0], id);
    EXPECT_TRUE(did.ok()) << did.error().text();
    return did.ok() ? *did : model::Id{};
  }

  void add_somebody(std::size_t number);
  void change_records(Somebody& one, const RecordWriter& write);
  void agree(std::size_t number);
  void declare(std::size_t number);
  void grant(demo::Persona& ann, std::size_t number, int consent);
  void end(demo::Persona& ann, const model::Id& consent, const Sort& sort);
  void appoint();
  void wait_for_ended();
  void name_askers();

  std::vector<Hired> staff_;
  std::map<int, client::Identity> guardians_;
  std::size_t ended_ = 0;
  std::mutex mutex_;
};

/// Who asks is left open.
inline universe::Point point(int kind, int confidentiality, int sensitivities, int time, int thing,
                             int author = 0) {
  universe::Point out;
  out.kind = kind;
  out.confidentiality = confidentiality;
  out.sensitivities = sensitivities;
  out.time = time;
  out.author = author;
  out.thing = thing;
  return out;
}

inline void World::add_somebody(std::size_t number) {
  Somebody one;
  one.sort = &sorts()[number];
  one.id = "m" + std::to_string(10 + number);
  const RecordWriter write(one.id, did_of("dora").text(), did_of("mia").text());
  using universe::Point;
  const auto day = [](int a, int b) { return universe::number_of_span(a, b); };
  const int undated = universe::undated;
  std::string entries;
  const auto put = [&](const std::string& type, const std::string& name, const Point& at,
                       const std::string& body) {
    const std::string id = name.empty() ? one.id : write.id(name);
    one.records.push_back({type, id, {at}});
    entries += (entries.empty() ? "" : ",") + std::string(R"({"resource":)") + body +
               R"(,"request":{"method":"PUT","url":")" + type + "/" + id + "\"}}";
  };
  put("Patient", "", point(4, 4, 0, undated, 6), write.patient());
  put("Encounter", "v1", point(5, 4, 0, undated, 2), write.encounter());
  const Point o1 = point(2, 4, 0, day(1, 1), 0);
  put("Observation", "o1", o1, write.observation("o1", o1));
  const Point o2 = point(0, 4, 0, day(3, 3), 1);
  put("Observation", "o2", o2,
      write.observation("o2", o2,
                        R"(,"encounter":{"reference":"Encounter/)" + write.id("v1") + "\"}"));
  const Point hiv = point(2, 5, 2, day(0, 2), 6);
  put("Observation", "hiv", hiv, write.observation("hiv", hiv));
  const Point psy = point(0, 5, 4, undated, 6);
  put("Observation", "psy", psy, write.observation("psy", psy));
  const Point two = point(0, 5, 2, day(1, 1), 6);
  put("Observation", "two", two, write.observation("two", two));
  const Point gone = point(0, 4, 0, day(1, 1), 6);
  put("Observation", "gone", gone, write.observation("gone", gone));
  const Point c1 = point(3, 4, 0, undated, 6);
  put("Condition", "c1", c1, write.condition("c1", c1));
  const Point c2 = point(1, 6, 0, undated, 6);
  put("Condition", "c2", c2, write.condition("c2", c2));
  const Point r1 = point(6, 4, 0, day(2, 2), 6);
  put("DiagnosticReport", "r1", r1, write.report(r1));
  put("List", "l1", point(8, 4, 0, undated, 6), write.list());
  put("CareTeam", "t1", point(8, 4, 0, undated, 6), write.team());
  put("Binary", "b1", point(8, 4, 0, undated, 6), write.binary());
  one.records.back().shown_by = {"Patient/" + one.id};
  const Point dx = point(8, 5, 2, undated, 6);
  put("DocumentReference", "dx", dx, write.document(dx));
  put("Binary", "b2", point(8, 4, 0, undated, 6), write.shown_bytes());
  one.records.back().shown_by = {"DocumentReference/" + write.id("dx")};
  const Point rose = point(0, 4, 0, day(1, 1), 6);
  put("Observation", "rose", rose, write.observation("rose", rose));
  const auto made = north->post(
      "", R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entries + "]}");
  ASSERT_EQ(made.status, 200U) << made.body.substr(0, 2000);
  change_records(one, write);
  one.did = pseudonym(one.id);
  people.push_back(std::move(one));
}

/// One that was sensitive and is no more, one that is now, one that is deleted, one that a doctor
/// wrote, one that somebody else saved after her.
inline void World::change_records(Somebody& one, const RecordWriter& write) {
  using universe::Point;
  const int that_day = universe::number_of_span(1, 1);
  const Point plain = point(0, 4, 0, that_day, 6);
  ASSERT_EQ(north->put("Observation/" + write.id("two"), write.observation("two", plain)).status,
            200U);
  const Point rose = point(0, 5, 2, that_day, 6);
  ASSERT_EQ(north->put("Observation/" + write.id("rose"), write.observation("rose", rose)).status,
            200U);
  ASSERT_EQ(north->ask("DELETE", "Observation/" + write.id("gone")).status, 204U);
  for (Kept& kept : one.records) {
    if (kept.id == write.id("two")) kept.versions.push_back(plain);
    if (kept.id == write.id("rose")) kept.versions.push_back(rose);
    if (kept.id == write.id("gone")) {
      kept.versions.push_back(kept.versions.front());
      kept.deleted = true;
    }
  }
  FhirClient dora(hired(staff_[2]), live->organisations[0]);
  const Point d1 = point(0, 4, 0, universe::number_of_span(4, 4), 6, 1);
  const auto written = dora.put("Observation/" + write.id("d1"), write.observation("d1", d1));
  ASSERT_EQ(written.status, 201U) << written.body;
  one.records.push_back({"Observation", write.id("d1"), {d1}});
  Point d2 = point(0, 4, 0, that_day, 6, 1);
  const auto path = "Observation/" + write.id("d2");
  ASSERT_EQ(dora.put(path, write.observation("d2", d2)).status, 201U);
  one.records.push_back({"Observation", write.id("d2"), {d2}});
  d2.author = 6;
  ASSERT_EQ(north->put(path, write.observation("d2", d2)).status, 200U);
  one.records.back().versions.push_back(d2);
}

/// Grants what this kind of policy says, and ends what is over.
inline void World::agree(std::size_t number) {
  demo::Persona ann = person(people[number].did);
  std::set<int> consents;
  const auto& policies = people[number].sort->policies;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    consents.insert(universe::consent_of(policies, i));
  }
  for (const int consent : consents) grant(ann, number, consent);
  if (people[number].sort->emergency) declare(number);
}

inline void World::grant(demo::Persona& ann, std::size_t number, int consent) {
  Somebody& whose = people[number];
  const auto& policies = whose.sort->policies;
  universe::Names names;
  names.day_zero_ms = day_zero_ms();
  names.day_ms = 86'400'000;
  names.record = [&](const std::string& name) {
    const std::size_t slash = name.find('/');
    return name.substr(0, slash + 1) + whose.id + "-" + name.substr(slash + 1);
  };
  names.id = [&](const std::string& name) -> model::Id {
    if (name == "north") return live->organisations[0];
    if (name == "south") return live->organisations[1];
    if (name == "watch") return live->organisations[2];
    if (name == "ann") return whose.did;
    if (name == "bob") return bob_did;
    if (name == "team") {
      const auto team = custodian().records().current("CareTeam", whose.id + "-t1");
      EXPECT_TRUE(team.ok() && *team);
      return (*team)->record;
    }
    if (name == "gail" || name == "insurer") return custody::random_id();
    return did_of(name);
  };
  contracts::consent::SealedPolicy sealed;
  sealed.set_patient(client::bytes_of(whose.did.bytes));
  sealed.set_custodian(client::bytes_of(live->organisations[0].bytes));
  bool first = true;
  int sensitivities = 0;
  for (std::size_t i = 0; i < policies.size(); ++i) {
    if (universe::consent_of(policies, i) != consent) continue;
    *(first ? sealed.mutable_policy() : sealed.add_further()) = universe::build(policies[i], names);
    first = false;
    sensitivities |= sensitivities_named(policies[i].choice);
  }
  const model::Id id = custody::random_id();
  const auto whole = client::seal_policy(std::move(sealed), id);
  ASSERT_TRUE(whole.ok()) << whole.error().text();
  xinglin::consent::v1::Grant message;
  message.set_consent(whole->consent());
  message.set_patient(whole->patient());
  message.set_commitment(client::bytes_of(contracts::consent::commitment_of(*whole)));
  const std::uint64_t now = live->clock.now_ms();
  if (whose.sort->ending == Ending::not_begun) message.set_start_ms(now + 86'400'000);
  if (whose.sort->ending == Ending::expired) message.set_end_ms(now + 3'000);
  const auto transaction = ann.session->sign(std::vector{client::message_to(
      contracts::consent::contract_number, contracts::consent::grant_type, message)});
  ASSERT_TRUE(transaction.ok());
  const auto sent = ann.session->bring(*whole, *transaction);
  ASSERT_TRUE(sent.ok() && sent->applied()) << whose.sort->name << (sent.ok() ? sent->why : "");
  universe::Point of_consent;
  of_consent.kind = 7;
  of_consent.confidentiality = 5;
  of_consent.sensitivities = sensitivities;
  of_consent.time = universe::long_after;
  of_consent.author = 4;
  of_consent.thing = 6;
  whose.records.push_back({"Consent", id.text(), {of_consent}});
  end(ann, id, *whose.sort);
}

inline void World::end(demo::Persona& ann, const model::Id& consent, const Sort& sort) {
  if (sort.ending == Ending::expired) ++ended_;
  if (sort.ending != Ending::revoked) return;
  ++ended_;
  xinglin::consent::v1::Revoke revoke;
  revoke.set_consent(client::bytes_of(consent.bytes));
  const auto sent = ann.session->submit(contracts::consent::contract_number,
                                        contracts::consent::revoke_type, revoke);
  ASSERT_TRUE(sent.ok() && sent->applied());
}

inline void World::declare(std::size_t number) {
  demo::Persona fay = hired(staff_[0]);
  client::Sent sent;
  const auto entry =
      client::declare_emergency(*fay.session, live->organisations[0],
                                {people[number].did, "unconscious", "found in the snow"}, sent);
  ASSERT_TRUE(entry.ok()) << entry.error().text();
  ASSERT_TRUE(sent.applied()) << sent.status_name;
  people[number].emergency = *entry;
}

/// A guardian for two of the patients.
inline void World::appoint() {
  for (std::size_t i = 0; i < people.size(); ++i) {
    if (!people[i].sort->guardian) continue;
    client::Identity who =
        client::make_identity("guardian", contracts::PartyKind::guardian, live->organisations[0]);
    auto& session = *north->who().session;
    const auto genesis = session.genesis();
    ASSERT_TRUE(genesis.ok());
    xinglin::identity::v1::AppointGuardian message;
    message.set_ward(client::bytes_of(people[i].did.bytes));
    message.set_guardian(client::bytes_of(who.did.bytes));
    message.set_powers(identity::power_consent);
    message.set_until_ms(live->clock.now_ms() + 86'400'000);
    message.set_evidence(client::bytes_of(client::committed("birth certificate")));
    client::fill_new_key(client::make_card(who, (*genesis)->network), *message.add_keys());
    const auto sent =
        session.submit(identity::contract_number, identity::appoint_guardian_type, message);
    ASSERT_TRUE(client::applied(sent).ok()) << client::applied(sent).error().text();
    guardians_.emplace(static_cast<int>(i), std::move(who));
  }
}

/// The records of consents follow the ledger and the clock.
inline void World::wait_for_ended() {
  for (int tries = 0; tries < 100; ++tries) {
    const json::Document found = parsed(north->get("Consent?status=inactive&_summary=count"));
    if (found.root().find("total").number_text() == std::to_string(ended_)) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  for (Somebody& one : people) {
    const bool ended = one.sort->ending == Ending::revoked || one.sort->ending == Ending::expired;
    for (Kept& kept : one.records) {
      if (ended && kept.type == "Consent") kept.versions.push_back(kept.versions.front());
    }
  }
}

inline void World::name_askers() {
  const auto purpose = [](const char* code) { return demo::Headers{{"X-Purpose-Of-Use", code}}; };
  askers = {
      {.name = "the patient", .asker = 7, .purpose = 5},
      {.name = "another patient", .asker = 8, .purpose = 5},
      {.name = "own doctor in care", .asker = 12, .house = true},
      {.name = "own doctor without care", .asker = 11, .house = true},
      {.name = "doctor of another house", .asker = 0, .must_name = true},
      {.name = "researcher of another house",
       .asker = 0,
       .purpose = 3,
       .headers = purpose("HRESCH"),
       .must_name = true},
      {.name = "doctor in an emergency",
       .asker = 0,
       .purpose = 1,
       .headers = purpose("ETREAT"),
       .must_name = true},
      {.name = "doctor of a care team", .asker = 10, .must_name = true},
      {.name = "software of another house",
       .asker = 13,
       .headers = purpose("TREAT"),
       .must_name = true},
      {.name = "own software", .asker = 9, .purpose = 4, .house = true, .software = true},
      {.name = "own software treating",
       .asker = 9,
       .headers = purpose("TREAT"),
       .house = true,
       .software = true},
      {.name = "regulator",
       .asker = 14,
       .purpose = 7,
       .headers = purpose("HCOMPL"),
       .must_name = true},
  };
  for (const auto& [ward, who] : guardians_) {
    askers.push_back({.name = "guardian of " + people[static_cast<std::size_t>(ward)].sort->name,
                      .asker = 6,
                      .purpose = 6,
                      .must_name = true,
                      .ward = ward});
  }
}

}  // namespace xl::node::testing::leak
