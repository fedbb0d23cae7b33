// What callers follow: operations and the event feed.
//   {"id","kind","stack","phase","done","ok","partial","error","progress":[...],"next":M}
//   {"events":[{"seq","at","stack","service","kind","text"}]}
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/status.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace davit::api {

/// One page of an operation: its state, and the progress lines from an index on.
struct operation_page {
  operation_status status; ///< `progress` holds only the lines of this page
  std::uint64_t next = 0;  ///< index after the last of them: `after` of the next request
  friend bool operator==(const operation_page&, const operation_page&) = default;
};

/// `status` is whole, `after` is how many lines the caller has; more than there are is none.
std::string encode(const operation_status& status, std::uint64_t after);
/// Errors: invalid.
result<operation_page> decode_operation(std::string_view text);

/// The answer to whatever begins an operation: {"operation":"ID"}.
std::string encode_accepted(const std::string& operation);
/// Errors: invalid.
result<std::string> decode_accepted(std::string_view text);

std::string encode(const std::vector<event>& events);
/// Errors: invalid.
result<std::vector<event>> decode_events(std::string_view text);

/// One event as a line of a text/event-stream: "data: {...}\n\n".
std::string encode_sse(const event& one);
/// One event from the JSON after "data: ". Errors: invalid.
result<event> decode_event(std::string_view text);

} // namespace davit::api
