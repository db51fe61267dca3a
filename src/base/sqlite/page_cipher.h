// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

/// For the sources of this folder only.
namespace xl::sqlite::detail {

/// XTS encrypts each 16-byte block of a data unit by itself, as a function of its place.
constexpr std::size_t block_bytes = 16;
/// Data unit of XTS (IEEE 1619 §5.1); its number is the tweak. On-disk value: never change.
constexpr std::size_t unit_bytes = 512;
/// Page size of an encrypted database, and what its end holds. On-disk values: never change.
constexpr std::size_t page_bytes = 4096;
constexpr std::size_t page_tag_bytes = 16;

/// What a file is to SQLite; each kind has its own key. On-disk values: never renumber.
enum class FileKind : std::uint8_t { database = 1, wal = 2, journal = 3, page_tags = 4 };

/// `out.size()` bytes: HKDF-SHA-256(salt "", key, "xinglin/sqlite/v1" ‖ 00 ‖ kind).
void derive_key(ByteView key, FileKind kind, std::span<std::uint8_t> out);

struct CipherDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

/// AES-256-XTS over a file of 16-byte blocks. Not thread-safe.
class XtsCipher {
 public:
  static constexpr std::size_t key_bytes = 64;
  /// Precondition: 64 bytes whose halves differ (SP 800-38E; derived keys do).
  explicit XtsCipher(ByteView key);

  /// Encrypts or decrypts `bytes`, which stand at `offset` of the file, in place. Both are
  /// multiples of 16. A block of zeros on disk was never written (a hole) and reads as zeros;
  /// a written block looks like that once in 2^128.
  void encrypt(std::uint64_t offset, std::span<std::uint8_t> bytes);
  void decrypt(std::uint64_t offset, std::span<std::uint8_t> bytes);

 private:
  void apply(EVP_CIPHER_CTX* context, std::uint64_t offset, std::span<std::uint8_t> bytes);
  std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter> encrypting_;
  std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter> decrypting_;
};

/// The tag at the end of a page: HMAC-SHA-256 of the bytes before it, the first 16. The place is
/// bound by the encryption around it. Not thread-safe.
class PageTagger {
 public:
  explicit PageTagger(ByteView key);
  /// Writes the tag. Precondition: `page_bytes` bytes.
  void seal(std::span<std::uint8_t> page);
  /// True for a page that `seal` left, and for one that was never written (all zeros).
  [[nodiscard]] bool check(ByteView page);

 private:
  void tag_of(ByteView page, std::span<std::uint8_t> out);
  std::unique_ptr<EVP_MAC_CTX, CipherDeleter> context_;
};

}  // namespace xl::sqlite::detail
