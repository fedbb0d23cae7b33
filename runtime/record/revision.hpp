// One revision of a stack as its file stacks/NAME/REV.json says it: all that is needed to
// create the stack again after a boot, with nobody at the keyboard.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/stack.hpp"
#include "runtime/policy/step.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace davit::record {

/// What the stack is wanted to be as a whole.
enum class stack_goal : std::uint8_t { up, down };

/// One service as persons and operations want it. Orders are numbered over the whole stack's
/// life, so that each is obeyed once, whatever crashes in between.
struct service_order {
  policy::goal goal = policy::goal::up;
  std::uint64_t order = 0;         ///< the latest order to start
  std::uint64_t restart_order = 0; ///< the latest order to begin a new life
  friend bool operator==(const service_order&, const service_order&) = default;
};

struct revision {
  /// Of the file. A release reads its own and older ones.
  static constexpr std::uint32_t newest_format = 1;

  std::uint32_t format = newest_format;
  std::string stack;
  std::string id; ///< sorts by age: "000001"
  wall_time created{};
  std::string author; ///< who asked: a user name or "uid 1000"
  stack_goal goal = stack_goal::up;
  davit::stack model;
  std::optional<std::string> source; ///< the manifest as the author wrote it
  std::string trial; ///< the operation that tries this revision; empty once it is committed
  std::map<std::string, service_order> orders;       ///< by service
  std::map<std::string, std::string> secret_digests; ///< by secret or config
  friend bool operator==(const revision&, const revision&) = default;
};

/// "000001", "000002", ...; seven digits and more once six are used up, which still sorts by
/// length and then by text.
std::string revision_id(std::uint64_t number);
/// Absent: not a revision's id.
std::optional<std::uint64_t> revision_number(std::string_view id);

/// Pretty JSON. Holds the environment: for a file 0600, never for a log.
std::string encode(const revision& value);

/// `name`: which file it is, for the message. Errors: newer (written by a later release),
/// corrupt (naming the place in the file).
result<revision> decode_revision(std::string_view text, const std::string& name);

} // namespace davit::record
