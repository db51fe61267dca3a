// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/checkpoint.h"

#include "base/check.h"
#include "base/json/writer.h"
#include "contracts/governance/view.h"
#include "contracts/identity/view.h"
#include "gateway/router.h"
#include "model/checkpoint.h"
#include "model/comet/json.h"

namespace xl::gateway::ledger {
namespace {

static_assert(model::checkpoint_key_purpose == contracts::purpose_manage);

/// The keys that may sign for a member at `time_ms`.
std::vector<model::CheckpointKey> managing_keys(const model::StateReader& state,
                                                const model::Id& member, std::uint64_t time_ms) {
  std::vector<model::CheckpointKey> out;
  for (const Hash& id : contracts::identity::keys_of(state, member)) {
    const auto key = contracts::identity::find_key(state, id);
    if (!key || (key->purposes() & contracts::purpose_manage) == 0 ||
        !contracts::identity::is_active(*key, time_ms)) {
      continue;
    }
    out.push_back(
        {static_cast<crypto::Algorithm>(key->algorithm()), copy_of(view_of(key->public_key()))});
  }
  model::sort_keys(out);
  return out;
}

}  // namespace

Result<http::Response> offer_checkpoint(const Services& services, std::uint64_t height) {
  std::uint64_t at = height;
  if (at == 0) {
    XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
    at = head.height;
  }
  XL_TRY_ASSIGN(chain::SignedHeader shown, services.ledger.signed_header(at));
  const model::comet::Header& header = shown.block.header;
  const std::uint64_t time_ms = header.time.milliseconds();
  model::Checkpoint content;
  content.network = services.ledger.genesis().network;
  content.height = at;
  content.header_hash = model::comet::hash_of(header);
  content.validators = std::move(shown.next_validators);
  const auto state = services.ledger.state();
  for (const contracts::governance::Member& member : contracts::governance::members_of(*state)) {
    if (!contracts::governance::is_present(member.record)) continue;
    content.members.push_back(
        {member.id, member.record.weight(), managing_keys(*state, member.id, time_ms)});
  }
  if (content.members.empty()) {
    return make_error(ErrorCode::parameter_invalid, "this network has no members");
  }
  const auto document = json::parse(model::checkpoint_content(content), {});
  XL_CHECK(document.ok());
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/checkpoint-offer/v1");
  out.key("checkpoint").value(document->root()).key("block");
  model::comet::write_light_block(out, shown.block);
  out.key("trust_path").begin_array();
  for (const auto& block : shown.trust_path) model::comet::write_light_block(out, block);
  return json_response(out.end_array().end_object().take());
}

}  // namespace xl::gateway::ledger
