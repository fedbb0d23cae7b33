#include "tests/sim/topology.hpp"

#include <iterator>

namespace davit::sim {

const char* to_string(shape s) {
  switch (s) {
    case shape::single: return "single";
    case shape::chain: return "chain";
    case shape::diamond: return "diamond";
    case shape::job: return "job";
    case shape::follows: return "follows";
    case shape::shares: return "shares";
    case shape::graph: return "graph";
  }
  return "single";
}

shape shape_of(std::uint64_t seed) {
  auto slot = seed / 3 % 20; // the large graph costs most: one seed in twenty
  return slot == 19 ? shape::graph : static_cast<shape>(slot % (shapes - 1));
}

app cured(const app& script) {
  app out;
  out.healthy_after = script.healthy_after;
  out.term_takes = script.term_takes;
  out.term_code = script.term_code;
  if (script.uptime_min && script.exit_codes == std::vector<std::int32_t>{0}) { // a job
    out.uptime_min = script.uptime_min;
    out.uptime_max = script.uptime_max;
    out.exit_codes = {0};
  }
  return out;
}

stack changed(stack model, const std::string& service, std::uint64_t version) {
  model.services.at(service).environment["VERSION"] = std::to_string(version);
  return model;
}

namespace {

constexpr const char* image = "registry.test/app:1";

class builder {
public:
  builder(dice& roll, bool calm) : roll_{roll}, calm_{calm} {
    out_.model.name = "shop";
    out_.model.networks["default"].name = "shop_default";
  }

  service& add(const std::string& name) {
    auto& s = out_.model.services[name];
    s.name = name;
    s.image = image;
    s.networks["default"] = {};
    s.stop_grace_period = milliseconds{1000 * (2 + roll_.below(30))};
    s.davit.recovery = rules();
    s.davit.readiness_deadline = 60s;
    s.davit.post_start_window = milliseconds{1000 * (5 + roll_.below(30))};
    s.davit.critical = roll_.hit(0.2);
    out_.scripts[name] = script();
    return s;
  }

  void check(const std::string& name) {
    auto& s = out_.model.services.at(name);
    if (roll_.hit(0.5)) {
      probe_spec probe;
      probe.port = 80;
      probe.interval = 20s;
      s.davit.probe = probe;
      if (roll_.hit(0.2))
        s.davit.on_unhealthy = on_unhealthy::none;
    } else {
      healthcheck check;
      check.test = {"CMD", "true"};
      check.interval = 30s;
      check.timeout = 5s;
      s.healthcheck = check;
      if (roll_.hit(0.3))
        s.davit.on_unhealthy = on_unhealthy::restart;
    }
    if (!calm_ && roll_.hit(0.15))
      out_.scripts.at(name).flap = roll_.between(30s, 5min);
  }

  void edge(const std::string& from, const std::string& to, depend_on how, bool restart = false) {
    auto& e = out_.model.services.at(from).depends_on[to];
    e.condition = how;
    e.restart = restart;
    if (!calm_ && roll_.hit(0.2))
      out_.scripts.at(from).needs.push_back(to);
  }

  void job(const std::string& name) {
    auto& s = out_.model.services.at(name);
    s.davit.recovery.restart = roll_.hit(0.5) ? restart_mode::no : restart_mode::on_failure;
    app script;
    script.uptime_min = 1s;
    script.uptime_max = 10s;
    script.exit_codes = {0};
    out_.scripts.at(name) = script;
  }

  topology take() { return std::move(out_); }

private:
  /// Small numbers, so that an hour sees every rule at work.
  recovery_rules rules() {
    recovery_rules r;
    auto kind = roll_.below(10);
    r.restart = kind < 7    ? restart_mode::unless_stopped
                : kind == 7 ? restart_mode::always
                            : restart_mode::on_failure;
    if (kind == 9)
      r.max_retries = 3 + static_cast<std::uint32_t>(roll_.below(5));
    if (roll_.hit(0.3))
      return r; // the defaults
    r.backoff.max = milliseconds{1000 * (5 + roll_.below(60))};
    r.budget.restarts = 2 + static_cast<std::uint32_t>(roll_.below(6));
    r.budget.window = milliseconds{60'000 * (2 + roll_.below(15))};
    r.ceiling.starts = r.budget.restarts + 1 + static_cast<std::uint32_t>(roll_.below(8));
    r.ceiling.window = milliseconds{60'000 * (5 + roll_.below(30))};
    r.breaker.cooldown = milliseconds{60'000 * (1 + roll_.below(5))};
    r.breaker.max = milliseconds{60'000 * (5 + roll_.below(20))};
    r.stable_after = milliseconds{60'000 * (2 + roll_.below(5))};
    return r;
  }

  app script() {
    app a;
    a.healthy_after = roll_.between(0s, 5s);
    a.term_takes = roll_.between(1ms, 1s);
    a.term_code = roll_.hit(0.5) ? 0 : 143;
    if (calm_)
      return a;
    if (roll_.hit(0.4)) {
      a.uptime_min = roll_.between(100ms, 20s);
      a.uptime_max = *a.uptime_min + roll_.between(0s, 3min);
      a.good_after = static_cast<std::uint32_t>(roll_.below(25)); // 0: never good
      a.exit_codes = roll_.hit(0.3)   ? std::vector<std::int32_t>{0, 0}
                     : roll_.hit(0.5) ? std::vector<std::int32_t>{1, 0, 139}
                                      : std::vector<std::int32_t>{1};
      a.oom = roll_.hit(0.1);
    }
    a.ignores_term = roll_.hit(0.15);
    if (roll_.hit(0.02))
      a.refused = "OCI runtime attempted to invoke a command that was not found";
    return a;
  }

  dice& roll_;
  bool calm_;
  topology out_;
};

void build(builder& b, shape s, dice& roll) {
  auto healthy = [&] { return roll.hit(0.6) ? depend_on::healthy : depend_on::started; };
  switch (s) {
    case shape::single:
      b.add("web");
      if (roll.hit(0.5))
        b.check("web");
      return;
    case shape::chain:
      for (auto* name : {"web", "api", "db"})
        b.add(name);
      b.check("db");
      if (roll.hit(0.5))
        b.check("api");
      b.edge("web", "api", healthy());
      b.edge("api", "db", depend_on::healthy);
      return;
    case shape::diamond:
      for (auto* name : {"web", "left", "right", "db"})
        b.add(name);
      b.check("db");
      b.edge("web", "left", depend_on::started);
      b.edge("web", "right", depend_on::started, roll.hit(0.3));
      b.edge("left", "db", healthy());
      b.edge("right", "db", healthy());
      return;
    case shape::job:
      for (auto* name : {"web", "migrate", "db"})
        b.add(name);
      b.check("db");
      b.job("migrate");
      b.edge("web", "migrate", depend_on::completed);
      b.edge("migrate", "db", depend_on::healthy);
      return;
    case shape::follows:
      for (auto* name : {"web", "db"})
        b.add(name);
      b.check("db");
      b.edge("web", "db", healthy(), true);
      return;
    case shape::shares:
      for (auto* name : {"vpn", "app", "side"})
        b.add(name);
      b.check("vpn");
      for (auto* name : {"app", "side"}) {
        auto& guest = b.add(name);
        guest.networks.clear();
        guest.network_mode = "service:vpn";
      }
      b.edge("app", "vpn", healthy());
      return;
    case shape::graph: break;
  }
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) {
    auto name = "s" + std::to_string(10 + i);
    b.add(name);
    if (roll.hit(0.2))
      b.check(name);
    for (auto edges = roll.below(4); edges > 0 && !names.empty(); --edges)
      b.edge(name, names[roll.below(names.size())], healthy());
    names.push_back(name);
  }
}

} // namespace

topology make_topology(shape s, dice& roll, bool calm) {
  builder b{roll, calm};
  build(b, s, roll);
  return b.take();
}

} // namespace davit::sim
