// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: certificates and requests say what was asked for, and a key file is nobody else's. Method:
// what was made is read with the library's own functions, and by tables of names.
#include "crypto/certificate.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <fstream>

namespace xl::crypto {
namespace {

constexpr std::uint64_t from_s = 1'780'000'000;
constexpr std::uint64_t until_s = from_s + 90 * 86'400;

TEST(Certificate, NamesTheNodeAndItsPeriod) {
  const auto key = make_certificate_key();
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(text_of(key->view()).starts_with("-----BEGIN PRIVATE KEY-----"));
  const auto pem = make_self_signed_certificate(
      key->view(), {"node1.example.org", "10.0.0.5", "2001:db8::1"}, from_s, until_s);
  ASSERT_TRUE(pem.ok()) << pem.error().text();
  const auto facts = read_certificate(*pem);
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->until_s, until_s);
  BIO* in = BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size()));
  X509* read = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(X509_check_host(read, "node1.example.org", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(read, "node2.example.org", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(read, "10.0.0.5", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(read, "2001:db8::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(read, "10.0.0.6", 0), 0);
  EXPECT_EQ(X509_verify(read, X509_get0_pubkey(read)), 1);
  EXPECT_EQ(X509_check_ca(read), 0);
  X509_free(read);
  BIO_free(in);
  // Another one is another, though it says the same.
  const auto again =
      make_self_signed_certificate(key->view(), {"node1.example.org"}, from_s, until_s);
  EXPECT_NE(read_certificate(*again)->fingerprint, facts->fingerprint);
}

TEST(Certificate, ARequestIsSignedByItsKeyAndHasTheNames) {
  const auto key = make_certificate_key();
  ASSERT_TRUE(key.ok());
  const auto pem = make_certificate_request(key->view(), {std::string(70, 'a') + ".example"});
  EXPECT_FALSE(pem.ok() && pem->empty());
  const auto made = make_certificate_request(key->view(), {"node1.example.org"});
  ASSERT_TRUE(made.ok());
  BIO* in = BIO_new_mem_buf(made->data(), static_cast<int>(made->size()));
  X509_REQ* read = PEM_read_bio_X509_REQ(in, nullptr, nullptr, nullptr);
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(X509_REQ_verify(read, X509_REQ_get0_pubkey(read)), 1);
  STACK_OF(X509_EXTENSION)* wanted = X509_REQ_get_extensions(read);
  EXPECT_GE(X509v3_get_ext_by_NID(wanted, NID_subject_alt_name, -1), 0);
  sk_X509_EXTENSION_pop_free(wanted, X509_EXTENSION_free);
  X509_REQ_free(read);
  BIO_free(in);
}

TEST(Certificate, WhatIsNoPemIsRefused) {
  EXPECT_EQ(read_certificate("").error().code, ErrorCode::certificate_unusable);
  EXPECT_EQ(read_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
                .error()
                .code,
            ErrorCode::certificate_unusable);
  EXPECT_EQ(make_self_signed_certificate(view_of("x"), {"a"}, 0, 1).error().code,
            ErrorCode::certificate_unusable);
  EXPECT_EQ(make_certificate_request(view_of("x"), {"a"}).error().code,
            ErrorCode::certificate_unusable);
}

TEST(Certificate, NamesAreThoseOfHosts) {
  for (const std::string good : {"localhost", "node1.example.org", "*.example.org",
                                 "xn--fiq.example", "10.0.0.5", "::1", "2001:db8::1", "a-b.c"}) {
    EXPECT_TRUE(is_certificate_name(good)) << good;
  }
  const std::string label(63, 'a');
  EXPECT_TRUE(is_certificate_name(label + ".org"));
  for (const std::string& bad :
       {std::string(), std::string("."), std::string("a..b"), std::string("a."),
        std::string("-a.b"), std::string("a-.b"), std::string("a b"), std::string("a,DNS:b"),
        std::string("*"), std::string("a.*.b"), std::string("https://a"), std::string("a:1"),
        std::string("\xe6\x9d\x8f.example"), label + "a.org",
        label + "." + label + "." + label + "." + label}) {
    EXPECT_FALSE(is_certificate_name(bad)) << bad;
  }
}

TEST(Certificate, AFingerprintLooksAsElsewhere) {
  Hash fingerprint{};
  fingerprint[0] = 0x0A;
  fingerprint[31] = 0xF1;
  const std::string text = fingerprint_text(fingerprint);
  EXPECT_EQ(text.size(), 32U * 3 - 1);
  EXPECT_TRUE(text.starts_with("0A:00:"));
  EXPECT_TRUE(text.ends_with(":F1"));
}

TEST(Certificate, AKeyFileIsItsOwners) {
  namespace fs = std::filesystem;
  const fs::path file = fs::temp_directory_path() / ("xl-key-" + std::to_string(::getpid()));
  EXPECT_EQ(check_key_file(file).error().code, ErrorCode::file_missing);
  std::ofstream(file) << "x";
  for (const unsigned mode : {0600U, 0400U, 0640U, 0440U}) {
    fs::permissions(file, static_cast<fs::perms>(mode));
    EXPECT_TRUE(check_key_file(file).ok()) << mode;
  }
  for (const unsigned mode : {0644U, 0604U, 0602U, 0660U, 0601U}) {
    fs::permissions(file, static_cast<fs::perms>(mode));
    EXPECT_EQ(check_key_file(file).error().code, ErrorCode::key_open_to_others) << mode;
  }
  fs::remove(file);
}

}  // namespace
}  // namespace xl::crypto
