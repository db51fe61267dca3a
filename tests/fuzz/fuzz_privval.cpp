// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: base crypto model verification state execution chain ordering
//
// Goal: whatever comes as a message for the validator's signer, or lies in its state file, crashes
// nothing, and nothing is signed for another network. Method: the input as a message to a guard
// whose folder cannot be written, so that only refusals come out; and as a state, which is written
// again to the same state.
#include <cstdint>
#include <filesystem>

#include "ordering/cometbft/signer.h"

namespace {

namespace engine = xl::ordering::cometbft;

struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / "xl-fuzz-signer") {
    XL_CHECK(engine::SignGuard::create(path).ok());
  }
  std::filesystem::path path;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const xl::crypto::SigningKey key =
      *xl::crypto::SigningKey::from_secret(xl::crypto::Algorithm::ed25519, xl::Bytes(32, 7));
  static const Folder folder;
  static engine::SignGuard guard = [] {
    auto out = engine::SignGuard::open(folder.path);
    XL_CHECK(out.ok());
    std::filesystem::remove_all(folder.path);
    return std::move(*out);
  }();
  const xl::ByteView bytes(data, size);
  const auto answer = engine::answer_sign_request(guard, key, "fuzz", bytes);
  if (answer.ok()) {
    XL_CHECK(!answer->message.empty());
    XL_CHECK(answer->height == 0 || answer->refused);
  }
  XL_CHECK(guard.last().height == 0);
  const auto state = engine::read_sign_state(bytes);
  if (state.ok()) {
    const std::string text = engine::sign_state_text(*state);
    const auto again = engine::read_sign_state(xl::view_of(text));
    XL_CHECK(again.ok() && *again == *state);
  }
  return 0;
}
