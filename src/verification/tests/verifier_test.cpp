// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: each rule of admission rejects with its own number, at its edge, and a verdict made ahead
// is worth exactly what a check at the position would be. Method: tables over a state with one key
// of each kind.
#include "verification/verifier.h"

#include <gtest/gtest.h>

#include "contracts/identity/records.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::verification {
namespace {

namespace identity = contracts::identity;

constexpr std::uint64_t now_ms = 1795219200000;

class Nothing final : public model::StateReader {
 public:
  [[nodiscard]] bool get(ByteView, Bytes&) const override { return false; }
  void scan(ByteView, ByteView, std::uint32_t,
            const std::function<bool(ByteView, ByteView)>&) const override {}
};

crypto::SigningKey key_number(std::uint8_t number) {
  auto key = crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, Bytes(32, number));
  EXPECT_TRUE(key.ok());
  return std::move(*key);
}

class VerifierTest : public testing::Test {
 protected:
  VerifierTest() {
    context_.height = 5;
    context_.block_ms = now_ms;
    context_.network.fill(7);
    xinglin::identity::v1::PartyRecord party;
    party.set_kind(static_cast<std::uint32_t>(contracts::PartyKind::organisation));
    contracts::store_record(state_, identity::party_key(party_), party);
    store_key(key_, {});
  }

  void store_key(const crypto::SigningKey& key, xinglin::identity::v1::KeyRecord record) {
    record.set_controller(std::string(text_of(party_.bytes)));
    record.set_algorithm(static_cast<std::uint32_t>(key.algorithm()));
    record.set_public_key(std::string(text_of(key.public_key())));
    if (record.purposes() == 0) record.set_purposes(contracts::purpose_sign);
    contracts::store_record(
        state_, identity::key_key(model::key_id_of(key.algorithm(), key.public_key())), record);
  }

  model::Body body(const crypto::SigningKey& key) const {
    model::Body out;
    out.network = context_.network;
    out.signers.push_back({model::key_id_of(key.algorithm(), key.public_key()), key.algorithm()});
    out.valid_until_ms = now_ms + 1;
    out.nonce.fill(9);
    xinglin::records::v1::Anchor anchor;
    anchor.set_record(std::string(16, 'r'));
    anchor.set_patient(std::string(16, 'p'));
    anchor.set_version(1);
    anchor.set_commitment(std::string("\x01", 1) + std::string(32, 'c'));
    anchor.set_ciphertext_digest(std::string("\x01", 1) + std::string(32, 'd'));
    out.messages.push_back({contracts::records::contract_number, contracts::records::anchor_type,
                            model::encode(anchor)});
    return out;
  }

  CheckedTransaction checked(const Bytes& raw) const {
    auto out = check(raw, registry_);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return std::move(*out);
  }

  /// The error of admission, or 0; the same whether signatures were checked ahead or not.
  ErrorCode admitted(const Bytes& raw) {
    const CheckedTransaction late = checked(raw);
    CheckedTransaction early = checked(raw);
    check_signatures(early, state_);
    const auto at_position = admit(late, context_, state_);
    const auto ahead = admit(early, context_, state_);
    EXPECT_EQ(at_position.ok(), ahead.ok());
    if (at_position.ok()) return ErrorCode{};
    EXPECT_EQ(at_position.error().code, ahead.error().code);
    return at_position.error().code;
  }

  Nothing nothing_;
  model::Overlay state_{nothing_};
  contracts::Registry registry_ = contracts::make_registry();
  contracts::Context context_;
  model::Id party_{{1, 2, 3}};
  crypto::SigningKey key_ = key_number(1);
};

TEST_F(VerifierTest, TimeAtItsEdges) {
  const std::pair<std::uint64_t, ErrorCode> edges[] = {
      {now_ms, ErrorCode::transaction_expired},
      {now_ms + 1, ErrorCode{}},
      {now_ms + limits::validity_window_ms, ErrorCode{}},
      {now_ms + limits::validity_window_ms + 1, ErrorCode::validity_too_long},
  };
  for (const auto& [valid_until_ms, expected] : edges) {
    model::Body timed = body(key_);
    timed.valid_until_ms = valid_until_ms;
    EXPECT_EQ(admitted(model::sign_transaction(timed, {&key_})), expected) << valid_until_ms;
  }
}

TEST_F(VerifierTest, NetworkReplayAndSignatures) {
  const Bytes good = model::sign_transaction(body(key_), {&key_});
  EXPECT_EQ(admitted(good), ErrorCode{});
  const auto decoded = model::decode_transaction(good);
  ASSERT_TRUE(decoded.ok());
  state_.put(replay_mark_key(decoded->body.valid_until_ms, decoded->id), Bytes{1});
  EXPECT_EQ(admitted(good), ErrorCode::transaction_replayed);

  model::Body other = body(key_);
  other.network.fill(8);
  EXPECT_EQ(admitted(model::sign_transaction(other, {&key_})), ErrorCode::wrong_network);

  const crypto::SigningKey stranger = key_number(2);
  model::Body nonced = body(key_);
  nonced.nonce.fill(1);
  EXPECT_EQ(admitted(model::sign_transaction(nonced, {&stranger})), ErrorCode::signature_invalid);
  EXPECT_EQ(admitted(model::sign_transaction(body(stranger), {&stranger})), ErrorCode::key_unknown);
  model::Body renamed = body(key_);
  renamed.signers[0].algorithm = crypto::Algorithm::p256;
  EXPECT_EQ(admitted(model::sign_transaction(renamed, {&key_})), ErrorCode::key_algorithm_mismatch);
}

TEST_F(VerifierTest, KeysOutsideTheirTime) {
  struct Case {
    std::uint64_t not_after_ms;
    std::uint64_t revoked_at_ms;
    ErrorCode expected;
  };
  const Case cases[] = {{0, 0, ErrorCode{}},
                        {now_ms + 1, 0, ErrorCode{}},
                        {now_ms, 0, ErrorCode::key_revoked},
                        {0, now_ms, ErrorCode::key_revoked}};
  std::uint8_t number = 10;
  for (const Case& at : cases) {
    const crypto::SigningKey key = key_number(number++);
    xinglin::identity::v1::KeyRecord record;
    record.set_not_after_ms(at.not_after_ms);
    record.set_revoked_at_ms(at.revoked_at_ms);
    store_key(key, record);
    EXPECT_EQ(admitted(model::sign_transaction(body(key), {&key})), at.expected) << int{number};
  }
}

TEST_F(VerifierTest, SessionKeysStayWithinTheirMessages) {
  for (const bool covered : {true, false}) {
    const crypto::SigningKey session = key_number(covered ? 20 : 21);
    xinglin::identity::v1::KeyRecord record;
    record.set_purposes(contracts::purpose_session);
    record.mutable_delegation()->set_organisation(std::string(16, 'o'));
    record.mutable_delegation()->add_message_types(
        std::uint32_t{contracts::records::contract_number} << 16 |
        (contracts::records::anchor_type + (covered ? 0U : 1U)));
    store_key(session, record);
    EXPECT_EQ(admitted(model::sign_transaction(body(session), {&session})),
              covered ? ErrorCode{} : ErrorCode::delegation_exceeded);
  }
}

TEST_F(VerifierTest, EnvelopesNeedTheirPurpose) {
  const crypto::SigningKey packer = key_number(30);
  xinglin::identity::v1::KeyRecord record;
  record.set_purposes(contracts::purpose_envelope);
  store_key(packer, record);
  const auto seal = [&](const crypto::SigningKey& key) {
    const Hash id = model::key_id_of(key.algorithm(), key.public_key());
    auto envelope = model::decode_envelope(model::seal_envelope(id, 1, {Bytes{1}}, key));
    EXPECT_TRUE(envelope.ok());
    return std::move(*envelope);
  };
  EXPECT_TRUE(admit_envelope(seal(packer), now_ms, state_).ok());
  EXPECT_EQ(admit_envelope(seal(key_), now_ms, state_).error().code,
            ErrorCode::envelope_signature_invalid);
  EXPECT_EQ(admit_envelope(seal(key_number(31)), now_ms, state_).error().code,
            ErrorCode::key_unknown);
  model::Envelope altered = seal(packer);
  altered.content.back() = static_cast<std::uint8_t>(altered.content.back() ^ 1);
  EXPECT_EQ(admit_envelope(altered, now_ms, state_).error().code,
            ErrorCode::envelope_signature_invalid);
  // A verdict made ahead counts for its own key only, and does not lend the key a purpose.
  const model::Envelope sound = seal(packer);
  const SignatureVerdict bad{sound.key_id, false};
  EXPECT_EQ(admit_envelope(sound, now_ms, state_, &bad).error().code,
            ErrorCode::envelope_signature_invalid);
  const SignatureVerdict of_another{Hash{1}, true};
  EXPECT_EQ(admit_envelope(altered, now_ms, state_, &of_another).error().code,
            ErrorCode::envelope_signature_invalid);
  const model::Envelope without_purpose = seal(key_);
  const SignatureVerdict good{without_purpose.key_id, true};
  EXPECT_EQ(admit_envelope(without_purpose, now_ms, state_, &good).error().code,
            ErrorCode::envelope_signature_invalid);
}

TEST(ReplayMark, KeysLieInTheOrderOfTheirEnd) {
  const Hash low{};
  Hash high{};
  high.fill(0xff);
  EXPECT_TRUE(model::KeyLess{}(replay_mark_key(1, high), replay_mark_key(2, low)));
  EXPECT_TRUE(model::KeyLess{}(replay_mark_key(255, high), replay_mark_key(256, low)));
  EXPECT_EQ(replay_mark_valid_until_ms(replay_mark_key(now_ms, high)), now_ms);
}

}  // namespace
}  // namespace xl::verification
