// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what a sign-in signs is what docs/reference/formats-custody.md §1 says. Method: its vector.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "contracts/identity/sign_in.h"
#include "crypto/signature.h"

namespace xl::gateway::auth {
namespace {

TEST(SignInFormat, IsAsDocumented) {
  std::map<std::string, Bytes> vectors;
  std::ifstream in(std::string(XL_SOURCE_DIR) + "/docs/reference/formats-custody.md");
  for (std::string line; std::getline(in, line);) {
    const std::size_t equals = line.find(" = ");
    Bytes value;
    if (equals != std::string::npos && from_hex(line.substr(equals + 3), value)) {
      vectors[line.substr(0, equals)] = value;
    }
  }
  Hash network{};
  Hash key{};
  std::copy_n(vectors.at("custody.network").begin(), network.size(), network.begin());
  std::copy_n(vectors.at("custody.key").begin(), key.size(), key.begin());
  const auto organisation = model::id_from_bytes(vectors.at("custody.organisation"));
  ASSERT_TRUE(organisation.ok());
  EXPECT_EQ(contracts::identity::sign_in_bytes(network, *organisation, key, "AAECAwQF"),
            vectors.at("sign_in.bytes"));
  const auto signer =
      crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, vectors.at("sign_in.seed"));
  ASSERT_TRUE(signer.ok());
  EXPECT_EQ(signer->public_key(), vectors.at("sign_in.public_key"));
  EXPECT_EQ(signer->sign(vectors.at("sign_in.bytes")), vectors.at("sign_in.signature"));
  EXPECT_EQ(vectors.at("sign_in.signature").size(), 65U);
}

TEST(SignInFormat, ASignInStatesWhoIsMeant) {
  const auto taken = [](std::string_view challenge) {
    return contracts::identity::stated_in(challenge);
  };
  const std::string did = "did:xinglin:aaaqeayeaudaocajbifqydiob4";
  const std::string by_password = "as stated by the organisation: " + did +
                                  ", account ward7, by password; through app A; b (c); x";
  EXPECT_EQ(taken(by_password).person, did);
  EXPECT_EQ(taken(by_password).organisation, did + ", account ward7, by password");
  EXPECT_EQ(taken(by_password).app, "A; b (c)");
  EXPECT_EQ(taken("as stated by the organisation: " + did + ", account a; x").person, did);
  const auto service = taken("as stated by the organisation: service " + did + ", by x; y");
  EXPECT_EQ(service.person, "");
  EXPECT_EQ(service.organisation, "service " + did + ", by x");
  EXPECT_EQ(taken("through app " + did + ", z (y); x").person, "");
  EXPECT_EQ(taken(did + ", account; x").person, "");
}

}  // namespace
}  // namespace xl::gateway::auth
