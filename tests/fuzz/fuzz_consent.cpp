// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: consents
//
// Goal: no Consent, sealed policy or locator that somebody hands over makes its reader crash, hang
// or grow, and what is read says the same when it is written and read again. Method: the first byte
// says which reader.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/check.h"
#include "consents/reader.h"
#include "consents/sentence.h"
#include "consents/writer.h"
#include "contracts/identity/locator.h"
#include "crypto/hash.h"
#include "model/canonical.h"

namespace {

namespace consent = xl::contracts::consent;
namespace identity = xl::contracts::identity;

constexpr std::uint64_t now_ms = 1'655'078'400'000;

/// `Organization/north` is the custodian.
xl::model::Id id_of_name(std::string_view name) {
  xl::model::Id out;
  if (name == "Organization/north") {
    out.bytes.fill('o');
    return out;
  }
  const xl::Hash hash = xl::crypto::sha256(xl::view_of(name));
  std::copy_n(hash.begin(), out.bytes.size(), out.bytes.begin());
  return out;
}

/// Everybody is known: by DID, or by a name that becomes one.
xl::Result<xl::consents::Party> find_anybody(xl::json::Value reference) {
  const std::string type(reference.find("type").as_string().value_or("Organization"));
  const auto did =
      xl::model::id_from_did(reference.find("identifier").find("value").as_string().value_or(""));
  if (did.ok()) return xl::consents::Party{*did, type, ""};
  const auto text = reference.find("reference").as_string();
  if (!text) return xl::make_error(xl::ErrorCode::consent_unsupported);
  return xl::consents::Party{
      id_of_name(*text),
      text->substr(0, text->find('/')) == "Practitioner" ? "Practitioner" : "Organization", ""};
}

void seal(consent::SealedPolicy& sealed) {
  sealed.set_version(1);
  sealed.set_consent(std::string(16, 'c'));
  sealed.set_patient(std::string(16, 'p'));
  sealed.set_custodian(std::string(16, 'o'));
  sealed.set_salt(std::string(32, 's'));
}

void read_consent(std::string_view text) {
  const auto document = xl::json::parse(text, {});
  if (!document.ok()) return;
  const xl::consents::ReadContext context{find_anybody, id_of_name("Organization/north"), now_ms};
  auto read = xl::consents::read_consent(document->root(), context);
  if (!read.ok()) return;
  seal(read->sealed);
  consent::normalise(read->sealed);
  if (!consent::check_sealed(read->sealed).ok()) return;
  (void)xl::consents::sentence_of(read->sealed, true);
  (void)xl::consents::narrative_of(read->sealed, read->end_ms);
  xl::consents::Standing standing;
  standing.id = "c";
  standing.status = "active";
  standing.start_ms = read->start_ms;
  standing.end_ms = read->end_ms;
  const auto written = xl::json::parse(xl::consents::write_consent(read->sealed, standing), {});
  XL_CHECK(written.ok());
  auto again = xl::consents::read_consent(written->root(), context);
  XL_CHECK(again.ok());
  seal(again->sealed);
  consent::normalise(again->sealed);
  XL_CHECK(consent::same_policies(read->sealed, again->sealed));
}

void read_sealed(std::string_view bytes) {
  const auto sealed = consent::decode_sealed(xl::view_of(bytes));
  if (!sealed.ok()) return;
  XL_CHECK(xl::text_of(xl::model::encode(*sealed)) == bytes);
  XL_CHECK(consent::is_narrower(*sealed, *sealed));
  (void)xl::consents::narrative_of(*sealed, 0);
}

/// A ledger on which nothing stands.
class NoState final : public xl::model::StateReader {
 public:
  [[nodiscard]] bool get(xl::ByteView, xl::Bytes&) const override { return false; }
  void scan(xl::ByteView, xl::ByteView, std::uint32_t,
            const std::function<bool(xl::ByteView, xl::ByteView)>&) const override {}
};

void read_locator(std::string_view text) {
  const NoState state;
  const std::string shown = std::string(identity::locator_prefix) + std::string(text);
  XL_CHECK(!identity::read_locator(state, {}, now_ms, shown).ok());
  (void)identity::read_locator(state, {}, now_ms, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      read_consent(text);
      break;
    case 1:
      read_sealed(text);
      break;
    default:
      read_locator(text);
      break;
  }
  return 0;
}
