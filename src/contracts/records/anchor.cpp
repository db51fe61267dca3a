// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/records/anchor.h"

#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "contracts/records/state.pb.h"
#include "contracts/records/status.h"

namespace xl::contracts::records {
namespace {

namespace wire = xinglin::records::v1;

/// Event type 1: a version was anchored. Attributes: 1 record, 2 patient, 3 custodian, 4 version.
constexpr std::uint16_t anchored_event = 1;

class Anchor final : public Command {
 public:
  explicit Anchor(wire::Anchor message, model::Id patient)
      : message_(std::move(message)), patient_(patient) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto party = identity::find_party(state, patient_);
    if (!party || party->kind() != static_cast<std::uint32_t>(PartyKind::patient)) {
      return patient_unknown;
    }
    const auto custodian = model::id_from_bytes(view_of(party->custodian()));
    XL_CHECK(custodian.ok());
    const Caller* caller = context.find_caller(*custodian, false);
    if (caller == nullptr || (caller->purposes & purpose_sign) == 0) return not_custodian;
    wire::RecordHead head;
    const bool exists = load_record(state, head_key(view_of(message_.record())), head);
    if (!exists) return message_.version() == 1 ? applied : version_conflict;
    if (head.patient() != message_.patient()) return patient_differs;
    if (head.status() != 0) return record_withdrawn;
    return message_.version() == head.versions() + 1 ? applied : version_conflict;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const auto party = identity::find_party(state, patient_);
    XL_CHECK(party.has_value());
    const ByteView record = view_of(message_.record());
    wire::RecordHead head;
    head.set_patient(message_.patient());
    head.set_custodian(party->custodian());
    head.set_versions(message_.version());
    store_record(state, head_key(record), head);
    wire::VersionRecord version;
    version.set_commitment(message_.commitment());
    version.set_ciphertext_digest(message_.ciphertext_digest());
    version.set_block_ms(context.block_ms);
    store_record(state, version_key(record, message_.version()), version);
    Bytes number;
    append_be(number, message_.version());
    events.emit(anchored_event, {{1, copy_of(record)},
                                 {2, copy_of(patient_.view())},
                                 {3, copy_of(view_of(party->custodian()))},
                                 {4, number}});
  }

 private:
  wire::Anchor message_;
  model::Id patient_;
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
  XL_TRY_ASSIGN(const model::Id patient, model::id_from_bytes(view_of(message.patient())));
  return std::unique_ptr<Command>(std::make_unique<Anchor>(std::move(message), patient));
}

}  // namespace xl::contracts::records
