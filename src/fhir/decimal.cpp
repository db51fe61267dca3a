// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/decimal.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace xl::fhir {
namespace {

using Units = Decimal::Units;

constexpr Units power_of_ten(int exponent) {
  Units out = 1;
  for (int i = 0; i < exponent; ++i) out *= 10;
  return out;
}

constexpr Units units_max = power_of_ten(Decimal::digits_max) - 1;
constexpr int quotient_scale = 16;
constexpr int ten_exponent_max = 99;  // beyond it nothing fits

constexpr bool fits(Units units) { return units <= units_max && units >= -units_max; }

/// `a` × `b`; nothing when it does not fit.
std::optional<Units> times_units(Units a, Units b) {
  Units out = 0;
  if (__builtin_mul_overflow(a, b, &out) || !fits(out)) return std::nullopt;
  return out;
}

std::optional<Units> shifted_units(Units units, int places) {
  if (units == 0) return units;
  if (places > Decimal::digits_max) return std::nullopt;
  return times_units(units, power_of_ten(places));
}

bool is_decimal_digit(char c) { return c >= '0' && c <= '9'; }

/// `e-3` and the like at the end of a number. Nothing for another form.
std::optional<int> exponent_of(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() != 'e' && text.front() != 'E') return std::nullopt;
  text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_decimal_digit)) return std::nullopt;
  int out = 0;
  for (const char c : text) out = std::min(out * 10 + (c - '0'), ten_exponent_max);
  return negative ? -out : out;
}

}  // namespace

std::optional<Decimal> Decimal::fitting(Units units, int scale) {
  while (scale > scale_max && units % 10 == 0) {
    units /= 10;
    --scale;
  }
  if (scale > scale_max || !fits(units)) return std::nullopt;
  return Decimal(units, scale);
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  Units units = 0;
  int scale = 0;
  bool behind_point = false;
  std::size_t digits = 0;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !behind_point && digits > 0) {
      behind_point = true;
      continue;
    }
    if (!is_decimal_digit(c)) break;
    if (units > units_max / 10) return std::nullopt;
    units = units * 10 + (c - '0');
    if (behind_point) ++scale;
    ++digits;
  }
  if (digits == 0 || (behind_point && scale == 0)) return std::nullopt;
  const auto exponent = exponent_of(text.substr(at));
  if (!exponent) return std::nullopt;
  scale -= *exponent;
  if (scale < 0) {
    const auto whole = shifted_units(units, -scale);
    if (!whole) return std::nullopt;
    units = *whole;
    scale = 0;
  }
  return fitting(negative ? -units : units, scale);
}

std::optional<Decimal> Decimal::nearest(long double value, int scale) {
  if (!std::isfinite(value)) return std::nullopt;
  const long double units = std::round(value * static_cast<long double>(power_of_ten(scale)));
  if (std::fabs(units) > 1e35L) return std::nullopt;
  return Decimal(static_cast<Units>(units), scale);
}

std::string Decimal::text() const {
  std::string digits;
  Units rest = units_ < 0 ? -units_ : units_;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  while (digits.size() <= static_cast<std::size_t>(scale_)) digits.push_back('0');
  if (scale_ > 0) digits.insert(static_cast<std::size_t>(scale_), 1, '.');
  if (units_ < 0) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

bool Decimal::is_whole() const { return units_ % power_of_ten(scale_) == 0; }

long double Decimal::approximate() const {
  return static_cast<long double>(units_) / static_cast<long double>(power_of_ten(scale_));
}

std::optional<std::int64_t> Decimal::truncated() const {
  const Units whole = units_ / power_of_ten(scale_);
  if (whole > std::numeric_limits<std::int64_t>::max() ||
      whole < std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(whole);
}

std::optional<Decimal> Decimal::rounded(int scale, Rounding how) const {
  if (scale < 0 || scale > scale_max) return std::nullopt;
  if (scale >= scale_) {
    const auto units = shifted_units(units_, scale - scale_);
    return units ? std::optional(Decimal(*units, scale)) : std::nullopt;
  }
  const Units step = power_of_ten(scale_ - scale);
  Units units = units_ / step;
  const Units rest = units_ % step;
  const bool half = (rest < 0 ? -rest : rest) * 2 >= step;
  if (rest > 0 && (how == Rounding::up || (how == Rounding::half_away && half))) ++units;
  if (rest < 0 && (how == Rounding::down || (how == Rounding::half_away && half))) --units;
  return Decimal(units, scale);
}

std::optional<Decimal> Decimal::half_unit() const { return fitting(5, scale_ + 1); }

std::optional<Decimal> Decimal::sum(const Decimal& a, const Decimal& b) {
  const int scale = std::max(a.scale_, b.scale_);
  const auto left = shifted_units(a.units_, scale - a.scale_);
  const auto right = shifted_units(b.units_, scale - b.scale_);
  if (!left || !right) return std::nullopt;
  return fitting(*left + *right, scale);
}

std::optional<Decimal> Decimal::product(const Decimal& a, const Decimal& b) {
  const auto units = times_units(a.units_, b.units_);
  return units ? fitting(*units, a.scale_ + b.scale_) : std::nullopt;
}

std::optional<Decimal> Decimal::quotient(const Decimal& a, const Decimal& b) {
  if (b.units_ == 0) return std::nullopt;
  // As many digits as fit, with one more to round by.
  int places = quotient_scale + 1 + b.scale_ - a.scale_;
  std::optional<Units> numerator;
  for (; places >= 0; --places) {
    numerator = shifted_units(a.units_, places);
    if (numerator) break;
  }
  if (!numerator) {
    numerator = a.units_;
    places = 0;
  }
  int scale = a.scale_ + places - b.scale_;
  Units units = *numerator / b.units_;
  for (; scale < 0; ++scale) {
    const auto more = times_units(units, 10);
    if (!more) return std::nullopt;
    units = *more;
  }
  Decimal out(units, scale);
  if (scale > quotient_scale) {
    const auto shorter = out.rounded(quotient_scale, Rounding::half_away);
    if (!shorter) return std::nullopt;
    out = *shorter;
  }
  while (out.scale_ > 0 && out.units_ % 10 == 0) {
    out.units_ /= 10;
    --out.scale_;
  }
  return out;
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  const int scale = std::max(scale_, other.scale_);
  const auto left = shifted_units(units_, scale - scale_);
  const auto right = shifted_units(other.units_, scale - other.scale_);
  if (left && right) return *left <=> *right;
  // One of them is too large to be written with the other's digits, so the whole parts decide.
  const Units a = units_ / power_of_ten(scale_);
  const Units b = other.units_ / power_of_ten(other.scale_);
  return a <=> b;
}

}  // namespace xl::fhir
