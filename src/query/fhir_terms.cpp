// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/fhir_terms.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>

#include "fhir/fhirpath/fhirpath.h"

namespace xl::query {

namespace path = fhir::fhirpath;
using fhir::SearchParameter;
using fhir::SearchType;

namespace {

/// Takes the first line of `lines` away.
std::string_view take_line(std::string_view& lines) {
  const std::size_t end = lines.find('\n');
  const std::string_view line = lines.substr(0, end);
  lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  return line;
}

using Expressions = std::vector<path::Expression>;

Expressions parse_lines(std::string_view lines) {
  Expressions out;
  while (!lines.empty()) {
    auto parsed = path::Expression::parse(take_line(lines));
    XL_CHECK(parsed.ok());  // the definitions are compiled in; a test parses all of them
    out.push_back(std::move(*parsed));
  }
  return out;
}

/// A parameter with its expressions parsed.
struct Rule {
  const SearchParameter* parameter = nullptr;
  Expressions expressions;
  std::vector<Expressions> components;
};

std::vector<Rule> parse_rules(std::string_view type) {
  std::vector<Rule> out;
  for (const SearchParameter& parameter : fhir::search_parameters_of(type)) {
    if (!has_terms(parameter)) continue;
    Rule rule{&parameter, parse_lines(parameter.expression), {}};
    if (rule.expressions.empty()) continue;  // a composite of the resource itself
    for (const fhir::SearchComponent& one : parameter.components()) {
      rule.components.push_back(parse_lines(one.expression));
    }
    out.push_back(std::move(rule));
  }
  return out;
}

/// The rules of a type, parsed when they are first asked for.
const std::vector<Rule>& rules_of(std::string_view type) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const std::vector<Rule>>, std::less<>> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(type);
  if (found != known.end()) return *found->second;
  auto made = std::make_unique<const std::vector<Rule>>(parse_rules(type));
  return *known.emplace(std::string(type), std::move(made)).first->second;
}

/// A facet as part of a composite.
std::string part_text(const Facet& facet) {
  return std::to_string(static_cast<int>(facet.form)) + part_mark + facet.value + part_mark;
}

/// The ways in which a part of a composite is searched for.
bool serves_composites(Form form) {
  constexpr std::array forms = {Form::code,     Form::coded, Form::target,     Form::number,
                                Form::quantity, Form::unit,  Form::coded_unit, Form::measured};
  return std::find(forms.begin(), forms.end(), form) != forms.end();
}

/// Collects the terms of one resource.
class TermCollector {
 public:
  TermCollector(json::Value resource, path::Collection focus, std::string_view own_path)
      : focus_(std::move(focus)), own_path_(own_path) {
    environment_.resource = resource;
  }

  void collect(const Rule& rule) {
    for (const path::Item& item : values_of(rule.expressions, focus_)) {
      if (rule.parameter->type == SearchType::composite) {
        add_composite(rule, item);
      } else {
        facets_.clear();
        append_facets(rule.parameter->type, item, own_path_, facets_);
        for (Facet& facet : facets_) add(rule, std::move(facet));
      }
    }
  }

  /// Whom a Patient was merged into: searches for them ask about it too.
  void collect_merge(const Rule& rule, json::Value patient) {
    for (const json::Value link : patient.find("link").items()) {
      if (link.find("type").as_string() != "replaced-by") continue;
      const auto text = link.find("other").find("reference").as_string().value_or("");
      const auto parts = reference_parts(text);
      if (!parts || parts->type != "Patient" || parts->id.size() > term_bytes_max) continue;
      const bool own =
          parts->base.empty() || (!own_path_.empty() && parts->base.ends_with(own_path_));
      const std::string id(parts->id);
      if (own) add(rule, {Form::replaced_by, join_parts({"", "Patient", id}), id, false, 0, 0});
    }
  }

  /// Every element `url`, of what is inside too, that leads to a Binary here.
  void collect_attachments(json::Value value) {
    for (const json::Member& member : value.members()) {
      const auto text = member.value.as_string();
      if (text && member.key == "url") add_attachment(*text);
      collect_attachments(member.value);
    }
    for (const json::Value item : value.items()) collect_attachments(item);
  }

  [[nodiscard]] std::vector<Term> take() { return std::move(terms_); }
  [[nodiscard]] bool full() const { return full_; }

 private:
  void add_attachment(std::string_view url) {
    const auto parts = reference_parts(url);
    const bool own =
        parts && (parts->base.empty() || (!own_path_.empty() && parts->base.ends_with(own_path_)));
    if (!own || parts->type != "Binary" || parts->id.size() > term_bytes_max) return;
    add(nullptr, {Form::attachment, std::string(parts->id), {}, false, 0, 0});
  }

  void add(const Rule& rule, Facet facet) { add(rule.parameter, std::move(facet)); }
  void add(const SearchParameter* parameter, Facet facet) {
    if (terms_.size() >= terms_max) {
      full_ = true;
      return;
    }
    Term term{parameter, std::move(facet)};
    // Terms of one parameter stand together.
    for (auto known = terms_.rbegin(); known != terms_.rend(); ++known) {
      if (known->parameter != term.parameter) break;
      if (*known == term) return;
    }
    terms_.push_back(std::move(term));
  }

  /// What expressions give; one that cannot be evaluated for this resource gives nothing.
  path::Collection values_of(const Expressions& expressions, const path::Collection& focus) {
    path::Collection out;
    for (const path::Expression& one : expressions) {
      auto found = one.evaluate(focus, environment_);
      if (found.ok()) std::move(found->begin(), found->end(), std::back_inserter(out));
    }
    return out;
  }

  /// One term for each combination of the parts' values. Only the last part can be a range: the
  /// others are found by equal values.
  void add_composite(const Rule& rule, const path::Item& element) {
    const path::Collection focus{element};
    std::vector<std::string> heads{std::string()};
    const auto components = rule.parameter->components();
    for (std::size_t i = 0; i < components.size(); ++i) {
      const bool last = i + 1 == components.size();
      std::vector<std::string> longer;
      for (const path::Item& item : values_of(rule.components[i], focus)) {
        facets_.clear();
        append_facets(components[i].type, item, own_path_, facets_);
        for (const Facet& facet : facets_) {
          if (!serves_composites(facet.form)) continue;
          for (const std::string& head : heads) {
            if (head.size() + facet.value.size() > term_bytes_max) continue;
            if (last) {
              add(rule, {Form::composite,
                         head + part_text(facet),
                         {},
                         facet.ranged,
                         facet.low,
                         facet.high});
            } else if (longer.size() < terms_max) {
              longer.push_back(head + part_text(facet) +
                               (facet.ranged ? std::to_string(facet.low) + part_mark : ""));
            }
          }
        }
      }
      heads = std::move(longer);
    }
  }

  path::Environment environment_;
  path::Collection focus_;
  std::string_view own_path_;
  std::vector<Facet> facets_;
  std::vector<Term> terms_;
  bool full_ = false;
};

}  // namespace

bool has_terms(const SearchParameter& parameter) {
  return parameter.code != "_id" && parameter.code != "_lastUpdated" &&
         (!parameter.expression.empty() || parameter.looks_at_root);
}

std::optional<ReferenceParts> reference_parts(std::string_view text_in) {
  std::string_view rest = text_in;
  if (rest.empty() || rest.front() == '#') return std::nullopt;
  if (rest.starts_with("urn:")) return ReferenceParts{{}, {}, rest};
  if (const std::size_t version = rest.find("/_history/"); version != std::string_view::npos) {
    rest = rest.substr(0, version);
  }
  const std::size_t id_at = rest.rfind('/');
  if (id_at == std::string_view::npos) return ReferenceParts{{}, {}, rest};
  const std::string_view id = rest.substr(id_at + 1);
  const std::string_view before = rest.substr(0, id_at);
  const std::size_t slash = before.rfind('/');
  const std::size_t type_at = slash == std::string_view::npos ? 0 : slash + 1;
  const std::string_view type = before.substr(type_at);
  if (id.empty() || type.empty()) return std::nullopt;
  return ReferenceParts{before.substr(0, type_at), type, id};
}

std::string own_path_of(const model::Id& organisation) {
  return "/o/" + organisation.text() + "/fhir/";
}

Result<std::vector<Term>> terms_of(json::Value resource, std::string_view own_path) {
  auto item = path::resource_item(resource);
  if (!item) return std::vector<Term>{};
  const std::string_view type = resource.find("resourceType").as_string().value_or("");
  TermCollector collector(resource, {std::move(*item)}, own_path);
  for (const Rule& rule : rules_of(type)) {
    collector.collect(rule);
    if (type == "Patient" && rule.parameter->code == "link")
      collector.collect_merge(rule, resource);
  }
  for (const Rule& rule : rules_of("Resource")) collector.collect(rule);
  if (type != "Binary") collector.collect_attachments(resource);
  if (collector.full()) return make_error(ErrorCode::index_entry_invalid, "too many search terms");
  return collector.take();
}

}  // namespace xl::query
