// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "golden/paper_network.h"

#include "base/json/writer.h"
#include "contracts/tests/fixture.h"
#include "crypto/merkle.h"
#include "crypto/webauthn.h"
#include "model/transaction.h"

namespace xl::golden {
namespace {

namespace comet = model::comet;
namespace merkle = crypto::merkle;
namespace smt = crypto::sparse_merkle;
using contracts::testing::key;

constexpr std::string_view chain_id = "paper";
constexpr std::uint64_t genesis_ms = 1'795'219'200'000;  // 2026-11-21
constexpr std::uint64_t entry_height = 41;

struct Member {
  std::string name;
  std::int64_t power;
};
using Members = std::vector<Member>;

const Members& founders() {
  static const Members members = {{"first", 40}, {"second", 30}, {"third", 20}, {"fourth", 10}};
  return members;
}
const Members& after_one_joined() {
  static const Members members = {
      {"first", 40}, {"second", 30}, {"third", 20}, {"fourth", 10}, {"fifth", 10}};
  return members;
}
const Members& after_one_left() {
  static const Members members = {{"second", 30}, {"third", 30}, {"fourth", 10}, {"fifth", 10}};
  return members;
}

comet::ValidatorSet set_of(const Members& members) {
  comet::ValidatorSet out;
  for (const Member& member : members) {
    out.push_back({key(member.name).signing.public_key(), member.power});
  }
  comet::sort_validators(out);
  return out;
}

const crypto::SigningKey& key_of(const comet::Validator& validator, const Members& members) {
  for (const Member& member : members) {
    if (equal(key(member.name).signing.public_key(), validator.public_key)) {
      return key(member.name).signing;
    }
  }
  XL_CHECK(false);
}

/// A block of `members` that announces `next`, signed by all of them but `silent`.
comet::LightBlock block_of(std::int64_t height, const Members& members, const Members& next,
                           const Hash& app_hash, std::string_view silent) {
  comet::LightBlock out;
  out.validators = set_of(members);
  comet::Header& header = out.header;
  header.chain_id = chain_id;
  header.height = height;
  header.version_app = 1;
  header.time = comet::timestamp_from_ms(genesis_ms + static_cast<std::uint64_t>(height) * 1001);
  const Hash before = crypto::sha256(view_of("block before"));
  header.last_block_id = {copy_of(before), {1, copy_of(before)}};
  header.last_commit_hash = copy_of(before);
  header.data_hash = copy_of(comet::data_hash({}));
  header.validators_hash = copy_of(comet::hash_of(out.validators));
  header.next_validators_hash = copy_of(comet::hash_of(set_of(next)));
  header.consensus_hash = copy_of(comet::consensus_hash(4194304, -1));
  header.app_hash = copy_of(app_hash);
  header.last_results_hash = copy_of(merkle::empty_root());
  header.evidence_hash = copy_of(merkle::empty_root());
  header.proposer_address = copy_of(comet::address_of(out.validators[0].public_key));
  const Hash parts = crypto::sha256(view_of("parts"));
  out.commit = {height, 1, {copy_of(comet::hash_of(header)), {1, copy_of(parts)}}, {}};
  for (std::size_t i = 0; i < out.validators.size(); ++i) {
    comet::CommitSignature& vote = out.commit.signatures.emplace_back();
    const crypto::SigningKey& signing = key_of(out.validators[i], members);
    if (!silent.empty() && &signing == &key(std::string(silent)).signing) continue;
    vote.flag = comet::BlockIdFlag::commit;
    vote.address = copy_of(comet::address_of(out.validators[i].public_key));
    vote.time = header.time;
    vote.time.nanos += static_cast<std::int32_t>(i);
    const Bytes signature = signing.sign(comet::vote_sign_bytes(chain_id, out.commit, i));
    vote.signature = copy_of(ByteView(signature).subspan(1));  // votes have no suite byte
  }
  return out;
}

crypto::SigningKey p256_key(std::string_view name) {
  auto made =
      crypto::SigningKey::from_secret(crypto::Algorithm::p256, crypto::sha256(view_of(name)));
  XL_CHECK(made.ok());
  return std::move(*made);
}

/// A body and the signatures of a hospital's, a device's and a person's key.
void sign_body(const model::Genesis& genesis, model::Receipt& out) {
  const crypto::SigningKey& hospital = key("hospital").signing;
  const crypto::SigningKey device = p256_key("device");
  const crypto::SigningKey person = p256_key("person");
  const auto passkey = crypto::webauthn::make_public_key(person.public_key(), "chain.example");
  XL_CHECK(passkey.ok());
  const std::vector<std::pair<crypto::Algorithm, Bytes>> keys = {
      {crypto::Algorithm::ed25519, hospital.public_key()},
      {crypto::Algorithm::p256, device.public_key()},
      {crypto::Algorithm::webauthn_p256, *passkey}};
  model::Body body;
  body.network = genesis.network;
  for (const auto& [algorithm, public_key] : keys) {
    body.signers.push_back({model::key_id_of(algorithm, public_key), algorithm});
  }
  body.valid_until_ms = genesis_ms + 60'000;
  body.nonce.fill(9);
  body.messages = {{3, 1, Bytes{0x0a, 0x02, 0x01, 0x02}}, {3, 2, {}}};
  out.body = model::encode_body(body);
  const Bytes to_sign = model::signed_bytes(out.body);
  out.signers = {
      {keys[0].second, hospital.sign(to_sign)},
      {keys[1].second, device.sign(to_sign)},
      {keys[2].second,
       crypto::webauthn::make_assertion(
           person, {.rp_id = "chain.example", .origin = "https://ward.chain.example:8443"},
           to_sign)}};
}

/// The entry is the fourth of six.
void put_into_history(model::Receipt& out) {
  model::HistoryEntry entry;
  entry.transaction_id = model::transaction_id(out.body);
  entry.height = entry_height;
  entry.index = 2;
  entry.envelope_index = 7;
  entry.status = 2301;
  entry.result_digest = model::result_digest(out.result);
  std::vector<Hash> leaves;
  for (const std::string_view other : {"a", "b", "c", "d", "e", "f"}) {
    leaves.push_back(merkle::leaf_hash(view_of(other)));
  }
  out.history_index = 3;
  leaves[out.history_index] = model::history_leaf(entry);
  out.entry = entry;
  out.history_size = leaves.size();
  out.history_path = merkle::inclusion_path(leaves, out.history_index);
  out.history_root = merkle::root_of_leaf_hashes(leaves);
}

/// Nothing stands at the key's place, whose neighbours are others' leaves.
void prove_absence(model::Receipt& out) {
  std::vector<smt::Leaf> leaves;
  for (std::uint8_t number = 0; number < 16; ++number) {
    const Bytes taken{3, number};
    leaves.push_back({model::state_path(taken), model::state_value_hash(taken)});
  }
  std::sort(leaves.begin(), leaves.end(),
            [](const smt::Leaf& a, const smt::Leaf& b) { return a.path < b.path; });
  out.state_root = smt::root_of(leaves);
  const Bytes free{3, 0x68, 16};
  out.state = model::StateProof{free, std::nullopt, smt::prove(leaves, model::state_path(free))};
}

}  // namespace

std::string paper_genesis_text() {
  json::Writer out;
  out.begin_object().key("genesis_time").string("2026-11-21T00:00:00Z");
  out.key("chain_id").string(chain_id).key("initial_height").string("1");
  out.key("consensus_params").begin_object();
  out.key("block").begin_object().key("max_bytes").string("4194304");
  out.key("max_gas").string("-1").end_object();
  out.key("version").begin_object().key("app").string("1").end_object().end_object();
  out.key("validators").begin_array();
  for (const Member& member : founders()) {
    out.begin_object().key("pub_key").begin_object().key("type");
    out.string("tendermint/PubKeyEd25519").key("value");
    out.string(to_base64(key(member.name).signing.public_key())).end_object();
    out.key("power").string(std::to_string(member.power)).end_object();
  }
  out.end_array().key("app_state").begin_object().key("format_version").integer(1);
  out.key("suite").integer(1).end_object().end_object();
  return out.take();
}

model::Receipt paper_receipt(const model::Genesis& genesis) {
  model::Receipt out;
  out.result = {0x08, 0xfd, 0x11, 0x10, 0x01};  // status 2301, the first message
  sign_body(genesis, out);
  put_into_history(out);
  prove_absence(out);
  const Hash earlier = crypto::sha256(view_of("earlier app hash"));
  out.trust_path = {block_of(11, founders(), after_one_joined(), earlier, ""),
                    block_of(31, after_one_joined(), after_one_left(), earlier, "fourth")};
  const Hash app_hash = model::app_hash(out.state_root, out.history_root, out.history_size);
  out.block = block_of(42, after_one_left(), after_one_left(), app_hash, "fifth");
  return out;
}

}  // namespace xl::golden
