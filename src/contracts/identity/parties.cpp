// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/parties.h"

#include "contracts/api/event_values.h"
#include "contracts/identity/events.h"
#include "contracts/identity/records.h"

namespace xl::contracts::identity {

void register_party(const Context& context, model::StateWriter& state, EventSink& events,
                    const model::Id& did, xinglin::identity::v1::PartyRecord party,
                    const NewKeys& keys) {
  party.set_since_ms(context.block_ms);
  store_record(state, party_key(did), party);
  if (!keys.empty()) add_keys(state, did, keys);
  std::vector<EventAttribute> attributes = key_attributes(keys);
  attributes.push_back(id_attribute(event::party_attribute, did));
  if (!party.custodian().empty()) {
    attributes.push_back(
        bytes_attribute(event::organisation_attribute, view_of(party.custodian())));
  }
  attributes.push_back(number_attribute(event::kind_attribute, party.kind()));
  events.emit(event::party_registered, std::move(attributes));
}

void store_party(model::StateWriter& state, const model::Id& did,
                 const xinglin::identity::v1::PartyRecord& party) {
  store_record(state, party_key(did), party);
}

void deactivate_party(const Context& context, model::StateWriter& state, EventSink& events,
                      const model::Id& did) {
  auto party = find_party(state, did);
  XL_CHECK(party.has_value());
  party->set_status(static_cast<std::uint32_t>(PartyStatus::deactivated));
  store_party(state, did, *party);
  end_all_keys(state, did, context.block_ms);
  state.erase(recovery_terms_key(did));
  state.erase(running_recovery_key(did));
  events.emit(event::deactivated, {id_attribute(event::party_attribute, did)});
}

std::vector<EventAttribute> key_attributes(const NewKeys& keys) {
  std::vector<EventAttribute> out;
  for (const auto& key : keys) out.push_back(bytes_attribute(event::key_attribute, id_of_new(key)));
  return out;
}

}  // namespace xl::contracts::identity
