// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: custody does what docs/reference/formats-custody.md says, byte for byte. Method: the
// vectors are read from the document; each is made again by the functions that the node uses.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "contracts/access/sealed.h"
#include "contracts/api/shape.h"
#include "crypto/hash.h"
#include "custody/access.h"
#include "custody/labels.h"
#include "custody/ledger_port.h"
#include "model/access_list.h"
#include "model/canonical.h"
#include "model/tags.h"

namespace xl::custody {
namespace {

class CustodyFormats : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream in(std::string(XL_SOURCE_DIR) + "/docs/reference/formats-custody.md");
    for (std::string line; std::getline(in, line);) {
      const std::size_t equals = line.find(" = ");
      Bytes value;
      if (equals != std::string::npos && from_hex(line.substr(equals + 3), value)) {
        vectors_[line.substr(0, equals)] = value;
      }
    }
    ASSERT_GE(vectors_.size(), 16U);
  }
  const Bytes& vector(const std::string& name) const { return vectors_.at(name); }
  std::string field(const std::string& name) const { return bytes_of(vector(name)); }

  std::map<std::string, Bytes> vectors_;
};

TEST_F(CustodyFormats, Labels) {
  Labels labels;
  labels.set_kind(static_cast<std::uint32_t>(Kind::resource));
  labels.set_type("Observation");
  labels.set_id("o1");
  labels.set_last_updated_ms(1700000000000);
  auto* one = labels.add_classes();
  one->set_system("http://hl7.org/fhir/resource-types");
  one->set_code("Observation");
  labels.set_confidentiality(4);
  labels.set_from_ms(1700000000000);
  labels.set_to_ms(1700000000999);
  labels.set_author_organisation(field("custody.organisation"));
  labels.set_author(field("custody.person"));
  labels.set_author_key(field("custody.key"));
  const auto bytes = encode_labels(labels);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes, vector("labels.bytes"));
  EXPECT_TRUE(decode_labels(*bytes).ok());
  Bytes altered = *bytes;
  altered.push_back(0);
  EXPECT_EQ(decode_labels(altered).error().code, ErrorCode::record_altered);
  labels.set_id(std::string(20'000, 'x'));
  EXPECT_EQ(encode_labels(labels).error().code, ErrorCode::labels_too_large);
}

TEST_F(CustodyFormats, SaltedTextsAndPseudonyms) {
  EXPECT_EQ(salted_digest(vector("custody.salt"), "text"), vector("salted.digest"));
  const Bytes key(32, 0x77);
  const Hash digest = crypto::tagged_hash(model::tags::own_pseudonym, {key, view_of("directory")});
  EXPECT_EQ(to_hex(ByteView(digest).first(16)), to_hex(vector("pseudonym.directory")));
}

TEST_F(CustodyFormats, ListsOfEntries) {
  model::AccessListPage page;
  page.network = contracts::key_id_of(field("custody.network"));
  page.custodian = *model::id_from_bytes(vector("custody.organisation"));
  page.patient = *model::id_from_bytes(vector("custody.patient"));
  page.total = page.count = 2;
  page.before = 10;
  page.height = 77;
  page.time_ms = 1767323045000;
  page.sequences = {9, 4};
  EXPECT_EQ(model::access_list_bytes(page), vector("list.bytes"));
  page.sequences = {9};
  EXPECT_NE(model::access_list_bytes(page), vector("list.bytes"));
}

TEST_F(CustodyFormats, LooksAtManyPatients) {
  xinglin::access::v1::CohortPlace place;
  auto* leaf = place.mutable_leaf();
  leaf->set_salt(field("custody.salt"));
  leaf->set_entry(field("cohort.entry"));
  leaf->set_patient(field("custody.patient"));
  leaf->set_records(2);
  EXPECT_EQ(to_hex(model::encode(*leaf)), to_hex(vector("cohort.leaf")));
  EXPECT_EQ(to_hex(contracts::access::cohort_leaf(*leaf)), to_hex(vector("cohort.leaf_hash")));
  const Hash other = [] {
    Hash out;
    out.fill(0x11);
    return out;
  }();
  Hash root{};
  const Bytes wanted = vector("cohort.root");
  ASSERT_EQ(wanted.size(), root.size());
  std::copy(wanted.begin(), wanted.end(), root.begin());
  place.set_index(other < contracts::access::cohort_leaf(*leaf) ? 1 : 0);
  place.set_count(2);
  place.add_path(bytes_of(other));
  EXPECT_TRUE(contracts::access::leads_to(place, root));
  place.set_index(1 - place.index());
  EXPECT_FALSE(contracts::access::leads_to(place, root));
  place.clear_path();
  EXPECT_FALSE(contracts::access::leads_to(place, root));
  place.add_path("short");
  EXPECT_FALSE(contracts::access::leads_to(place, root));
}

TEST_F(CustodyFormats, AccessDetailsAndReasons) {
  xinglin::access::v1::AccessDetails details;
  details.set_version(1);
  details.set_salt(field("custody.salt"));
  details.set_requester_kind(3);
  details.set_requester(field("custody.person"));
  details.set_organisation(field("custody.requester"));
  details.add_roles(1);
  details.set_key(field("custody.key"));
  details.set_patient(field("custody.patient"));
  details.set_custodian(field("custody.organisation"));
  details.set_purpose(1);
  details.set_action(1);
  details.set_policy_height(42);
  details.add_consents(field("custody.consent"));
  details.add_reasons(4);
  EXPECT_EQ(model::encode(details), vector("details.bytes"));
  xinglin::access::v1::EmergencyReason reason;
  reason.set_version(1);
  reason.set_salt(field("custody.salt"));
  reason.set_code("unconscious");
  reason.set_text("after a fall");
  EXPECT_EQ(model::encode(reason), vector("reason.bytes"));
  EXPECT_EQ(contracts::access::details_commitment(vector("details.bytes")),
            field("details.commitment"));
  EXPECT_EQ(contracts::access::details_commitment(vector("reason.bytes")),
            field("reason.commitment"));
}

}  // namespace
}  // namespace xl::custody
