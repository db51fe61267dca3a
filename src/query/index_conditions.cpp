// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>
#include <array>
#include <cmath>

#include "fhir/decimal.h"
#include "fhir/time.h"
#include "query/fold.h"
#include "query/index_store.h"
#include "query/measures.h"
#include "query/near.h"
#include "query/search_text.h"

namespace xl::query::detail {

using fhir::Decimal;
using fhir::SearchParameter;
using fhir::SearchType;

namespace {

Error bad_value(std::string_view parameter) {
  return make_error(ErrorCode::search_value_invalid, parameter);
}

/// `ap`: a tenth of the time between now and then cannot be told without a clock, so a tenth of
/// the value's own span and at least a day on either side (R4 leaves it to the server).
Wanted time_wanted(Prefix prefix, const fhir::TimeRange& range) {
  constexpr std::int64_t day_ms = 86'400'000;
  Wanted out{prefix, range.low, range.high, 0, 0};
  const std::int64_t slack = std::max(day_ms, (range.high - range.low) / 10);
  out.about_low = range.low - slack;
  out.about_high = range.high + slack;
  return out;
}

/// A number as precise as it was written: 100 is 99.5 up to, not with, 100.5 (R4 §3.1.1.4.6). With
/// an order prefix the number itself counts. `factor`: into the unit that is compared.
std::optional<Wanted> number_wanted(Prefix prefix, std::string_view written, long double factor) {
  const auto magnitude = magnitude_of(written);
  if (!magnitude) return std::nullopt;
  const long double value = *magnitude * factor;
  const long double tenth = std::abs(value) / 10;
  Wanted out{prefix, sortable(value), sortable(value), sortable(value - tenth),
             sortable(value + tenth)};
  if (prefix != Prefix::eq && prefix != Prefix::ne) return out;
  const auto number = Decimal::parse(written);
  const auto half = number ? number->half_unit() : std::nullopt;
  if (!half) return out;
  const auto low = Decimal::sum(*number, half->negated());
  const auto high = Decimal::sum(*number, *half);
  if (!low || !high) return out;
  out.low = sortable(low->approximate() * factor);
  out.high = sortable(high->approximate() * factor) - 1;
  return out;
}

/// Conditions of which one must hold.
Condition any_of(std::vector<Condition> all) {
  if (all.size() == 1) return std::move(all.front());
  Condition out;
  bool by_rows = true;
  for (const Condition& one : all) {
    out.sql += (out.sql.empty() ? "" : " OR ") + one.sql;
    by_rows = by_rows && !one.rows.empty();
    if (by_rows) out.rows += (out.rows.empty() ? "" : " UNION ") + one.rows;
  }
  if (!by_rows) out.rows.clear();
  out.sql = "(" + out.sql + ")";
  return out;
}

/// Conditions that must all hold.
Condition all_of(std::vector<Condition> all) {
  if (all.size() == 1) return std::move(all.front());
  Condition out;
  for (Condition& one : all) {
    out.sql += (out.sql.empty() ? "" : " AND ") + one.sql;
    if (out.rows.empty()) out.rows = std::move(one.rows);
  }
  out.sql = "(" + out.sql + ")";
  return out;
}

/// A value apart at its bars.
std::vector<std::string> bar_parts(std::string_view written) {
  std::vector<std::string> out;
  for (const std::string_view part : split_protected(written, '|')) {
    out.push_back(unprotected(part));
  }
  return out;
}

bool is_order(SearchType type) {
  return type == SearchType::date || type == SearchType::number || type == SearchType::quantity;
}

}  // namespace

Form main_form(SearchType type) {
  switch (type) {
    case SearchType::token:
      return Form::coded;
    case SearchType::reference:
      return Form::target;
    case SearchType::uri:
      return Form::uri;
    case SearchType::date:
      return Form::time;
    case SearchType::number:
      return Form::number;
    case SearchType::quantity:
      return Form::quantity;
    case SearchType::composite:
      return Form::composite;
    case SearchType::special:
      return Form::latitude;
    case SearchType::text:
      break;
  }
  return Form::words;
}

/// A number in the statement: bound, so that statements of one shape are one statement, as long as
/// there is room for the values of a search that is not made to have many.
std::string ConditionMaker::number(std::int64_t value) {
  return out_.values.size() < bound_numbers_max ? out_.bind(value) : std::to_string(value);
}

/// FHIR R4 §3.1.1.4.7: the range of the value against the range of the record.
std::string ConditionMaker::range_test(const Wanted& wanted, const std::string& low,
                                       const std::string& high) {
  const auto above = [&] { return high + " > " + number(wanted.high); };
  const auto below = [&] { return low + " < " + number(wanted.low); };
  const auto inside = [&] {
    const std::string first = number(wanted.low);
    return low + " >= " + first + " AND " + high + " <= " + number(wanted.high);
  };
  switch (wanted.prefix) {
    case Prefix::eq:
      break;
    case Prefix::ne:
      return "(NOT (" + inside() + "))";
    case Prefix::gt:
      return "(" + above() + ")";
    case Prefix::lt:
      return "(" + below() + ")";
    case Prefix::ge:
      return "(" + above() + " OR (" + inside() + "))";
    case Prefix::le:
      return "(" + below() + " OR (" + inside() + "))";
    case Prefix::sa:
      return "(" + low + " > " + number(wanted.high) + ")";
    case Prefix::eb:
      return "(" + high + " < " + number(wanted.low) + ")";
    case Prefix::ap: {
      const std::string last = number(wanted.about_high);
      return "(" + low + " <= " + last + " AND " + high + " >= " + number(wanted.about_low) + ")";
    }
  }
  return "(" + inside() + ")";
}

/// Rows with a range under a mark that passes a test of `r.low` and `r.high`.
Condition ConditionMaker::within(std::int64_t mark, const Wanted& wanted) {
  const std::string place = number(mark);
  return {"EXISTS(SELECT 1 FROM ranges r WHERE r.mark = " + place + " AND r.row = e.row AND " +
              range_test(wanted, "r.low", "r.high") + ")",
          {}};
}

/// Rows with one of these marks.
Condition ConditionMaker::marked(const std::vector<std::int64_t>& marks) {
  std::string list;
  for (const std::int64_t mark : marks) {
    list += (list.empty() ? "" : ",") + number(mark);
  }
  return {"EXISTS(SELECT 1 FROM marks m WHERE m.mark IN (" + list + ") AND m.row = e.row)",
          "SELECT row FROM marks WHERE mark IN (" + list + ")"};
}

/// Rows that have a mark or a group among their own.
Condition ConditionMaker::kept(std::int64_t mark) {
  Bytes bytes;
  append_be(bytes, static_cast<std::uint64_t>(mark));
  return {"EXISTS(SELECT 1 FROM keys k WHERE k.row = e.row AND instr(k.groups, x'" + to_hex(bytes) +
              "') > 0)",
          {}};
}

/// Rows with a value whose text, `t.text`, passes a test.
Condition ConditionMaker::in_texts(const About& about, Form form, const std::string& test) {
  const std::string part = number(keys_.group(about.type, about.parameter.code, form));
  const std::string rows =
      "SELECT m.row FROM texts t CROSS JOIN marks m ON m.mark = t.mark WHERE t.part = " + part +
      " AND " + test;
  return {"e.row IN (" + rows + ")", rows};
}

Result<Condition> ConditionMaker::make(std::string_view type, const SearchCriterion& criterion) {
  if (criterion.name == "_has" || criterion.name == "_list" || !criterion.chained.empty()) {
    const auto links = links_.find(&criterion);
    XL_CHECK(links != links_.end());
    return linked(links->second, criterion.name);
  }
  const SearchParameter* parameter = searched_parameter(type, criterion.name);
  if (parameter == nullptr) return make_error(ErrorCode::search_parameter_unknown);
  if (criterion.values.empty()) return bad_value(parameter->code);
  if (criterion.name == "_id" || criterion.name == "_lastUpdated") return own(criterion);
  const About about{type, *parameter, criterion.modifier, criterion.target};
  if (criterion.modifier == Modifier::missing) return missing(about, criterion);
  XL_TRY_ASSIGN(Condition out, by_values(about, criterion));
  const auto merged = links_.find(&criterion);
  if (merged == links_.end()) return out;
  std::vector<Condition> any;
  any.push_back(std::move(out));
  any.push_back(linked(merged->second, criterion.name));
  return any_of(std::move(any));
}

/// `_id` and `_lastUpdated`, which the record itself answers.
Result<Condition> ConditionMaker::own(const SearchCriterion& criterion) {
  std::vector<Condition> any;
  std::string ids;
  if (criterion.modifier == Modifier::missing) {  // it never is
    const std::string& wish = criterion.values[0].text;
    const bool sound = criterion.values.size() == 1 && (wish == "true" || wish == "false");
    if (!sound) return bad_value(criterion.name);
    return Condition{wish == "true" ? "FALSE" : "TRUE", {}};
  }
  const bool negated = criterion.name == "_id" && criterion.modifier == Modifier::not_equal;
  if (criterion.modifier != Modifier::none && !negated) return bad_value(criterion.name);
  for (const SearchValue& value : criterion.values) {
    if (criterion.name == "_id") {
      if (value.prefix != Prefix::eq || value.text.empty()) return bad_value("_id");
      const std::string id = out_.bind(unprotected(value.text));
      ids += (ids.empty() ? "" : ",") + id;
      continue;
    }
    const auto range = fhir::time_range_of(value.text);
    if (!range) return bad_value(criterion.name);
    any.push_back({range_test(time_wanted(value.prefix, *range), "e.updated", "e.updated"), {}});
  }
  if (ids.empty()) return any_of(std::move(any));
  return Condition{std::string(negated ? "e.id NOT IN (" : "e.id IN (") + ids + ")", {}};
}

Condition ConditionMaker::linked(const Links& links, std::string_view name) {
  const std::string stage = std::to_string(stages_.size());
  stages_.push_back(&links);
  if (name == "_list") {
    const std::string from =
        " FROM temp.linked_ids l CROSS JOIN entries o ON o.type = "
        "substr(l.id, 1, instr(l.id, '/') - 1) AND o.id = "
        "substr(l.id, instr(l.id, '/') + 1) WHERE l.stage = " +
        stage;
    return {"(e.type || '/' || e.id) IN (SELECT l.id FROM temp.linked_ids l WHERE l.stage = " +
                stage + ")",
            "SELECT o.row" + from};
  }
  if (name == "_has") {
    return {"e.id IN (SELECT l.id FROM temp.linked_ids l WHERE l.stage = " + stage + ")", {}};
  }
  const std::string rows =
      "SELECT m.row FROM temp.linked_marks l CROSS JOIN marks m ON m.mark = l.mark "
      "WHERE l.stage = " +
      stage;
  return {"e.row IN (" + rows + ")", rows};
}

Result<Condition> ConditionMaker::missing(const About& about, const SearchCriterion& criterion) {
  if (criterion.values.size() != 1) return bad_value(about.parameter.code);
  const std::string& wish = criterion.values[0].text;
  if (wish != "true" && wish != "false") return bad_value(about.parameter.code);
  return Condition{(wish == "true" ? "NOT " : "") + present(about.type, about.parameter).sql, {}};
}

/// Whether a row has any value of a parameter; of a composite, one of each of its parts together.
Condition ConditionMaker::present(std::string_view type, const fhir::SearchParameter& parameter) {
  std::vector<Condition> any;
  const auto add = [&](Form form) { any.push_back(kept(keys_.group(type, parameter.code, form))); };
  if (parameter.looks_at_root) {
    std::vector<Condition> all;
    for (const fhir::SearchComponent& part : parameter.components()) {
      const SearchParameter* simple = searched_parameter(type, part.code);
      XL_CHECK(simple != nullptr);
      all.push_back(present(type, *simple));
    }
    any.push_back(all_of(std::move(all)));
  }
  if (!parameter.expression.empty()) add(main_form(parameter.type));
  if (parameter.type == SearchType::token) {
    add(Form::display);
    add(Form::system);
  }
  if (parameter.type == SearchType::reference) add(Form::identifier);
  return any_of(std::move(any));
}

Result<Condition> ConditionMaker::by_values(const About& about, const SearchCriterion& criterion) {
  std::vector<Condition> any;
  for (const SearchValue& one : criterion.values) {
    const bool bounded = !one.text.empty() && one.text.size() <= search_value_bytes_max &&
                         one.text.find('\0') == std::string::npos &&
                         one.text.find(part_mark) == std::string::npos;
    if (!bounded || (one.prefix != Prefix::eq && !is_order(about.parameter.type))) {
      return bad_value(about.parameter.code);
    }
    XL_TRY_ASSIGN(Condition condition, value(about, one));
    any.push_back(std::move(condition));
  }
  Condition out = any_of(std::move(any));
  if (about.modifier == Modifier::not_equal) return Condition{"NOT " + out.sql, {}};
  return out;
}

Result<Condition> ConditionMaker::value(const About& about, const SearchValue& value) {
  switch (about.parameter.type) {
    case SearchType::token:
      return token(about, value.text);
    case SearchType::text:
      return text(about, value.text);
    case SearchType::reference:
      return reference(about, value.text);
    case SearchType::uri:
      return uri(about, value.text);
    case SearchType::date:
      return date(about, value);
    case SearchType::number:
      return number(about, value);
    case SearchType::quantity:
      return quantity(about, value);
    case SearchType::composite:
      return composite(about, value.text);
    case SearchType::special:
      break;
  }
  return near(about, value.text);
}

/// `code`, `|code` (no system), `system|code`, `system|` (any code of it).
Result<Condition> ConditionMaker::token(const About& about, std::string_view written) {
  if (about.modifier == Modifier::text) {
    std::string folded = folded_term(unprotected(written));
    if (folded.empty()) return bad_value(about.parameter.code);
    return in_texts(about, Form::display,
                    "instr(t.text, " + out_.bind(std::move(folded)) + ") > 0");
  }
  const std::vector<std::string> parts = bar_parts(written);
  if (about.modifier == Modifier::of_type) {
    if (parts.size() != 3 || parts[1].empty() || parts[2].empty()) {
      return bad_value(about.parameter.code);
    }
    const std::string value = join_parts({parts[0], folded_code(parts[1]), folded_code(parts[2])});
    std::vector<Condition> all;
    all.push_back(marked({mark(about, Form::code, folded_code(parts[2]))}));
    all.push_back(kept(mark(about, Form::of_type, value)));
    return all_of(std::move(all));
  }
  if (parts.size() == 1) return marked({mark(about, Form::code, folded_code(parts[0]))});
  std::string code = parts[1];  // with the bars that nobody protected
  for (std::size_t i = 2; i < parts.size(); ++i) code += "|" + parts[i];
  if (parts[0].empty() && code.empty()) return bad_value(about.parameter.code);
  if (code.empty()) return kept(mark(about, Form::system, parts[0]));
  return marked({mark(about, Form::coded, join_parts({parts[0], folded_code(code)}))});
}

Result<Condition> ConditionMaker::text(const About& about, std::string_view written) {
  const std::string plain = unprotected(written);
  std::string folded = folded_term(plain);
  if (folded.empty()) return bad_value(about.parameter.code);
  if (about.modifier == Modifier::exact) {
    std::vector<Condition> all;
    all.push_back(marked({mark(about, Form::words, folded)}));
    all.push_back(kept(mark(about, Form::exact, plain)));
    return all_of(std::move(all));
  }
  if (about.modifier == Modifier::contains) {
    return in_texts(about, Form::words, "instr(t.text, " + out_.bind(std::move(folded)) + ") > 0");
  }
  std::string behind = folded + '\xff';  // above every UTF-8 byte
  const std::string first = out_.bind(std::move(folded));
  const std::string last = out_.bind(std::move(behind));
  return in_texts(about, Form::words, "t.text >= " + first + " AND t.text < " + last);
}

/// A bare id is of any type that the parameter leads to.
Result<Condition> ConditionMaker::reference(const About& about, std::string_view written) {
  if (about.modifier == Modifier::identifier) {
    const std::vector<std::string> parts = bar_parts(written);
    if (parts.size() == 1) {
      return marked({mark(about, Form::identifier_value, folded_code(parts[0]))});
    }
    if (parts.size() != 2) return bad_value(about.parameter.code);
    if (parts[1].empty()) return kept(mark(about, Form::identifier_system, parts[0]));
    return marked({mark(about, Form::identifier, join_parts({parts[0], folded_code(parts[1])}))});
  }
  const std::string plain = unprotected(written);
  const auto parts = reference_parts(plain);
  if (!parts) return bad_value(about.parameter.code);
  const auto to = [&](std::string_view type) {
    return mark(about, Form::target, join_parts({parts->base, type, parts->id}));
  };
  if (!parts->type.empty() || parts->id.starts_with("urn:")) {
    const bool other = about.modifier == Modifier::type && about.target != parts->type;
    if (other) return bad_value(about.parameter.code);
    return marked({to(parts->type)});
  }
  if (about.modifier == Modifier::type) return marked({to(about.target), to("")});
  const auto targets = about.parameter.targets();
  std::vector<std::int64_t> marks{to("")};
  if (targets.size() > 16) return kept(mark(about, Form::bare, parts->id));
  for (const std::string_view type : targets) marks.push_back(to(type));
  return marked(marks);
}

/// `:below` is what begins with the value at a slash, `:above` what the value begins with.
Result<Condition> ConditionMaker::uri(const About& about, std::string_view written) {
  const std::string plain = unprotected(written);
  if (about.modifier == Modifier::none) return marked({mark(about, Form::uri, plain)});
  if (about.modifier == Modifier::above) {
    std::vector<std::int64_t> marks{mark(about, Form::uri, plain)};
    for (std::size_t at = plain.find('/'); at != std::string::npos; at = plain.find('/', at + 1)) {
      marks.push_back(mark(about, Form::uri, plain.substr(0, at)));
      marks.push_back(mark(about, Form::uri, plain.substr(0, at + 1)));
    }
    return marked(marks);
  }
  std::string stem = plain;
  while (stem.ends_with('/')) stem.pop_back();
  const std::string first = out_.bind(stem + "/");
  const std::string last = out_.bind(stem + "0");  // behind the slash
  const std::string same = out_.bind(stem);
  return in_texts(about, Form::uri,
                  "(t.text = " + same + " OR (t.text >= " + first + " AND t.text < " + last + "))");
}

Result<Condition> ConditionMaker::date(const About& about, const SearchValue& value) {
  const auto range = fhir::time_range_of(value.text);
  if (!range) return bad_value(about.parameter.code);
  return within(mark(about, Form::time, {}), time_wanted(value.prefix, *range));
}

Result<Condition> ConditionMaker::number(const About& about, const SearchValue& value) {
  const auto wanted = number_wanted(value.prefix, value.text, 1);
  if (!wanted) return bad_value(about.parameter.code);
  return within(mark(about, Form::number, {}), *wanted);
}

/// Which form a quantity is compared in, and the value in it.
struct QuantityWanted {
  Form form = Form::quantity;
  std::string value;
  Wanted wanted;
};
Result<QuantityWanted> quantity_wanted(std::string_view parameter, const SearchValue& value) {
  const std::vector<std::string> parts = bar_parts(value.text);
  if (parts.size() != 1 && parts.size() != 3) return bad_value(parameter);
  QuantityWanted out;
  long double factor = 1;
  if (parts.size() == 3 && !parts[2].empty()) {
    Measure one{1, 1, parts[1], parts[2], {}};
    const auto base = base_measure(one);
    if (base) {
      out.form = Form::measured;
      out.value = base->dimension;
      factor = base->low;
    } else {
      out.form = parts[1].empty() ? Form::unit : Form::coded_unit;
      out.value = parts[1].empty() ? parts[2] : join_parts({parts[1], parts[2]});
    }
  }
  const auto wanted = number_wanted(value.prefix, parts[0], factor);
  if (!wanted) return bad_value(parameter);
  out.wanted = *wanted;
  return out;
}

Result<Condition> ConditionMaker::quantity(const About& about, const SearchValue& value) {
  XL_TRY_ASSIGN(const QuantityWanted wanted, quantity_wanted(about.parameter.code, value));
  return within(mark(about, wanted.form, wanted.value), wanted.wanted);
}

/// `latitude|longitude[|distance[|unit]]`: within a distance. Those whose latitude is near enough
/// are looked at one by one.
Result<Condition> ConditionMaker::near(const About& about, std::string_view written) {
  const auto circle = circle_of(bar_parts(written));
  if (!circle) return bad_value(about.parameter.code);
  const long double half = half_height(*circle);
  const std::string north = number(mark(about, Form::latitude, {}));
  const std::string east = number(mark(about, Form::longitude, {}));
  const std::string low = number(sortable(circle->latitude - half));
  const std::string high = number(sortable(circle->latitude + half));
  std::string place;
  for (const long double one : {circle->latitude, circle->longitude, circle->metres}) {
    place += ", " + number(sortable(one));
  }
  const std::string test = " WHERE n.mark = " + north + " AND n.low >= " + low +
                           " AND n.low <= " + high + " AND " + std::string(within_function) +
                           "(n.low, w.low" + place + ")";
  const std::string from =
      " FROM ranges n CROSS JOIN ranges w ON w.mark = " + east + " AND w.row = n.row" + test;
  return Condition{"EXISTS(SELECT 1" + from + " AND n.row = e.row)", "SELECT n.row" + from};
}

namespace {

/// One way in which a part of a composite is stored: head of the value, or a range as the last.
struct PartWanted {
  Form form{};
  std::string value;
  std::optional<Wanted> wanted;
};

Result<std::vector<PartWanted>> part_wanted(const fhir::SearchComponent& component,
                                            std::string_view parameter, const SearchValue& value) {
  std::vector<PartWanted> out;
  if (component.type == SearchType::token) {
    const std::vector<std::string> parts = bar_parts(value.text);
    if (parts.size() == 1) out.push_back({Form::code, folded_code(parts[0]), {}});
    if (parts.size() == 2) {
      out.push_back({Form::coded, join_parts({parts[0], folded_code(parts[1])}), {}});
    }
  } else if (component.type == SearchType::reference) {
    const std::string plain = unprotected(value.text);
    if (const auto parts = reference_parts(plain)) {
      out.push_back({Form::target, join_parts({parts->base, parts->type, parts->id}), {}});
    }
  } else if (component.type == SearchType::number) {
    const auto wanted = number_wanted(value.prefix, value.text, 1);
    if (wanted) out.push_back({Form::number, {}, *wanted});
  } else if (component.type == SearchType::quantity) {
    XL_TRY_ASSIGN(QuantityWanted wanted, quantity_wanted(parameter, value));
    out.push_back({wanted.form, std::move(wanted.value), wanted.wanted});
  }
  if (out.empty()) return bad_value(parameter);
  return out;
}

SearchValue component_value(const fhir::SearchComponent& component, std::string_view written) {
  SearchValue out{Prefix::eq, std::string(written)};
  if (!is_order(component.type) || written.size() < 3) return out;
  constexpr std::array<std::string_view, 9> names = {"eq", "ne", "gt", "lt", "ge",
                                                     "le", "sa", "eb", "ap"};
  const auto found = std::find(names.begin(), names.end(), written.substr(0, 2));
  if (found != names.end()) {
    out = {static_cast<Prefix>(found - names.begin()), std::string(written.substr(2))};
  }
  return out;
}

}  // namespace

/// `a$b`: both in one element; for a composite of the resource itself its own parameters tell.
Result<Condition> ConditionMaker::composite(const About& about, std::string_view written) {
  const std::vector<std::string_view> parts = split_protected(written, '$');
  const auto components = about.parameter.components();
  if (parts.size() != components.size() || about.modifier != Modifier::none) {
    return bad_value(about.parameter.code);
  }
  std::vector<Condition> any;
  if (about.parameter.looks_at_root) {
    std::vector<Condition> all;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const SearchParameter* simple = searched_parameter(about.type, components[i].code);
      XL_CHECK(simple != nullptr);
      XL_TRY_ASSIGN(Condition one, value({about.type, *simple, Modifier::none, {}},
                                         component_value(components[i], parts[i])));
      all.push_back(std::move(one));
    }
    any.push_back(all_of(std::move(all)));
  }
  if (!about.parameter.expression.empty()) {
    std::string head;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const SearchValue part = component_value(components[i], parts[i]);
      XL_TRY_ASSIGN(const std::vector<PartWanted> ways,
                    part_wanted(components[i], about.parameter.code, part));
      const PartWanted& way = ways.front();
      head += std::to_string(static_cast<int>(way.form)) + part_mark + way.value + part_mark;
      const bool last = i + 1 == parts.size();
      if (!way.wanted && !last) continue;
      if (!way.wanted) {
        any.push_back(marked({mark(about, Form::composite, head)}));
      } else if (last) {
        any.push_back(within(mark(about, Form::composite, head), *way.wanted));
      } else {
        // Only the last part is kept as a range: a number before it is that number.
        const auto exact = magnitude_of(part.text);
        if (!exact || part.prefix != Prefix::eq) return bad_value(about.parameter.code);
        head += std::to_string(sortable(*exact)) + part_mark;
      }
    }
  }
  return any_of(std::move(any));
}

}  // namespace xl::query::detail
