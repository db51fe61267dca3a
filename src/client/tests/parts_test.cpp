// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: cards, identity files, policies and bundles are what they claim to be, and what is altered
// or out of bounds is refused. Method: tables of values at and beyond each bound.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/json/writer.h"
#include "client/bundle_file.h"
#include "client/card.h"
#include "client/identity_file.h"
#include "client/policy.h"
#include "client/session.h"
#include "consents/codes.h"

namespace xl::client {
namespace {

namespace consent = contracts::consent;
using contracts::PartyKind;

const Hash network_a{1};
const Hash network_b{2};

json::Document parsed(std::string_view text) {
  auto out = json::parse(text, {});
  EXPECT_TRUE(out.ok()) << text;
  return out.ok() ? std::move(*out) : json::Document::object();
}

TEST(Card, SurvivesItsTextAndNothingElse) {
  const Identity who = make_identity("Ada", PartyKind::practitioner, random_id());
  const std::string text = write_card(make_card(who, network_a));
  EXPECT_EQ(text.find("Ada"), std::string::npos);
  const auto card = read_card(text);
  ASSERT_TRUE(card.ok()) << card.error().text();
  EXPECT_EQ(card->did, who.did);
  EXPECT_EQ(card->organisation, who.organisation);
  EXPECT_EQ(write_card(*card), text);
  EXPECT_TRUE(check_card(*card, network_a).ok());
  EXPECT_EQ(check_card(*card, network_b).error().code, ErrorCode::input_invalid);
}

TEST(Card, EachPartIsBoundToTheProof) {
  const Card good = make_card(make_identity({}, PartyKind::patient, random_id()), network_a);
  Card other = good;
  other.did = random_id();
  EXPECT_FALSE(check_card(other, network_a).ok());
  other = good;
  other.purposes ^= 1;
  EXPECT_FALSE(check_card(other, network_a).ok());
  for (std::size_t i = 0; i < good.public_key.size(); ++i) {
    other = good;
    other.public_key[i] ^= 1;
    EXPECT_FALSE(check_card(other, network_a).ok()) << i;
  }
  for (std::size_t i = 0; i < good.proof.size(); ++i) {
    other = good;
    other.proof[i] ^= 1;
    EXPECT_FALSE(check_card(other, network_a).ok()) << i;
  }
}

TEST(Card, PartsThatAreMissingOrStrangeAreNamed) {
  const std::string text =
      write_card(make_card(make_identity({}, PartyKind::service, random_id()), network_a));
  for (const char* part :
       {"schema", "did", "kind", "organisation", "algorithm", "public_key", "purposes", "proof"}) {
    json::Document card = parsed(text);
    card.edit().set_string(part, "*");
    const auto read = read_card(json::write(card.root()));
    ASSERT_FALSE(read.ok()) << part;
    EXPECT_NE(read.error().message.find(part), std::string::npos);
  }
  EXPECT_EQ(own_purposes_of(PartyKind::service), contracts::purpose_sign);
}

TEST(Answers, NameTheArchivesThatAreGateways) {
  const auto message = [](std::string_view detail, std::string_view archives) {
    HttpResponse answer;
    answer.status = 410;
    answer.body = R"({"code":"XL1411","detail":")" + std::string(detail) + R"(","archives":)" +
                  std::string(archives) + "}";
    return error_of(answer).message;
  };
  EXPECT_EQ(message("", "[]"), describe(ErrorCode::block_not_kept).en);
  EXPECT_EQ(message("", R"(["https://a.example","http://b.example:1"])"),
            "This node does not keep blocks this old: ask https://a.example, http://b.example:1");
  EXPECT_EQ(message("Gone", R"(["https://a.example"])"), "Gone; ask https://a.example");
  // What a node sends is shown on a terminal.
  EXPECT_EQ(message("Gone", R"(["https://a.example/\u001b[2J", 7, "run this"])"), "Gone");
}

TEST(IdentityFile, KeepsRolesAndIsForItsOwnerAlone) {
  const auto path =
      std::filesystem::temp_directory_path() / ("xl-identity-" + std::to_string(::getpid()));
  const Bytes secret(crypto::keyfile::operator_key_bytes, 7);
  const KeyProtection protection{crypto::keyfile::Protection::operator_key, secret};
  Identity who = make_identity("Dr Ward", PartyKind::practitioner, random_id());
  who.roles = {1, 12};
  ASSERT_TRUE(write_identity(path, who, protection).ok());
  const auto read = read_identity(path, protection);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->roles, who.roles);
  EXPECT_EQ(read->did, who.did);
  EXPECT_EQ(read->key.public_key(), who.key.public_key());
  const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  EXPECT_EQ(std::filesystem::status(path).permissions() & others, std::filesystem::perms::none);
  const Bytes wrong(crypto::keyfile::operator_key_bytes, 8);
  EXPECT_EQ(read_identity(path, {protection.protection, wrong}).error().code,
            ErrorCode::operator_key_wrong);
  EXPECT_EQ(read_identity(path, {crypto::keyfile::Protection::passphrase, wrong}).error().code,
            ErrorCode::keys_locked);
  std::filesystem::remove(path);
}

TEST(Policy, SaysWhatWasWishedInNormalForm) {
  PolicyWish wish;
  EXPECT_EQ(policy_of(wish).error().code, ErrorCode::input_invalid);
  wish.organisation = random_id();
  wish.types = {"Observation", "Condition", "Observation"};
  EXPECT_EQ(policy_of(wish).error().code, ErrorCode::message_malformed);  // a permit says what for
  wish.purpose = consent::PurposeOfUse::treatment;
  const auto policy = policy_of(wish);
  ASSERT_TRUE(policy.ok()) << policy.error().text();
  EXPECT_TRUE(consent::check_policy(*policy).ok());
  EXPECT_EQ(policy->rule().classes_size(), 2);
  EXPECT_EQ(policy->rule().actions_size(), 2);
  EXPECT_EQ(policy->rule().confidentiality_max(),
            static_cast<std::uint32_t>(consent::Confidentiality::normal));
  wish.may_export = true;
  EXPECT_EQ(policy_of(wish)->rule().actions_size(), 3);
  wish.types = {"Thing"};
  EXPECT_EQ(policy_of(wish).error().code, ErrorCode::input_invalid);
}

TEST(Policy, SaysWhatIsRefusedAndWhatIsExcepted) {
  PolicyWish wish;
  wish.effect = consent::Effect::deny;
  wish.confidentiality_max = consent::Confidentiality::very_restricted;
  const auto everything = policy_of(wish);
  ASSERT_TRUE(everything.ok()) << everything.error().text();
  EXPECT_EQ(everything->rule().actions_size() + everything->rule().grantees_size(), 0);
  wish.effect = consent::Effect::permit;
  wish.person = random_id();
  wish.purpose = consent::PurposeOfUse::treatment;
  wish.data_from_ms = -1;
  wish.data_to_ms = 0;
  wish.authors = {random_id(), random_id()};
  wish.author_organisations = {random_id()};
  wish.except_types = {"Condition"};
  wish.except_persons = {random_id()};
  wish.except_authors = {random_id()};
  const auto policy = policy_of(wish);
  ASSERT_TRUE(policy.ok()) << policy.error().text();
  EXPECT_EQ(policy->rule().data_from_ms(), -1);
  EXPECT_EQ(policy->rule().authors_size(), 3);
  EXPECT_EQ(policy->rule().exceptions_size(), 3);
  wish.data_to_ms = -1;
  EXPECT_EQ(policy_of(wish).error().code, ErrorCode::message_malformed);
  wish.data_to_ms.reset();
  wish.except_types = {"Thing"};
  EXPECT_EQ(policy_of(wish).error().code, ErrorCode::input_invalid);
}

TEST(Policy, ConfidentialityHasWordsAndLetters) {
  for (std::uint32_t level = 1; level <= consent::confidentiality_max; ++level) {
    const std::string_view word = consents::confidentiality_word(level);
    ASSERT_FALSE(word.empty());
    EXPECT_EQ(static_cast<std::uint32_t>(*confidentiality_of_word(word)), level);
  }
  EXPECT_EQ(confidentiality_of_word("N"), consent::Confidentiality::normal);
  EXPECT_FALSE(confidentiality_of_word("secret"));
  EXPECT_TRUE(consents::confidentiality_word(7).empty());
}

TEST(SameResource, SeesThroughOrderAndServerElementsOnly) {
  const json::Document source =
      parsed(R"({"resourceType":"Observation","id":"a","valueQuantity":{"value":1.50},)"
             R"("note":[{"text":"x"}]})");
  const auto compare = [&](std::string_view kept) {
    std::string where;
    const json::Document other = parsed(kept);
    return same_resource(source.root(), other.root(), where) ? std::string("same") : where;
  };
  EXPECT_EQ(compare(R"({"id":"a","resourceType":"Observation","meta":{"versionId":"1"},)"
                    R"("note":[{"text":"x"}],"valueQuantity":{"value":1.50}})"),
            "same");
  EXPECT_EQ(compare(R"({"id":"a","resourceType":"Observation","note":[{"text":"x"}],)"
                    R"("valueQuantity":{"value":1.5}})"),
            ".valueQuantity.value");
  EXPECT_EQ(compare(R"({"id":"a","resourceType":"Observation","note":[{"text":"x"},{}],)"
                    R"("valueQuantity":{"value":1.50}})"),
            ".note");
  EXPECT_EQ(compare(R"({"id":"a","resourceType":"Observation","valueQuantity":{"value":1.50}})"),
            ".note");
  EXPECT_EQ(compare(R"({"id":"a","resourceType":"Observation","valueQuantity":{"value":1.50},)"
                    R"("note":[{"text":"x"}],"status":"final"})"),
            ".status");
}

TEST(TransactionsOf, KeepOrderAndTheBoundOfEntries) {
  const json::Document all =
      parsed(R"([{"resourceType":"A","id":"1"},{"resourceType":"B","id":"2"},)"
             R"({"resourceType":"C","id":"3"}])");
  std::vector<json::Value> resources;
  for (const json::Value one : all.root().items()) resources.push_back(one);
  EXPECT_EQ(transactions_of(resources, 3).size(), 1U);
  const auto two = transactions_of(resources, 2);
  ASSERT_EQ(two.size(), 2U);
  const json::Document first = parsed(two[0]);
  EXPECT_EQ(first.root().find("type").as_string(), "transaction");
  EXPECT_EQ(first.root().find("entry").size(), 2U);
  EXPECT_EQ(first.root().find("entry").at(1).find("request").find("url").as_string(), "B/2");
  EXPECT_EQ(parsed(two[1]).root().find("entry").size(), 1U);
  EXPECT_TRUE(transactions_of({}, 2).empty());
}

}  // namespace
}  // namespace xl::client
