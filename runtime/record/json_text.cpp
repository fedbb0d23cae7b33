#include "runtime/record/json_text.hpp"

#include <functional>
#include <set>
#include <vector>

namespace davit::record {

namespace {

/// Watches a parse for what nlohmann would take in silence: depth, and a key given twice.
class watcher {
public:
  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    using at = json::parse_event_t;
    if (trouble_)
      return false;
    if (event == at::object_start || event == at::array_start) {
      keys_.emplace_back();
      if (static_cast<std::size_t>(depth) >= max_depth)
        trouble_ = "is nested more than " + std::to_string(max_depth) + " deep";
    } else if (event == at::object_end || event == at::array_end) {
      keys_.pop_back();
    } else if (event == at::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second)
        trouble_ = "has the key " + to_string(place{nullptr, key}) + " twice in one object";
    }
    return !trouble_;
  }
  const std::optional<std::string>& trouble() const { return trouble_; }

private:
  std::vector<std::set<std::string>> keys_;
  std::optional<std::string> trouble_;
};

std::string dump(const json& document, int indent) {
  return document.dump(indent, ' ', false, json::error_handler_t::replace);
}

} // namespace

result<json> parse(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes)
    return fail(errc::invalid, "the JSON has " + std::to_string(text.size()) + " bytes; at most "
                                 + std::to_string(max_bytes) + " are read");
  watcher watch;
  try {
    auto document = json::parse(text, std::ref(watch));
    if (watch.trouble())
      return fail(errc::invalid, "the JSON " + *watch.trouble());
    return document;
  } catch (const json::parse_error& e) {
    if (watch.trouble())
      return fail(errc::invalid, "the JSON " + *watch.trouble());
    // Its text would quote the document, which may hold secrets: the place is enough.
    return fail(errc::invalid, "not valid JSON at byte " + std::to_string(e.byte));
  } catch (const json::exception&) {
    return fail(errc::invalid, "not valid JSON: a number is out of range");
  }
}

std::string pretty(const json& document) { return dump(document, 2) + "\n"; }

std::string compact(const json& document) { return dump(document, -1); }

std::string to_string(const place& where) {
  static constexpr std::size_t longest = 64;
  std::string out = where.parent ? to_string(*where.parent) : std::string{};
  if (where.in_list)
    return out + "[" + std::to_string(where.index) + "]";
  if (where.key.empty())
    return out;
  if (!out.empty())
    out += '.';
  for (const char c : where.key.substr(0, longest))
    out += c > 0x20 && c < 0x7f ? c : '?';
  if (where.key.size() > longest)
    out += "...";
  return out;
}

void complaints::add(const place& where, const std::string& what) {
  if (first_)
    return;
  const auto text = to_string(where);
  first_ = (text.empty() ? "the document" : text) + ": " + what;
}

std::string kind_of(const json& value) {
  switch (value.type()) {
    case json::value_t::null: return "null";
    case json::value_t::object: return "an object";
    case json::value_t::array: return "a list";
    case json::value_t::string: return "a string";
    case json::value_t::boolean: return "true or false";
    case json::value_t::number_float: return "a fraction";
    default: return "a whole number";
  }
}

} // namespace davit::record
