// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: keys open what they should and nothing else, through rotations, grants, erasures, backups
// and restarts. Method: a small vault; wraps swapped and altered inside the database, which the
// test opens with the root as the format says.
#include "crypto/wrap.h"
#include "model/limits.h"
#include "model/tags.h"
#include "vault/codec.h"
#include "vault/keyring_store.h"
#include "vault/tests/fixture.h"

namespace xl::vault {
namespace {

using test::code_of;
using test::id_of;
using test::new_unlock;
using test::organisation;
using test::unlock;

constexpr std::uint64_t day_ms = 24ULL * 60 * 60 * 1000;

class KeyringTest : public test::VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    create();
    patient(1);
    patient(2);
    for (std::uint32_t record = 10; record < 14; ++record) {
      ASSERT_TRUE(put(1, record).ok());
      ASSERT_TRUE(put(2, record + 10).ok());
    }
  }
  void expect_all() {
    for (std::uint32_t record = 10; record < 14; ++record) {
      expect_content(record);
      expect_content(record + 10);
    }
    EXPECT_TRUE(keyring_->verify().ok());
  }
  /// Runs SQL inside the closed keyring's database.
  void alter(std::string_view sql) {
    close();
    const auto generation = detail::root_generations(places_.keyring).front();
    const std::string file = test::raw_file(detail::root_path(places_.keyring, generation));
    auto root = detail::open_root(view_of(file), generation, organisation, unlock);
    ASSERT_TRUE(root.ok()) << root.error().text();
    {
      auto database = sqlite::Database::open(places_.keyring / "keyring.db",
                                             {.key = root->database_key.view()});
      ASSERT_TRUE(database.ok());
      const Status done = database->execute(sql);
      ASSERT_TRUE(done.ok()) << done.error().text();
    }
    open();
  }
};

TEST_F(KeyringTest, OpensAgainWithItsKeyOnly) {
  close();
  EXPECT_EQ(code_of(Keyring::open(places_, organisation, new_unlock)),
            ErrorCode::operator_key_wrong);
  EXPECT_EQ(code_of(Keyring::create(places_, organisation, unlock)), ErrorCode::keyring_exists);
  EXPECT_EQ(code_of(Keyring::open(places_, id_of(9), unlock)), ErrorCode::keyring_altered);
  open();
  expect_all();
  EXPECT_EQ(code_of(Keyring::open(places_, organisation, unlock)), ErrorCode::vault_locked);
  close();
  EXPECT_EQ(
      code_of(Keyring::open(places_below(folder_ / "none", organisation), organisation, unlock)),
      ErrorCode::keyring_missing);
}

TEST_F(KeyringTest, APassphraseOpensToo) {
  const Places other = places_below(folder_ / "other", organisation);
  const Unlock words = {.passphrase = "apricot grove 杏林",
                        .cost = {1, crypto::argon2id_memory_kib_min}};
  ASSERT_TRUE(Keyring::create(other, organisation, words).ok());
  EXPECT_TRUE(Keyring::open(other, organisation, words).ok());
  EXPECT_EQ(code_of(Keyring::open(other, organisation, {.passphrase = "apricot"})),
            ErrorCode::passphrase_wrong);
  EXPECT_EQ(code_of(Keyring::open(other, organisation, unlock)), ErrorCode::keyfile_malformed);
}

TEST_F(KeyringTest, AnUnfinishedCreationBeginsAgain) {
  const Places other = places_below(folder_ / "other", organisation);
  ASSERT_TRUE(Keyring::create(other, organisation, unlock).ok());
  std::ofstream(other.keyring / "creating") << "";
  EXPECT_EQ(code_of(Keyring::open(other, organisation, unlock)), ErrorCode::keyring_missing);
  ASSERT_TRUE(Keyring::create(other, organisation, new_unlock).ok());
  EXPECT_TRUE(Keyring::open(other, organisation, new_unlock).ok());
}

TEST_F(KeyringTest, OrganisationKeysStayAndDiffer) {
  const auto journal = keyring_->organisation_key("journal");
  const auto index = keyring_->organisation_key("index");
  ASSERT_TRUE(journal.ok() && index.ok());
  EXPECT_FALSE(equal(journal->view(), index->view()));
  ASSERT_TRUE(keyring_->rotate_root(new_unlock).ok());
  close();
  open(new_unlock);
  EXPECT_TRUE(equal(keyring_->organisation_key("journal")->view(), journal->view()));
}

TEST_F(KeyringTest, RotatingAPatientKeepsEverythingReadable) {
  const auto before = keyring_->open_key({id_of(10), 1});
  ASSERT_TRUE(keyring_->rotate_patient(id_of(1, 2)).ok());
  expect_all();
  EXPECT_TRUE(equal(keyring_->open_key({id_of(10), 1})->key.view(), before->key.view()));
  EXPECT_EQ(code_of(keyring_->rotate_patient(id_of(99, 2))), ErrorCode::patient_unknown);
}

TEST_F(KeyringTest, RotatingTheRootSupersedesTheFormer) {
  const std::string former = test::raw_file(detail::root_path(places_.keyring, 1));
  ASSERT_TRUE(keyring_->rotate_root(new_unlock).ok());
  expect_all();
  close();
  EXPECT_EQ(detail::root_generations(places_.keyring), std::vector<std::uint64_t>{2});
  EXPECT_EQ(code_of(Keyring::open(places_, organisation, unlock)), ErrorCode::operator_key_wrong);
  open(new_unlock);
  expect_all();
  close();
  // Someone who kept the former file is told, and gets no further.
  std::ofstream(detail::root_path(places_.keyring, 1), std::ios::binary) << former;
  EXPECT_EQ(code_of(Keyring::open(places_, organisation, unlock)), ErrorCode::root_superseded);
}

TEST_F(KeyringTest, ARotationThatNeverSwitchedIsSaid) {
  const auto database_key = [&] {
    const std::string file = test::raw_file(detail::root_path(places_.keyring, 1));
    return std::move(detail::open_root(view_of(file), 1, organisation, unlock)->database_key);
  }();
  detail::Root next{2, crypto::SecretBytes::random(32),
                    crypto::SecretBytes::copy_of(database_key.view())};
  const auto file = detail::seal_root(next, organisation, new_unlock);
  std::ofstream(detail::root_path(places_.keyring, 2), std::ios::binary) << text_of(*file);
  close();
  EXPECT_EQ(code_of(Keyring::open(places_, organisation, new_unlock)),
            ErrorCode::root_rotation_unfinished);
  open();
  expect_all();
  EXPECT_EQ(detail::root_generations(places_.keyring), std::vector<std::uint64_t>{1});
}

TEST_F(KeyringTest, ThePatientAndAGranteeOpenWhatTheyWereGiven) {
  const auto wallet = crypto::WrappingKey::generate();
  const RecordVersion before{id_of(10), 1};
  EXPECT_EQ(code_of(keyring_->patient_wrap(before)), ErrorCode::patient_agreement_missing);
  ASSERT_TRUE(keyring_->set_agreement_key(id_of(1, 2), wallet.public_key()).ok());
  ASSERT_TRUE(put(1, 30).ok());
  for (const std::uint32_t record : {10U, 30U}) {  // made before and after
    const RecordVersion which{id_of(record), 1};
    const auto wrap = keyring_->patient_wrap(which);
    ASSERT_TRUE(wrap.ok());
    const auto key = wallet.unwrap(*wrap, data_key_context(organisation, which));
    ASSERT_TRUE(key.ok());
    const auto kept = vault_->anchored(which);
    const auto body = bodies_->get(kept->ciphertext_digest);
    const auto opened = open_body(organisation, which, key->view(), *body, kept->commitment);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->content, test::content_of(record, 300));
    EXPECT_EQ(
        code_of(open_body(organisation, {id_of(record), 2}, key->view(), *body, kept->commitment)),
        ErrorCode::record_altered);
  }
  const auto doctor = crypto::WrappingKey::generate();
  const RecordVersion which{id_of(20), 1};
  const auto wraps = keyring_->grant(std::span(&which, 1), {id_of(7), doctor.public_key()}, 5000);
  ASSERT_TRUE(wraps.ok()) << wraps.error().text();
  EXPECT_TRUE(doctor.unwrap((*wraps)[0], data_key_context(organisation, which)).ok());
  EXPECT_FALSE(wallet.unwrap((*wraps)[0], data_key_context(organisation, which)).ok());
  EXPECT_EQ(code_of(keyring_->set_agreement_key(id_of(1, 2), Bytes(32))), ErrorCode::key_malformed);
  EXPECT_EQ(code_of(keyring_->set_agreement_key(id_of(1, 2), Bytes(31))), ErrorCode::key_malformed);
  EXPECT_EQ(code_of(keyring_->set_agreement_key(id_of(77, 2), wallet.public_key())),
            ErrorCode::patient_unknown);
  const RecordVersion none{id_of(555), 1};
  EXPECT_EQ(code_of(keyring_->grant(std::span(&none, 1), {id_of(7), doctor.public_key()}, 1)),
            ErrorCode::record_unknown);
}

TEST_F(KeyringTest, ErasureWaitsForBackupsAndNamesWhoHasTheData) {
  const auto backup = keyring_->backup(folder_ / "backup.1", unlock, 1000);
  ASSERT_TRUE(backup.ok()) << backup.error().text();
  EXPECT_EQ(backup->expires_ms, 1000 + 35 * day_ms);
  const auto doctor = crypto::WrappingKey::generate();
  const RecordVersion which{id_of(10), 1};
  ASSERT_TRUE(keyring_->grant(std::span(&which, 1), {id_of(7, 3), doctor.public_key()}, 1500).ok());
  const auto body = vault_->anchored(which)->ciphertext_digest;
  const auto pending = vault_->erase(which, 2000);
  ASSERT_TRUE(pending.ok()) << pending.error().text();
  EXPECT_FALSE(pending->is_final);
  EXPECT_EQ(pending->final_ms, backup->expires_ms);
  EXPECT_EQ(pending->versions, 1U);
  EXPECT_EQ(pending->patient, id_of(1, 2));
  ASSERT_EQ(pending->disclosures.size(), 1U);
  EXPECT_EQ(pending->disclosures[0].grantee, id_of(7, 3));
  EXPECT_EQ(pending->disclosures[0].given_ms, 1500U);
  EXPECT_EQ(code_of(vault_->get(which)), ErrorCode::record_erased);
  EXPECT_EQ(code_of(put(1, 10)), ErrorCode::record_erased);
  EXPECT_EQ(code_of(bodies_->get(body)), ErrorCode::body_unknown);
  EXPECT_EQ(code_of(keyring_->grant(std::span(&which, 1), {id_of(7), doctor.public_key()}, 1)),
            ErrorCode::record_erased);
  // A backup after the erasure does not hold it up.
  ASSERT_TRUE(keyring_->backup(folder_ / "backup.2", unlock, 3000).ok());
  EXPECT_EQ(*keyring_->destroy_expired_backup_keys(backup->expires_ms - 1), 0U);
  EXPECT_FALSE(keyring_->certificate(pending->id)->is_final);
  EXPECT_EQ(*keyring_->destroy_expired_backup_keys(backup->expires_ms), 1U);
  EXPECT_FALSE(test::fs::exists(places_.backup_keys / (backup->id.text() + ".key")));
  close();
  open();
  const auto final_certificate = keyring_->certificate(pending->id);
  ASSERT_TRUE(final_certificate.ok());
  EXPECT_TRUE(final_certificate->is_final);
  EXPECT_EQ(final_certificate->final_ms, backup->expires_ms);
  EXPECT_NE(digest_of(*final_certificate), digest_of(*pending));
  // Again: the same certificate.
  EXPECT_EQ(vault_->erase(which, 9999)->id, pending->id);
  EXPECT_EQ(code_of(keyring_->certificate(id_of(1))), ErrorCode::erasure_unknown);
  EXPECT_EQ(code_of(vault_->erase({id_of(555), 1}, 1)), ErrorCode::record_unknown);
}

TEST_F(KeyringTest, ErasingAPatientTakesAllVersionsAndOnlyThose) {
  const auto certificate = vault_->erase_patient(id_of(1, 2), 2000);
  ASSERT_TRUE(certificate.ok()) << certificate.error().text();
  EXPECT_TRUE(certificate->is_final);  // there was no backup
  EXPECT_EQ(certificate->versions, 4U);
  EXPECT_FALSE(certificate->record.has_value());
  for (std::uint32_t record = 10; record < 14; ++record) {
    EXPECT_EQ(code_of(vault_->get({id_of(record), 1})), ErrorCode::record_erased);
    expect_content(record + 10);
  }
  EXPECT_EQ(bodies_->count()->bodies, 4U);
  EXPECT_EQ(code_of(put(1, 40)), ErrorCode::patient_erased);
  const model::Id erased = id_of(1, 2);
  EXPECT_EQ(code_of(keyring_->create_patients(std::span(&erased, 1))), ErrorCode::patient_erased);
  EXPECT_EQ(code_of(keyring_->rotate_patient(erased)), ErrorCode::patient_erased);
  EXPECT_EQ(vault_->erase_patient(erased, 5)->id, certificate->id);
  EXPECT_EQ(code_of(vault_->erase_patient(id_of(99, 2), 5)), ErrorCode::patient_unknown);
  EXPECT_TRUE(keyring_->verify().ok());
}

TEST_F(KeyringTest, ABackupRestoresEveryKeyAndNeedsItsOwn) {
  const auto backup = keyring_->backup(folder_ / "backup", unlock, 1000);
  ASSERT_TRUE(backup.ok());
  const auto key_file = places_.backup_keys / (backup->id.text() + ".key");
  ASSERT_TRUE(keyring_->rotate_root(new_unlock).ok());  // later changes are not in it
  close();
  test::fs::rename(places_.keyring, folder_ / "lost");
  EXPECT_EQ(
      code_of(Keyring::restore(places_, organisation, folder_ / "backup", key_file, new_unlock)),
      ErrorCode::operator_key_wrong);
  // Every cut and a flip anywhere is refused, and refusing leaves room for the next try.
  const std::string whole = test::raw_file(folder_ / "backup");
  std::mt19937 random(5);
  for (int round = 0; round < 25; ++round) {
    std::string damaged = whole;
    if (round % 2 == 0) {
      damaged[random() % damaged.size()] ^= 4;
    } else {
      damaged.resize(random() % damaged.size());
    }
    std::ofstream(folder_ / "damaged", std::ios::binary | std::ios::trunc) << damaged;
    EXPECT_EQ(
        code_of(Keyring::restore(places_, organisation, folder_ / "damaged", key_file, unlock)),
        ErrorCode::backup_malformed);
  }
  std::ofstream(folder_ / "damaged", std::ios::binary | std::ios::trunc) << whole << 'x';
  EXPECT_EQ(code_of(Keyring::restore(places_, organisation, folder_ / "damaged", key_file, unlock)),
            ErrorCode::backup_malformed);
  auto restored = Keyring::restore(places_, organisation, folder_ / "backup", key_file, unlock);
  ASSERT_TRUE(restored.ok()) << restored.error().text();
  restored->reset();
  open();
  expect_all();
  EXPECT_EQ(code_of(Keyring::restore(places_, organisation, folder_ / "backup", key_file, unlock)),
            ErrorCode::vault_locked);
}

TEST_F(KeyringTest, BackupKeysAreBounded) {
  const Unlock key = unlock;
  for (std::uint32_t i = 0; i < limits::backup_keys_max; ++i) {
    ASSERT_TRUE(keyring_->backup(folder_ / "backup", key, 1000 + i).ok()) << i;
  }
  EXPECT_EQ(code_of(keyring_->backup(folder_ / "backup", key, 9000)), ErrorCode::backup_keys_full);
  EXPECT_EQ(*keyring_->destroy_expired_backup_keys(1000 + 35 * day_ms + 9), 10U);
  EXPECT_TRUE(keyring_->backup(folder_ / "backup", key, 9000).ok());
}

TEST_F(KeyringTest, AlteredAndMovedWrapsAreNamed) {
  // One patient's wrap under another patient's name.
  alter("UPDATE patients SET wrap = (SELECT wrap FROM patients ORDER BY patient DESC LIMIT 1)");
  EXPECT_EQ(code_of(vault_->get({id_of(10), 1})), ErrorCode::keyring_altered);
  expect_content(20);
  EXPECT_EQ(code_of(keyring_->verify()), ErrorCode::keyring_altered);
  EXPECT_EQ(code_of(keyring_->rotate_root(new_unlock)), ErrorCode::keyring_altered);
}

TEST_F(KeyringTest, EveryByteOfAWrapCounts) {
  const auto key_before = keyring_->open_key({id_of(10), 1});
  for (int byte = 0; byte < 61; byte += 6) {
    const std::string position = std::to_string(byte + 1);
    const std::string flip = "UPDATE data_keys SET wrap = CAST(substr(wrap, 1, " +
                             std::to_string(byte) + ") || CASE substr(wrap, " + position +
                             ", 1) WHEN x'07' THEN x'08' ELSE x'07' END ||"
                             " substr(wrap, " +
                             std::to_string(byte + 2) + ") AS BLOB) WHERE version = 1";
    close();
    test::fs::copy(places_.keyring, folder_ / "saved", test::fs::copy_options::recursive);
    alter(flip);
    EXPECT_EQ(code_of(vault_->get({id_of(10), 1})), ErrorCode::keyring_altered) << byte;
    close();
    test::fs::remove_all(places_.keyring);
    test::fs::rename(folder_ / "saved", places_.keyring);
  }
  open();
  expect_all();
}

TEST_F(KeyringTest, EveryPageOfTheFileIsAuthenticated) {
  close();
  const auto file = places_.keyring / "keyring.db";
  const std::size_t pages = test::fs::file_size(file) / 4096;
  std::size_t noticed = 0;
  std::mt19937 random(6);
  for (std::size_t page = 0; page < pages; ++page) {
    const std::size_t at = page * 4096 + random() % 4096;
    test::flip_byte(file, at);
    auto keyring = Keyring::open(places_, organisation, unlock);
    const ErrorCode code = keyring.ok() ? code_of((*keyring)->verify()) : code_of(keyring);
    EXPECT_TRUE(code == ErrorCode::database_corrupt || code == ErrorCode::database_key_wrong ||
                code == ErrorCode{})
        << static_cast<int>(code);
    noticed += code != ErrorCode{} ? 1U : 0U;
    if (keyring.ok()) keyring->reset();
    test::flip_byte(file, at);
  }
  EXPECT_EQ(noticed, pages);
}

}  // namespace
}  // namespace xl::vault
