// Every field of a service's policies and the key it has in JSON. Internal to record and api.
// Keys are for ever: stored revisions hold them. Add, never rename.
#pragma once

#include "runtime/model/rules.hpp"
#include "runtime/record/json.hpp"

namespace davit::record {

template <> struct words<restart_mode> {
  static constexpr std::pair<restart_mode, const char*> list[] = {
    {restart_mode::no, "no"},
    {restart_mode::on_failure, "on-failure"},
    {restart_mode::always, "always"},
    {restart_mode::unless_stopped, "unless-stopped"},
  };
};
template <> struct words<on_unhealthy> {
  static constexpr std::pair<on_unhealthy, const char*> list[] = {
    {on_unhealthy::none, "none"},
    {on_unhealthy::restart, "restart"},
    {on_unhealthy::stop, "stop"},
  };
};
template <> struct words<probe_spec::kind> {
  static constexpr std::pair<probe_spec::kind, const char*> list[] = {
    {probe_spec::kind::http, "http"},
    {probe_spec::kind::tcp, "tcp"},
  };
};
template <> struct words<update_order> {
  static constexpr std::pair<update_order, const char*> list[] = {
    {update_order::stop_first, "stop-first"},
    {update_order::start_first, "start-first"},
  };
};
template <> struct shape<backoff_rules> {
  template <class F> static void fields(F& f) {
    f("initial", &backoff_rules::initial);
    f("factor", &backoff_rules::factor);
    f("max", &backoff_rules::max);
    f("jitter", &backoff_rules::jitter);
  }
};
template <> struct shape<budget_rules> {
  template <class F> static void fields(F& f) {
    f("restarts", &budget_rules::restarts);
    f("window", &budget_rules::window);
  }
};
template <> struct shape<ceiling_rules> {
  template <class F> static void fields(F& f) {
    f("starts", &ceiling_rules::starts);
    f("window", &ceiling_rules::window);
  }
};
template <> struct shape<breaker_rules> {
  template <class F> static void fields(F& f) {
    f("cooldown", &breaker_rules::cooldown);
    f("factor", &breaker_rules::factor);
    f("max", &breaker_rules::max);
  }
};
template <> struct shape<recovery_rules> {
  template <class F> static void fields(F& f) {
    f("restart", &recovery_rules::restart);
    f("max_retries", &recovery_rules::max_retries);
    f("backoff", &recovery_rules::backoff);
    f("stable_after", &recovery_rules::stable_after);
    f("budget", &recovery_rules::budget);
    f("ceiling", &recovery_rules::ceiling);
    f("breaker", &recovery_rules::breaker);
  }
};
template <> struct shape<probe_spec> {
  template <class F> static void fields(F& f) {
    f("kind", &probe_spec::what);
    f("port", &probe_spec::port);
    f("path", &probe_spec::path);
    f("interval", &probe_spec::interval);
    f("timeout", &probe_spec::timeout);
    f("retries", &probe_spec::retries);
    f("start_period", &probe_spec::start_period);
  }
};
template <> struct shape<pull_rules> {
  template <class F> static void fields(F& f) {
    f("retries", &pull_rules::retries);
    f("timeout", &pull_rules::timeout);
    f("stall", &pull_rules::stall);
  }
};
template <> struct shape<davit_rules> {
  template <class F> static void fields(F& f) {
    f("tier", &davit_rules::tier);
    f("critical", &davit_rules::critical);
    f("requires", &davit_rules::requires_);
    f("on_unhealthy", &davit_rules::on_unhealthy);
    f("recovery", &davit_rules::recovery);
    f("probe", &davit_rules::probe);
    f("ready_log", &davit_rules::ready_log);
    f("grace", &davit_rules::grace);
    f("readiness_deadline", &davit_rules::readiness_deadline);
    f("post_start_window", &davit_rules::post_start_window);
    f("pull", &davit_rules::pull);
    f("update_order", &davit_rules::order);
  }
};

} // namespace davit::record
