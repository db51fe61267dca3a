// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the program does what docs/reference/ says, byte for byte. Method: the vectors are read
// from the document itself, so neither can change alone; each is rebuilt from the public functions
// by the document's recipe, and opened or verified. Every vector of the document must have been
// used.
#include <map>
#include <sstream>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/keyfile.h"
#include "crypto/merkle.h"
#include "crypto/signature.h"
#include "crypto/sparse_merkle.h"
#include "crypto/tests/vectors.h"
#include "crypto/webauthn.h"
#include "crypto/wrap.h"

namespace xl::crypto {
namespace {

constexpr std::string_view groups[] = {"digest.", "ed25519.", "p256.",    "webauthn.", "aead.",
                                       "wrap.",   "kek.",     "keyfile.", "merkle.",   "sparse."};

/// `group.name = hex` lines of the chapter, wherever it stands.
std::map<std::string, Bytes> read_vectors() {
  const std::filesystem::path folder = std::filesystem::path(XL_SOURCE_DIR) / "docs/reference";
  std::filesystem::path file = folder / "formats-crypto.md";
  if (!std::filesystem::exists(file)) file = folder / "formats.md";
  std::istringstream in(test::read_text(file));
  std::map<std::string, Bytes> vectors;
  for (std::string line; std::getline(in, line);) {
    const std::size_t equals = line.find(" = ");
    if (equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals);
    for (const std::string_view group : groups) {
      if (name.starts_with(group)) vectors[name] = test::hex(line.substr(equals + 3).c_str());
    }
  }
  return vectors;
}

class FormatVectors : public testing::Test {
 protected:
  static void SetUpTestSuite() { vectors() = read_vectors(); }

  static std::map<std::string, Bytes>& vectors() {
    static std::map<std::string, Bytes> all;
    return all;
  }

  static Bytes get(const std::string& name) {
    const auto found = vectors().find(name);
    EXPECT_NE(found, vectors().end()) << name << " is not in the document";
    return found == vectors().end() ? Bytes{} : found->second;
  }

  static Hash get_hash(const std::string& name) {
    Hash out{};
    const Bytes bytes = get(name);
    EXPECT_EQ(bytes.size(), out.size()) << name;
    if (bytes.size() == out.size()) std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
  }

  static std::vector<Hash> get_hashes(const std::string& name) {
    const Bytes bytes = get(name);
    EXPECT_EQ(bytes.size() % 32, 0U) << name;
    std::vector<Hash> out(bytes.size() / 32);
    for (std::size_t i = 0; i < out.size(); ++i) {
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * 32), 32, out[i].begin());
    }
    return out;
  }

  static aead::Nonce nonce_at(ByteView bytes, std::size_t offset) {
    aead::Nonce nonce{};
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), nonce.size(), nonce.begin());
    return nonce;
  }
};

Bytes joined(std::initializer_list<ByteView> parts) {
  Bytes out;
  for (const ByteView part : parts) append(out, part);
  return out;
}

const Bytes zero_and_suite = {0x00, 0x01};

TEST_F(FormatVectors, TheDocumentHasThemAll) {
  std::map<std::string, int> counts;
  for (const auto& [name, bytes] : vectors()) ++counts[name.substr(0, name.find('.') + 1)];
  EXPECT_EQ(counts.size(), std::size(groups));
  EXPECT_EQ(vectors().size(), 45U);  // a new one needs a check below
}

TEST_F(FormatVectors, Digests) {
  EXPECT_EQ(tagged_hash("xinglin/example/v1", {Bytes{1, 2, 3}}), get_hash("digest.tagged"));
}

TEST_F(FormatVectors, Signatures) {
  const auto ed25519 = SigningKey::from_secret(Algorithm::ed25519, get("ed25519.seed"));
  ASSERT_TRUE(ed25519.ok());
  EXPECT_EQ(ed25519->public_key(), get("ed25519.public_key"));
  EXPECT_EQ(ed25519->sign(get("ed25519.message")), get("ed25519.signature"));
  EXPECT_TRUE(verify(Algorithm::ed25519, get("ed25519.public_key"), get("ed25519.message"),
                     get("ed25519.signature")));
  const auto p256 = SigningKey::from_secret(Algorithm::p256, get("p256.secret"));
  ASSERT_TRUE(p256.ok());
  EXPECT_EQ(p256->public_key(), get("p256.public_key"));
  EXPECT_TRUE(
      verify(Algorithm::p256, get("p256.public_key"), get("p256.message"), get("p256.signature")));
}

TEST_F(FormatVectors, Passkeys) {
  const Bytes key = get("webauthn.public_key");
  EXPECT_EQ(*webauthn::make_public_key(get("p256.public_key"), "chain.example"), key);
  const Bytes signature = get("webauthn.signature");
  EXPECT_TRUE(verify(Algorithm::webauthn_p256, key, get("webauthn.message"), signature));
  const auto signer = SigningKey::from_secret(Algorithm::p256, get("p256.secret"));
  const Bytes data = get("webauthn.authenticator_data");
  const Bytes json = get("webauthn.client_data_json");
  const std::size_t all_but_signature = signature.size() - 64;
  const Bytes ours = webauthn::sign_assertion(*signer, data, json);
  EXPECT_TRUE(
      equal(ByteView(ours).first(all_but_signature), ByteView(signature).first(all_but_signature)));
  const Bytes made = webauthn::make_assertion(
      *signer, {.rp_id = "chain.example", .origin = "https://chain.example"},
      get("webauthn.message"));
  EXPECT_TRUE(
      equal(ByteView(made).first(all_but_signature), ByteView(signature).first(all_but_signature)));
}

TEST_F(FormatVectors, Encryption) {
  const Bytes key = get("aead.key");
  const Bytes sealed = get("aead.sealed");
  EXPECT_EQ(aead::seal_with_nonce(key, nonce_at(get("aead.nonce"), 0), get("aead.plaintext"),
                                  get("aead.associated_data")),
            sealed);
  const Result<Bytes> opened = aead::open(key, sealed, get("aead.associated_data"));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(*opened, get("aead.plaintext"));
}

TEST_F(FormatVectors, Wraps) {
  const auto recipient = WrappingKey::from_secret(get("wrap.recipient_secret"));
  const auto ephemeral = WrappingKey::from_secret(get("wrap.ephemeral_secret"));
  ASSERT_TRUE(recipient.ok() && ephemeral.ok());
  EXPECT_EQ(recipient->public_key(), get("wrap.recipient_public_key"));
  const Bytes wrapped = get("wrap.wrapped");
  const auto opened = recipient->unwrap(wrapped, get("wrap.context"));
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(equal(opened->view(), get("wrap.key")));
  // The recipe, from the sender's side.
  const auto shared = x25519(get("wrap.ephemeral_secret"), recipient->public_key());
  const auto gcm_key =
      hkdf({}, shared->view(),
           joined({view_of("xinglin/wrap-x25519/v1"), zero_and_suite, ephemeral->public_key(),
                   recipient->public_key(), get("wrap.context")}),
           32);
  EXPECT_TRUE(equal(gcm_key->view(), get("wrap.gcm_key")));
  const Bytes sealed =
      aead::seal_with_nonce(gcm_key->view(), nonce_at(wrapped, 33), get("wrap.key"), {});
  EXPECT_EQ(joined({Bytes{0x01}, ephemeral->public_key(), ByteView(sealed).subspan(1)}), wrapped);
}

TEST_F(FormatVectors, WrapsUnderAKey) {
  const Bytes wrapped = get("kek.wrapped");
  const auto opened = unwrap_key(get("kek.kek"), wrapped, get("kek.context"));
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(equal(opened->view(), get("kek.key")));
  EXPECT_EQ(aead::seal_with_nonce(
                get("kek.kek"), nonce_at(wrapped, 1), get("kek.key"),
                joined({view_of("xinglin/wrap-kek/v1"), zero_and_suite, get("kek.context")})),
            wrapped);
}

TEST_F(FormatVectors, KeyFiles) {
  const Bytes secret = get("keyfile.secret");
  const Bytes passphrase = get("keyfile.passphrase");
  const Bytes file = get("keyfile.under_passphrase");
  const auto opened = keyfile::open_with_passphrase(file, text_of(passphrase));
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(equal(opened->view(), secret));
  EXPECT_EQ(keyfile::inspect(file)->kind, keyfile::Kind::root);
  const auto rebuilt = [&secret](ByteView whole, ByteView key) {
    const ByteView header = whole.first(36);
    const Bytes sealed = aead::seal_with_nonce(key, nonce_at(whole, 36), secret, header);
    return joined({header, ByteView(sealed).subspan(1)});
  };
  const ByteView salt = ByteView(file).subspan(20, 16);
  const auto derived = argon2id(text_of(passphrase), salt, {1, 8192}, 32);
  EXPECT_EQ(rebuilt(file, derived->view()), file);

  const Bytes operator_key = get("keyfile.operator_key");
  const Bytes other = get("keyfile.under_operator_key");
  const auto opened_other = keyfile::open_with_operator_key(other, operator_key);
  ASSERT_TRUE(opened_other.ok());
  EXPECT_TRUE(equal(opened_other->view(), secret));
  EXPECT_EQ(keyfile::inspect(other)->kind, keyfile::Kind::ed25519);
  const auto expanded =
      hkdf(ByteView(other).subspan(20, 16), operator_key, view_of("xinglin/keyfile/v1"), 32);
  EXPECT_EQ(rebuilt(other, expanded->view()), other);
}

TEST_F(FormatVectors, AppendOnlyTree) {
  std::vector<Hash> leaves;
  for (std::uint8_t i = 0; i < 7; ++i) leaves.push_back(merkle::leaf_hash(Bytes{i}));
  const Hash root_3 = merkle::root_of_leaf_hashes(std::span(leaves).first(3));
  const Hash root_7 = merkle::root_of_leaf_hashes(leaves);
  EXPECT_EQ(root_3, get_hash("merkle.root_3"));
  EXPECT_EQ(root_7, get_hash("merkle.root_7"));
  EXPECT_EQ(merkle::inclusion_path(leaves, 2), get_hashes("merkle.inclusion_2_of_7"));
  EXPECT_TRUE(
      merkle::verify_inclusion(leaves[2], 2, 7, get_hashes("merkle.inclusion_2_of_7"), root_7));
  EXPECT_TRUE(
      merkle::verify_consistency(3, 7, root_3, root_7, get_hashes("merkle.consistency_3_to_7")));
}

TEST_F(FormatVectors, SparseTree) {
  const auto filled = [](std::uint8_t value) {
    Hash hash{};
    hash.fill(value);
    return hash;
  };
  const std::vector<sparse_merkle::Leaf> leaves = {
      {Hash{}, filled(0xa0)}, {Hash{0x10}, filled(0xa1)}, {Hash{0xc0}, filled(0xa2)}};
  const Hash root = sparse_merkle::root_of(leaves);
  EXPECT_EQ(sparse_merkle::root_of({}), get_hash("sparse.root_0"));
  EXPECT_EQ(sparse_merkle::root_of(std::span(leaves).first(1)), get_hash("sparse.root_1"));
  EXPECT_EQ(root, get_hash("sparse.root_3"));

  const sparse_merkle::Proof present{get_hashes("sparse.siblings_of_leaf_1"), leaves[1]};
  EXPECT_EQ(sparse_merkle::prove(leaves, leaves[1].path).siblings, present.siblings);
  EXPECT_TRUE(sparse_merkle::verify_inclusion(present, leaves[1].path, leaves[1].value_hash, root));
  const sparse_merkle::Proof beside{get_hashes("sparse.absent_beside_leaf_2"), leaves[2]};
  EXPECT_EQ(sparse_merkle::prove(leaves, filled(0xff)).siblings, beside.siblings);
  EXPECT_TRUE(sparse_merkle::verify_absence(beside, filled(0xff), root));
  const sparse_merkle::Proof nothing{get_hashes("sparse.absent_at_nothing"), std::nullopt};
  EXPECT_EQ(sparse_merkle::prove(leaves, Hash{0x40}).siblings, nothing.siblings);
  EXPECT_TRUE(sparse_merkle::verify_absence(nothing, Hash{0x40}, root));
}

}  // namespace
}  // namespace xl::crypto
