// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/peer/envelope.h"

#include <algorithm>

#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "gateway/peer/peer.pb.h"
#include "model/canonical.h"
#include "model/tags.h"

namespace xl::gateway::peer {

namespace identity = contracts::identity;
using custody::bytes_of;
using xinglin::peer::v1::Content;
using xinglin::peer::v1::Envelope;

namespace {

Error refused() { return make_error(ErrorCode::peer_request_refused); }

std::string_view tag_of(PeerKind kind) {
  return kind == PeerKind::answer ? model::tags::peer_answer : model::tags::peer_request;
}

/// What wrap and sealed part are bound to: everything that is told in clear.
Bytes bound_to(Content content) {
  content.clear_wrap();
  content.clear_sealed();
  return crypto::tagged_bytes(tag_of(static_cast<PeerKind>(content.kind())),
                              {model::encode(content)});
}

/// Signed by an own key of the organisation that it says it is from?
bool is_signed(const model::StateReader& state, std::uint64_t now_ms, const Envelope& envelope,
               const Content& content, model::Signer& key_out) {
  if (envelope.key().size() != sizeof(Hash)) return false;
  const auto bytes = view_of(envelope.key());
  std::copy(bytes.begin(), bytes.end(), key_out.key_id.begin());
  const auto key = identity::find_key(state, key_out.key_id);
  const model::Id from = contracts::id_of(content.from());
  if (!key || key->has_delegation() || (key->purposes() & contracts::purpose_sign) == 0 ||
      !identity::is_active(*key, now_ms) || contracts::id_of(key->controller()) != from ||
      !identity::find_acting(state, from, contracts::PartyKind::organisation)) {
    return false;
  }
  key_out.algorithm = static_cast<crypto::Algorithm>(key->algorithm());
  const Bytes text = crypto::tagged_bytes(tag_of(static_cast<PeerKind>(content.kind())),
                                          {view_of(envelope.content())});
  return crypto::verify(key_out.algorithm, view_of(key->public_key()), text,
                        view_of(envelope.signature()));
}

bool is_well_formed(const Content& content) {
  return content.version() == 1 && contracts::check_id(content.from(), "from").ok() &&
         contracts::check_id(content.to(), "to").ok() && content.about().size() == sizeof(Hash) &&
         content.kind() <= static_cast<std::uint32_t>(PeerKind::look);
}

}  // namespace

Result<std::string> write_envelope(custody::Stores& stores, const custody::LedgerPort& port,
                                   const Saying& saying) {
  const Bytes recipient = identity::agreement_key_of(*port.ledger().state(), saying.to);
  if (recipient.empty()) return make_error(ErrorCode::peer_key_missing);
  Content content;
  content.set_version(1);
  content.set_network(bytes_of(port.ledger().genesis().network));
  content.set_from(bytes_of(stores.did().bytes));
  content.set_to(bytes_of(saying.to.bytes));
  Hash about = saying.about;
  if (saying.kind != PeerKind::answer) crypto::random_bytes(about);
  content.set_about(bytes_of(about));
  content.set_time_ms(port.now_ms());
  content.set_kind(static_cast<std::uint32_t>(saying.kind));
  XL_TRY_ASSIGN(const query::LedgerHead head, port.ledger().head());
  content.set_height(head.height);
  const Bytes bound = bound_to(content);
  const crypto::SecretBytes key = crypto::SecretBytes::random(crypto::aead::key_bytes);
  XL_TRY_ASSIGN(const Bytes wrap, crypto::wrap_for(recipient, key.view(), bound));
  content.set_wrap(bytes_of(wrap));
  content.set_sealed(bytes_of(crypto::aead::seal(key.view(), saying.payload, bound)));
  Envelope out;
  out.set_content(bytes_of(model::encode(content)));
  const crypto::SigningKey& own = stores.identity().key;
  out.set_key(bytes_of(custody::signer_of(own).key_id));
  out.set_signature(
      bytes_of(own.sign(crypto::tagged_bytes(tag_of(saying.kind), {view_of(out.content())}))));
  return bytes_of(model::encode(out));
}

Result<Heard> read_envelope(custody::Stores& stores, const custody::LedgerPort& port,
                            std::string_view raw) {
  Envelope envelope;
  Content content;
  if (!model::decode_canonical(view_of(raw), envelope) ||
      !model::decode_canonical(view_of(envelope.content()), content) || !is_well_formed(content)) {
    return refused();
  }
  const std::uint64_t now = port.now_ms();
  const bool late =
      content.time_ms() + clock_skew_ms < now || content.time_ms() > now + clock_skew_ms;
  if (late || contracts::id_of(content.to()) != stores.did() ||
      content.network() != bytes_of(port.ledger().genesis().network)) {
    return refused();
  }
  Heard out;
  if (!is_signed(*port.ledger().state(), now, envelope, content, out.key)) return refused();
  const Bytes bound = bound_to(content);
  const auto key = stores.agreement_key().unwrap(view_of(content.wrap()), bound);
  if (!key.ok() || key->view().size() != crypto::aead::key_bytes) return refused();
  auto payload = crypto::aead::open(key->view(), view_of(content.sealed()), bound);
  if (!payload.ok()) return refused();
  out.from = contracts::id_of(content.from());
  const ByteView about = view_of(content.about());
  std::copy(about.begin(), about.end(), out.about.begin());
  out.kind = static_cast<PeerKind>(content.kind());
  out.height = content.height();
  out.payload = std::move(*payload);
  out.digest = crypto::sha256(view_of(raw));
  return out;
}

}  // namespace xl::gateway::peer
