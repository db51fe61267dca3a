// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/access/authority.h"
#include "contracts/access/events.h"
#include "contracts/access/messages.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/status.h"
#include "contracts/access/view.h"
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"

namespace xl::contracts::access {

namespace wire = xinglin::access::v1;

namespace {

class CohortEntry final : public Command {
 public:
  explicit CohortEntry(wire::CohortEntry message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const StatusCode gives =
        require_organisation(context, state, id_of(message_.custodian()), custodian_missing);
    if (gives != applied) return gives;
    const StatusCode asks =
        require_organisation(context, state, id_of(message_.requester()), requester_missing);
    if (asks != applied) return asks;
    if (find_cohort(state, id_of(message_.entry()))) return entry_exists;
    const bool recent = message_.policy_height() < context.height &&
                        context.height - message_.policy_height() <= limits::policy_age_heights_max;
    return recent ? applied : policy_height_refused;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    wire::CohortRecord record;
    record.set_custodian(message_.custodian());
    record.set_requester(message_.requester());
    record.set_purpose(message_.purpose());
    record.set_query(message_.query());
    record.set_policy_height(message_.policy_height());
    record.set_root(message_.root());
    record.set_count(message_.count());
    record.set_block_ms(context.block_ms);
    store_record(state, cohort_key(id_of(message_.entry())), record);
    events.emit(event::cohort_read,
                {bytes_attribute(event::entry_attribute, view_of(message_.entry())),
                 bytes_attribute(event::custodian_attribute, view_of(message_.custodian())),
                 bytes_attribute(event::organisation_attribute, view_of(message_.requester())),
                 number_attribute(event::count_attribute, message_.count())});
  }

 private:
  wire::CohortEntry message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_cohort_entry(ByteView payload) {
  wire::CohortEntry message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.entry(), "entry"));
  XL_TRY(check_id(message.custodian(), "custodian"));
  XL_TRY(check_id(message.requester(), "requester"));
  XL_TRY(check_digest(message.purpose(), "purpose"));
  XL_TRY(check_digest(message.query(), "query"));
  XL_TRY(check_digest(message.root(), "root"));
  if (message.count() > limits::journal_count_max) return malformed("count");
  return std::unique_ptr<Command>(std::make_unique<CohortEntry>(std::move(message)));
}

}  // namespace xl::contracts::access
