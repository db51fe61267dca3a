// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xl::fhir {

/// A decimal number as FHIR has it (R4 §2.24.0.1): exact, and with as many digits behind the point
/// as it was written with; `1.50` equals `1.5` and prints as `1.50`. At most 36 digits in all, 28
/// of them behind the point: what does not fit is no `Decimal`. A value type.
class Decimal {
 public:
  __extension__ typedef __int128 Units;
  static constexpr int scale_max = 28;
  static constexpr int digits_max = 36;

  Decimal() = default;
  [[nodiscard]] static Decimal of(std::int64_t value) { return Decimal(value, 0); }
  /// Reads `-1.50`, `3`, `1.2e-3`. Nothing for another form, and for what does not fit.
  [[nodiscard]] static std::optional<Decimal> parse(std::string_view text);
  /// The nearest with `scale` digits behind the point. Nothing for what is no number or too large.
  [[nodiscard]] static std::optional<Decimal> nearest(long double value, int scale);

  [[nodiscard]] std::string text() const;
  [[nodiscard]] int scale() const { return scale_; }  ///< digits behind the point, 0..`scale_max`
  [[nodiscard]] bool is_negative() const { return units_ < 0; }
  [[nodiscard]] bool is_zero() const { return units_ == 0; }
  [[nodiscard]] bool is_whole() const;
  [[nodiscard]] long double approximate() const;
  /// Its whole part. Nothing when that has more than 64 bits.
  [[nodiscard]] std::optional<std::int64_t> truncated() const;

  enum class Rounding { down, up, half_away, towards_zero };
  /// With exactly `scale` digits behind the point. Nothing when it does not fit.
  [[nodiscard]] std::optional<Decimal> rounded(int scale, Rounding how) const;
  [[nodiscard]] Decimal negated() const { return Decimal(-units_, scale_); }
  /// One unit of the last place written, halved: `1.50` gives `0.005`. Nothing when too small.
  [[nodiscard]] std::optional<Decimal> half_unit() const;

  [[nodiscard]] static std::optional<Decimal> sum(const Decimal& a, const Decimal& b);
  [[nodiscard]] static std::optional<Decimal> product(const Decimal& a, const Decimal& b);
  /// Exact where it ends within 16 digits behind the point, else rounded there. Nothing for a
  /// divisor of zero.
  [[nodiscard]] static std::optional<Decimal> quotient(const Decimal& a, const Decimal& b);

  /// By value: `1.50 == 1.5`.
  [[nodiscard]] std::strong_ordering operator<=>(const Decimal& other) const;
  [[nodiscard]] bool operator==(const Decimal& other) const {
    return (*this <=> other) == std::strong_ordering::equal;
  }

 private:
  constexpr Decimal(Units units, int scale) : units_(units), scale_(scale) {}
  [[nodiscard]] static std::optional<Decimal> fitting(Units units, int scale);

  Units units_ = 0;  ///< value × 10^scale
  int scale_ = 0;
};

}  // namespace xl::fhir
