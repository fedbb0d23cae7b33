// What an install would do, step by step, before it does anything: `davit plan`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace davit {

enum class plan_action : std::uint8_t { create, recreate, keep, remove, pull, network, volume };

constexpr const char* to_string(plan_action action) {
  switch (action) {
    case plan_action::create: return "create";
    case plan_action::recreate: return "recreate";
    case plan_action::keep: return "keep";
    case plan_action::remove: return "remove";
    case plan_action::pull: return "pull";
    case plan_action::network: return "network";
    case plan_action::volume: return "volume";
  }
  return "keep";
}

struct plan_step {
  plan_action action = plan_action::keep;
  std::string target; ///< a service, an image reference, or podman's name of a network or volume
  std::string why;    ///< one sentence, no secrets
  friend bool operator==(const plan_step&, const plan_step&) = default;
};

struct plan {
  std::string stack;
  std::string revision; ///< the one that an install would write
  std::vector<plan_step> steps;
  std::vector<std::string> warnings;
  friend bool operator==(const plan&, const plan&) = default;
};

} // namespace davit
