// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whoever holds the whole ledger cannot tell that two pseudonyms at two custodians are one
// person by anything that is equal. Method: people with the same life at two hospitals; from the
// ledger's copy alone everything that belongs to each pseudonym is gathered (transactions, results,
// state; what names its records, consents and sessions too); any 16 equal bytes that one person's
// two pseudonyms share, and two different people's do not, would join them. The search itself is
// tried on planted joins first.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "client/emergency.h"
#include "contracts/access/records.h"
#include "contracts/consent/codes.h"
#include "model/transaction.h"
#include "node/tests/live_node.h"

namespace xl::node {
namespace {

namespace consent = contracts::consent;
using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::patient_json;

constexpr std::size_t window_bytes = 16;  // of an id; digests and commitments are longer
/// What unrelated people share in so many bytes is common: the names of organisations, the form of
/// a message. A window that holds such a part is not equal because of the person.
constexpr std::size_t common_bytes = 8;

template <std::size_t size>
using Windows = std::set<std::array<std::uint8_t, size>>;

/// One pseudonym and all that the ledger says of it.
struct Traces {
  model::Id did;
  std::vector<Bytes> pieces;

  template <std::size_t size>
  [[nodiscard]] Windows<size> windows() const {
    Windows<size> out;
    for (const Bytes& piece : pieces) {
      for (std::size_t at = 0; at + size <= piece.size(); ++at) {
        std::array<std::uint8_t, size> one;
        std::copy_n(piece.begin() + static_cast<std::ptrdiff_t>(at), size, one.begin());
        out.insert(one);
      }
    }
    return out;
  }
};

/// Persons by their pseudonyms at the first and at the second custodian.
using Persons = std::vector<std::array<Traces, 2>>;

template <std::size_t size>
Windows<size> shared(const Traces& one, const Traces& two) {
  const Windows<size> left = one.windows<size>();
  const Windows<size> right = two.windows<size>();
  Windows<size> out;
  std::set_intersection(left.begin(), left.end(), right.begin(), right.end(),
                        std::inserter(out, out.end()));
  return out;
}

/// What joins a person's two pseudonyms and is no common property of unrelated ones.
std::set<std::string> joins_of(const Persons& persons) {
  Windows<common_bytes> common;
  for (std::size_t i = 0; i < persons.size(); ++i) {
    for (std::size_t j = 0; j < persons.size(); ++j) {
      if (i != j) common.merge(shared<common_bytes>(persons[i][0], persons[j][1]));
    }
  }
  const auto is_common = [&](const std::array<std::uint8_t, window_bytes>& window) {
    for (std::size_t at = 0; at + common_bytes <= window_bytes; ++at) {
      std::array<std::uint8_t, common_bytes> part;
      std::copy_n(window.begin() + at, common_bytes, part.begin());
      if (common.contains(part)) return true;
    }
    return false;
  };
  std::set<std::string> out;
  for (const auto& person : persons) {
    for (const auto& window : shared<window_bytes>(person[0], person[1])) {
      if (!is_common(window)) out.insert(to_hex(window));
    }
  }
  return out;
}

bool holds(ByteView text, ByteView part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end()) != text.end();
}

/// Everything that stands on the ledger: raw transactions with their results, and state entries.
std::vector<Bytes> pieces_of(const query::Ledger& ledger) {
  std::vector<Bytes> out;
  std::uint64_t height = 0;
  std::uint32_t position = 0;
  const auto head = ledger.head();
  EXPECT_TRUE(head.ok());
  while (height <= head->height) {
    const auto page = ledger.events_behind(height, position, 64, 64);
    EXPECT_TRUE(page.ok());
    for (const query::LedgerEvent& event : page->events) {
      const auto kept = ledger.transaction(event.entry->transaction_id);
      EXPECT_TRUE(kept.ok());
      out.push_back(kept->raw);
      append(out.back(), kept->result);
      append(out.back(), event.entry->transaction_id);
      height = event.height;
      position = event.position;
    }
    if (page->events.empty()) {
      height = page->next_height;
      position = 0;
    }
  }
  const auto state = ledger.state();
  state->scan({}, {}, UINT32_MAX, [&](ByteView key, ByteView value) {
    out.push_back(copy_of(key));
    append(out.back(), value);
    return true;
  });
  return out;
}

/// Gathers what names a pseudonym, then what names an id that stood next to it: its records,
/// consents and sessions. `common` are ids of those who take part in everybody's.
void gather(const query::Ledger& ledger, const std::vector<Bytes>& pieces,
            const std::set<std::string>& common, Traces& traces) {
  std::set<std::string> names{std::string(text_of(traces.did.view()))};
  const auto state = ledger.state();
  state->scan({}, {}, UINT32_MAX, [&](ByteView key, ByteView value) {
    if (!holds(value, traces.did.view()) || key.size() < 2 + window_bytes) return true;
    const std::string id(text_of(key.subspan(2, window_bytes)));
    if (!common.contains(id)) names.insert(id);
    return true;
  });
  for (const Bytes& piece : pieces) {
    const bool about = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return holds(piece, view_of(name));
    });
    if (about) traces.pieces.push_back(piece);
  }
}

TEST(Linkage, TheSearchFindsWhatJoins) {
  Persons persons(3);
  std::uint8_t number = 0;
  for (auto& person : persons) {
    for (Traces& traces : person) {
      traces.pieces.push_back(Bytes(40, 0xee));  // everybody's
      traces.pieces.push_back(Bytes(64, ++number));
    }
  }
  EXPECT_TRUE(joins_of(persons).empty());
  Bytes known = Bytes(5, 0x50);
  for (std::uint8_t i = 0; i < window_bytes; ++i) known.push_back(i);
  persons[1][0].pieces.push_back(known);
  known[0] = 0x51;
  persons[1][1].pieces.push_back(Bytes(known.begin() + 5, known.end()));
  EXPECT_EQ(joins_of(persons).size(), 1U);
  persons[2][1].pieces.push_back(known);  // a stranger has it too: it says nothing
  EXPECT_TRUE(joins_of(persons).empty());
}

class LinkageOnALedger : public ::testing::Test {
 protected:
  void SetUp() override {
    live_ = std::make_unique<LiveNode>("linkage");
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    for (const auto& one : live_->node->custody().organisations()) {
      ASSERT_TRUE(one->desk().tell_agreement_key().ok());
    }
    for (std::size_t i = 0; i < 2; ++i) {
      houses_.push_back(std::make_unique<FhirClient>(live_->hospital(i), live_->organisations[i]));
      doctors_.push_back(std::make_unique<FhirClient>(live_->doctor(houses_[i]->who(), "doctor"),
                                                      live_->organisations[1 - i]));
    }
  }
  void TearDown() override {
    doctors_.clear();
    houses_.clear();
    live_.reset();
  }

  /// The same life in one of the houses: a chart, the handover to the person's own key, a consent
  /// for the other house, which reads by it, and an emergency.
  void live(std::size_t house, const std::string& name, Traces& traces) {
    FhirClient& here = *houses_[house];
    FhirClient& there = *doctors_[1 - house];
    std::string patient = patient_json(name, "Name of " + name);
    patient.insert(patient.size() - 1,
                   R"(,"identifier":[{"system":"urn:card","value":"card-of-)" + name + R"("}])");
    ASSERT_EQ(here.put("Patient/" + name, patient).status, 201U);
    ASSERT_EQ(here.put("Observation/" + name, observation_json(name, name)).status, 201U);
    ASSERT_EQ(here.put("Observation/" + name, observation_json(name, name, "2.0")).status, 200U);
    const auto did = demo::pseudonym_of(*here.who().session, live_->organisations[house], name);
    ASSERT_TRUE(did.ok()) << did.error().text();
    traces.did = *did;
    auto person = live_->cast().patient(here.who(), name, *did);
    ASSERT_TRUE(person.ok()) << person.error().text();
    consent::Policy policy;
    policy.set_effect(static_cast<std::uint32_t>(consent::Effect::permit));
    auto* rule = policy.mutable_rule();
    rule->add_grantees()->set_organisation(client::bytes_of(live_->organisations[1 - house].bytes));
    rule->set_confidentiality_min(1);
    rule->set_confidentiality_max(6);
    rule->add_purposes(static_cast<std::uint32_t>(consent::PurposeOfUse::treatment));
    rule->add_actions(static_cast<std::uint32_t>(consent::Action::read));
    rule->add_actions(static_cast<std::uint32_t>(consent::Action::search));
    model::Id given;
    const auto sent = person->session->grant(policy, *did, live_->organisations[house], 0, given);
    ASSERT_TRUE(sent.ok() && sent->applied());
    // As another member's node asks: a session that both sign, data keys wrapped.
    const std::string source =
        model::did_text(live_->organisations[house]) + "|" + model::did_text(*did);
    const auto gathered = there.who().session->ask(
        "POST", "/o/" + live_->organisations[1 - house].text() + "/fhir/Patient/$gather",
        "application/fhir+json",
        R"({"resourceType":"Parameters","parameter":[{"name":"source","valueString":")" + source +
            R"("}]})");
    ASSERT_TRUE(gathered.ok() && gathered->status == 200U);
    ASSERT_NE(gathered->body.find("\"resourceType\":\"Observation\""), std::string::npos)
        << gathered->body;
    ASSERT_EQ(there.get("Observation/" + name).status, 200U);
    ASSERT_EQ(there.get("Observation?patient=" + name).status, 200U);
    client::Sent declared;
    ASSERT_TRUE(client::declare_emergency(*there.who().session, live_->organisations[house],
                                          {*did, "unconscious", "the same words"}, declared)
                    .ok());
    ASSERT_TRUE(declared.applied()) << declared.status_name;
    find_unconscious(house, name, *did);
  }

  /// Somebody unconscious is looked for everywhere by the number on their card, the same in both
  /// houses.
  void find_unconscious(std::size_t house, const std::string& name, const model::Id& did) {
    demo::Persona& doctor = doctors_[1 - house]->who();
    const std::string own = "/o/" + live_->organisations[1 - house].text();
    client::Sent declared;
    const auto entry = client::declare_emergency(*doctor.session, live_->organisations[1 - house],
                                                 {{}, "unconscious", "the same words"}, declared);
    ASSERT_TRUE(entry.ok() && declared.applied());
    const auto found = doctor.session->ask(
        "POST", own + "/emergencies/" + entry->text() + "/find", "application/json",
        R"({"identifiers":[{"system":"urn:card","value":"card-of-)" + name + R"("}]})");
    ASSERT_TRUE(found.ok() && found->status == 200U);
    EXPECT_NE(found->body.find(model::did_text(did)), std::string::npos) << found->body;
  }

  std::unique_ptr<LiveNode> live_;
  std::vector<std::unique_ptr<FhirClient>> houses_;
  std::vector<std::unique_ptr<FhirClient>> doctors_;  // of the house, who ask the other one
};

TEST_F(LinkageOnALedger, NothingEqualJoinsOnePersonsPseudonyms) {
  Persons persons(4);
  for (std::size_t house = 0; house < 2; ++house) {
    for (std::size_t i = 0; i < persons.size(); ++i) {
      ASSERT_NO_FATAL_FAILURE(live(house, "person-" + std::to_string(i), persons[i][house]));
    }
    ASSERT_EQ(houses_[house]->get("Observation?code=2339-0").status, 200U);  // a look at all
  }
  for (const auto& organisation : live_->node->custody().organisations()) {
    const auto anchored = organisation->desk().anchor_journal();
    ASSERT_TRUE(anchored.ok()) << anchored.error().text();
    ASSERT_TRUE(organisation->desk().seal_sessions(true).ok());
  }
  const query::Ledger& ledger = live_->node->ledger();
  std::set<std::string> common;
  for (const model::Id& organisation : live_->organisations) {
    common.emplace(text_of(organisation.view()));
  }
  for (const auto& doctor : doctors_) common.emplace(text_of(doctor->who().did().view()));
  const std::vector<Bytes> pieces = pieces_of(ledger);
  for (auto& person : persons) {
    for (Traces& traces : person) {
      gather(ledger, pieces, common, traces);
      // The chart, the claim, the consent, the session, its seal, the emergency, and the state.
      EXPECT_GE(traces.pieces.size(), 12U);
      EXPECT_LT(traces.pieces.size(), pieces.size() / 2) << "everything is about everybody";
    }
  }
  EXPECT_EQ(joins_of(persons), std::set<std::string>{});
  // That this can fail here: one id that stands in both is found.
  persons[0][0].pieces.push_back(copy_of(persons[0][1].did.view()));
  EXPECT_EQ(joins_of(persons).size(), 1U);
}

}  // namespace
}  // namespace xl::node
