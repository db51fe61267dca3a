// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/identity_locator.h"

#include <algorithm>

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/qr_picture.h"
#include "cli/words.h"
#include "contracts/identity/locator.h"

namespace xl::cli {

namespace identity = contracts::identity;

namespace {

constexpr std::uint64_t locator_day_ms = 24ULL * 3600 * 1000;

struct LocatorOptions {
  std::vector<std::string> with;
  std::string patient;
  std::uint64_t days = 7;
  std::string picture;
};

/// One place with the key that signs for it.
struct SignedPlace {
  identity::Place place;
  client::Identity who;
};

/// A patient speaks for their own place, a guardian and a custodian for `patient`'s.
Result<SignedPlace> signed_place(client::Identity who, const std::string& patient) {
  identity::Place place{who.organisation, who.did};
  if (who.kind != contracts::PartyKind::patient) {
    if (patient.empty()) {
      return make_error(ErrorCode::usage_invalid, "--patient: whose records are to be found");
    }
    XL_TRY_ASSIGN(place.patient, id_of(patient, "--patient"));
  }
  return SignedPlace{place, std::move(who)};
}

Result<std::vector<SignedPlace>> signed_places(const Session& session,
                                               const LocatorOptions& options) {
  std::vector<SignedPlace> out;
  XL_TRY_ASSIGN(client::Identity first, open_identity(session));
  XL_TRY_ASSIGN(SignedPlace place, signed_place(std::move(first), options.patient));
  out.push_back(std::move(place));
  for (const std::string& file : options.with) {
    Session other = session;
    other.identity_file = file;
    XL_TRY_ASSIGN(client::Identity who, open_identity(other));
    XL_TRY_ASSIGN(SignedPlace more, signed_place(std::move(who), {}));
    out.push_back(std::move(more));
  }
  const auto custodian = [](const SignedPlace& one) { return one.place.custodian; };
  std::ranges::sort(out, {}, custodian);
  if (std::ranges::adjacent_find(out, {}, custodian) != out.end()) {
    return make_error(ErrorCode::usage_invalid, "--with: two identities at one custodian");
  }
  return out;
}

Result<int> run_locator(const Session& session, const LocatorOptions& options,
                        const Console& console) {
  XL_TRY_ASSIGN(const std::vector<SignedPlace> signers, signed_places(session, options));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of({}, session));
  const std::uint64_t until_ms = SystemClock().now_ms() + options.days * locator_day_ms;
  std::vector<identity::Place> places;
  for (const SignedPlace& one : signers) places.push_back(one.place);
  const Bytes bytes = identity::locator_bytes(genesis.network, until_ms, places);
  const Bytes signed_bytes = identity::locator_signed_bytes(bytes);
  std::vector<Bytes> signatures;
  for (const SignedPlace& one : signers) signatures.push_back(one.who.key.sign(signed_bytes));
  const std::string text = identity::locator_text(bytes, signatures);
  if (!options.picture.empty()) {
    XL_TRY_ASSIGN(const std::string picture, qr_picture(text));
    XL_TRY(write_file_durably(options.picture, view_of(picture), 0600));
  }
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/locator/v1").key("locator").string(text);
    out.key("until_ms").string(std::to_string(until_ms)).key("places").begin_array();
    for (const identity::Place& place : places) {
      out.begin_object().key("custodian").string(model::did_text(place.custodian));
      out.key("patient").string(model::did_text(place.patient)).end_object();
    }
    console.answer(out.end_array().end_object().take());
  } else {
    console.result(text);
  }
  console.say("Whoever has this can ask " + std::to_string(places.size()) +
                  " custodians for your records until " + time_text(until_ms) +
                  "; they get what you agreed to, and nothing else",
              "持有此码者在 " + time_text(until_ms) + " 前可向 " + std::to_string(places.size()) +
                  " 家保管机构查询您的记录;仅能获得您已同意的内容");
  return succeeded;
}

}  // namespace

void add_identity_locator_command(CLI::App* group, Session& session) {
  auto options = std::make_shared<LocatorOptions>();
  auto* locator = group->add_subcommand("locator", "tell a doctor where your records are");
  locator->add_option("--with", options->with, "your identity at another custodian; repeat");
  locator->add_option("--patient", options->patient, "guardians and custodians: whose records");
  locator->add_option("--days", options->days, "how long it holds, 1 to 365; else 7")
      ->check(CLI::Range(1, 365));
  locator->add_option("--picture", options->picture,
                      "write it as a QR code too, an SVG that a doctor's camera reads");
  locator->footer(
      "Examples:\n  xinglin identity locator --as ann-north.json --with ann-south.json\n"
      "  xinglin identity locator --picture me.svg --as ann-north.json\n"
      "  xinglin identity locator --patient did:xinglin:… --days 1 --as hospital.json");
  choose(locator, session, options, run_locator);
}

}  // namespace xl::cli
