// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: other libraries' own vectors hold here too. Method: a reader of `name = value` blocks runs
// Botan's RFC 6979 file (P-256 with SHA-256) and OpenSSL's HKDF file (SHA-256).
#include <map>
#include <sstream>

#include "crypto/kdf.h"
#include "crypto/signature.h"
#include "crypto/tests/vectors.h"

namespace xl::crypto {
namespace {

using test::hex;
using Fields = std::map<std::string, std::string>;

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

/// Calls `visit(name, value)` for each `name = value` line and `visit("", "")` for each blank one.
template <typename Visit>
void read_fields(const std::filesystem::path& path, Visit visit) {
  std::istringstream in(test::read_text(path));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos) {
      visit(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)));
    } else if (trimmed(line).empty()) {
      visit(std::string{}, std::string{});
    }
  }
}

Bytes scalar_of(std::string text) {
  if (text.starts_with("0x")) text = text.substr(2);
  if (text.size() < 64) text.insert(0, 64 - text.size(), '0');
  return hex(std::string_view(text));
}

TEST(TextVectors, BotanEcdsaRfc6979) {
  XL_NEEDS_SHARED_DATA();
  int ran = 0;
  Fields fields;
  const auto visit = [&](const std::string& name, const std::string& value) {
    if (name.empty()) return;
    fields[name] = value;
    if (name == "Group") fields["Hash"].clear();
    if (name != "Signature" || fields["Group"] != "secp256r1" || fields["Hash"] != "SHA-256") {
      return;
    }
    const Result<SigningKey> key = SigningKey::from_secret(Algorithm::p256, scalar_of(fields["X"]));
    ASSERT_TRUE(key.ok());
    const Bytes message = hex(std::string_view(fields["Msg"]));
    Bytes signature = {1};
    append(signature, hex(std::string_view(value)));
    EXPECT_TRUE(verify(Algorithm::p256, key->public_key(), message, signature)) << value;
    for (const std::size_t byte : {std::size_t{1}, std::size_t{40}, signature.size() - 1}) {
      Bytes altered = signature;
      altered[byte] ^= 0x01;
      EXPECT_FALSE(verify(Algorithm::p256, key->public_key(), message, altered));
    }
    ++ran;
  };
  read_fields(test::shared_data() / "crypto/botan/ecdsa_rfc6979.vec", visit);
  EXPECT_EQ(ran, 2);  // A.2.5 with SHA-256; the others are other curves and hashes, or raw digests
}

Bytes control(const Fields& fields, const std::string& name) {
  const auto found = fields.find("Ctrl." + name);
  if (found == fields.end()) return {};
  return hex(std::string_view(found->second).substr(found->second.find(':') + 1));
}

/// Runs one block of OpenSSL's file. True when it was one for SHA-256 with a result.
bool run_hkdf(const Fields& fields) {
  const auto digest = fields.find("Ctrl.digest");
  const auto output = fields.find("Output");
  if (digest == fields.end() || digest->second != "digest:SHA256") return false;
  if (output == fields.end() || fields.contains("Result")) return false;
  const Bytes expected = hex(std::string_view(output->second));
  const auto mode = fields.find("Ctrl.mode");
  const Bytes key_material = control(fields, "IKM");
  if (mode != fields.end() && mode->second == "mode:EXTRACT_ONLY") {
    EXPECT_EQ(to_hex(hkdf_extract(control(fields, "salt"), key_material).view()), to_hex(expected));
    return true;
  }
  const bool expand_only = mode != fields.end() && mode->second == "mode:EXPAND_ONLY";
  const Bytes info = control(fields, "info");
  const Result<SecretBytes> derived =
      expand_only ? hkdf_expand(key_material, info, expected.size())
                  : hkdf(control(fields, "salt"), key_material, info, expected.size());
  EXPECT_TRUE(derived.ok());
  if (derived.ok()) {
    EXPECT_EQ(to_hex(derived->view()), to_hex(expected));
  }
  return true;
}

TEST(TextVectors, OpensslHkdf) {
  XL_NEEDS_SHARED_DATA();
  int ran = 0;
  Fields fields;
  read_fields(test::shared_data() / "crypto/openssl-evp/evpkdf_hkdf.txt",
              [&](const std::string& name, const std::string& value) {
                if (!name.empty()) {
                  fields[name] = value;
                  return;
                }
                if (run_hkdf(fields)) ++ran;
                fields.clear();
              });
  EXPECT_EQ(ran, 9);  // RFC 5869 A.1 to A.3, each whole, extract only, expand only
}

}  // namespace
}  // namespace xl::crypto
