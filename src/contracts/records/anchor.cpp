// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <map>

#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
#include "contracts/records/events.h"
#include "contracts/records/messages.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "contracts/records/status.h"
#include "contracts/records/view.h"
#include "model/limits.h"

namespace xl::contracts::records {

namespace wire = xinglin::records::v1;

namespace {

/// How many record ids fit one attribute of an event.
constexpr int records_per_attribute = limits::event_value_bytes_max / limits::id_bytes;
static_assert(2 + 2 * ((limits::anchors_max + records_per_attribute - 1) / records_per_attribute) <=
              limits::event_attributes_max);  // patient, custodian, then pairs of records, versions

/// May versions be anchored for this patient by who signed?
StatusCode require_custodian_of(const Context& context, const model::StateReader& state,
                                const model::Id& patient) {
  const auto party = identity::find_party(state, patient);
  if (!party || party->kind() != static_cast<std::uint32_t>(PartyKind::patient)) {
    return patient_unknown;
  }
  if (identity::signed_by_organisation(context, state, identity::custodian_of(*party),
                                       purpose_sign) != identity::Signed::yes) {
    return not_custodian;
  }
  const bool gone =
      party->status() == static_cast<std::uint32_t>(identity::PartyStatus::deactivated);
  return gone ? patient_deactivated : applied;
}

/// May `version` follow `versions` stored (or anchored before it in the same batch)?
StatusCode check_next(const std::optional<wire::RecordHead>& head, const std::string& patient,
                      std::uint32_t versions, std::uint32_t version) {
  if (head) {
    if (head->patient() != patient) return patient_differs;
    if (head->status() != 0) return record_withdrawn;
    if (head->erasure() != 0) return record_erased;
  }
  return version == versions + 1 ? applied : version_conflict;
}

/// The custodian of a patient that `authorize` found.
std::string custodian_of(const model::StateReader& state, const std::string& patient) {
  auto party = identity::find_party(state, id_of(patient));
  XL_CHECK(party.has_value());
  return std::move(*party->mutable_custodian());
}

/// Writes a version and moves the head of its record on.
void store_version(const Context& context, model::StateWriter& state, const std::string& patient,
                   const std::string& custodian, const wire::AnchoredVersion& anchored) {
  const ByteView record = view_of(anchored.record());
  wire::RecordHead head = find_record(state, id_of(anchored.record())).value_or(wire::RecordHead());
  head.set_patient(patient);
  head.set_custodian(custodian);
  head.set_versions(anchored.version());
  store_record(state, head_key(record), head);
  wire::VersionRecord version;
  version.set_commitment(anchored.commitment());
  version.set_ciphertext_digest(anchored.ciphertext_digest());
  version.set_block_ms(context.block_ms);
  store_record(state, version_key(record, anchored.version()), version);
}

Bytes version_bytes(std::uint32_t version) {
  Bytes out;
  append_be(out, version);
  return out;
}

class Anchor final : public Command {
 public:
  explicit Anchor(wire::Anchor message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const StatusCode may = require_custodian_of(context, state, id_of(message_.patient()));
    if (may != applied) return may;
    const auto head = find_record(state, id_of(message_.record()));
    return check_next(head, message_.patient(), head ? head->versions() : 0, message_.version());
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    wire::AnchoredVersion anchored;
    anchored.set_record(message_.record());
    anchored.set_version(message_.version());
    anchored.set_commitment(message_.commitment());
    anchored.set_ciphertext_digest(message_.ciphertext_digest());
    const std::string custodian = custodian_of(state, message_.patient());
    store_version(context, state, message_.patient(), custodian, anchored);
    events.emit(event::anchored,
                {bytes_attribute(event::record_attribute, view_of(message_.record())),
                 bytes_attribute(event::patient_attribute, view_of(message_.patient())),
                 bytes_attribute(event::custodian_attribute, view_of(custodian)),
                 {event::version_attribute, version_bytes(message_.version())}});
  }

 private:
  wire::Anchor message_;
};

class AnchorBatch final : public Command {
 public:
  explicit AnchorBatch(wire::AnchorBatch message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const StatusCode may = require_custodian_of(context, state, id_of(message_.patient()));
    if (may != applied) return may;
    std::map<std::string, std::uint32_t> versions;  // of records anchored earlier in the batch
    for (const wire::AnchoredVersion& anchored : message_.versions()) {
      const auto head = find_record(state, id_of(anchored.record()));
      const auto [entry, first] =
          versions.try_emplace(anchored.record(), head ? head->versions() : 0);
      const StatusCode next =
          check_next(head, message_.patient(), entry->second, anchored.version());
      if (next != applied) return next;
      entry->second = anchored.version();
    }
    return applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const std::string custodian = custodian_of(state, message_.patient());
    std::vector<EventAttribute> attributes = {
        bytes_attribute(event::patient_attribute, view_of(message_.patient())),
        bytes_attribute(event::custodian_attribute, view_of(custodian))};
    for (int i = 0; i < message_.versions_size(); ++i) {
      const wire::AnchoredVersion& anchored = message_.versions(i);
      store_version(context, state, message_.patient(), custodian, anchored);
      if (i % records_per_attribute == 0) {
        attributes.push_back({event::record_attribute, {}});
        attributes.push_back({event::version_attribute, {}});
      }
      append(attributes[attributes.size() - 2].value, view_of(anchored.record()));
      append(attributes.back().value, version_bytes(anchored.version()));
    }
    events.emit(event::anchored_batch, std::move(attributes));
  }

 private:
  wire::AnchorBatch message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_anchor(ByteView payload) {
  wire::Anchor message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.record(), "record"));
  XL_TRY(check_id(message.patient(), "patient"));
  XL_TRY(check_digest(message.commitment(), "commitment"));
  XL_TRY(check_digest(message.ciphertext_digest(), "ciphertext_digest"));
  if (message.version() == 0) return malformed("version");
  return std::unique_ptr<Command>(std::make_unique<Anchor>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_anchor_batch(ByteView payload) {
  wire::AnchorBatch message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.patient(), "patient"));
  const auto count = static_cast<std::uint32_t>(message.versions_size());
  if (count == 0 || count > limits::anchors_max) return malformed("versions");
  for (const wire::AnchoredVersion& anchored : message.versions()) {
    XL_TRY(check_id(anchored.record(), "versions.record"));
    XL_TRY(check_digest(anchored.commitment(), "versions.commitment"));
    XL_TRY(check_digest(anchored.ciphertext_digest(), "versions.ciphertext_digest"));
    if (anchored.version() == 0) return malformed("versions.version");
  }
  return std::unique_ptr<Command>(std::make_unique<AnchorBatch>(std::move(message)));
}

}  // namespace xl::contracts::records
