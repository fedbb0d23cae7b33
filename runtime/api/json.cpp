// How the API reads and writes JSON.
#include "runtime/api/json.hpp"

#include "runtime/record/json.hpp"
#include "runtime/record/text.hpp"

#include <limits>

namespace davit::api {

result<document> parse_object(std::string_view text, std::string_view what) {
  auto root = record::parse(text);
  if (!root)
    return fail(errc::invalid, std::string{what} + ": " + root.error().message,
                "Send one JSON object in UTF-8.");
  if (!root->is_object())
    return fail(errc::invalid, std::string{what} + " is JSON but not an object",
                "Send one JSON object.");
  return root;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json text_or_null(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

json time_or_null(const std::optional<wall_time>& at) {
  return at ? json(record::wall_text(*at)) : json(nullptr);
}

const document* reader::find(const char* key, type_test is, const char* expected) {
  if (!object_.is_object())
    return nullptr;
  const auto found = object_.find(key);
  if (found == object_.end() || found->is_null())
    return nullptr;
  if (!((*found).*is)()) {
    wrong(key, expected);
    return nullptr;
  }
  return &*found;
}

void reader::wrong(std::string_view key, const char* expected) {
  if (!trouble_)
    trouble_ = error{errc::invalid, path_ + std::string{key} + " must be " + expected, {}};
}

std::optional<std::uint64_t> reader::whole(const char* key, std::uint64_t max) {
  const document* value = find(key, &document::is_number_integer, "a whole number");
  if (!value)
    return std::nullopt;
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > max) {
    wrong(key, "a whole number within its range");
    return std::nullopt;
  }
  return value->get<std::uint64_t>();
}

void reader::read(const char* key, std::string& out) {
  if (const document* value = find(key, &document::is_string, "a string"))
    out = value->get<std::string>();
}

void reader::read(const char* key, bool& out) {
  if (const document* value = find(key, &document::is_boolean, "true or false"))
    out = value->get<bool>();
}

void reader::read(const char* key, std::uint64_t& out) {
  if (auto value = whole(key, std::numeric_limits<std::uint64_t>::max()))
    out = *value;
}

void reader::read(const char* key, std::uint32_t& out) {
  if (auto value = whole(key, std::numeric_limits<std::uint32_t>::max()))
    out = static_cast<std::uint32_t>(*value);
}

void reader::read(const char* key, std::optional<std::int32_t>& out) {
  if (auto value = whole(key, std::numeric_limits<std::int32_t>::max()))
    out = static_cast<std::int32_t>(*value);
}

void reader::read(const char* key, milliseconds& out) {
  if (auto value = whole(key, std::numeric_limits<std::int64_t>::max()))
    out = milliseconds{static_cast<std::int64_t>(*value)};
}

void reader::read(const char* key, std::optional<wall_time>& out) {
  const document* value = find(key, &document::is_string, "a time");
  if (!value)
    return;
  out = record::parse_wall(value->get_ref<const std::string&>());
  if (!out)
    wrong(key, "a time like 2026-01-31T12:00:00.000Z");
}

void reader::read(const char* key, std::vector<std::string>& out) {
  const document* list = find(key, &document::is_array, "a list");
  if (!list)
    return;
  for (const document& item : *list) {
    if (!item.is_string())
      return wrong(key, "a list of strings");
    out.push_back(item.get<std::string>());
  }
}

} // namespace davit::api
