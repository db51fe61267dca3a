// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/keyfile.h"

#include <algorithm>

#include "base/file.h"
#include "base/hex.h"
#include "crypto/aead.h"
#include "crypto/certificate.h"
#include "crypto/suite.h"

namespace xl::crypto::keyfile {
namespace {

constexpr std::string_view magic = "XINGLINK";
constexpr std::string_view operator_key_info = "xinglin/keyfile/v1";
constexpr std::uint8_t format_version = 1;
constexpr std::size_t salt_offset = 20;
constexpr std::size_t header_bytes = salt_offset + argon2id_salt_bytes;
constexpr auto suite_byte = static_cast<std::uint8_t>(Suite::international);
static_assert(header_bytes + aead::nonce_bytes + secret_bytes + aead::tag_bytes == file_bytes);

bool is_kind(std::uint8_t value) {
  return value >= static_cast<std::uint8_t>(Kind::ed25519) &&
         value <= static_cast<std::uint8_t>(Kind::root);
}

Bytes encode_header(const Header& header, ByteView salt) {
  Bytes out = copy_of(view_of(magic));
  out.push_back(format_version);
  out.push_back(suite_byte);
  out.push_back(static_cast<std::uint8_t>(header.kind));
  out.push_back(static_cast<std::uint8_t>(header.protection));
  append_be(out, header.cost.passes);
  append_be(out, header.cost.memory_kib);
  append(out, salt);
  return out;
}

Status check_cost(const Header& header) {
  const Argon2idCost& cost = header.cost;
  if (header.protection == Protection::operator_key) {
    if (cost != Argon2idCost{0, 0}) return make_error(ErrorCode::keyfile_malformed);
    return {};
  }
  if (cost.passes == 0 || cost.passes > argon2id_passes_max ||
      cost.memory_kib < argon2id_memory_kib_min || cost.memory_kib > argon2id_memory_kib_max) {
    return make_error(ErrorCode::kdf_parameters_invalid, "Argon2id cost of the key file");
  }
  return {};
}

Bytes seal_file(ByteView header, ByteView gcm_key, ByteView secret) {
  Bytes file = copy_of(header);
  append(file, ByteView(aead::seal(gcm_key, secret, header)).subspan(1));
  return file;
}

Result<SecretBytes> open_file(ByteView file, ByteView gcm_key) {
  Bytes sealed = {suite_byte};
  append(sealed, file.subspan(header_bytes));
  return aead::open_secret(gcm_key, sealed, file.first(header_bytes));
}

Result<SecretBytes> operator_file_key(ByteView operator_key, ByteView salt) {
  if (operator_key.size() != operator_key_bytes) {
    return make_error(ErrorCode::key_malformed, "operator key's length");
  }
  return hkdf(salt, operator_key, view_of(operator_key_info), aead::key_bytes);
}

}  // namespace

Result<Header> inspect(ByteView file) {
  if (file.size() != file_bytes || !equal(file.first(magic.size()), view_of(magic)) ||
      file[8] != format_version) {
    return make_error(ErrorCode::keyfile_malformed);
  }
  if (file[9] != suite_byte) return make_error(ErrorCode::algorithm_unknown);
  if (!is_kind(file[10])) return make_error(ErrorCode::keyfile_malformed, "kind");
  if (file[11] != static_cast<std::uint8_t>(Protection::passphrase) &&
      file[11] != static_cast<std::uint8_t>(Protection::operator_key)) {
    return make_error(ErrorCode::keyfile_malformed, "protection");
  }
  const Header header{
      static_cast<Kind>(file[10]),
      static_cast<Protection>(file[11]),
      {read_be<std::uint32_t>(file.subspan(12)), read_be<std::uint32_t>(file.subspan(16))}};
  XL_TRY(check_cost(header));
  return header;
}

Result<Bytes> seal_with_passphrase(Kind kind, ByteView secret, std::string_view passphrase,
                                   const Argon2idCost& cost) {
  if (secret.size() != secret_bytes) return make_error(ErrorCode::key_malformed, "secret length");
  const SecretBytes salt = SecretBytes::random(argon2id_salt_bytes);
  XL_TRY_ASSIGN(const SecretBytes gcm_key,
                argon2id(passphrase, salt.view(), cost, aead::key_bytes));
  return seal_file(encode_header({kind, Protection::passphrase, cost}, salt.view()), gcm_key.view(),
                   secret);
}

Result<Bytes> seal_with_operator_key(Kind kind, ByteView secret, ByteView operator_key) {
  if (secret.size() != secret_bytes) return make_error(ErrorCode::key_malformed, "secret length");
  const SecretBytes salt = SecretBytes::random(argon2id_salt_bytes);
  XL_TRY_ASSIGN(const SecretBytes gcm_key, operator_file_key(operator_key, salt.view()));
  return seal_file(encode_header({kind, Protection::operator_key, {0, 0}}, salt.view()),
                   gcm_key.view(), secret);
}

Result<SecretBytes> open_with_passphrase(ByteView file, std::string_view passphrase) {
  XL_TRY_ASSIGN(const Header header, inspect(file));
  if (header.protection != Protection::passphrase) {
    return make_error(ErrorCode::keyfile_malformed, "it is opened by an operator key");
  }
  XL_TRY_ASSIGN(const SecretBytes gcm_key,
                argon2id(passphrase, file.subspan(salt_offset, argon2id_salt_bytes), header.cost,
                         aead::key_bytes));
  Result<SecretBytes> secret = open_file(file, gcm_key.view());
  if (!secret.ok()) return make_error(ErrorCode::passphrase_wrong);
  return secret;
}

Result<SecretBytes> open_with_operator_key(ByteView file, ByteView operator_key) {
  XL_TRY_ASSIGN(const Header header, inspect(file));
  if (header.protection != Protection::operator_key) {
    return make_error(ErrorCode::keyfile_malformed, "it is opened by a passphrase");
  }
  XL_TRY_ASSIGN(const SecretBytes gcm_key,
                operator_file_key(operator_key, file.subspan(salt_offset, argon2id_salt_bytes)));
  Result<SecretBytes> secret = open_file(file, gcm_key.view());
  if (!secret.ok()) return make_error(ErrorCode::operator_key_wrong);
  return secret;
}

Result<SecretBytes> read_operator_key(const std::filesystem::path& path) {
  constexpr std::size_t text_bytes_max = 2 * operator_key_bytes + 2;  // hexadecimal and CR LF
  XL_TRY(check_key_file(path));
  XL_TRY_ASSIGN(Bytes content, read_file(path, text_bytes_max));
  if (content.size() == operator_key_bytes) {
    SecretBytes key = SecretBytes::copy_of(content);
    wipe(content);
    return key;
  }
  std::string_view text = text_of(content);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  Bytes decoded;
  const bool valid = from_any_hex(text, decoded) && decoded.size() == operator_key_bytes;
  SecretBytes key = SecretBytes::copy_of(decoded);
  wipe(content);
  wipe(decoded);
  if (!valid) return make_error(ErrorCode::key_malformed, "operator key file");
  return key;
}

Result<SecretBytes> read_passphrase(const std::filesystem::path& path) {
  XL_TRY(check_key_file(path));
  XL_TRY_ASSIGN(Bytes content, read_file(path, passphrase_bytes_max));
  std::string_view line = text_of(content).substr(0, text_of(content).find('\n'));
  while (line.ends_with('\r')) line.remove_suffix(1);
  SecretBytes out = SecretBytes::copy_of(view_of(line));
  wipe(content);
  if (out.empty()) return make_error(ErrorCode::passphrase_wrong, "the file is empty");
  return out;
}

}  // namespace xl::crypto::keyfile
