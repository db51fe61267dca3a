// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/json/writer.h"
#include "crypto/signature.h"

namespace xl::bench {

using Clock = std::chrono::steady_clock;

/// Wall time since `start`.
[[nodiscard]] double seconds_since(Clock::time_point start);
/// CPU time of the calling thread so far.
[[nodiscard]] double thread_cpu_s();
/// CPU time of all threads so far.
[[nodiscard]] double process_cpu_s();

/// Values measured again and again: what they are in the middle and how far they lie apart.
class Samples {
 public:
  void add(double value);
  [[nodiscard]] std::size_t count() const { return values_.size(); }
  [[nodiscard]] double median() const { return quantile(0.5); }
  /// The value with `share` (0..1) of the others below it.
  [[nodiscard]] double quantile(double share) const;
  [[nodiscard]] double lowest() const { return values_.front(); }
  [[nodiscard]] double highest() const { return values_.back(); }

 private:
  std::vector<double> values_;  // ascending
};

/// Verifications per second of CPU time of one thread, over the signatures of these transactions,
/// each by one of `signers`: `rounds` samples are added.
void measure_signatures(std::span<const crypto::SigningKey> signers,
                        const std::vector<Bytes>& transactions, int rounds, Samples& rates);

/// A number with `digits` behind the point.
void write_number(json::Writer& out, std::string_view name, double value, int digits);
/// The median under `name`, lowest and highest under `name_lowest` and `name_highest`.
void write_samples(json::Writer& out, std::string_view name, const Samples& samples, int digits);
/// Where and of what this was measured: processor, number of them, commit of the sources.
void write_origin(json::Writer& out);

/// Prints a report as it is, or a line for each member.
void print_report(const std::string& text, bool json_output);

}  // namespace xl::bench
