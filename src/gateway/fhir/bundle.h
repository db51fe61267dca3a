// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"
#include "gateway/fhir/wish.h"

namespace xl::gateway::fhir {

/// `POST /`: a batch, each entry on its own, or a transaction, all entries or none. In a
/// transaction references between entries are resolved (R4 §3.1.0.11).
[[nodiscard]] http::Response process_bundle(const Call& call);

/// A request inside another one, and the call that it makes: what it needs and what it is shown
/// depend on itself.
class InnerCall {
 public:
  InnerCall(const Call& whole, http::Request request);
  InnerCall(const InnerCall&) = delete;
  InnerCall& operator=(const InnerCall&) = delete;
  [[nodiscard]] const Call& call() const { return call_; }

 private:
  const http::Request request_;
  Call call_;
};

/// The request that an entry is, with the headers of the whole but for the body. Errors:
/// request_malformed (names the element).
[[nodiscard]] Result<http::Request> request_head_of(const Call& call, const Wish& wish);

/// A wish as if it had been sent alone, unless what stands before it in the answer, so many bytes,
/// fills that already. A refusal names the element of the Bundle.
[[nodiscard]] http::Response answer_within(const Call& call, const Wish& wish,
                                           std::size_t bytes_so_far);
/// Adds the entry that answers a wish.
void append_answer(std::string& out, const http::Response& response);
/// The answer to a Bundle.
[[nodiscard]] http::Response bundle_reply(std::string_view type, const std::string& entries);

}  // namespace xl::gateway::fhir
