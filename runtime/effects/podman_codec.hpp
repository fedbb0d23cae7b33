// podman's JSON: what we ask of it and what it answers, without a socket.
//
// Field names, units and traps are those of libpod's API 4.0.0 as podman 4.3 and later speak
// it. podman ignores keys that it does not know, so a typing error here would silently lose a
// setting: the golden tests hold every key.
#pragma once

#include "runtime/model/life.hpp"
#include "runtime/model/result.hpp"
#include "runtime/model/stack.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace davit::effects::podman {

/// Where a container's check interval is kept, in milliseconds: podman itself is always told
/// 0, or it would run the check by a timer of its own beside ours.
inline constexpr const char* check_interval_annotation = "io.davit.check-interval-ms";

/// The body of a create request. Durations are nanoseconds, except stop_timeout: seconds,
/// rounded upwards. Errors: invalid, for what podman has no words for (an unknown signal, a
/// namespace of a service that nobody resolved, text that is not UTF-8).
result<std::string> create_body(const blueprint& what);

/// The body of a network or volume create request. Errors: invalid (a range that is none).
result<std::string> network_body(const network& what, const string_map& labels);
result<std::string> volume_body(const volume& what, const string_map& labels);

/// One inspect of a container. What only the kernel knows (conmon_alive, process_alive) is
/// left false.
struct inspection {
  observation seen;
  milliseconds podman_interval{0}; ///< podman's own timer for the check; 0: none
  bool tty = false;                ///< its log stream carries no frames
};

/// Errors: corrupt (not what podman answers).
result<inspection> read_inspect(const std::string& body);

/// The ids of a container list. Errors: corrupt.
result<std::vector<std::string>> read_ids(const std::string& body);

struct image_facts {
  std::string id;
  std::vector<std::string> entrypoint;
};

/// Errors: corrupt.
result<image_facts> read_image(const std::string& body);

/// The `Status` of a health check's answer; empty where it has none.
std::string read_check(const std::string& body);
/// The output of the last check that an inspect tells of.
std::string read_check_output(const std::string& body);

/// Whether an inspect tells of exec sessions, of which a running check is one.
bool has_sessions(const std::string& body);

/// What went wrong inside a successful removal, as an error body; empty: nothing.
std::string read_removal(const std::string& body);

/// The `filters` value of a list: containers with this label.
std::string label_filter(const std::string& key, const std::string& value);

/// The value of one string member of an object, `Id` or `Name`; empty where it has none.
std::string read_text(const std::string& body, const char* key);

/// A reference as a registry wants it: "nginx" is docker.io/library/nginx.
std::string qualified(const std::string& reference);

/// "SIGTERM", "TERM" or "15" to 15; absent where there is no such signal.
std::optional<int> signal_number(std::string_view text);
/// 15 to "SIGTERM"; a number without a name stays a number.
std::string signal_name(int number);

/// RFC 3339 to nanoseconds since the epoch; 0 for podman's "never" and for what is no time.
std::int64_t read_time(std::string_view text);

/// Percent-encodes all but letters, digits, "-_.~" and what `keep` names.
std::string encoded(std::string_view text, std::string_view keep = {});

} // namespace davit::effects::podman
