// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: one transaction has one encoding, every bound holds at its edge, and the decoder never
// accepts anything else. Method: max and max + 1 of each field, hand-made non-canonical bytes, and
// every truncation and every single-bit change of a valid transaction.
#include "model/transaction.h"

#include <gtest/gtest.h>

#include "model/envelope.h"
#include "model/limits.h"

namespace xl::model {
namespace {

Body small_body() {
  Body body;
  body.network.fill(7);
  Signer signer;
  signer.key_id.fill(8);
  signer.algorithm = crypto::Algorithm::ed25519;
  body.signers.push_back(signer);
  body.valid_until_ms = 1795219200000;
  body.nonce.fill(9);
  body.messages.push_back({3, 1, Bytes{10, 2, 1, 2}});
  return body;
}

Bytes with_signatures(const Body& body) {
  return encode_transaction(encode_body(body),
                            std::vector<Bytes>(body.signers.size(), Bytes(65, 1)));
}

ErrorCode refusal(const Bytes& raw) {
  const auto decoded = decode_transaction(raw);
  EXPECT_FALSE(decoded.ok());
  return decoded.ok() ? ErrorCode{} : decoded.error().code;
}

/// Wraps body bytes as they are.
Bytes wrap(const Bytes& body) { return encode_transaction(body, {Bytes(65, 1)}); }

TEST(Transaction, RoundTripsAndKeepsWhatWasSigned) {
  const Body body = small_body();
  const Bytes raw = with_signatures(body);
  const auto decoded = decode_transaction(raw);
  ASSERT_TRUE(decoded.ok()) << decoded.error().text();
  EXPECT_EQ(decoded->raw, raw);
  EXPECT_EQ(decoded->body_bytes, encode_body(body));
  EXPECT_EQ(decoded->id, transaction_id(encode_body(body)));
  EXPECT_EQ(decoded->body.messages[0].payload, body.messages[0].payload);
}

TEST(Transaction, RefusesWhatIsNotCanonical) {
  const Bytes body = encode_body(small_body());
  Bytes unknown = body;  // field 15, varint 1
  append(unknown, Bytes{0x78, 0x01});
  EXPECT_EQ(refusal(wrap(unknown)), ErrorCode::transaction_not_canonical);
  Bytes repeated = body;  // version again
  append(repeated, Bytes{0x08, 0x01});
  EXPECT_EQ(refusal(wrap(repeated)), ErrorCode::transaction_not_canonical);
  Bytes unordered(body.begin() + 2, body.end());  // version last
  append(unordered, ByteView(body).first(2));
  EXPECT_EQ(refusal(wrap(unordered)), ErrorCode::transaction_not_canonical);
  Bytes overlong{0x08, 0x81, 0x00};  // version 1 in two bytes
  append(overlong, ByteView(body).subspan(2));
  EXPECT_EQ(refusal(wrap(overlong)), ErrorCode::transaction_not_canonical);
  Bytes defaulted = body;  // valid_until is field 4; a zero would have to be left out
  append(defaulted, Bytes{0x20, 0x00});
  EXPECT_EQ(refusal(wrap(defaulted)), ErrorCode::transaction_not_canonical);
  Bytes trailing = wrap(body);
  trailing.push_back(0);
  EXPECT_EQ(refusal(trailing), ErrorCode::transaction_malformed);
}

TEST(Transaction, EveryTruncationAndNearlyEveryBitIsRefusedOrChangesTheId) {
  const Bytes raw = with_signatures(small_body());
  const Hash id = decode_transaction(raw)->id;
  for (std::size_t length = 0; length < raw.size(); ++length) {
    EXPECT_FALSE(decode_transaction(ByteView(raw).first(length)).ok()) << length;
  }
  for (std::size_t bit = 0; bit < raw.size() * 8; ++bit) {
    Bytes altered = raw;
    altered[bit / 8] = static_cast<std::uint8_t>(altered[bit / 8] ^ (1U << (bit % 8)));
    const auto decoded = decode_transaction(altered);
    if (!decoded.ok()) continue;
    // Only the signature's own bytes may change without changing the id.
    EXPECT_TRUE(decoded->id != id || decoded->signatures[0] != Bytes(65, 1)) << bit;
  }
}

TEST(Transaction, BoundsHoldAtTheirEdges) {
  Body body = small_body();
  body.messages[0].payload = Bytes(limits::payload_bytes_max, 1);
  EXPECT_TRUE(decode_transaction(with_signatures(body)).ok());
  body.messages[0].payload.push_back(1);
  EXPECT_EQ(refusal(with_signatures(body)), ErrorCode::transaction_field_out_of_bounds);

  body = small_body();
  body.messages.resize(limits::messages_max, body.messages[0]);
  EXPECT_TRUE(decode_transaction(with_signatures(body)).ok());
  body.messages.push_back(body.messages[0]);
  EXPECT_EQ(refusal(with_signatures(body)), ErrorCode::transaction_field_out_of_bounds);

  body = small_body();
  for (std::uint8_t i = 1; i < limits::signers_max; ++i) {
    Signer signer = body.signers[0];
    signer.key_id[0] = i;
    body.signers.push_back(signer);
  }
  EXPECT_TRUE(decode_transaction(with_signatures(body)).ok());
  Signer one_more = body.signers[0];
  one_more.key_id[0] = 200;
  body.signers.push_back(one_more);
  EXPECT_EQ(refusal(with_signatures(body)), ErrorCode::transaction_field_out_of_bounds);

  body = small_body();
  body.signers.push_back(body.signers[0]);
  EXPECT_EQ(refusal(with_signatures(body)), ErrorCode::transaction_field_out_of_bounds);

  EXPECT_EQ(refusal(Bytes(limits::transaction_bytes_max + 1, 0)), ErrorCode::transaction_too_large);
  const Bytes small = encode_body(small_body());
  EXPECT_TRUE(
      decode_transaction(encode_transaction(small, {Bytes(limits::signature_bytes_max, 1)})).ok());
  EXPECT_EQ(refusal(encode_transaction(small, {Bytes(limits::signature_bytes_max + 1, 1)})),
            ErrorCode::transaction_field_out_of_bounds);
}

TEST(Transaction, FieldsThatMustNotBeMissing) {
  for (int field = 0; field < 6; ++field) {
    Body body = small_body();
    if (field == 0) body.signers.clear();
    if (field == 1) body.valid_until_ms = 0;
    if (field == 2) body.messages.clear();
    if (field == 3) body.messages[0].contract = 0;
    if (field == 4) body.messages[0].contract = 128;
    if (field == 5) body.messages[0].type = 0;
    EXPECT_EQ(refusal(with_signatures(body)), ErrorCode::transaction_field_out_of_bounds) << field;
  }
  Body body = small_body();
  body.signers[0].algorithm = static_cast<crypto::Algorithm>(9);
  EXPECT_EQ(refusal(with_signatures(body)), ErrorCode::algorithm_unknown);
}

TEST(Envelope, HoldsUpToItsBoundAndIsCanonical) {
  const auto key = crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, Bytes(32, 3));
  ASSERT_TRUE(key.ok());
  std::vector<Bytes> transactions(limits::envelope_transactions_max, Bytes(10, 1));
  const Hash key_id{5};
  const Bytes sealed = seal_envelope(key_id, 1, transactions, *key);
  const auto decoded = decode_envelope(sealed);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->transactions, transactions);
  EXPECT_EQ(decoded->key_id, key_id);
  const std::vector<ByteView> views(transactions.begin(), transactions.end());
  const PackedEnvelope packed = pack_envelope(key_id, 1, views, *key);
  EXPECT_EQ(packed.raw, sealed);
  EXPECT_EQ(packed.envelope.content, decoded->content);
  EXPECT_EQ(packed.envelope.signature, decoded->signature);
  EXPECT_EQ(packed.envelope.key_id, key_id);
  EXPECT_EQ(packed.envelope.sequence, decoded->sequence);
  for (std::size_t length = 0; length < 200; ++length) {
    EXPECT_FALSE(decode_envelope(ByteView(sealed).first(length)).ok());
  }
  EXPECT_FALSE(decode_envelope(Bytes(limits::envelope_bytes_max + 1, 0)).ok());
}

TEST(Id, TextFormsAreCanonical) {
  Id id;
  id.bytes.fill(0xff);
  EXPECT_EQ(id.text(), std::string(25, '7') + "4");
  EXPECT_EQ(*id_from_text(id.text()), id);
  EXPECT_EQ(did_text(id), "did:xinglin:" + id.text());
  EXPECT_EQ(*id_from_did(did_text(id)), id);
  EXPECT_FALSE(id_from_text(std::string(26, '7')).ok());  // unused bits are not zero
  EXPECT_FALSE(id_from_text(std::string(26, 'a')).ok());  // all zero
  EXPECT_FALSE(id_from_text("A" + id.text().substr(1)).ok());
  EXPECT_FALSE(id_from_did("did:example:" + id.text()).ok());
}

}  // namespace
}  // namespace xl::model
