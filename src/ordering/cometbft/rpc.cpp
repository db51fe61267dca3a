// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/rpc.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>

#include "base/hex.h"
#include "base/json/writer.h"
#include "model/comet/json.h"

namespace xl::ordering::cometbft {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local, asio::any_io_executor>;

/// A block of 4 MiB in base64, with its commit.
constexpr std::uint64_t answer_bytes_max = 32U << 20U;
constexpr auto patience = std::chrono::seconds(10);
constexpr std::size_t set_page = 100;  ///< CometBFT gives no more validators at once

Error invalid(std::string_view what) { return make_error(ErrorCode::engine_answer_invalid, what); }

std::string height_params(std::uint64_t height) {
  json::Writer out;
  out.begin_object().key("height").string(std::to_string(height));
  return out.end_object().take();
}

}  // namespace

struct EngineRpc::Impl {
  explicit Impl(std::filesystem::path path) : socket(std::move(path)) {}

  std::filesystem::path socket;
  asio::io_context io;
  std::optional<Stream> stream;
  beast::flat_buffer buffer;
  json::Document answer = json::Document::object();

  void run() {
    io.restart();
    io.run();
  }

  Error unreachable(const boost::system::error_code& failure) {
    stream.reset();
    return make_error(ErrorCode::engine_unreachable, failure.message());
  }

  Status connect() {
    if (stream) return {};
    boost::system::error_code failure;
    stream.emplace(io.get_executor());
    buffer.clear();
    stream->expires_after(patience);
    stream->async_connect(Local::endpoint(socket.native()),
                          [&](const auto& result) { failure = result; });
    run();
    if (failure) return unreachable(failure);
    return {};
  }

  Result<std::string> post(const std::string& body) {
    XL_TRY(connect());
    bhttp::request<bhttp::string_body> request(bhttp::verb::post, "/", 11);
    request.set(bhttp::field::host, "engine");
    request.set(bhttp::field::content_type, "application/json");
    request.body() = body;
    request.prepare_payload();
    boost::system::error_code failure;
    stream->expires_after(patience);
    bhttp::async_write(*stream, request,
                       [&](const auto& result, std::size_t) { failure = result; });
    run();
    if (failure) return unreachable(failure);
    bhttp::response_parser<bhttp::string_body> parser;
    parser.body_limit(answer_bytes_max);
    bhttp::async_read(*stream, buffer, parser,
                      [&](const auto& result, std::size_t) { failure = result; });
    run();
    if (failure) return unreachable(failure);
    if (!parser.keep_alive()) stream.reset();
    return std::move(parser.get().body());
  }
};

EngineRpc::EngineRpc(std::filesystem::path socket)
    : impl_(std::make_unique<Impl>(std::move(socket))) {}
EngineRpc::~EngineRpc() = default;

Result<std::string> EngineRpc::forward(const std::string& body) {
  const bool kept_open = impl_->stream.has_value();
  auto text = impl_->post(body);
  // The engine closes connections that were idle, or was started again since.
  if (!text.ok() && kept_open) text = impl_->post(body);
  return text;
}

Result<json::Value> EngineRpc::call(std::string_view method, std::string_view params) {
  std::string body = R"({"jsonrpc":"2.0","id":1,"method":")";
  body.append(method).append(R"(","params":)").append(params).append("}");
  XL_TRY_ASSIGN(const std::string text, forward(body));
  auto parsed = json::parse(text, {answer_bytes_max, 64, 1'000'000});
  if (!parsed.ok()) return invalid("not JSON");
  impl_->answer = std::move(*parsed);
  const json::Value root = impl_->answer.root();
  if (const json::Value error = root.find("error"); error.is_object()) {
    const auto text_of_error = error.find("data").as_string();
    return make_error(ErrorCode::engine_refused, text_of_error.value_or("no reason given"));
  }
  const json::Value result = root.find("result");
  if (!result.is_object()) return invalid(method);
  return result;
}

Result<EngineRpc::Sent> EngineRpc::broadcast(ByteView envelope) {
  json::Writer params;
  params.begin_object().key("tx").string(to_base64(envelope));
  XL_TRY_ASSIGN(const json::Value result, call("broadcast_tx_sync", params.end_object().take()));
  const auto code = result.find("code").as_uint64();
  Sent out;
  // Upper-case hex here, where other methods write base64.
  const auto data = result.find("data").as_string().value_or("");
  if (!code || !from_upper_hex(data, out.data)) return invalid("broadcast_tx_sync");
  out.code = static_cast<std::uint32_t>(*code);
  return out;
}

Result<chain::SignedBlock> EngineRpc::signed_block(std::uint64_t height) {
  const std::string params = height_params(height);
  chain::SignedBlock out;
  XL_TRY_ASSIGN(const json::Value commit, call("commit", params));
  const json::Value signed_header = commit.find("signed_header");
  XL_TRY_ASSIGN(out.light.header, model::comet::read_header(signed_header.find("header")));
  XL_TRY_ASSIGN(out.light.commit, model::comet::read_commit(signed_header.find("commit")));
  XL_TRY_ASSIGN(const json::Value found, call("block", params));
  const json::Value block = found.find("block");
  for (const json::Value tx : block.find("data").find("txs").items()) {
    Bytes envelope;
    const auto text = tx.as_string();
    if (!text || !from_base64(*text, envelope)) return invalid("block");
    out.envelopes.push_back(std::move(envelope));
  }
  XL_TRY_ASSIGN(out.last_commit, model::comet::read_commit(block.find("last_commit")));
  XL_TRY_ASSIGN(out.evidence, model::comet::read_evidence(block.find("evidence")));
  for (std::size_t page = 1;; ++page) {
    json::Writer asked;
    asked.begin_object().key("height").string(std::to_string(height));
    asked.key("page").string(std::to_string(page));
    asked.key("per_page").string(std::to_string(set_page));
    XL_TRY_ASSIGN(const json::Value set, call("validators", asked.end_object().take()));
    XL_TRY_ASSIGN(const model::comet::ValidatorSet some, model::comet::read_validators(set));
    out.light.validators.insert(out.light.validators.end(), some.begin(), some.end());
    if (some.size() < set_page) break;
  }
  model::comet::sort_validators(out.light.validators);
  return out;
}

}  // namespace xl::ordering::cometbft
