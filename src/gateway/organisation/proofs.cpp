// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/proofs.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/records/records.h"
#include "custody/consents.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "model/receipt.h"

namespace xl::gateway::organisation {

Result<std::string> record_proof(const Services& services, custody::Organisation& organisation,
                                 const vault::RecordVersion& which, const model::Id& patient,
                                 const vault::CommitmentOpening& opening) {
  XL_TRY_ASSIGN(const model::Receipt receipt,
                services.ledger.state_receipt(
                    contracts::records::version_key(which.record.view(), which.version), 0));
  XL_TRY_ASSIGN(
      const model::Receipt head,
      services.ledger.state_receipt(contracts::records::head_key(which.record.view()), 0));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/record-proof/v1");
  out.key("record").string(which.record.text());
  out.key("version").string(std::to_string(which.version));
  out.key("patient").string(model::did_text(patient));
  out.key("custodian").string(model::did_text(organisation.did()));
  out.key("salt").string(to_hex(opening.salt));
  out.key("content_digest").string(to_hex(opening.content_digest));
  out.key("labels").string(to_base64(opening.labels));
  out.key("commitment").string(to_hex(opening.commitment)).end_object();
  std::string body = out.take();
  body.insert(body.size() - 1, ",\"receipt\":" + model::write_receipt(receipt) +
                                   ",\"head\":" + model::write_receipt(head));
  return body;
}

Result<http::Response> prove_record(const Services& services, custody::Organisation& organisation,
                                    const custody::Principal& who, const http::Request& request,
                                    const PathValues& values) {
  std::uint64_t version = 0;
  const auto text = request.parameter("version");
  if (text && !parse_decimal(*text, version)) {
    return make_error(ErrorCode::parameter_invalid, "version");
  }
  const fhir::Call call{services, organisation, request, {}, {}, who};
  const fhir::EvenTime begun;
  XL_TRY_ASSIGN(custody::Ask ask, fhir::ask_of(call, contracts::consent::Action::read));
  XL_TRY_ASSIGN(custody::Viewer viewer, organisation.desk().open(std::move(ask)));
  query::RecordIndex& index = organisation.stores().index();
  const auto entry =
      text ? index.version(values[1], values[2], version) : index.current(values[1], values[2]);
  if (!entry.ok() && entry.error().code != ErrorCode::index_record_unknown) return entry.error();
  if (!entry.ok()) {
    XL_TRY(viewer.refuse_unknown("proof"));
    begun.wait(call);
    return make_error(ErrorCode::access_refused);
  }
  if (!viewer.allows(*entry)) {
    XL_TRY(viewer.refuse(*entry, "proof"));
    begun.wait(call);
    return make_error(ErrorCode::access_refused);
  }
  if (custody::is_agreed_consent(*entry)) return make_error(ErrorCode::consent_proved_apart);
  XL_TRY(viewer.serve(std::span(&*entry, 1), "proof"));

  const vault::RecordVersion which{entry->record, static_cast<std::uint32_t>(entry->version)};
  XL_TRY_ASSIGN(const vault::CommitmentOpening opening,
                organisation.stores().vault().open_commitment(which));
  XL_TRY_ASSIGN(std::string body,
                record_proof(services, organisation, which, entry->patient, opening));
  return json_response(std::move(body));
}

}  // namespace xl::gateway::organisation
