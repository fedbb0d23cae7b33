// The answers that explain: what an install would do, and why a service does what it does.
//   {"stack","revision","steps":[{"action","target","why"}],"warnings":[]}
//   {"service","phase","reason","rule","counters":{"restarts","restarts_allowed",
//    "restart_window_ms","starts","starts_allowed","start_window_ms","total","breaker"},
//    "next_attempt_at","waiting_for":[],"last_exit":{"code","oom","reason","at"},"advice"}
#pragma once

#include "runtime/model/plan.hpp"
#include "runtime/model/result.hpp"
#include "runtime/model/why.hpp"

#include <string>
#include <string_view>

namespace davit::api {

std::string encode(const plan& what);
/// Errors: invalid (an unknown action included).
result<plan> decode_plan(std::string_view text);

std::string encode(const why& answer);
/// Errors: invalid.
result<why> decode_why(std::string_view text);

} // namespace davit::api
