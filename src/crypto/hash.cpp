// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/hash.h"

#include "base/check.h"
#include "crypto/openssl_handles.h"
#include "crypto/suite.h"

namespace xl::crypto {
namespace detail {

/// One fetched digest and one context, reused: fetching by name costs three times the hash itself.
class Sha256Context {
 public:
  Sha256Context() : digest_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    XL_CHECK(digest_ != nullptr);  // no SHA-256: OpenSSL's installation is broken
    XL_CHECK(context_ != nullptr);
  }

  void start() { XL_CHECK(EVP_DigestInit_ex2(context_.get(), digest_.get(), nullptr) == 1); }
  void update(ByteView bytes) {
    XL_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  Hash finish() {
    Hash out{};
    unsigned length = 0;
    XL_CHECK(EVP_DigestFinal_ex(context_.get(), out.data(), &length) == 1);
    XL_CHECK(length == out.size());
    return out;
  }

 private:
  Handle<EVP_MD> digest_;
  Handle<EVP_MD_CTX> context_;
};

}  // namespace detail

namespace {

using detail::Sha256Context;

Sha256Context& thread_context() {
  thread_local Sha256Context context;
  return context;
}

}  // namespace

Hash sha256(ByteView message) {
  Sha256Context& context = thread_context();
  context.start();
  context.update(message);
  return context.finish();
}

Hash sha256(std::initializer_list<ByteView> parts) {
  Sha256Context& context = thread_context();
  context.start();
  for (const ByteView part : parts) context.update(part);
  return context.finish();
}

Hash tagged_hash(std::string_view tag, std::initializer_list<ByteView> parts) {
  static constexpr std::uint8_t separator_and_suite[] = {
      0x00, static_cast<std::uint8_t>(Suite::international)};
  Sha256Context& context = thread_context();
  context.start();
  context.update(view_of(tag));
  context.update(separator_and_suite);
  for (const ByteView part : parts) context.update(part);
  return context.finish();
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

}  // namespace xl::crypto
