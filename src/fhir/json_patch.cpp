// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Source: RFC 6902, JSON Patch; RFC 6901, JSON Pointer.
#include <algorithm>
#include <string>
#include <vector>

#include "base/checked.h"
#include "base/error_detail.h"
#include "fhir/fhirpath/value.h"
#include "fhir/json_edit.h"
#include "fhir/patch.h"

namespace xl::fhir {
namespace {

/// The steps of a JSON Pointer. Errors: fhir_patch_invalid.
Result<std::vector<std::string>> steps_of(json::Value pointer) {
  std::vector<std::string> out;
  const auto text = pointer.as_string();
  if (!text || (!text->empty() && text->front() != '/')) {
    return make_error(ErrorCode::fhir_patch_invalid, "a JSON Pointer begins with /");
  }
  for (const char c : *text) {
    if (c == '/') {
      out.emplace_back();
    } else {
      out.back().push_back(c);
    }
  }
  for (std::string& step : out) {
    for (std::size_t at = step.find('~'); at != std::string::npos; at = step.find('~', at + 1)) {
      const char next = at + 1 < step.size() ? step[at + 1] : '\0';
      if (next != '0' && next != '1') {
        return make_error(ErrorCode::fhir_patch_invalid, "a JSON Pointer writes ~0 and ~1");
      }
      step.replace(at, 2, 1, next == '0' ? '~' : '/');
    }
  }
  return out;
}

/// A place in an array; nothing for another text.
std::optional<std::size_t> index_of(std::string_view step) {
  std::uint64_t out = 0;
  const bool leading_zero = step.size() > 1 && step.front() == '0';
  if (leading_zero || !parse_decimal(step, out)) return std::nullopt;
  return static_cast<std::size_t>(out);
}

/// The FHIRPath of what a JSON Pointer names, as far as it is one: `Patient.name[0].family`.
std::string element_named(json::Value resource, json::Value pointer) {
  std::string out(resource.find("resourceType").as_string().value_or("Resource"));
  const auto steps = steps_of(pointer);
  if (!steps.ok()) return out;
  for (const std::string& step : *steps) {
    const auto index = index_of(step);
    const bool name = !step.empty() && std::ranges::all_of(step, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
    if (!name && !index) break;
    out += index ? "[" + step + "]" : "." + step;
  }
  return out;
}

Error nothing_there() {
  return make_error(ErrorCode::fhir_patch_unapplied, "its path leads to nothing");
}

json::Node child_of(json::Node parent, const std::string& step) {
  if (parent.is_object()) return parent.find(step);
  const auto index = parent.is_array() ? index_of(step) : std::nullopt;
  return index ? parent.at(*index) : json::Node{};
}

/// What a pointer leads to. Errors: fhir_patch_unapplied.
Result<json::Node> node_at(json::Node root, std::span<const std::string> steps) {
  for (const std::string& step : steps) {
    root = child_of(root, step);
    if (!root.present()) return nothing_there();
  }
  return root;
}

class JsonPatch {
 public:
  explicit JsonPatch(json::Document& document) : document_(document) {}

  Status apply(json::Value operation) {
    const std::string_view op = operation.find("op").as_string().value_or("");
    XL_TRY_ASSIGN(const auto path, steps_of(operation.find("path")));
    if (op == "remove") return remove(path);
    if (op == "move" || op == "copy") return take(operation, path, op == "move");
    const json::Value value = operation.find("value");
    if (op != "add" && op != "replace" && op != "test") {
      return make_error(ErrorCode::fhir_patch_invalid,
                        "op is add, remove, replace, move, copy or test");
    }
    if (!value.present()) return make_error(ErrorCode::fhir_patch_invalid, "value is missing");
    if (op == "add") return add(path, document_.make_copy(value));
    if (op == "replace") return replace(path, value);
    XL_TRY_ASSIGN(const json::Node there, node_at(document_.edit(), path));
    if (fhirpath::same_json(there, value)) return {};
    return make_error(ErrorCode::fhir_patch_unapplied, "a test fails");
  }

 private:
  using Steps = std::vector<std::string>;

  Result<json::Node> parent_of(const Steps& path) {
    if (path.empty()) {
      return make_error(ErrorCode::fhir_patch_invalid, "a resource cannot be replaced as a whole");
    }
    return node_at(document_.edit(), std::span(path).first(path.size() - 1));
  }

  Status add(const Steps& path, json::Node value) {
    XL_TRY_ASSIGN(json::Node parent, parent_of(path));
    if (parent.is_object()) {
      parent.set(path.back(), value);
      return {};
    }
    const auto index = path.back() == "-" ? std::optional(parent.size()) : index_of(path.back());
    if (!parent.is_array() || !index || *index > parent.size()) return nothing_there();
    insert_at(document_, parent, *index, value);
    return {};
  }

  Status remove(const Steps& path) {
    XL_TRY_ASSIGN(json::Node parent, parent_of(path));
    const auto index = parent.is_array() ? index_of(path.back()) : std::nullopt;
    const bool removed =
        parent.is_object() ? parent.remove(path.back()) : index && parent.remove_at(*index);
    return removed ? Status{} : Status(nothing_there());
  }

  Status replace(const Steps& path, json::Value value) {
    XL_TRY_ASSIGN(json::Node parent, parent_of(path));
    if (!child_of(parent, path.back()).present()) return nothing_there();
    const json::Node copy = document_.make_copy(value);
    if (parent.is_object()) {
      parent.set(path.back(), copy);
    } else {
      parent.replace_at(*index_of(path.back()), copy);
    }
    return {};
  }

  Status take(json::Value operation, const Steps& path, bool moves) {
    XL_TRY_ASSIGN(const Steps from, steps_of(operation.find("from")));
    XL_TRY_ASSIGN(const json::Node there, node_at(document_.edit(), from));
    const bool inside =
        from.size() < path.size() && std::equal(from.begin(), from.end(), path.begin());
    if (moves && inside) {
      return make_error(ErrorCode::fhir_patch_invalid, "nothing moves into itself");
    }
    const json::Node value = document_.make_copy(there);
    if (moves) XL_TRY(remove(from));
    return add(path, value);
  }

  json::Document& document_;
};

}  // namespace

Status apply_json_patch(json::Document& resource, json::Value patch) {
  if (!patch.is_array() || patch.size() > patch_operations_max) {
    return make_error(ErrorCode::fhir_patch_invalid, "an array of at most 1,000 operations");
  }
  JsonPatch changes(resource);
  std::size_t number = 0;
  for (const json::Value operation : patch.items()) {
    const Status applied = changes.apply(operation);
    if (!applied.ok()) {
      return make_error(applied.error().code,
                        element_named(resource.root(), operation.find("path")) + ": operation " +
                            std::to_string(number) + ": " +
                            std::string(detail_of(applied.error())));
    }
    ++number;
  }
  return {};
}

}  // namespace xl::fhir
