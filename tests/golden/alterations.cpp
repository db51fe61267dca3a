// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "golden/alterations.h"

#include <functional>

#include "base/check.h"
#include "base/json/json.h"
#include "base/json/writer.h"

namespace xl::golden {
namespace {

/// Steps from the root: names of members, numbers of items.
using Path = std::vector<std::string>;

json::Document parsed(const std::string& text) {
  auto document = json::parse(text, {});
  XL_CHECK(document.ok());
  return std::move(*document);
}

json::Node step_into(const json::Node& from, const std::string& step) {
  return from.is_array() ? from.at(std::stoul(step)) : from.find(step);
}

json::Node at(json::Document& document, const Path& path) {
  json::Node node = document.edit();
  for (const std::string& step : path) node = step_into(node, step);
  return node;
}

std::string joined(const Path& path) {
  std::string out;
  for (const std::string& step : path) out += (out.empty() ? "" : ".") + step;
  return out;
}

/// Every scalar; of long lists the first and the last item.
void collect(json::Value value, const Path& path, std::vector<Path>& out) {
  if (!value.is_array() && !value.is_object()) out.push_back(path);
  std::size_t number = 0;
  for (const json::Value item : value.items()) {
    Path inner = path;
    inner.push_back(std::to_string(number));
    const bool skipped = item.is_string() && number > 0 && number + 1 < value.size();
    if (!skipped) collect(item, inner, out);
    ++number;
  }
  for (const json::Member member : value.members()) {
    Path inner = path;
    inner.emplace_back(member.key);
    collect(member.value, inner, out);
  }
}

/// The next character of the same kind.
char neighbour(char c) {
  if (c == '9') return '0';
  if (c == 'f' || c == 'z') return 'a';
  if (c == 'F' || c == 'Z') return 'A';
  return static_cast<char>(c + 1);
}

/// One character changed: the last digit, or the middle one where there is none.
std::string changed(std::string text) {
  if (text.empty()) return "x";
  std::size_t place = text.find_last_of("0123456789");
  if (place == std::string::npos) place = text.size() / 2;
  text[place] = neighbour(text[place]);
  return text;
}

std::string with_scalar_changed(const std::string& text, const Path& path) {
  json::Document document = parsed(text);
  const json::Node scalar = at(document, path);
  Path above = path;
  above.pop_back();
  json::Node parent = at(document, above);
  json::Node put = document.make_string("x");
  if (const auto own = scalar.as_string()) put = document.make_string(changed(std::string(*own)));
  if (const auto own = scalar.number_text()) put = document.make_number(changed(std::string(*own)));
  if (parent.is_array()) {
    parent.replace_at(std::stoul(path.back()), put);
  } else {
    parent.set(path.back(), put);
  }
  return json::write(document.root());
}

using Edit = std::function<void(json::Document&, json::Node)>;

class Collector {
 public:
  explicit Collector(const std::string& text) : text_(text) {}

  /// Adds what an edit of the value at `path` gives, where there is one and it changes something.
  void edit(const std::string& what, const Path& path, const Edit& edit) {
    json::Document document = parsed(text_);
    const json::Node place = at(document, path);
    if (!place.present()) return;
    edit(document, place);
    add(what, json::write(document.root()));
  }
  void replace(const std::string& what, const std::string& old, const std::string& put) {
    const std::size_t place = text_.find(old);
    if (place == std::string::npos) return;
    std::string altered = text_;
    add(what, altered.replace(place, old.size(), put));
  }
  void add(const std::string& what, std::string text) {
    if (text != text_) out.push_back({what, std::move(text)});
  }

  std::vector<Alteration> out;

 private:
  const std::string& text_;
};

const Path root = {};
const Path commit = {"block", "signed_header", "commit"};
const Path votes = {"block", "signed_header", "commit", "signatures"};
const Path header = {"block", "signed_header", "header"};
const Path set = {"block", "validator_set", "validators"};

void swap_items(json::Document& document, json::Node list, std::size_t one, std::size_t other) {
  if (list.size() <= std::max(one, other)) return;
  const json::Node first = document.make_copy(list.at(one));
  const json::Node second = document.make_copy(list.at(other));
  list.replace_at(one, second);
  list.replace_at(other, first);
}

void make_absent(json::Node vote) {
  vote.set_integer("block_id_flag", 1);
  vote.set_string("validator_address", "");
  vote.set_string("timestamp", "0001-01-01T00:00:00Z");
  vote.set_string("signature", "");
}

void members_left_out(json::Value document, Collector& out) {
  for (const json::Member member : document.members()) {
    const std::string name(member.key);
    out.edit("without " + name, root,
             [&](json::Document&, json::Node node) { (void)node.remove(name); });
    out.edit("null for " + name, root,
             [&](json::Document& d, json::Node node) { node.set(name, d.make_null()); });
  }
  out.edit("without entry and state", root, [](json::Document&, json::Node node) {
    (void)node.remove("entry");
    (void)node.remove("state");
  });
}

void votes_altered(Collector& out) {
  for (std::size_t absent = 1; absent <= 4; ++absent) {
    out.edit("votes stripped: " + std::to_string(absent), votes,
             [&](json::Document&, json::Node list) {
               for (std::size_t i = 0; i < std::min(absent, list.size()); ++i) {
                 make_absent(list.at(i));
               }
             });
  }
  out.edit("a vote for nothing", {"block", "signed_header", "commit", "signatures", "0"},
           [](json::Document&, json::Node vote) { vote.set_integer("block_id_flag", 3); });
  out.edit("votes null", commit,
           [](json::Document& d, json::Node node) { node.set("signatures", d.make_null()); });
  out.edit("no votes", commit,
           [](json::Document& d, json::Node node) { node.set("signatures", d.make_array()); });
  out.edit("first vote missing", votes,
           [](json::Document&, json::Node list) { (void)list.remove_at(0); });
  out.edit("first vote twice", votes,
           [](json::Document& d, json::Node list) { list.append(d.make_copy(list.at(0))); });
  out.edit("votes in another order", votes,
           [](json::Document& d, json::Node list) { swap_items(d, list, 0, 1); });
  out.edit("one member's vote in every slot", votes, [](json::Document& d, json::Node list) {
    for (std::size_t i = 0; i < list.size(); ++i) list.replace_at(i, d.make_copy(list.at(0)));
  });
}

void sets_altered(Collector& out) {
  out.edit("set in another order", set,
           [](json::Document& d, json::Node list) { swap_items(d, list, 0, 1); });
  out.edit("set without its first", set,
           [](json::Document&, json::Node list) { (void)list.remove_at(0); });
  out.edit("set with its first twice", set,
           [](json::Document& d, json::Node list) { list.append(d.make_copy(list.at(0))); });
  out.edit("empty set", {"block", "validator_set"},
           [](json::Document& d, json::Node node) { node.set("validators", d.make_array()); });
  for (const std::string power : {"0", "-1", "9223372036854775807", "9223372036854775808"}) {
    out.edit("power " + power, {"block", "validator_set", "validators", "0"},
             [&](json::Document&, json::Node one) { one.set_string("voting_power", power); });
  }
  out.edit("negative power as a number", {"block", "validator_set", "validators", "0"},
           [](json::Document&, json::Node one) { one.set_integer("voting_power", -1); });
  out.edit("a set of someone else's", {"block", "validator_set", "validators", "0"},
           [](json::Document& d, json::Node one) {
             one.find("pub_key").set_string("value",
                                            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
             one.set("address", d.make_string("66687AADF862BD776C8FC18B8E9F8E2008971485"));
           });
}

void trust_path_altered(Collector& out) {
  const Path path = {"trust_path"};
  out.edit("trust path with the block itself", path, [](json::Document& d, json::Node list) {
    list.append(d.make_copy(d.root().find("block")));
  });
  out.edit("trust path without its first step", path,
           [](json::Document&, json::Node list) { (void)list.remove_at(0); });
  out.edit("trust path without its second step", path,
           [](json::Document&, json::Node list) { (void)list.remove_at(1); });
  out.edit("empty trust path", root,
           [](json::Document& d, json::Node node) { node.set("trust_path", d.make_array()); });
  out.edit("trust path in another order", path,
           [](json::Document& d, json::Node list) { swap_items(d, list, 0, 1); });
  out.edit("a step with another set", {"trust_path", "1"}, [](json::Document& d, json::Node step) {
    step.set("validator_set", d.make_copy(d.root().find("block").find("validator_set")));
  });
  out.edit("a step stripped of votes", {"trust_path", "1", "signed_header", "commit", "signatures"},
           [](json::Document&, json::Node list) {
             for (std::size_t i = 0; i < 2; ++i) make_absent(list.at(i));
           });
}

void signers_altered(Collector& out) {
  out.edit("no signers", root, [](json::Document& d, json::Node node) {
    if (node.find("signers").present()) node.set("signers", d.make_array());
  });
  out.edit("first signer missing", {"signers"},
           [](json::Document&, json::Node list) { (void)list.remove_at(0); });
  out.edit("first signer twice", {"signers"},
           [](json::Document& d, json::Node list) { list.append(d.make_copy(list.at(0))); });
  out.edit("signers in another order", {"signers"},
           [](json::Document& d, json::Node list) { swap_items(d, list, 0, 1); });
  out.edit("another suite", {"signers", "0"}, [](json::Document&, json::Node signer) {
    const std::string own(*signer.find("signature").as_string());
    signer.set_string("signature", "02" + own.substr(2));
  });
  out.edit("empty signature", {"signers", "0"},
           [](json::Document&, json::Node one) { one.set_string("signature", ""); });
}

void state_altered(Collector& out) {
  out.edit("presence as absence", {"state"},
           [](json::Document& d, json::Node state) { state.set("value", d.make_null()); });
  out.edit("absence as presence", {"state"},
           [](json::Document&, json::Node state) { state.set_string("value", "0100"); });
  out.edit("state without its leaf", {"state"},
           [](json::Document& d, json::Node state) { state.set("leaf", d.make_null()); });
  out.edit("state without its value", {"state"},
           [](json::Document&, json::Node state) { (void)state.remove("value"); });
  out.edit("sibling missing", {"state", "siblings"},
           [](json::Document&, json::Node list) { (void)list.remove_at(0); });
  out.edit("empty key", {"state"},
           [](json::Document&, json::Node state) { state.set_string("key", ""); });
}

/// The same hexadecimal digits with letters of the other case.
std::string in_other_case(std::string_view digits) {
  std::string out(digits);
  for (char& c : out) {
    if (c >= 'A') c = static_cast<char>(c ^ 0x20);
  }
  return out;
}

/// Other texts of the same values, and texts that are no JSON or too much of it.
void texts_altered(const std::string& text, Collector& out) {
  out.add("nothing", "");
  out.add("cut off", text.substr(0, text.size() - 1));
  out.add("text behind", text + "x");
  out.add("space around", " \n" + text + "\t\r\n");
  out.add("byte order mark", "\xEF\xBB\xBF" + text);
  out.add("an array", "[" + text + "]");
  out.add("a word", "null");
  out.add("sixteen levels", std::string(16, '[') + std::string(16, ']'));
  out.add("seventeen levels", std::string(17, '[') + std::string(17, ']'));
  out.replace("unknown member", "{\"schema\"", "{\"more\":1,\"schema\"");
  out.replace("a member twice", "{\"schema\"", "{\"schema\":\"xinglin/receipt/v1\",\"schema\"");
  out.replace("a member twice, escaped", "{\"schema\"",
              "{\"sch\\u0065ma\":\"xinglin/receipt/v1\",\"schema\"");
  out.replace("an escaped name", "\"schema\"", "\"sch\\u0065ma\"");
  out.replace("half a surrogate pair", "xinglin/receipt/v1", "xinglin/receipt/\\ud800");
  out.replace("a surrogate pair", "xinglin/receipt/v1", "xinglin/receipt/\\ud83c\\udfe5");
  out.replace("a raw control character", "xinglin/receipt/v1", "xinglin/receipt/v1\t");
  out.replace("another version", "xinglin/receipt/v1", "xinglin/receipt/v2");
  out.replace("a comma too many", "\"trust_path\":[]}", "\"trust_path\":[],}");
  out.replace("a number with fraction", "\"index\":", "\"index\":0.");
  out.replace("a number with exponent", "\"round\":0", "\"round\":0e0");
  out.replace("minus nothing", "\"round\":0", "\"round\":-0");
  out.replace("a leading zero", "\"history_size\":\"", "\"history_size\":\"0");
  out.replace("a number too large", "\"index\":", "\"index\":4294967296");
  out.replace("a time with zeros", "Z\",\"last_block_id\"", "0Z\",\"last_block_id\"");
  out.replace("unknown member further inside", "\"header\":{", "\"header\":{\"more\":[1,{}],");
  out.edit("height as a number", header, [](json::Document& d, json::Node node) {
    node.set("height", d.make_number(*node.find("height").as_string()));
  });
  out.edit("a short hash", header,
           [](json::Document&, json::Node node) { node.set_string("consensus_hash", "00"); });
  out.edit("no proposer", header,
           [](json::Document&, json::Node node) { (void)node.remove("proposer_address"); });
  out.edit("height below nothing", header,
           [](json::Document&, json::Node node) { node.set_integer("height", -1); });
  out.edit("upper-case digits", root, [](json::Document&, json::Node node) {
    node.set_string("state_root", in_other_case(*node.find("state_root").as_string()));
  });
  out.edit("upper-case digits in a list", {"state", "siblings"},
           [](json::Document& d, json::Node list) {
             list.replace_at(0, d.make_string(in_other_case(*list.at(0).as_string())));
           });
  out.edit("lower-case digits in the header", header, [](json::Document&, json::Node node) {
    node.set_string("app_hash", in_other_case(*node.find("app_hash").as_string()));
  });
  out.edit("lower-case digits in the set", {"block", "validator_set", "validators", "0"},
           [](json::Document&, json::Node one) {
             one.set_string("address", in_other_case(*one.find("address").as_string()));
           });
  out.edit("a 29th of February", header, [](json::Document&, json::Node node) {
    node.set_string("time", "2026-02-29T00:00:00Z");
  });
  out.edit("parts under their other name", {"block", "signed_header", "commit", "block_id"},
           [](json::Document& d, json::Node id) {
             id.set("part_set_header", d.make_copy(id.find("parts")));
             (void)id.remove("parts");
           });
}

}  // namespace

std::vector<Alteration> alterations_of(const std::string& text) {
  Collector out(text);
  const json::Document document = parsed(text);
  std::vector<Path> scalars;
  collect(document.root(), {}, scalars);
  for (const Path& path : scalars)
    out.add("one character in " + joined(path), with_scalar_changed(text, path));
  members_left_out(document.root(), out);
  votes_altered(out);
  sets_altered(out);
  trust_path_altered(out);
  signers_altered(out);
  state_altered(out);
  texts_altered(text, out);
  return out.out;
}

}  // namespace xl::golden
