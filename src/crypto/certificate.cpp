// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/certificate.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "crypto/hash.h"
#include "crypto/openssl_handles.h"
#include "crypto/random.h"

namespace xl::crypto {

using detail::Handle;

namespace {

/// RFC 5280 appendix A, ub-common-name.
constexpr std::size_t common_name_bytes_max = 64;
constexpr std::size_t serial_bytes = 16;

bool is_address(std::string_view text) {
  std::array<std::uint8_t, sizeof(in6_addr)> address{};
  const std::string name(text);
  return ::inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
}

/// RFC 1123 §2.1: letters, digits and inner hyphens.
bool is_label(std::string_view label) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), allowed);
}

Error library_failed() { return make_error(ErrorCode::crypto_library_failed, "certificate"); }

Handle<BIO> reader_of(ByteView pem) {
  return Handle<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Result<Handle<EVP_PKEY>> read_key(ByteView pem) {
  const Handle<BIO> in = reader_of(pem);
  // An encrypted key is refused, not asked about at the terminal.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  Handle<EVP_PKEY> key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
  if (!key) return make_error(ErrorCode::certificate_unusable, "no key in PEM");
  return key;
}

ByteView bytes_in(BIO* out) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  return {reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

/// `DNS:a,IP:b`: the names have no comma.
std::string alternative_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    out += (out.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  return out;
}

Handle<X509_EXTENSION> extension(int kind, const std::string& value) {
  return Handle<X509_EXTENSION>(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
}

std::vector<Handle<X509_EXTENSION>> extensions_for(const std::vector<std::string>& names) {
  std::vector<Handle<X509_EXTENSION>> out;
  out.push_back(extension(NID_subject_alt_name, alternative_names(names)));
  out.push_back(extension(NID_basic_constraints, "critical,CA:FALSE"));
  out.push_back(extension(NID_key_usage, "critical,digitalSignature"));
  // A member's gateway is a client of the others' too.
  out.push_back(extension(NID_ext_key_usage, "serverAuth,clientAuth"));
  return out;
}

bool set_common_name(X509_NAME* subject, const std::string& name) {
  if (name.size() > common_name_bytes_max) return true;  // the alternative names count alone
  const auto* text = reinterpret_cast<const unsigned char*>(name.data());
  return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, text,
                                    static_cast<int>(name.size()), -1, 0) == 1;
}

bool set_serial(X509* certificate) {
  std::array<std::uint8_t, serial_bytes> random{};
  random_bytes(random);
  random[0] = static_cast<std::uint8_t>((random[0] & 0x7FU) | 0x40U);  // positive, of one length
  const Handle<BIGNUM> number(BN_bin2bn(random.data(), serial_bytes, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

}  // namespace

bool is_certificate_name(std::string_view name) {
  if (is_address(name)) return true;
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.size() > 253) return false;
  for (std::size_t dot = name.find('.'); dot != name.npos; dot = name.find('.')) {
    if (!is_label(name.substr(0, dot))) return false;
    name.remove_prefix(dot + 1);
  }
  return is_label(name);
}

Result<SecretBytes> make_certificate_key() {
  const Handle<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const Handle<BIO> out(BIO_new(BIO_s_secmem()));
  if (!key || !out ||
      PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return library_failed();
  }
  return SecretBytes::copy_of(bytes_in(out.get()));
}

Result<std::string> make_self_signed_certificate(ByteView key_pem,
                                                 const std::vector<std::string>& names,
                                                 std::uint64_t from_s, std::uint64_t until_s) {
  XL_TRY_ASSIGN(const Handle<EVP_PKEY> key, read_key(key_pem));
  const Handle<X509> made(X509_new());
  if (!made || X509_set_version(made.get(), X509_VERSION_3) != 1 || !set_serial(made.get()) ||
      ASN1_TIME_set(X509_getm_notBefore(made.get()), static_cast<std::time_t>(from_s)) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(made.get()), static_cast<std::time_t>(until_s)) == nullptr ||
      X509_set_pubkey(made.get(), key.get()) != 1 ||
      !set_common_name(X509_get_subject_name(made.get()), names.front()) ||
      X509_set_issuer_name(made.get(), X509_get_subject_name(made.get())) != 1) {
    return library_failed();
  }
  for (const auto& one : extensions_for(names)) {
    if (!one || X509_add_ext(made.get(), one.get(), -1) != 1) return library_failed();
  }
  const Handle<BIO> out(BIO_new(BIO_s_mem()));
  if (!out || X509_sign(made.get(), key.get(), EVP_sha256()) == 0 ||
      PEM_write_bio_X509(out.get(), made.get()) != 1) {
    return library_failed();
  }
  return std::string(text_of(bytes_in(out.get())));
}

Result<std::string> make_certificate_request(ByteView key_pem,
                                             const std::vector<std::string>& names) {
  XL_TRY_ASSIGN(const Handle<EVP_PKEY> key, read_key(key_pem));
  const Handle<X509_REQ> made(X509_REQ_new());
  const Handle<STACK_OF(X509_EXTENSION)> wanted(sk_X509_EXTENSION_new_null());
  if (!made || !wanted || X509_REQ_set_version(made.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(made.get(), key.get()) != 1 ||
      !set_common_name(X509_REQ_get_subject_name(made.get()), names.front())) {
    return library_failed();
  }
  const auto extensions = extensions_for(names);
  for (const auto& one : extensions) {
    if (!one || sk_X509_EXTENSION_push(wanted.get(), one.get()) == 0) return library_failed();
  }
  const Handle<BIO> out(BIO_new(BIO_s_mem()));
  if (!out || X509_REQ_add_extensions(made.get(), wanted.get()) != 1 ||
      X509_REQ_sign(made.get(), key.get(), EVP_sha256()) == 0 ||
      PEM_write_bio_X509_REQ(out.get(), made.get()) != 1) {
    return library_failed();
  }
  return std::string(text_of(bytes_in(out.get())));
}

Result<CertificateFacts> read_certificate(std::string_view pem) {
  const Handle<BIO> in = reader_of(view_of(pem));
  const Handle<X509> read(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (!read) return make_error(ErrorCode::certificate_unusable, "no certificate in PEM");
  unsigned char* der = nullptr;
  const int size = i2d_X509(read.get(), &der);
  if (size < 0) return library_failed();
  CertificateFacts out;
  out.fingerprint = sha256({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(read.get()), &end) != 1) {
    return make_error(ErrorCode::certificate_unusable, "its end cannot be read");
  }
  out.until_s = static_cast<std::uint64_t>(std::max<std::time_t>(0, ::timegm(&end)));
  return out;
}

std::string fingerprint_text(const Hash& fingerprint) {
  std::string out;
  for (const std::uint8_t byte : fingerprint) {
    if (!out.empty()) out += ':';
    for (const unsigned shift : {4U, 0U}) out += "0123456789ABCDEF"[(byte >> shift) & 15U];
  }
  return out;
}

Status check_key_file(const std::filesystem::path& path) {
  using std::filesystem::perms;
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (!std::filesystem::exists(status)) return make_error(ErrorCode::file_missing, path.string());
  if (!std::filesystem::is_regular_file(status)) return {};  // a pipe or a terminal keeps nothing
  // Reading by a group is how systems let a service share a key.
  constexpr perms too_much = perms::others_all | perms::group_write | perms::group_exec;
  if ((status.permissions() & too_much) == perms::none) return {};
  return make_error(ErrorCode::key_open_to_others, path.string());
}

}  // namespace xl::crypto
