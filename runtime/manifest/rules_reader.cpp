#include "runtime/manifest/rules_reader.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace davit::manifest {

namespace {

constexpr std::int64_t most_restarts = 1000;
constexpr std::int64_t most_retries = 100;
constexpr double most_factor = 100;
constexpr auto breaker_max_critical = std::chrono::minutes{15};

struct draft {
  davit_rules& rules;
  rules_place place;
  bool breaker_max_given = false;
};

template <class T>
void section(const context& c, const entry& e, std::span<const key_of<T>> table, T& into) {
  if (c.want_mapping(e))
    read_mapping<T>(c, e.value, "'" + e.key + "' of x-davit", table, into, false);
}

// Longer than nothing: a wait or a window of 0 would switch a guard off.
void positive(const context& c, const entry& e, milliseconds& into) {
  const auto d = c.duration(e);
  if (d && *d <= 0ms)
    c.out.error(value(e).at, "'" + e.key + "' must be more than 0", "write it as '30s'");
  else
    put(d, into);
}

template <class T>
void whole(const context& c, const entry& e, std::int64_t least, std::int64_t most, T& into) {
  if (const auto n = c.integer(e, least, most))
    into = static_cast<T>(*n);
}

template <class T>
std::optional<T> word(const context& c, const entry& e,
                      std::initializer_list<std::pair<std::string_view, T>> words) {
  const auto text = c.text(e);
  if (!text)
    return std::nullopt;
  std::string all;
  for (const auto& [name, meaning] : words) {
    if (*text == name)
      return meaning;
    all += (all.empty() ? "" : ", ") + std::string(name);
  }
  c.out.error(value(e).at, "'" + e.key + "' does not know this word", "use one of: " + all);
  return std::nullopt;
}

constexpr key_of<backoff_rules> backoff_keys[] = {
  {"initial", [](auto& c, auto& e, auto& r) { put(c.duration(e), r.initial); }},
  {"factor", [](auto& c, auto& e, auto& r) { put(c.number(e, 1, most_factor), r.factor); }},
  {"max", [](auto& c, auto& e, auto& r) { positive(c, e, r.max); }},
  {"jitter", [](auto& c, auto& e, auto& r) { put(c.number(e, 0, 1), r.jitter); }},
};
constexpr key_of<budget_rules> budget_keys[] = {
  {"restarts", [](auto& c, auto& e, auto& r) { whole(c, e, 0, most_restarts, r.restarts); }},
  {"window", [](auto& c, auto& e, auto& r) { positive(c, e, r.window); }},
};
constexpr key_of<ceiling_rules> ceiling_keys[] = {
  {"starts", [](auto& c, auto& e, auto& r) { whole(c, e, 1, most_restarts, r.starts); }},
  {"window", [](auto& c, auto& e, auto& r) { positive(c, e, r.window); }},
};
constexpr key_of<draft> breaker_keys[] = {
  {"cooldown",
   [](auto& c, auto& e, auto& d) { positive(c, e, d.rules.recovery.breaker.cooldown); }},
  {"factor", [](auto& c, auto& e,
                auto& d) { put(c.number(e, 1, most_factor), d.rules.recovery.breaker.factor); }},
  {"max",
   [](auto& c, auto& e, auto& d) {
     positive(c, e, d.rules.recovery.breaker.max);
     d.breaker_max_given = true;
   }},
};
constexpr key_of<draft> recovery_keys[] = {
  {"backoff",
   [](auto& c, auto& e, auto& d) {
     section<backoff_rules>(c, e, backoff_keys, d.rules.recovery.backoff);
   }},
  {"stable_after",
   [](auto& c, auto& e, auto& d) { positive(c, e, d.rules.recovery.stable_after); }},
  {"budget", [](auto& c, auto& e,
                auto& d) { section<budget_rules>(c, e, budget_keys, d.rules.recovery.budget); }},
  {"ceiling",
   [](auto& c, auto& e, auto& d) {
     section<ceiling_rules>(c, e, ceiling_keys, d.rules.recovery.ceiling);
   }},
  {"breaker", [](auto& c, auto& e, auto& d) { section<draft>(c, e, breaker_keys, d); }},
};

void read_port(const context& c, const entry& e, probe_spec& p) { whole(c, e, 1, 65535, p.port); }
constexpr key_of<probe_spec> http_keys[] = {
  {"port", read_port},
  {"path", [](auto& c, auto& e, auto& p) { put(c.text(e), p.path); }},
};
constexpr key_of<probe_spec> tcp_keys[] = {{"port", read_port}};

void read_target(const context& c, const entry& e, probe_spec& p) {
  p.what = e.key == "http" ? probe_spec::kind::http : probe_spec::kind::tcp;
  if (p.what == probe_spec::kind::http) {
    section<probe_spec>(c, e, http_keys, p);
    if (p.path.empty())
      p.path = "/";
  } else {
    section<probe_spec>(c, e, tcp_keys, p);
  }
  if (e.value.is_mapping() && !e.value.find("port"))
    c.out.error(e.at, "the probe has no port", "add 'port'");
}
constexpr key_of<probe_spec> probe_keys[] = {
  {"http", read_target},
  {"tcp", read_target},
  {"interval", [](auto& c, auto& e, auto& p) { positive(c, e, p.interval); }},
  {"timeout", [](auto& c, auto& e, auto& p) { positive(c, e, p.timeout); }},
  {"retries", [](auto& c, auto& e, auto& p) { whole(c, e, 1, most_retries, p.retries); }},
  {"start_period", [](auto& c, auto& e, auto& p) { put(c.duration(e), p.start_period); }},
};

void read_probe(const context& c, const entry& e, draft& d) {
  if (!c.want_mapping(e))
    return;
  probe_spec p;
  read_mapping<probe_spec>(c, e.value, "'probe' of x-davit", probe_keys, p, false);
  if ((e.value.find("http") != nullptr) == (e.value.find("tcp") != nullptr))
    c.out.error(e.at, "a probe is either 'http' or 'tcp'", "name exactly one of them");
  d.rules.probe = p;
}

void read_pull_retries(const context& c, const entry& e, pull_rules& r) {
  if (!c.want_list(e))
    return;
  if (e.value.items.size() > static_cast<std::size_t>(most_retries)) {
    c.out.error(e.value.at, "more than 100 retries", "list fewer waits");
    return;
  }
  r.retries.clear();
  for (const auto& item : e.value.items)
    if (const auto wait = c.duration({item, e.key}))
      r.retries.push_back(*wait);
}
constexpr key_of<pull_rules> pull_keys[] = {
  {"retries", read_pull_retries},
  {"timeout", [](auto& c, auto& e, auto& r) { positive(c, e, r.timeout); }},
  {"stall", [](auto& c, auto& e, auto& r) { positive(c, e, r.stall); }},
};

constexpr key_of<davit_rules> update_keys[] = {
  {"order",
   [](auto& c, auto& e, auto& r) {
     put(word<update_order>(
           c, e,
           {{"stop-first", update_order::stop_first}, {"start-first", update_order::start_first}}),
         r.order);
   }},
};
constexpr key_of<davit_rules> ready_keys[] = {
  {"log", [](auto& c, auto& e, auto& r) { put(c.text(e), r.ready_log); }},
};

bool of_one_service(const context& c, const entry& e, const draft& d) {
  if (d.place != rules_place::service)
    c.out.error(e.at, "'" + e.key + "' concerns one service", "move it to that service's x-davit");
  return d.place == rules_place::service;
}

bool of_a_stack(const context& c, const entry& e, const draft& d) {
  if (d.place == rules_place::host)
    c.out.error(e.at, "'" + e.key + "' cannot be a default of the host", "move it to a manifest");
  return d.place != rules_place::host;
}

constexpr key_of<draft> rules_keys[] = {
  {"tier",
   [](auto& c, auto& e, auto& d) {
     if (!of_a_stack(c, e, d))
       return;
     constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
     if (const auto n = c.integer(e, -most, most))
       d.rules.tier = static_cast<std::int32_t>(*n);
   }},
  {"critical",
   [](auto& c, auto& e, auto& d) {
     if (of_a_stack(c, e, d))
       put(c.boolean(e), d.rules.critical);
   }},
  {"requires",
   [](auto& c, auto& e, auto& d) {
     if (of_a_stack(c, e, d))
       put(c.texts(e), d.rules.requires_);
   }},
  {"on_unhealthy",
   [](auto& c, auto& e, auto& d) {
     put(word<on_unhealthy>(c, e,
                            {{"none", on_unhealthy::none},
                             {"restart", on_unhealthy::restart},
                             {"stop", on_unhealthy::stop}}),
         d.rules.on_unhealthy);
   }},
  {"recovery", [](auto& c, auto& e, auto& d) { section<draft>(c, e, recovery_keys, d); }},
  {"probe",
   [](auto& c, auto& e, auto& d) {
     if (of_one_service(c, e, d))
       read_probe(c, e, d);
   }},
  {"ready",
   [](auto& c, auto& e, auto& d) {
     if (of_one_service(c, e, d))
       section<davit_rules>(c, e, ready_keys, d.rules);
   }},
  {"grace", [](auto& c, auto& e, auto& d) { put(c.duration(e), d.rules.grace); }},
  {"readiness_deadline",
   [](auto& c, auto& e, auto& d) { positive(c, e, d.rules.readiness_deadline); }},
  {"post_start_window",
   [](auto& c, auto& e, auto& d) { put(c.duration(e), d.rules.post_start_window); }},
  {"pull", [](auto& c, auto& e, auto& d) { section<pull_rules>(c, e, pull_keys, d.rules.pull); }},
  {"update", [](auto& c, auto& e, auto& d) { section<davit_rules>(c, e, update_keys, d.rules); }},
};

} // namespace

void read_rules(const context& c, const value& v, rules_place place, davit_rules& into) {
  if (v.n.is_null())
    return;
  if (!c.want_mapping(v))
    return;
  draft d{into, place};
  read_mapping<draft>(c, v.n, place == rules_place::host ? "'defaults'" : "x-davit", rules_keys, d,
                      false);
  // What is critical is tried again sooner, unless the manifest says otherwise.
  if (into.critical && !d.breaker_max_given) {
    auto& b = into.recovery.breaker;
    b.max = std::max(b.cooldown, std::min<milliseconds>(b.max, breaker_max_critical));
  }
}

} // namespace davit::manifest
