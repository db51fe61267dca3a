// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/stores.h"

#include <algorithm>

#include "crypto/hash.h"
#include "model/tags.h"

namespace xl::custody {

Result<std::unique_ptr<Stores>> Stores::open(const StorePlaces& places, Identity identity,
                                             const vault::Unlock& unlock) {
  const model::Id did = identity.did;
  std::unique_ptr<Stores> out(new Stores(std::move(identity)));
  auto keyring = vault::Keyring::open(places.vault, did, unlock);
  // Bodies come after the keyring: where they are and it is not, it was lost, and a fresh one would
  // open nothing of them and stand in the way of its backup.
  std::error_code failure;
  const bool first_start = !std::filesystem::exists(places.vault.bodies, failure);
  if (!keyring.ok() && keyring.error().code == ErrorCode::keyring_missing && first_start) {
    keyring = vault::Keyring::create(places.vault, did, unlock);
  }
  if (!keyring.ok()) return keyring.error();
  out->keyring_ = std::move(*keyring);
  XL_TRY_ASSIGN(out->bodies_, vault::Bodies::open(places.vault.bodies));
  out->copies_ = places.vault.bodies.parent_path() / "copies";
  out->vault_ = std::make_unique<vault::RecordVault>(*out->bodies_, *out->keyring_);
  XL_TRY_ASSIGN(const auto journal_key, out->keyring_->organisation_key("journal"));
  XL_TRY_ASSIGN(out->journal_, vault::Journal::open(places.vault.journal, did, journal_key.view(),
                                                    out->identity_.key));
  XL_TRY_ASSIGN(const auto index_key, out->keyring_->organisation_key("index"));
  XL_TRY(vault::make_private_directory(places.index.parent_path()));
  XL_TRY_ASSIGN(out->index_, query::RecordIndex::open(places.index, index_key.view()));
  XL_TRY_ASSIGN(out->index_mark_,
                IndexMark::open(places.vault.keyring.parent_path() / "index.mark"));
  XL_TRY_ASSIGN(out->erasures_, vault::ErasureLog::open(places.vault, *out->keyring_));
  XL_TRY_ASSIGN(const auto agreement, out->keyring_->organisation_key("agreement"));
  XL_TRY_ASSIGN(crypto::WrappingKey wrapping, crypto::WrappingKey::from_secret(agreement.view()));
  out->agreement_key_.emplace(std::move(wrapping));
  XL_TRY(out->derive_pseudonyms());
  return out;
}

Result<vault::Bodies*> Stores::copies_of(const model::Id& owner) {
  const std::scoped_lock lock(copies_mutex_);
  auto& open = copies_open_[owner];
  if (!open) {
    XL_TRY_ASSIGN(open, vault::Bodies::open(copies_ / owner.text()));
  }
  return open.get();
}

std::uint64_t Stores::copies_bytes(const model::Id& owner) const {
  std::uint64_t out = 0;
  std::error_code failure;
  for (const auto& file : std::filesystem::directory_iterator(copies_ / owner.text(), failure)) {
    const auto size = file.file_size(failure);
    if (!failure) out += size;
  }
  return out;
}

Status Stores::derive_pseudonyms() {
  XL_TRY_ASSIGN(const auto key, keyring_->organisation_key("pseudonyms"));
  const auto derive = [&](std::string_view purpose) {
    const Hash digest =
        crypto::tagged_hash(model::tags::own_pseudonym, {key.view(), view_of(purpose)});
    model::Id out;
    std::copy_n(digest.begin(), out.bytes.size(), out.bytes.begin());
    return out;
  };
  directory_ = derive("directory");
  unattributed_ = derive("unattributed");
  const model::Id both[] = {directory_, unattributed_};
  return keyring_->create_patients(both);
}

}  // namespace xl::custody
