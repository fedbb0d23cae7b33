// Reads a stored JSON value that names its own version in the key "format". Internal to record.
#pragma once

#include "runtime/record/json.hpp"

namespace davit::record {

/// `name`: which file or key it is. Errors: newer, corrupt; both name it.
template <class T>
result<T> read_versioned(std::string_view text, const std::string& name, std::uint32_t newest,
                         const std::string& remedy) {
  auto document = parse(text);
  if (!document)
    return fail(errc::corrupt, name + ": " + document.error().message, remedy);
  // The version comes first: a newer one may have any shape.
  std::uint32_t format = 0;
  complaints c;
  const bool named = document->is_object() && document->contains("format");
  if (named)
    read_value(c, place{nullptr, "format"}, (*document)["format"], format);
  if (!named || c.first() || format == 0)
    return fail(errc::corrupt, name + ": format: " + (named ? "is no version" : "is missing"),
                remedy);
  if (format > newest)
    return fail(errc::newer,
                name + " has format " + std::to_string(format)
                  + "; this release of Davit reads up to " + std::to_string(newest),
                "Run the release of Davit that wrote it, or a later one.");
  auto out = read_document<T>(*document, errc::corrupt, name);
  if (!out)
    out.error().remedy = remedy;
  return out;
}

} // namespace davit::record
