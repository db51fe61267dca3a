// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/events.h"

#include "base/checked.h"
#include "gateway/ledger/show.h"

namespace xl::gateway::ledger {
namespace {

/// Bounds of one step, so that a stream that starts far back never holds a thread for long.
constexpr std::size_t events_per_step = 64;
constexpr std::size_t blocks_per_step = 64;
/// Steps come every 50 ms: the sign-in is looked at every two seconds.
constexpr std::uint64_t steps_per_look = 40;

class EventStream final : public http::Stream {
 public:
  EventStream(const Services& services, const http::Request& request, std::uint64_t height,
              std::uint32_t position)
      : services_(services), height_(height), position_(position) {
    who_.headers = request.headers;
  }

  [[nodiscard]] std::string take() override {
    // A stream ends with the sign-in that opened it.
    if (++steps_ % steps_per_look == 0 && !services_.tokens.principal_of(who_).ok()) {
      finished_ = true;
      return "event: error\ndata: the sign-in is over\n\n";
    }
    const auto page =
        services_.ledger.events_behind(height_, position_, events_per_step, blocks_per_step);
    if (!page.ok()) {
      finished_ = true;
      return "event: error\ndata: " + page.error().text() + "\n\n";
    }
    std::string out;
    for (const query::LedgerEvent& event : page->events) {
      json::Writer data;
      data.begin_object();
      if (event.entry) {
        data.key("entry");
        write_entry(data, *event.entry, services_.ledger.registry());
      } else {
        data.key("height").string(std::to_string(event.height));
      }
      data.key("events");
      write_result(data, event.result, services_.ledger.registry());
      data.end_object();
      out += "id: " + std::to_string(event.height) + "." + std::to_string(event.position) +
             (event.entry ? "\nevent: transaction" : "\nevent: block_end") +
             "\ndata: " + data.take() + "\n\n";
      height_ = event.height;
      position_ = event.position;
    }
    if (page->events.empty() && page->next_height > height_) {
      height_ = page->next_height;
      position_ = 0;
    }
    return out;
  }
  [[nodiscard]] bool finished() const override { return finished_; }

 private:
  Services services_;
  http::Request who_;  ///< its token
  std::uint64_t steps_ = 0;
  std::uint64_t height_;
  std::uint32_t position_;
  bool finished_ = false;
};

bool parse_cursor(std::string_view text, std::uint64_t& height, std::uint32_t& position) {
  const std::size_t dot = text.find('.');
  std::uint64_t number = 0;
  if (dot == std::string_view::npos || !parse_decimal(text.substr(0, dot), height) ||
      !parse_decimal(text.substr(dot + 1), number) || number > UINT32_MAX) {
    return false;
  }
  position = static_cast<std::uint32_t>(number);
  return true;
}

}  // namespace

Result<http::Response> follow_events(const Services& services, const http::Request& request) {
  std::string_view cursor = request.header("last-event-id");
  if (cursor.empty()) cursor = request.parameter("after").value_or("");
  std::uint64_t height = 0;
  std::uint32_t position = 0;
  if (cursor.empty()) {
    XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
    height = head.height + 1;
  } else if (!parse_cursor(cursor, height, position)) {
    return make_error(ErrorCode::parameter_invalid, "after");
  }
  // A cursor whose events are not kept any more is told so before the stream begins.
  XL_TRY(services.ledger.events_behind(height, position, 1, 1));
  http::Response response;
  response.content_type = "text/event-stream";
  response.stream = std::make_shared<EventStream>(services, request, height, position);
  return response;
}

}  // namespace xl::gateway::ledger
