// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Question: what do proofs of every read cost those who care for patients? How many reads of their
// own patients do a hospital's doctors get in a second, each journalled and synced before its first
// byte; how long does a doctor of another member wait for a patient's records, with and without an
// open session; how soon is a consent that was taken back refused, whichever member asks; and how
// long does the proof of one read among a million take, made and checked? Limits of the same run:
// the same server's answer that costs nothing, the journal alone, and one committed transaction.
// Four members on this machine. Arguments: --reads N (20000), --patients N (100),
// --entries N (1000000), --json.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <mutex>
#include <random>
#include <string_view>
#include <thread>

#include "base/checked.h"
#include "benchmarks/support/measure.h"
#include "benchmarks/support/must.h"
#include "benchmarks/support/network_fixture.h"
#include "benchmarks/support/synthea_like.h"
#include "client/http_client.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "crypto/random.h"
#include "node/demo/fhir_talk.h"
#include "vault/journal.h"

namespace xl::bench {
namespace {

namespace consent = contracts::consent;
using node::demo::Persona;

constexpr std::size_t clients = 8;

struct Arguments {
  std::uint64_t reads = 20'000;
  std::uint64_t patients = 100;
  std::uint64_t entries = 1'000'000;
  bool json = false;
};

bool parse_arguments(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool more = i + 1 < argc;
    if (argument == "--json") {
      out.json = true;
    } else if (argument == "--reads" && more && parse_decimal(argv[i + 1], out.reads)) {
      ++i;
    } else if (argument == "--patients" && more && parse_decimal(argv[i + 1], out.patients)) {
      ++i;
    } else if (argument == "--entries" && more && parse_decimal(argv[i + 1], out.entries)) {
      ++i;
    } else {
      return false;
    }
  }
  return out.reads >= clients && out.patients > 0 && out.entries > 0;
}

/// What happens `count` times in all from `clients` threads: how often a second, and how long each
/// took, in ms.
struct Run {
  double rate = 0;
  Samples took_ms;
};

/// `one(client, turn)` does it once.
Run run_clients(std::uint64_t count,
                const std::function<void(std::size_t client, std::uint64_t turn)>& one) {
  Run out;
  std::mutex mutex;
  std::atomic<std::uint64_t> next{0};
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (std::size_t client = 0; client < clients; ++client) {
    threads.emplace_back([&, client] {
      std::vector<double> took;
      for (std::uint64_t turn = next++; turn < count; turn = next++) {
        const auto begun = Clock::now();
        one(client, turn);
        took.push_back(seconds_since(begun) * 1e3);
      }
      const std::scoped_lock lock(mutex);
      for (const double value : took) out.took_ms.add(value);
    });
  }
  for (std::thread& thread : threads) thread.join();
  out.rate = static_cast<double>(count) / seconds_since(start);
  return out;
}

void expect_status(const Result<client::HttpResponse>& answer, unsigned status) {
  if (!answer.ok()) stop_process(answer.error().text());
  if (answer->status != status) {
    stop_process(std::to_string(answer->status) + " " + answer->body.substr(0, 500));
  }
}

std::string fhir_of(const NetworkFixture& network, std::size_t member) {
  return "/o/" + network.organisation(member).text() + "/fhir";
}

/// Patients of the first member, with 20 records each.
struct Ward {
  std::vector<std::string> ids;          ///< of their Patients
  std::vector<model::Id> pseudonyms;     ///< as the ledger has them
  std::vector<std::string> some_record;  ///< `Type/id` of one record of each
};

Ward admit(NetworkFixture& network, Persona& hospital, std::uint64_t count) {
  Ward out;
  for (std::uint64_t number = 0; number < count; ++number) {
    const std::vector<MadeResource> made = make_patient(number);
    expect_status(
        hospital.session->ask("POST", fhir_of(network, 0), "application/fhir+json", put_all(made)),
        200);
    out.ids.push_back(made.front().id);
    const auto observation = std::ranges::find(made, "Observation", &MadeResource::type);
    out.some_record.push_back("Observation/" + observation->id);
    out.pseudonyms.push_back(must(
        node::demo::pseudonym_of(*hospital.session, network.organisation(0), made.front().id)));
    std::fprintf(stderr, "\r%zu of %llu patients ", out.ids.size(),
                 static_cast<unsigned long long>(count));
  }
  std::fprintf(stderr, "\n");
  return out;
}

Persona physician(NetworkFixture& network, std::size_t member, Persona& employer,
                  const std::string& name) {
  return must(network.cast(member).practitioner(employer, name,
                                                contracts::identity::Role::physician,
                                                contracts::identity::LicenceType::medical));
}

/// A read by staff with an open visit, beside the server's emptiest answer.
struct OwnCare {
  Run read;
  Run health;
};

OwnCare measure_own_care(NetworkFixture& network, Persona& hospital, const Ward& ward,
                         std::uint64_t reads) {
  std::vector<Persona> doctors;
  std::vector<std::unique_ptr<client::HttpClient>> bare;
  for (std::size_t i = 0; i < clients; ++i) {
    doctors.push_back(physician(network, 0, hospital, "ward"));
    bare.push_back(std::make_unique<client::HttpClient>(network.address(0)));
  }
  for (const std::string& patient : ward.ids) {
    must(node::demo::open_encounter(*hospital.session, network.organisation(0), patient,
                                    doctors.front().did(), "in-progress"));
  }
  const std::string base = fhir_of(network, 0) + "/";
  const auto read = [&](std::size_t client, std::uint64_t turn) {
    expect_status(
        doctors[client].session->ask("GET", base + ward.some_record[turn % ward.ids.size()]), 200);
  };
  const auto health = [&](std::size_t client, std::uint64_t) {
    expect_status(bare[client]->get("/health"), 200);
  };
  (void)run_clients(reads / 10, read);  // everything is open and warm
  return {run_clients(reads, read), run_clients(reads, health)};
}

/// Shares everything with the organisations of all other members, for treatment.
model::Id share(NetworkFixture& network, Persona& patient, const model::Id& pseudonym) {
  consent::Policy policy;
  policy.set_effect(static_cast<std::uint32_t>(consent::Effect::permit));
  auto* rule = policy.mutable_rule();
  for (std::size_t member = 1; member < NetworkFixture::members; ++member) {
    rule->add_grantees()->set_organisation(client::bytes_of(network.organisation(member).bytes));
  }
  rule->set_confidentiality_min(1);
  rule->set_confidentiality_max(6);
  rule->add_purposes(static_cast<std::uint32_t>(consent::PurposeOfUse::treatment));
  rule->add_actions(static_cast<std::uint32_t>(consent::Action::read));
  rule->add_actions(static_cast<std::uint32_t>(consent::Action::search));
  model::Id out;
  must(node::demo::must_apply(
      patient.session->grant(policy, pseudonym, network.organisation(0), 0, out)));
  return out;
}

/// How many records a doctor of `member` is brought.
std::size_t gather(NetworkFixture& network, std::size_t member, Persona& doctor,
                   const model::Id& pseudonym) {
  const std::string body =
      R"({"resourceType":"Parameters","parameter":[{"name":"source","valueString":")" +
      model::did_text(network.organisation(0)) + "|" + model::did_text(pseudonym) + R"("}]})";
  const auto answer = doctor.session->ask("POST", fhir_of(network, member) + "/Patient/$gather",
                                          "application/fhir+json", body);
  expect_status(answer, 200);
  json::Limits bounds;
  bounds.bytes_max = answer->body.size() + 1;
  const json::Document bundle = must(json::parse(answer->body, bounds));
  return bundle.root().find("entry").size() - 1;  // the first says where all came from
}

struct Across {
  Samples opening_ms;  ///< the session is agreed, signed by both and committed first
  Samples open_ms;
  Samples commit_ms;  ///< of one transaction, alone
  double records = 0;
};

Across measure_across(NetworkFixture& network, const Ward& ward, Persona& doctor) {
  Across out;
  for (std::size_t i = 0; i < ward.ids.size(); ++i) {
    auto begun = Clock::now();
    network.submit_and_wait(0, network.make_anchors(0, 1));
    out.commit_ms.add(seconds_since(begun) * 1e3);
    begun = Clock::now();
    const std::size_t records = gather(network, 1, doctor, ward.pseudonyms[i]);
    out.opening_ms.add(seconds_since(begun) * 1e3);
    begun = Clock::now();
    const std::size_t again = gather(network, 1, doctor, ward.pseudonyms[i]);
    out.open_ms.add(seconds_since(begun) * 1e3);
    if (records < 20 || again != records) stop_process("records did not come");
    out.records += static_cast<double>(records) / static_cast<double>(ward.ids.size());
  }
  return out;
}

/// From sending the revocation until each of the other members' doctors got nothing, ms: that of
/// the last one.
Samples measure_revocation(NetworkFixture& network, std::vector<Persona>& patients,
                           const Ward& ward, const std::vector<model::Id>& consents,
                           std::vector<Persona>& doctors) {
  Samples out;
  for (std::size_t i = 0; i < patients.size(); ++i) {
    for (std::size_t member = 1; member < NetworkFixture::members; ++member) {
      if (gather(network, member, doctors[member - 1], ward.pseudonyms[i]) == 0) {
        stop_process("nothing was shared before it is taken back");
      }
    }
    const auto begun = Clock::now();
    std::mutex mutex;
    double last_ms = 0;
    std::vector<std::thread> threads;
    for (std::size_t member = 1; member < NetworkFixture::members; ++member) {
      threads.emplace_back([&, member] {
        while (gather(network, member, doctors[member - 1], ward.pseudonyms[i]) != 0) {
        }
        const double took = seconds_since(begun) * 1e3;
        const std::scoped_lock lock(mutex);
        last_ms = std::max(last_ms, took);
      });
    }
    xinglin::consent::v1::Revoke taken;
    taken.set_consent(client::bytes_of(consents[i].bytes));
    must(node::demo::must_apply(
        patients[i].session->submit(consent::contract_number, consent::revoke_type, taken)));
    for (std::thread& thread : threads) thread.join();
    out.add(last_ms);
  }
  return out;
}

/// A journal with many entries: what it takes by itself, and the proof of one of them.
struct Proofs {
  Run append;  ///< entry by entry from `clients` threads, each synced
  Samples prove_ms;
  Samples check_us;
};

model::JournalEntry entry_of(const model::Id& organisation, std::uint64_t number) {
  model::JournalEntry out;
  out.time_ms = 1'790'000'000'000 + number;
  out.organisation = organisation;
  append_be(out.subject, number);
  std::copy_n(out.subject.begin(), out.subject.size(), out.patient.bytes.begin());
  out.decision = model::JournalDecision::permitted;
  out.outcome = model::JournalOutcome::served;
  out.action = "read";
  out.purpose = "TREAT";
  out.evidence.assign(200, 7);
  return out;
}

Proofs measure_proofs(std::uint64_t entries, std::uint64_t reads) {
  Proofs out;
  const auto folder =
      std::filesystem::temp_directory_path() / ("xl-bench-journal-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  model::Id organisation;
  crypto::random_bytes(organisation.bytes);
  const auto signer = must(crypto::SigningKey::generate(crypto::Algorithm::ed25519));
  {
    const auto journal = must(vault::Journal::open(folder, organisation, Bytes(32, 9), signer));
    out.append = run_clients(reads, [&](std::size_t, std::uint64_t turn) {
      (void)must(journal->append(entry_of(organisation, turn)));
    });
    std::vector<model::JournalEntry> group;
    while (journal->size() < entries) {
      group.clear();
      const std::uint64_t count =
          std::min<std::uint64_t>(limits::journal_group_max, entries - journal->size());
      for (std::uint64_t i = 0; i < count; ++i) {
        group.push_back(entry_of(organisation, journal->size() + i));
      }
      (void)must(journal->append_batch(group));
    }
    while (must(journal->seal(1'800'000'000'000)).has_value()) {
    }
    std::mt19937_64 random(1);  // the same places in each run
    for (int i = 0; i < 300; ++i) {
      const std::uint64_t sequence = 1 + random() % entries;
      auto begun = Clock::now();
      const model::JournalProof proof = must(journal->prove(sequence));
      out.prove_ms.add(seconds_since(begun) * 1e3);
      const model::JournalRoot root = must(journal->batch_of(sequence)).root;
      begun = Clock::now();
      (void)must(model::verify_journal_proof(organisation, proof, root));
      out.check_us.add(seconds_since(begun) * 1e6);
    }
  }
  std::filesystem::remove_all(folder);
  return out;
}

void write_times(json::Writer& out, const std::string& name, const Samples& ms) {
  write_number(out, name + "_ms_p50", ms.quantile(0.5), 2);
  write_number(out, name + "_ms_p99", ms.quantile(0.99), 2);
}

int measure(const Arguments& arguments) {
  std::fprintf(stderr, "a journal of %llu entries\n",
               static_cast<unsigned long long>(arguments.entries));
  const Proofs proofs = measure_proofs(arguments.entries, arguments.reads);
  NetworkFixture network({});
  Persona hospital = network.hospital(0);
  const Ward ward = admit(network, hospital, arguments.patients);
  std::fprintf(stderr, "reads of own patients\n");
  const OwnCare own = measure_own_care(network, hospital, ward, arguments.reads);
  std::fprintf(stderr, "patients share\n");
  std::vector<Persona> patients;
  std::vector<model::Id> consents;
  for (std::size_t i = 0; i < ward.ids.size(); ++i) {
    patients.push_back(
        must(network.cast(0).patient(hospital, "p" + std::to_string(i), ward.pseudonyms[i])));
    consents.push_back(share(network, patients.back(), ward.pseudonyms[i]));
  }
  std::vector<Persona> doctors;
  for (std::size_t member = 1; member < NetworkFixture::members; ++member) {
    Persona employer = network.hospital(member);
    doctors.push_back(physician(network, member, employer, "ward"));
  }
  std::fprintf(stderr, "reads at another member\n");
  const Across across = measure_across(network, ward, doctors.front());
  std::fprintf(stderr, "consents taken back\n");
  const Samples revoked = measure_revocation(network, patients, ward, consents, doctors);
  json::Writer out;
  out.begin_object().key("name").string("access");
  write_number(out, "own_care_reads_per_s", own.read.rate, 0);
  write_times(out, "own_care_read", own.read.took_ms);
  write_number(out, "own_care_share_of_health", own.read.rate / own.health.rate, 3);
  write_number(out, "own_care_share_of_journal", own.read.rate / proofs.append.rate, 3);
  write_number(out, "health_per_s", own.health.rate, 0);
  write_number(out, "journal_appends_per_s", proofs.append.rate, 0);
  write_times(out, "commit", across.commit_ms);
  write_times(out, "across_opening", across.opening_ms);
  write_number(out, "across_opening_commits",
               across.opening_ms.median() / across.commit_ms.median(), 2);
  write_times(out, "across_open", across.open_ms);
  write_number(out, "across_records", across.records, 1);
  write_times(out, "revocation_to_last_refusal", revoked);
  write_number(out, "revocation_ms_highest", revoked.highest(), 2);
  write_number(out, "journal_entries", static_cast<double>(arguments.entries), 0);
  write_times(out, "proof_of_one_read", proofs.prove_ms);
  write_number(out, "proof_checked_us_p50", proofs.check_us.median(), 1);
  write_origin(out);
  print_report(out.end_object().take(), arguments.json);
  return 0;
}

}  // namespace
}  // namespace xl::bench

int main(int argc, char** argv) {
  xl::bench::Arguments arguments;
  if (!xl::bench::parse_arguments(argc, argv, arguments)) {
    std::fprintf(stderr, "usage: bench_access [--reads N] [--patients N] [--entries N] [--json]\n");
    return 2;
  }
  return xl::bench::measure(arguments);
}
