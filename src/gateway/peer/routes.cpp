// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/peer/routes.h"

namespace xl::gateway::peer {
namespace {

constexpr std::string_view envelope_media = "application/vnd.xinglin.peer";

}  // namespace

void add_routes(Router& router, const Services& services) {
  router.add(
      {"POST", "/o/{org}/peer", "Another organisation's node asks, sealed and signed",
       [services](const http::Request& request,
                  const PathValues& values) -> Result<http::Response> {
         XL_TRY_ASSIGN(custody::Organisation * organisation, organisation_of(services, values[0]));
         if (request.body.size() > request_bytes_max) {
           return make_error(ErrorCode::peer_request_refused);
         }
         XL_TRY_ASSIGN(std::string answer, services.peers.answer(*organisation, request.body));
         http::Response out;
         out.content_type = envelope_media;
         out.headers["cache-control"] = "no-store";
         out.body = std::move(answer);
         return out;
       },
       Access::anyone, RouteDoc{.body_media = {envelope_media}, .media = envelope_media}});
}

}  // namespace xl::gateway::peer
