// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/ucum.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace xl::fhir {
namespace {

constexpr std::size_t code_bytes_max = 128;
constexpr int nesting_max = 8;
constexpr int unit_exponent_max = 20;
constexpr long double unit_pi = 3.141592653589793238462643383279502884L;

struct UnitPrefix {
  std::string_view code;
  long double factor;
};
constexpr auto unit_prefixes = std::to_array<UnitPrefix>(
    {{"Ki", 1024.0L}, {"Mi", 1048576.0L}, {"Gi", 1073741824.0L}, {"Ti", 1099511627776.0L},
     {"da", 1e1L},    {"Y", 1e24L},       {"Z", 1e21L},          {"E", 1e18L},
     {"P", 1e15L},    {"T", 1e12L},       {"G", 1e9L},           {"M", 1e6L},
     {"k", 1e3L},     {"h", 1e2L},        {"d", 1e-1L},          {"c", 1e-2L},
     {"m", 1e-3L},    {"u", 1e-6L},       {"n", 1e-9L},          {"p", 1e-12L},
     {"f", 1e-15L},   {"a", 1e-18L},      {"z", 1e-21L},         {"y", 1e-24L}});

/// UCUM §§27-46. A unit as a multiple of another term, which is taken apart in its turn; an empty
/// one names a base unit or, with a factor of 0, an arbitrary one.
struct UnitAtom {
  std::string_view code;
  bool metric;  ///< takes unit_prefixes
  long double factor;
  std::string_view of;
};
constexpr std::array<std::string_view, 7> base_units = {"m", "s", "g", "rad", "K", "C", "cd"};

constexpr auto unit_atoms = std::to_array<UnitAtom>({
    {"10*", false, 10, "1"},
    {"10^", false, 10, "1"},
    {"[pi]", false, unit_pi, "1"},
    {"%", false, 0.01L, "1"},
    {"[ppth]", false, 1e-3L, "1"},
    {"[ppm]", false, 1e-6L, "1"},
    {"[ppb]", false, 1e-9L, "1"},
    {"mol", true, 6.0221367e23L, "1"},
    {"eq", true, 1, "mol"},
    {"osm", true, 1, "mol"},
    {"kat", true, 1, "mol/s"},
    {"U", true, 1, "umol/min"},
    {"sr", true, 1, "rad2"},
    {"Hz", true, 1, "s-1"},
    {"N", true, 1000, "g.m/s2"},
    {"Pa", true, 1, "N/m2"},
    {"J", true, 1, "N.m"},
    {"W", true, 1, "J/s"},
    {"A", true, 1, "C/s"},
    {"V", true, 1, "J/C"},
    {"F", true, 1, "C/V"},
    {"Ohm", true, 1, "V/A"},
    {"S", true, 1, "Ohm-1"},
    {"Wb", true, 1, "V.s"},
    {"T", true, 1, "Wb/m2"},
    {"H", true, 1, "Wb/A"},
    {"lm", true, 1, "cd.sr"},
    {"lx", true, 1, "lm/m2"},
    {"Bq", true, 1, "s-1"},
    {"Gy", true, 1, "J/kg"},
    {"Sv", true, 1, "J/kg"},
    {"Ci", true, 3.7e10L, "Bq"},
    {"R", true, 2.58e-4L, "C/kg"},
    {"gon", false, 0.9L, "deg"},
    {"deg", false, unit_pi / 180, "rad"},
    {"'", false, unit_pi / 10800, "rad"},
    {"''", false, unit_pi / 648000, "rad"},
    {"l", true, 1, "dm3"},
    {"L", true, 1, "dm3"},
    {"ar", true, 100, "m2"},
    {"t", true, 1000, "kg"},
    {"bar", true, 1e5L, "Pa"},
    {"u", true, 1.6605402e-24L, "g"},
    {"eV", true, 1.60217733e-19L, "J"},
    {"min", false, 60, "s"},
    {"h", false, 3600, "s"},
    {"d", false, 86400, "s"},
    {"wk", false, 7, "d"},
    {"a", false, 365.25L, "d"},
    {"a_j", false, 365.25L, "d"},
    {"a_g", false, 365.2425L, "d"},
    {"mo", false, 30.4375L, "d"},
    {"mo_j", false, 30.4375L, "d"},
    {"mo_g", false, 30.436875L, "d"},
    {"cal", true, 4.184L, "J"},
    {"[Cal]", false, 1, "kcal"},
    {"atm", false, 101325, "Pa"},
    {"m[Hg]", true, 133322, "Pa"},
    {"m[H2O]", true, 9806.65L, "Pa"},
    {"[in_i'Hg]", false, 3386.3788L, "Pa"},
    {"[psi]", false, 6894.757293168L, "Pa"},
    {"dyn", true, 1e-5L, "N"},
    {"erg", true, 1e-7L, "J"},
    {"P", true, 0.1L, "Pa.s"},
    {"St", true, 1e-4L, "m2/s"},
    {"[g]", true, 9.80665L, "m/s2"},
    {"[in_i]", false, 2.54L, "cm"},
    {"[ft_i]", false, 12, "[in_i]"},
    {"[yd_i]", false, 3, "[ft_i]"},
    {"[mi_i]", false, 5280, "[ft_i]"},
    {"[nmi_i]", false, 1852, "m"},
    {"[sft_i]", false, 1, "[ft_i]2"},
    {"[sin_i]", false, 1, "[in_i]2"},
    {"[cin_i]", false, 1, "[in_i]3"},
    {"[in_us]", false, 2.540005080010160020L, "cm"},
    {"[ft_us]", false, 12, "[in_us]"},
    {"[gr]", false, 64.79891L, "mg"},
    {"[lb_av]", false, 7000, "[gr]"},
    {"[oz_av]", false, 437.5L, "[gr]"},
    {"[ston_av]", false, 2000, "[lb_av]"},
    {"[stone_av]", false, 14, "[lb_av]"},
    {"[lb_tr]", false, 5760, "[gr]"},
    {"[oz_tr]", false, 480, "[gr]"},
    {"[car_m]", false, 0.2L, "g"},
    {"[gal_us]", false, 231, "[in_i]3"},
    {"[qt_us]", false, 0.25L, "[gal_us]"},
    {"[pt_us]", false, 0.125L, "[gal_us]"},
    {"[foz_us]", false, 0.0078125L, "[gal_us]"},
    {"[cup_us]", false, 0.0625L, "[gal_us]"},
    {"[tbs_us]", false, 0.5L, "[foz_us]"},
    {"[tsp_us]", false, 1.0L / 6, "[foz_us]"},
    {"[drp]", false, 0.05L, "ml"},
    {"[Ch]", false, 1.0L / 3, "mm"},
    {"[diop]", false, 1, "m-1"},
    {"[HPF]", false, 1, "1"},
    {"[LPF]", false, 100, "1"},
    {"bit", true, 1, "1"},
    {"By", true, 8, "bit"},
    {"Bd", true, 1, "s-1"},
    // Procedure-defined: they convert to nothing but themselves (UCUM §24).
    {"[iU]", true, 0, ""},
    {"[IU]", true, 0, ""},
    {"[arb'U]", false, 0, ""},
    {"[CFU]", false, 0, ""},
    {"[FFU]", false, 0, ""},
    {"[PFU]", false, 0, ""},
    {"[TCID_50]", false, 0, ""},
    {"[anti'Xa'U]", false, 0, ""},
    {"[GPL'U]", false, 0, ""},
    {"[MPL'U]", false, 0, ""},
    {"[APL'U]", false, 0, ""},
    {"[AU]", false, 0, ""},
    {"[BAU]", false, 0, ""},
    {"[CCID_50]", false, 0, ""},
    {"[EID_50]", false, 0, ""},
    {"[ELU]", false, 0, ""},
    {"[IR]", false, 0, ""},
    {"[Lf]", false, 0, ""},
    {"[PNU]", false, 0, ""},
    {"[USP'U]", false, 0, ""},
    {"[todd'U]", false, 0, ""},
    {"[dye'U]", false, 0, ""},
    {"[smgy'U]", false, 0, ""},
    {"[bdsk'U]", false, 0, ""},
    {"[ka'U]", false, 0, ""},
    {"[knk'U]", false, 0, ""},
    {"[mclg'U]", false, 0, ""},
    {"[tb'U]", false, 0, ""},
    {"[D'ag'U]", false, 0, ""},
    {"[Amb'a'1'U]", false, 0, ""},
});
constexpr std::size_t arbitrary_at = base_units.size();

void multiply(Unit& unit, const Unit& by, int exponent) {
  unit.factor *= std::pow(by.factor, static_cast<long double>(exponent));
  for (std::size_t i = 0; i < unit.dimension.size(); ++i) {
    unit.dimension[i] += by.dimension[i] * exponent;
  }
  if (!by.arbitrary.empty()) {
    unit.arbitrary += (unit.arbitrary.empty() ? "" : ".") + by.arbitrary;
  }
}

std::optional<Unit> term_of(std::string_view text, int depth);

/// A unit without its prefix; nothing when it is unknown.
std::optional<Unit> atom_of(std::string_view code, bool prefixed, int depth) {
  const auto base = std::find(base_units.begin(), base_units.end(), code);
  if (base != base_units.end()) {
    Unit out;
    out.dimension[static_cast<std::size_t>(base - base_units.begin())] = 1;
    return out;
  }
  const auto found = std::find_if(unit_atoms.begin(), unit_atoms.end(),
                                  [&](const UnitAtom& one) { return one.code == code; });
  if (found == unit_atoms.end() || (prefixed && !found->metric)) return std::nullopt;
  if (found->of.empty()) {
    Unit out;
    out.dimension[arbitrary_at] = 1;
    out.arbitrary = code == "[IU]" ? "[iU]" : std::string(code);
    return out;
  }
  auto out = term_of(found->of, depth + 1);
  if (out) out->factor *= found->factor;
  return out;
}

std::optional<Unit> simple_of(std::string_view code, int depth) {
  if (const auto atom = atom_of(code, false, depth)) return atom;
  for (const UnitPrefix& prefix : unit_prefixes) {
    if (!code.starts_with(prefix.code)) continue;
    auto out = atom_of(code.substr(prefix.code.size()), true, depth);
    if (!out) continue;
    out->factor *= prefix.factor;
    return out;
  }
  return std::nullopt;
}

bool is_unit_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads one component of a term: `kg`, `m2`, `10*6`, `(a.b)`, `{note}`, `100`.
class TermReader {
 public:
  TermReader(std::string_view text, int depth) : text_(text), depth_(depth) {}

  std::optional<Unit> read() {
    if (text_.empty() || depth_ > nesting_max) return std::nullopt;
    Unit out;
    bool divide = at_char() == '/';
    if (divide) ++at_;
    for (;;) {
      const auto part = component();
      if (!part) return std::nullopt;
      multiply(out, *part, divide ? -1 : 1);
      if (at_ == text_.size()) return out;
      const char joint = text_[at_++];
      if (joint != '.' && joint != '/') return std::nullopt;
      divide = joint == '/';
    }
  }

 private:
  [[nodiscard]] char at_char() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::optional<Unit> component() {
    std::optional<Unit> out;
    if (at_char() == '(') {
      const std::size_t close = closing();
      if (close == std::string_view::npos) return std::nullopt;
      out = term_of(text_.substr(at_ + 1, close - at_ - 1), depth_ + 1);
      at_ = close + 1;
    } else {
      out = annotated();
    }
    return out;
  }

  [[nodiscard]] std::size_t closing() const {
    int open = 0;
    for (std::size_t i = at_; i < text_.size(); ++i) {
      if (text_[i] == '(') ++open;
      if (text_[i] == ')' && --open == 0) return i;
    }
    return std::string_view::npos;
  }

  /// A unit with exponent and note; a note alone is a pure number.
  std::optional<Unit> annotated() {
    const std::size_t begin = at_;
    int brackets = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '[') ++brackets;
      if (c == ']') --brackets;
      if (brackets == 0 && (c == '.' || c == '/' || c == '{' || c == '(' || c == ')')) break;
    }
    const std::string_view symbol = text_.substr(begin, at_ - begin);
    const bool noted = at_char() == '{';
    if (noted) {
      const std::size_t close = text_.find('}', at_);
      if (close == std::string_view::npos) return std::nullopt;
      at_ = close + 1;
    }
    if (symbol.empty()) return noted ? std::optional(Unit{}) : std::nullopt;
    return with_exponent(symbol);
  }

  std::optional<Unit> with_exponent(std::string_view symbol) const {
    if (std::all_of(symbol.begin(), symbol.end(), is_unit_digit)) {
      if (symbol.size() > 9) return std::nullopt;
      Unit out;
      out.factor = 0;
      for (const char c : symbol) out.factor = out.factor * 10 + (c - '0');
      return out;
    }
    std::size_t end = symbol.size();
    while (end > 0 && is_unit_digit(symbol[end - 1])) --end;
    std::size_t digits = end;
    if (digits > 0 && digits < symbol.size() &&
        (symbol[digits - 1] == '-' || symbol[digits - 1] == '+')) {
      --digits;
    }
    int exponent = 1;
    if (digits < symbol.size()) {
      exponent = 0;
      for (const char c : symbol.substr(end)) {
        exponent = std::min(exponent * 10 + (c - '0'), unit_exponent_max + 1);
      }
      if (exponent > unit_exponent_max) return std::nullopt;
      if (symbol[digits] == '-') exponent = -exponent;
    }
    const auto unit = simple_of(symbol.substr(0, digits), depth_);
    if (!unit) return std::nullopt;
    Unit out;
    multiply(out, *unit, exponent);
    return out;
  }

  std::string_view text_;
  int depth_;
  std::size_t at_ = 0;
};

std::optional<Unit> term_of(std::string_view text, int depth) {
  return TermReader(text, depth).read();
}

/// A dimension as a code of base units: `g.m/s2` is `m.g.s-2`.
std::string unit_code_of(const Dimension& dimension) {
  std::string above;
  std::string below;
  for (std::size_t i = 0; i < base_units.size(); ++i) {
    const int exponent = dimension[i];
    if (exponent == 0) continue;
    std::string& out = exponent > 0 ? above : below;
    out += (exponent > 0 ? (above.empty() ? "" : ".") : "/") + std::string(base_units[i]);
    const int size = std::abs(exponent);
    if (size > 1) out += std::to_string(size);
  }
  if (above.empty() && below.empty()) return "1";
  return above.empty() ? below : above + below;
}

}  // namespace

std::optional<Unit> unit_of(std::string_view code) {
  if (code.size() > code_bytes_max) return std::nullopt;
  return term_of(code, 0);
}

std::optional<long double> conversion(std::string_view from, std::string_view to) {
  if (from == to) return 1;
  const auto a = unit_of(from);
  const auto b = unit_of(to);
  if (!a || !b || a->dimension != b->dimension || a->arbitrary != b->arbitrary) return std::nullopt;
  return a->factor / b->factor;
}

std::optional<Combined> combined(std::string_view a, std::string_view b, bool divided) {
  const auto left = unit_of(a);
  const auto right = unit_of(b);
  if (!left || !right || !left->arbitrary.empty() || !right->arbitrary.empty()) {
    return std::nullopt;
  }
  Unit out = *left;
  multiply(out, *right, divided ? -1 : 1);
  return Combined{unit_code_of(out.dimension), out.factor};
}

}  // namespace xl::fhir
