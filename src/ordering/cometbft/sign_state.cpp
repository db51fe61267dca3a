// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/sign_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/checked.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/json/json.h"
#include "base/json/writer.h"

namespace xl::ordering::cometbft {
namespace {

namespace comet = model::comet;

/// A proposal's sign bytes are below 300 bytes.
constexpr std::uint64_t state_bytes_max = 4096;
constexpr std::size_t signature_bytes = 64;
constexpr const char* state_name = "state.json";

Error damaged(std::string_view what) { return make_error(ErrorCode::sign_state_invalid, what); }

SignStep step_of(comet::VoteType type) {
  return type == comet::VoteType::prevote ? SignStep::prevote : SignStep::precommit;
}

auto place_of(const SignState& state) { return std::tuple(state.height, state.round, state.step); }

}  // namespace

std::string sign_state_text(const SignState& state) {
  json::Writer out(json::Style::pretty);
  out.begin_object().key("height").string(std::to_string(state.height));
  out.key("round").integer(state.round).key("step").integer(static_cast<int>(state.step));
  if (state.step != SignStep::none) {
    out.key("signature").string(to_base64(state.signature));
    out.key("signbytes").string(to_upper_hex(state.sign_bytes));
  }
  return out.end_object().take();
}

Result<SignState> read_sign_state(ByteView file) {
  if (file.size() > state_bytes_max) return damaged("size");
  const auto document = json::parse(text_of(file), {});
  if (!document.ok()) return damaged("no JSON");
  const json::Value in = document->root();
  SignState out;
  std::uint64_t height = 0;
  if (!parse_decimal(in.find("height").as_string().value_or(""), height) || height > INT64_MAX) {
    return damaged("height");
  }
  out.height = static_cast<std::int64_t>(height);
  const std::int64_t round = in.find("round").as_int64().value_or(-1);
  const std::int64_t step = in.find("step").as_int64().value_or(-1);
  if (round < 0 || round > INT32_MAX) return damaged("round");
  if (step < 0 || step > static_cast<int>(SignStep::precommit)) return damaged("step");
  out.round = static_cast<std::int32_t>(round);
  out.step = static_cast<SignStep>(step);
  if (out.step == SignStep::none) return out;
  if (out.height == 0) return damaged("height");
  if (!from_base64(in.find("signature").as_string().value_or(""), out.signature) ||
      out.signature.size() != signature_bytes) {
    return damaged("signature");
  }
  if (!from_upper_hex(in.find("signbytes").as_string().value_or(""), out.sign_bytes)) {
    return damaged("signbytes");
  }
  const bool dated = out.step == SignStep::propose
                         ? comet::time_in_proposal(out.sign_bytes).has_value()
                         : comet::time_in_vote(out.sign_bytes).has_value();
  return dated ? Result<SignState>(std::move(out)) : damaged("signbytes");
}

Status SignGuard::create(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (!failure) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failure);
  }
  if (failure) return make_error(ErrorCode::file_unwritable, folder.string());
  const std::filesystem::path file = folder / state_name;
  if (std::filesystem::exists(file, failure)) return {};
  XL_TRY(write_file_durably(file, view_of(sign_state_text({})), 0600));
  return sync_directory(folder.parent_path());
}

Result<SignGuard> SignGuard::open(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / state_name;
  std::error_code failure;
  if (!std::filesystem::exists(file, failure)) {
    return make_error(ErrorCode::sign_state_missing, file.string());
  }
  const std::filesystem::path lock = folder / "lock";
  SignGuard out(file, ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (out.lock_ < 0) {
    return make_error(ErrorCode::file_unwritable, lock.string() + ": " + std::strerror(errno));
  }
  if (::flock(out.lock_, LOCK_EX | LOCK_NB) != 0) {
    return make_error(ErrorCode::signer_locked, folder.string());
  }
  // Only now: another process may have signed until it let go of the lock.
  const auto now = read_file(file, state_bytes_max);
  if (!now.ok() && now.error().code != ErrorCode::file_too_large) return now.error();
  auto state = now.ok() ? read_sign_state(*now) : Result<SignState>(now.error());
  if (!state.ok()) return make_error(ErrorCode::sign_state_invalid, file.string());
  out.last_ = std::move(*state);
  return out;
}

SignGuard::SignGuard(SignGuard&& other) noexcept
    : file_(std::move(other.file_)),
      lock_(std::exchange(other.lock_, -1)),
      last_(std::move(other.last_)) {}

SignGuard& SignGuard::operator=(SignGuard&& other) noexcept {
  file_.swap(other.file_);
  std::swap(lock_, other.lock_);
  std::swap(last_, other.last_);
  return *this;
}

SignGuard::~SignGuard() {
  if (lock_ >= 0) ::close(lock_);
}

template <typename Message, typename TimeIn>
Result<SignGuard::Signed> SignGuard::sign_step(const crypto::SigningKey& key,
                                               std::string_view chain_id, Message message,
                                               SignStep step, TimeIn time_in) {
  if (message.height < 1 || message.round < 0) {
    return make_error(ErrorCode::sign_request_invalid, "height or round");
  }
  SignState next{message.height, message.round, step, comet::sign_bytes(chain_id, message), {}};
  if (place_of(next) < place_of(last_)) return make_error(ErrorCode::sign_regressed);
  if (place_of(next) == place_of(last_)) {
    // After a crash the same is asked for with a later time: what was signed is given once more.
    const auto time = time_in(last_.sign_bytes);
    if (!time) return make_error(ErrorCode::double_sign_refused);
    message.time = *time;
    if (!equal(comet::sign_bytes(chain_id, message), last_.sign_bytes) ||
        !crypto::verify_ed25519_zip215(key.public_key(), last_.sign_bytes, last_.signature)) {
      return make_error(ErrorCode::double_sign_refused);
    }
    return Signed{last_.signature, *time};
  }
  const Bytes signature = key.sign(next.sign_bytes);
  next.signature = copy_of(ByteView(signature).subspan(1));  // CometBFT knows no suite byte
  XL_TRY(write_file_durably(file_, view_of(sign_state_text(next)), 0600));
  last_ = std::move(next);
  return Signed{last_.signature, message.time};
}

Result<SignGuard::Signed> SignGuard::sign(const crypto::SigningKey& key, std::string_view chain_id,
                                          const comet::Vote& vote) {
  return sign_step(key, chain_id, vote, step_of(vote.type), comet::time_in_vote);
}

Result<SignGuard::Signed> SignGuard::sign(const crypto::SigningKey& key, std::string_view chain_id,
                                          const comet::Proposal& proposal) {
  return sign_step(key, chain_id, proposal, SignStep::propose, comet::time_in_proposal);
}

}  // namespace xl::ordering::cometbft
