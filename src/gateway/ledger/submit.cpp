// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/submit.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/checked.h"
#include "base/json/json.h"
#include "gateway/ledger/show.h"
#include "gateway/problem.h"
#include "model/limits.h"
#include "model/transaction.h"

namespace xl::gateway::ledger {
namespace {

constexpr std::size_t batch_transactions_max = 1000;
constexpr std::uint64_t wait_ms_default = 10'000;
constexpr std::uint64_t wait_ms_max = 60'000;

/// Collects the outcomes of one request. Shared with the engine, which may outlast the request.
class Outcomes {
 public:
  explicit Outcomes(std::size_t count) : outcomes_(count), missing_(count) {}

  void set(std::size_t index, ordering::Outcome outcome) {
    {
      const std::scoped_lock lock(mutex_);
      outcomes_[index] = std::move(outcome);
      --missing_;
    }
    arrived_.notify_one();
  }

  /// Waits for all, or until the time is over.
  void wait(std::uint64_t timeout_ms) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                      [this] { return missing_ == 0; });
  }

  [[nodiscard]] std::vector<std::optional<ordering::Outcome>> take() {
    const std::scoped_lock lock(mutex_);
    return outcomes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::optional<ordering::Outcome>> outcomes_;
  std::size_t missing_;
};

Result<std::vector<Bytes>> read_batch(const http::Request& request) {
  json::Limits bounds;
  bounds.bytes_max = request.body.size();
  bounds.depth_max = 2;
  XL_TRY_ASSIGN(const json::Document document, json::parse(request.body, bounds));
  const json::Value list = document.root().find("transactions");
  if (!list.is_array() || list.size() == 0 || list.size() > batch_transactions_max) {
    return make_error(ErrorCode::parameter_invalid, "transactions");
  }
  std::vector<Bytes> out;
  for (const json::Value item : list.items()) {
    const auto text = item.as_string();
    if (!text || !from_base64(*text, out.emplace_back())) {
      return make_error(ErrorCode::parameter_invalid, "transactions");
    }
  }
  return out;
}

Result<std::vector<Bytes>> read_transactions(const http::Request& request) {
  const std::string_view type = request.header("content-type");
  if (type.starts_with("application/json")) return read_batch(request);
  if (type.starts_with("application/octet-stream")) {
    return std::vector<Bytes>{copy_of(view_of(request.body))};
  }
  return make_error(ErrorCode::media_type_unsupported);
}

void write_outcome(json::Writer& out, const std::optional<ordering::Outcome>& outcome,
                   const contracts::Registry& registry) {
  const auto write_error = [&](const Error& error) {
    const ErrorInfo& info = describe(error.code);
    out.begin_object().key("error").begin_object();
    out.key("code").string(code_text(info.number)).key("name").string(info.name);
    out.key("detail").string(error.message).key("fix").string(info.en_fix);
    out.key("title_zh").string(info.zh).key("fix_zh").string(info.zh_fix).end_object().end_object();
  };
  if (!outcome) {
    write_error(make_error(ErrorCode::wait_timed_out));
  } else if (!outcome->ok()) {
    write_error(outcome->error());
  } else {
    out.begin_object().key("entry");
    write_entry(out, **outcome, registry);
    out.end_object();
  }
}

/// The ids of transactions, by which they are asked for later; empty where one does not decode.
std::vector<std::string> ids_of(const std::vector<Bytes>& transactions) {
  std::vector<std::string> out;
  for (const Bytes& raw : transactions) {
    const auto decoded = model::decode_transaction(raw);
    out.push_back(decoded.ok() ? to_hex(decoded->id) : std::string());
  }
  return out;
}

}  // namespace

Result<http::Response> submit_transactions(const Services& services, const http::Request& request) {
  XL_TRY_ASSIGN(std::vector<Bytes> transactions, read_transactions(request));
  std::uint64_t timeout_ms = wait_ms_default;
  if (const auto text = request.parameter("timeout_ms")) {
    if (!parse_decimal(*text, timeout_ms) || timeout_ms > wait_ms_max) {
      return make_error(ErrorCode::parameter_invalid, "timeout_ms");
    }
  }
  const std::string_view wait = request.parameter("wait").value_or("true");
  if (wait != "true" && wait != "false") return make_error(ErrorCode::parameter_invalid, "wait");
  const auto ids = wait == "false" ? ids_of(transactions) : std::vector<std::string>();
  // Shared: the engine answers later than a request that gave up waiting.
  const auto outcomes = std::make_shared<Outcomes>(transactions.size());
  services.engine.submit(std::move(transactions),
                         [outcomes](std::size_t index, ordering::Outcome outcome) {
                           outcomes->set(index, std::move(outcome));
                         });
  if (wait == "true") outcomes->wait(timeout_ms);
  const auto results = outcomes->take();
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/submission/v1");
  out.key("results").begin_array();
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i] && wait == "false") {
      out.begin_object().key("queued").boolean(true).key("transaction_id");
      ids[i].empty() ? out.null() : out.string(ids[i]);
      out.end_object();
    } else {
      write_outcome(out, results[i], services.ledger.registry());
    }
  }
  out.end_array().end_object();
  // A single transaction's failure is the request's own; in a batch each has its own.
  if (results.size() == 1 && results[0] && !results[0]->ok()) return results[0]->error();
  if (results.size() == 1 && !results[0] && wait == "true") {
    return make_error(ErrorCode::wait_timed_out);
  }
  return json_response(out.take(), wait == "true" ? 200 : 202);
}

}  // namespace xl::gateway::ledger
