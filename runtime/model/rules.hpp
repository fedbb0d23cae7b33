// The policies of one service and their defaults: design section 5, `x-davit` in a manifest,
// `defaults:` in /etc/davit/davit.yaml. The names are the same in all three.
#pragma once

#include "runtime/model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace davit {

using namespace std::chrono_literals;

/// Compose's `restart:`.
enum class restart_mode : std::uint8_t { no, on_failure, always, unless_stopped };

/// What an unhealthy service gets.
enum class on_unhealthy : std::uint8_t { none, restart, stop };

struct backoff_rules {
  milliseconds initial = 1s; ///< before the second restart; the first is at once
  double factor = 2.0;
  milliseconds max = 300s;
  double jitter = 0.1; ///< share of the delay that is random, either way
  friend bool operator==(const backoff_rules&, const backoff_rules&) = default;
};

struct budget_rules {
  std::uint32_t restarts = 10; ///< charged restarts tolerated inside one window
  milliseconds window = 30min; ///< sliding, on the ledger clock
  friend bool operator==(const budget_rules&, const budget_rules&) = default;
};

struct ceiling_rules {
  std::uint32_t starts = 30; ///< automatic starts of any cause inside one window
  milliseconds window = 1h;
  friend bool operator==(const ceiling_rules&, const ceiling_rules&) = default;
};

struct breaker_rules {
  milliseconds cooldown = 15min; ///< open for this long, then one trial start
  double factor = 2.0;           ///< a failed trial multiplies the wait
  milliseconds max = 6h;         ///< the longest wait (15 min for `critical`)
  friend bool operator==(const breaker_rules&, const breaker_rules&) = default;
};

struct recovery_rules {
  restart_mode restart = restart_mode::no;
  std::optional<std::uint32_t> max_retries; ///< of `on-failure:N`
  backoff_rules backoff;
  milliseconds stable_after = 10min; ///< ready running after which the past is forgiven
  budget_rules budget;
  ceiling_rules ceiling;
  breaker_rules breaker;
  friend bool operator==(const recovery_rules&, const recovery_rules&) = default;
};

/// A probe that Davit makes itself (`x-davit.probe`), without a process in the container.
struct probe_spec {
  enum class kind : std::uint8_t { http, tcp };
  kind what = kind::tcp;
  std::uint16_t port = 0;
  std::string path; ///< http only
  milliseconds interval = 10s;
  milliseconds timeout = 2s;
  std::uint32_t retries = 3;
  milliseconds start_period = 0s;
  friend bool operator==(const probe_spec&, const probe_spec&) = default;
};

struct pull_rules {
  std::vector<milliseconds> retries{5s, 15s, 45s}; ///< waits before each retry
  milliseconds timeout = 30min;                    ///< the whole pull
  milliseconds stall = 2min;                       ///< without a byte of progress
  friend bool operator==(const pull_rules&, const pull_rules&) = default;
};

enum class update_order : std::uint8_t { stop_first, start_first };

/// Everything `x-davit` says of one service.
struct davit_rules {
  std::optional<std::int32_t> tier; ///< orders what the graph leaves open
  bool critical = false;
  std::vector<std::string> requires_; ///< "stack/service" of other stacks
  std::optional<davit::on_unhealthy> on_unhealthy;
  recovery_rules recovery;
  std::optional<probe_spec> probe;
  std::optional<std::string> ready_log;
  std::optional<milliseconds> grace;      ///< over stop_grace_period
  milliseconds readiness_deadline = 120s; ///< from start; start_period is added
  milliseconds post_start_window = 30s;   ///< quiet time, from ready
  pull_rules pull;
  update_order order = update_order::stop_first;
  friend bool operator==(const davit_rules&, const davit_rules&) = default;
};

/// One start of a container may take this long before its outcome counts as unknown.
inline constexpr milliseconds start_deadline = 120s;
/// Where neither the manifest nor the table by image says anything; 10 s corrupts a UTXO set.
inline constexpr milliseconds default_grace = 30s;
/// podman's own default has no limit.
inline constexpr std::int64_t default_log_bytes = 10 * 1024 * 1024;
/// A second look at what the event stream may have missed.
inline constexpr milliseconds look_again_after = 5min;

} // namespace davit
