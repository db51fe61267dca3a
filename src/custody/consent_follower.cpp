// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/consent_follower.h"

#include <algorithm>

#include "contracts/access/events.h"
#include "contracts/access/records.h"
#include "contracts/consent/events.h"
#include "contracts/consent/records.h"
#include "custody/custody.h"
#include "model/canonical.h"
#include "model/ledger.pb.h"

namespace xl::custody {

namespace access = contracts::access;
namespace consent = contracts::consent;

namespace {

constexpr std::uint64_t look_at_ends_every_ms = 10'000;
constexpr std::size_t events_page = 1024;
constexpr std::size_t blocks_page = 1024;
/// Blocks without a consent after which the indexes are told how far it came.
constexpr std::uint64_t note_every_blocks = 1000;

/// A consent that an event is about, and whose patient's data it rules; or an emergency.
struct Touched {
  model::Id consent;
  model::Id custodian;
  model::Id emergency;
};

bool is_about_emergency(std::uint32_t type) {
  return type == access::event::emergency_declared || type == access::event::emergency_renewed ||
         type == access::event::emergency_ended;
}

std::vector<Touched> touched_by(ByteView result) {
  std::vector<Touched> out;
  xinglin::ledger::v1::TransactionResult decoded;
  if (!model::decode_canonical(result, decoded)) return out;
  for (const auto& event : decoded.events()) {
    const bool glass =
        event.contract() == access::contract_number && is_about_emergency(event.type());
    if (event.contract() != consent::contract_number && !glass) continue;
    Touched one;
    for (const auto& attribute : event.attributes()) {
      const auto id = model::id_from_bytes(view_of(attribute.value()));
      if (!id.ok()) continue;
      if (glass) {
        if (attribute.key() == access::event::entry_attribute) one.emergency = *id;
        continue;
      }
      if (attribute.key() == consent::event::consent_attribute) one.consent = *id;
      if (attribute.key() == consent::event::custodian_attribute) one.custodian = *id;
    }
    out.push_back(one);
  }
  return out;
}

}  // namespace

/// An index that was made anew knows of no height: every consent in it is looked at once.
Status ConsentFollower::begin(std::span<const std::unique_ptr<Organisation>> organisations,
                              const LedgerView& view) {
  std::uint64_t height = view.height;
  for (const auto& organisation : organisations) {
    query::RecordIndex& index = organisation->stores().index();
    XL_TRY_ASSIGN(const std::uint64_t known, index.followed());
    // Blocks that are not kept any more are not needed: what they did stands in the state.
    const bool gone = port_.ledger().first_height() > known + 1;
    if (known == 0 || gone) {
      XL_TRY(organisation->policies().refresh_all(view));
      XL_TRY(index.note_followed(view.height));
    } else {
      height = std::min(height, known);
    }
  }
  height_ = noted_ = height;
  return {};
}

Status ConsentFollower::go_on(std::span<const std::unique_ptr<Organisation>> organisations,
                              const LedgerView& view) {
  std::uint64_t at = height_ + 1;
  std::uint32_t position = 0;
  bool any = false;
  while (at <= view.height) {
    XL_TRY_ASSIGN(const query::Ledger::Page page,
                  port_.ledger().events_behind(at, position, events_page, blocks_page));
    for (const query::LedgerEvent& event : page.events) {
      for (const Touched& one : touched_by(event.result)) {
        for (const auto& organisation : organisations) {
          if (!one.emergency.is_zero()) {
            XL_TRY(organisation->desk().note_emergency(view, one.emergency));
            any = true;
          }
          if (organisation->did() != one.custodian) continue;
          XL_TRY(organisation->policies().refresh(view, one.consent));
          any = true;
        }
      }
    }
    const bool full = page.events.size() >= events_page;
    if (!full && page.next_height == at) break;  // not durable yet
    at = full ? page.events.back().height : page.next_height;
    position = full ? page.events.back().position : 0;
  }
  height_ = std::max(height_, at - 1);
  if (!any && height_ < noted_ + note_every_blocks) return {};
  for (const auto& organisation : organisations) {
    XL_TRY(organisation->stores().index().note_followed(height_));
  }
  noted_ = height_;
  return {};
}

Status ConsentFollower::follow(std::span<const std::unique_ptr<Organisation>> organisations) {
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  if (height_ == 0) XL_TRY(begin(organisations, view));
  // A copy of the ledger that a repair set back comes to the same blocks again.
  if (view.height > height_) XL_TRY(go_on(organisations, view));
  if (view.now_ms < ends_looked_at_ms_ + look_at_ends_every_ms) return {};
  for (const auto& organisation : organisations) {
    XL_TRY(organisation->policies().refresh_over(view));
  }
  ends_looked_at_ms_ = view.now_ms;
  return {};
}

}  // namespace xl::custody
