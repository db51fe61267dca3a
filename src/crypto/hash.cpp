// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/hash.h"

#include <openssl/sha.h>
#include <sodium.h>

#include <array>
#include <cstring>

#include "base/check.h"
#include "crypto/suite.h"

namespace xl::crypto {
namespace {

/// SHA-256 by OpenSSL's direct functions: for the short messages of the trees, EVP's dispatch costs
/// half as much again as the hash itself (`docs/reference/performance.md`). OpenSSL 3 calls them
/// deprecated; they are the same code underneath.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
class Sha256Context {
 public:
  void start() { XL_CHECK(SHA256_Init(&context_) == 1); }
  void update(ByteView bytes) {
    XL_CHECK(SHA256_Update(&context_, bytes.data(), bytes.size()) == 1);
  }
  Hash finish() {
    Hash out;
    XL_CHECK(SHA256_Final(out.data(), &context_) == 1);
    return out;
  }

 private:
  SHA256_CTX context_;
};
#pragma GCC diagnostic pop

/// Joins short parts before hashing them: each call of the library costs as much as a copy.
class Joiner {
 public:
  Joiner() { context_.start(); }
  void add(ByteView part) {
    if (part.size() > buffer_.size() - used_) {
      flush();
      if (part.size() > buffer_.size()) {
        context_.update(part);
        return;
      }
    }
    if (!part.empty()) std::memcpy(buffer_.data() + used_, part.data(), part.size());
    used_ += part.size();
  }
  Hash finish() {
    flush();
    return context_.finish();
  }

 private:
  void flush() {
    context_.update(ByteView(buffer_).first(used_));
    used_ = 0;
  }

  Sha256Context context_;
  std::array<std::uint8_t, 192> buffer_;  // a tag with a key, or a tree node
  std::size_t used_ = 0;
};

}  // namespace

Hash sha256(ByteView message) {
  Sha256Context context;
  context.start();
  context.update(message);
  return context.finish();
}

Hash sha256(std::initializer_list<ByteView> parts) {
  Joiner joiner;
  for (const ByteView part : parts) joiner.add(part);
  return joiner.finish();
}

Hash tagged_hash(std::string_view tag, std::initializer_list<ByteView> parts) {
  static constexpr std::uint8_t separator_and_suite[] = {
      0x00, static_cast<std::uint8_t>(Suite::international)};
  Joiner joiner;
  joiner.add(view_of(tag));
  joiner.add(separator_and_suite);
  for (const ByteView part : parts) joiner.add(part);
  return joiner.finish();
}

Bytes tagged_bytes(std::string_view tag, std::initializer_list<ByteView> parts) {
  Bytes out = copy_of(view_of(tag));
  out.push_back(0);
  out.push_back(static_cast<std::uint8_t>(Suite::international));
  for (const ByteView part : parts) append(out, part);
  return out;
}

struct Sha256::State {
  Sha256Context context;
  bool finished = false;
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->context.start(); }
Sha256::~Sha256() = default;

void Sha256::update(ByteView bytes) {
  XL_CHECK(!state_->finished);
  state_->context.update(bytes);
}

Hash Sha256::finish() {
  XL_CHECK(!state_->finished);
  state_->finished = true;
  return state_->context.finish();
}

std::uint64_t short_hash(ByteView key, ByteView message) {
  XL_CHECK(key.size() == crypto_shorthash_KEYBYTES);
  std::array<std::uint8_t, crypto_shorthash_BYTES> out{};
  XL_CHECK(crypto_shorthash(out.data(), message.data(), message.size(), key.data()) == 0);
  std::uint64_t number = 0;
  for (std::size_t i = out.size(); i > 0; --i) number = number << 8U | out[i - 1];
  return number;
}

}  // namespace xl::crypto
