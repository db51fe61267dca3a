// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "benchmarks/support/measure.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <thread>

#include "base/check.h"
#include "base/json/json.h"
#include "model/transaction.h"

namespace xl::bench {
namespace {

double clock_s(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string commit() {
  std::string out;
  FILE* command = popen("git describe --always --dirty --abbrev=12 2>/dev/null", "r");
  if (command == nullptr) return "unknown";
  char text[128];
  while (std::fgets(text, sizeof text, command) != nullptr) out += text;
  pclose(command);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out.empty() ? "unknown" : out;
}

/// What `crypto::verify` is given for one transaction.
struct Check {
  ByteView key;
  Bytes message;
  Bytes signature;
};

std::vector<Check> checks_of(std::span<const crypto::SigningKey> signers,
                             const std::vector<Bytes>& transactions) {
  std::map<Hash, ByteView> keys;
  for (const auto& key : signers) {
    keys.emplace(model::key_id_of(key.algorithm(), key.public_key()), key.public_key());
  }
  std::vector<Check> out;
  for (std::size_t i = 0; i < std::min<std::size_t>(transactions.size(), 4000); ++i) {
    auto decoded = model::decode_transaction(transactions[i]);
    if (!decoded.ok()) stop_process(decoded.error().text());
    out.push_back({keys.at(decoded->body.signers[0].key_id),
                   model::signed_bytes(decoded->body_bytes), std::move(decoded->signatures[0])});
  }
  return out;
}

}  // namespace

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double thread_cpu_s() { return clock_s(CLOCK_THREAD_CPUTIME_ID); }

double process_cpu_s() { return clock_s(CLOCK_PROCESS_CPUTIME_ID); }

void Samples::add(double value) {
  values_.insert(std::upper_bound(values_.begin(), values_.end(), value), value);
}

double Samples::quantile(double share) const {
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values_.size()));
  return values_[std::min(at, values_.size() - 1)];
}

void measure_signatures(std::span<const crypto::SigningKey> signers,
                        const std::vector<Bytes>& transactions, int rounds, Samples& rates) {
  const std::vector<Check> checks = checks_of(signers, transactions);
  for (int round = 0; round < rounds; ++round) {
    const double start = thread_cpu_s();
    for (const Check& check : checks) {
      if (!crypto::verify(crypto::Algorithm::ed25519, check.key, check.message, check.signature)) {
        stop_process("a signature of the benchmark does not verify");
      }
    }
    rates.add(static_cast<double>(checks.size()) / (thread_cpu_s() - start));
  }
}

void write_number(json::Writer& out, std::string_view name, double value, int digits) {
  out.key(name).number_text(fixed(value, digits));
}

void write_samples(json::Writer& out, std::string_view name, const Samples& samples, int digits) {
  write_number(out, name, samples.median(), digits);
  write_number(out, std::string(name) + "_lowest", samples.lowest(), digits);
  write_number(out, std::string(name) + "_highest", samples.highest(), digits);
}

void write_origin(json::Writer& out) {
  out.key("processor").string(processor());
  write_number(out, "cores", std::max(1U, std::thread::hardware_concurrency()), 0);
  out.key("commit").string(commit());
}

void print_report(const std::string& text, bool json_output) {
  if (json_output) {
    std::printf("%s\n", text.c_str());
    return;
  }
  const auto document = json::parse(text, {});
  const auto shown = [](json::Value value) {
    return std::string(value.number_text().value_or(value.as_string().value_or("")));
  };
  for (const json::Member member : document->root().members()) {
    std::printf("%-34s %s\n", std::string(member.key).c_str(), shown(member.value).c_str());
    for (const json::Value row : member.value.items()) {
      for (const json::Member one : row.members()) {
        std::printf("  %s %s", std::string(one.key).c_str(), shown(one.value).c_str());
      }
      std::printf("\n");
    }
  }
}

}  // namespace xl::bench
