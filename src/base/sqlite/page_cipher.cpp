// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/sqlite/page_cipher.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/check.h"

namespace xl::sqlite::detail {
namespace {

constexpr std::string_view key_info = "xinglin/sqlite/v1";
constexpr std::size_t blocks_per_unit = unit_bytes / block_bytes;
static_assert(blocks_per_unit <= 32, "one bit of a word for each block of a unit");
static_assert(page_bytes % unit_bytes == 0);

OSSL_PARAM octets(const char* name, ByteView value) {
  // OpenSSL's parameters are not const-correct; it only reads them.
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(value.data()),
                                           value.size());
}

bool is_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter> xts_context(ByteView key, bool encrypt) {
  EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-XTS", nullptr);
  XL_CHECK(cipher != nullptr);
  std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter> context(EVP_CIPHER_CTX_new());
  XL_CHECK(context != nullptr);
  const std::array<std::uint8_t, block_bytes> tweak{};
  XL_CHECK(EVP_CipherInit_ex2(context.get(), cipher, key.data(), tweak.data(), encrypt ? 1 : 0,
                              nullptr) == 1);
  EVP_CIPHER_free(cipher);
  return context;
}

}  // namespace

void derive_key(ByteView key, FileKind kind, std::span<std::uint8_t> out) {
  Bytes info = copy_of(view_of(key_info));
  info.push_back(0);
  info.push_back(static_cast<std::uint8_t>(kind));
  EVP_KDF* const hkdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  XL_CHECK(hkdf != nullptr);
  EVP_KDF_CTX* const context = EVP_KDF_CTX_new(hkdf);
  XL_CHECK(context != nullptr);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      octets(OSSL_KDF_PARAM_KEY, key), octets(OSSL_KDF_PARAM_INFO, info),
      OSSL_PARAM_construct_end()};
  XL_CHECK(EVP_KDF_derive(context, out.data(), out.size(), parameters) == 1);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(hkdf);
}

XtsCipher::XtsCipher(ByteView key) {
  XL_CHECK(key.size() == key_bytes);
  XL_CHECK(CRYPTO_memcmp(key.data(), key.data() + key_bytes / 2, key_bytes / 2) != 0);
  encrypting_ = xts_context(key, true);
  decrypting_ = xts_context(key, false);
}

void XtsCipher::encrypt(std::uint64_t offset, std::span<std::uint8_t> bytes) {
  apply(encrypting_.get(), offset, bytes);
}

void XtsCipher::decrypt(std::uint64_t offset, std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const std::size_t inside = offset % unit_bytes;
    const auto part = bytes.first(std::min(bytes.size(), unit_bytes - inside));
    std::uint32_t holes = 0;
    for (std::size_t at = 0; at < part.size(); at += block_bytes) {
      if (is_zero(part.subspan(at, block_bytes))) holes |= 1U << (at / block_bytes);
    }
    apply(decrypting_.get(), offset, part);
    for (std::size_t at = 0; holes != 0; at += block_bytes, holes >>= 1U) {
      if ((holes & 1U) != 0) std::fill_n(part.begin() + static_cast<long>(at), block_bytes, 0);
    }
    offset += part.size();
    bytes = bytes.subspan(part.size());
  }
}

void XtsCipher::apply(EVP_CIPHER_CTX* context, std::uint64_t offset,
                      std::span<std::uint8_t> bytes) {
  XL_CHECK(offset % block_bytes == 0);
  XL_CHECK(bytes.size() % block_bytes == 0);
  while (!bytes.empty()) {
    const std::size_t inside = offset % unit_bytes;
    const auto part = bytes.first(std::min(bytes.size(), unit_bytes - inside));
    std::array<std::uint8_t, block_bytes> tweak{};
    std::uint64_t number = offset / unit_bytes;
    for (std::size_t i = 0; i < sizeof(number); ++i, number >>= 8U) {
      tweak[i] = static_cast<std::uint8_t>(number);  // little-endian (IEEE 1619 §5.1)
    }
    XL_CHECK(EVP_CipherInit_ex2(context, nullptr, nullptr, tweak.data(), -1, nullptr) == 1);
    int written = 0;
    if (inside == 0) {
      XL_CHECK(EVP_CipherUpdate(context, part.data(), &written, part.data(),
                                static_cast<int>(part.size())) == 1);
    } else {
      // The library starts at a unit's first block; the blocks before ours are of no interest,
      // and no block depends on another.
      std::array<std::uint8_t, unit_bytes> unit{};
      std::copy(part.begin(), part.end(), unit.begin() + static_cast<long>(inside));
      XL_CHECK(EVP_CipherUpdate(context, unit.data(), &written, unit.data(),
                                static_cast<int>(inside + part.size())) == 1);
      std::copy_n(unit.begin() + static_cast<long>(inside), part.size(), part.begin());
    }
    offset += part.size();
    bytes = bytes.subspan(part.size());
  }
}

PageTagger::PageTagger(ByteView key) {
  EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  XL_CHECK(mac != nullptr);
  context_.reset(EVP_MAC_CTX_new(mac));
  XL_CHECK(context_ != nullptr);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  XL_CHECK(EVP_MAC_init(context_.get(), key.data(), key.size(), parameters) == 1);
  EVP_MAC_free(mac);
}

void PageTagger::tag_of(ByteView page, std::span<std::uint8_t> out) {
  XL_CHECK(page.size() == page_bytes);
  std::array<std::uint8_t, 32> full{};
  std::size_t length = 0;
  // Without a key, initialising starts the next message under the same one.
  XL_CHECK(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1);
  XL_CHECK(EVP_MAC_update(context_.get(), page.data(), page.size() - page_tag_bytes) == 1);
  XL_CHECK(EVP_MAC_final(context_.get(), full.data(), &length, full.size()) == 1);
  XL_CHECK(length == full.size());
  std::copy_n(full.begin(), out.size(), out.begin());
}

void PageTagger::seal(std::span<std::uint8_t> page) { tag_of(page, page.last(page_tag_bytes)); }

bool PageTagger::check(ByteView page) {
  std::array<std::uint8_t, page_tag_bytes> tag{};
  tag_of(page, tag);
  return CRYPTO_memcmp(tag.data(), page.last(page_tag_bytes).data(), tag.size()) == 0 ||
         is_zero(page);
}

}  // namespace xl::sqlite::detail
