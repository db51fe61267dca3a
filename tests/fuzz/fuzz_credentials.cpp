// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: credentials
//
// Goal: nothing that wallets, verifiers and strangers hand over makes a reader of credentials
// crash, hang or grow. Method: the first byte says which reader; what is read is used and written
// again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "credentials/data_integrity.h"
#include "credentials/dcql.h"
#include "credentials/did.h"
#include "credentials/health_card.h"
#include "credentials/multibase.h"
#include "credentials/sd_jwt.h"
#include "credentials/status_list.h"

namespace {

namespace vc = xl::credentials;

void read_sd_jwt(std::string_view text) {
  const auto split = vc::split_sd_jwt(text);
  (void)vc::check_jose_credential(text, {});
  if (!split.ok()) return;
  XL_CHECK(split->text() == text);
  (void)vc::disclosed_names(*split);
  (void)vc::reveal(*split, {});
  const auto token = vc::read_jwt(split->issued, {vc::sd_jwt_bytes_max, vc::claims_depth_max});
  if (!token.ok()) return;
  const auto open = vc::disclose(token->payload.root(), split->disclosures);
  if (open.ok()) XL_CHECK(!open->root().find("_sd").present());
}

void read_json(std::string_view text) {
  const auto document = xl::json::parse(text, {});
  if (!document.ok()) return;
  const xl::json::Value root = document->root();
  (void)vc::read_status(root);
  (void)vc::check_data_model(root);
  (void)vc::check_data_integrity(root);
  const auto queries = vc::read_dcql(root);
  if (queries.ok()) {
    xl::json::Writer out;
    vc::write_dcql(out, *queries);
    const std::string again = out.take();
    XL_CHECK(vc::read_dcql(xl::json::parse(again, {})->root()).ok());
  }
  const auto canonical = vc::canonical_json(root);
  if (!canonical.ok()) return;
  const auto back = xl::json::parse(*canonical, {});
  XL_CHECK(back.ok() && *vc::canonical_json(back->root()) == *canonical);
}

void read_card(std::string_view text) {
  const auto cards = vc::health_cards_in(text);
  if (!cards.ok()) return;
  for (const std::string& one : *cards) {
    const auto card = vc::read_health_card(one);
    if (card.ok()) (void)vc::check_health_card(*card, {}, 1);
  }
}

void read_names(std::string_view text) {
  const auto key = vc::key_of_did_key(text);
  if (key.ok()) XL_CHECK(vc::did_key_of(*key) == text);
  const auto url = vc::read_key_url(text);
  if (url) XL_CHECK(vc::key_url(url->did, url->key_id) == text);
  xl::Bytes bytes;
  if (vc::from_base58(text, bytes)) XL_CHECK(vc::to_base58(bytes) == text);
  (void)vc::is_did(text);
  (void)vc::decoded_list(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      read_sd_jwt(text);
      break;
    case 1:
      read_json(text);
      break;
    case 2:
      read_card(text);
      break;
    default:
      read_names(text);
      break;
  }
  return 0;
}
