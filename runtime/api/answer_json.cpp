// The answers that explain: plan and why.
#include "runtime/api/answer_json.hpp"

#include "runtime/api/json.hpp"
#include "runtime/api/status_json.hpp"

#include <array>

namespace davit::api {
namespace {

constexpr std::array actions{plan_action::create, plan_action::recreate, plan_action::keep,
                             plan_action::remove, plan_action::pull,     plan_action::network,
                             plan_action::volume};

std::optional<plan_action> action_of(const std::string& word) {
  for (const plan_action action : actions)
    if (word == to_string(action))
      return action;
  return std::nullopt;
}

} // namespace

std::string encode(const plan& what) {
  json out;
  out["stack"] = what.stack;
  out["revision"] = text_or_null(what.revision);
  out["steps"] = json::array();
  for (const plan_step& step : what.steps) {
    json one;
    one["action"] = to_string(step.action);
    one["target"] = step.target;
    one["why"] = step.why;
    out["steps"].push_back(std::move(one));
  }
  out["warnings"] = what.warnings;
  return dump(out);
}

result<plan> decode_plan(std::string_view text) {
  std::string unknown;
  auto out = decode_with<plan>(text, "plan", [&](reader in, plan& what) {
    in.read("stack", what.stack);
    in.read("revision", what.revision);
    in.each("steps", [&](reader one) {
      std::string word;
      plan_step& step = what.steps.emplace_back();
      one.read("action", word);
      one.read("target", step.target);
      one.read("why", step.why);
      if (const auto action = action_of(word))
        step.action = *action;
      else
        unknown = word;
    });
    in.read("warnings", what.warnings);
  });
  if (out && !unknown.empty())
    return fail(errc::invalid, "plan: unknown action '" + unknown + "'",
                "Check that davit and davitd are of the same release.");
  return out;
}

std::string encode(const why& answer) {
  json out;
  out["service"] = answer.service;
  out["phase"] = to_string(answer.phase);
  out["reason"] = text_or_null(answer.reason);
  out["rule"] = text_or_null(answer.rule);
  const why_counters& counters = answer.counters;
  json& numbers = out["counters"];
  numbers["restarts"] = counters.restarts;
  numbers["restarts_allowed"] = counters.restarts_allowed;
  numbers["restart_window_ms"] = counters.restart_window.count();
  numbers["starts"] = counters.starts;
  numbers["starts_allowed"] = counters.starts_allowed;
  numbers["start_window_ms"] = counters.start_window.count();
  numbers["total"] = counters.total;
  numbers["breaker"] = text_or_null(counters.breaker);
  out["next_attempt_at"] = time_or_null(answer.next_attempt_at);
  out["waiting_for"] = answer.waiting_for;
  out["last_exit"] = nullptr;
  if (answer.last_exit) {
    json& exit = out["last_exit"] = json::object();
    exit["code"] = answer.last_exit->code ? json(*answer.last_exit->code) : json(nullptr);
    exit["oom"] = answer.last_exit->oom;
    exit["reason"] = text_or_null(answer.last_exit->reason);
    exit["at"] = time_or_null(answer.last_exit->at);
  }
  out["advice"] = text_or_null(answer.advice);
  return dump(out);
}

result<why> decode_why(std::string_view text) {
  return decode_with<why>(text, "why", [](reader in, why& out) {
    std::string word;
    in.read("service", out.service);
    in.read("phase", word);
    out.phase = phase_of(word);
    in.read("reason", out.reason);
    in.read("rule", out.rule);
    in.member("counters", [&](reader numbers) {
      numbers.read("restarts", out.counters.restarts);
      numbers.read("restarts_allowed", out.counters.restarts_allowed);
      numbers.read("restart_window_ms", out.counters.restart_window);
      numbers.read("starts", out.counters.starts);
      numbers.read("starts_allowed", out.counters.starts_allowed);
      numbers.read("start_window_ms", out.counters.start_window);
      numbers.read("total", out.counters.total);
      numbers.read("breaker", out.counters.breaker);
    });
    in.read("next_attempt_at", out.next_attempt_at);
    in.read("waiting_for", out.waiting_for);
    in.member("last_exit", [&](reader exit) {
      last_exit& last = out.last_exit.emplace();
      exit.read("code", last.code);
      exit.read("oom", last.oom);
      exit.read("reason", last.reason);
      exit.read("at", last.at);
    });
    in.read("advice", out.advice);
  });
}

} // namespace davit::api
