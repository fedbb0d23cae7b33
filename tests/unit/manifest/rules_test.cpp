// Goal: x-davit and the host's defaults say exactly what the manual lists, in layers.
// Method: each key once, then the layers, then what is out of range or misplaced.
#include "tests/unit/manifest/support.hpp"

using namespace davit;
using namespace davit::test;

namespace {

manifest::host_config host(const std::string& text) {
  return manifest::load_host_config(
    "/etc/davit/davit.yaml", [&](const std::string&) -> result<std::string> { return text; },
    [](const std::string&) { return true; });
}

bool host_error(const std::string& text, const std::string& part) {
  const auto c = host(text);
  for (const auto& f : c.findings)
    if (f.level == manifest::severity::error
        && manifest::to_string(f).find(part) != std::string::npos)
      return true;
  return false;
}

} // namespace

TEST_CASE("every key of x-davit reaches the rules, and what is not acted on yet is named") {
  const auto loaded = load_service(
    "x-davit:\n  tier: 1\n  critical: true\n  requires: [network/vpn]\n  on_unhealthy: stop\n"
    "  recovery:\n    backoff: {initial: 2s, factor: 3, max: 60s, jitter: 0}\n    "
    "stable_after: 5m\n"
    "    budget: {restarts: 4, window: 10m}\n    ceiling: {starts: 9, window: 2h}\n"
    "    breaker: {cooldown: 1m, factor: 1.5, max: 1h}\n"
    "  probe: {http: {port: 8332, path: /x}, interval: 5s, timeout: 1s, retries: 7, "
    "start_period: 60s}\n"
    "  ready: {log: \"Done loading\"}\n  grace: 600s\n  readiness_deadline: 10m\n  "
    "post_start_window: 0s\n"
    "  pull: {retries: [1s, 2s], timeout: 5m, stall: 30s}\n  update: {order: start-first}");
  INFO(all_findings(loaded));
  CHECK_FALSE(loaded.refused());
  CHECK(loaded.findings.size() == 4);
  for (const auto* place : {":5:7:", ":7:7:", ":16:15:", ":21:16:"})
    CHECK(has_warning(loaded, place));
  const auto r = loaded.model.services.at("s").davit;
  davit_rules wanted;
  wanted.tier = 1;
  wanted.critical = true;
  wanted.requires_ = {"network/vpn"};
  wanted.on_unhealthy = on_unhealthy::stop;
  wanted.recovery.backoff = {2s, 3, 60s, 0};
  wanted.recovery.stable_after = 5min;
  wanted.recovery.budget = {4, 10min};
  wanted.recovery.ceiling = {9, 2h};
  wanted.recovery.breaker = {1min, 1.5, 1h};
  wanted.probe = probe_spec{probe_spec::kind::http, 8332, "/x", 5s, 1s, 7, 60s};
  wanted.ready_log = "Done loading";
  wanted.grace = 600s;
  wanted.readiness_deadline = 10min;
  wanted.post_start_window = 0s;
  wanted.pull = {{1s, 2s}, 5min, 30s};
  wanted.order = update_order::start_first;
  CHECK(r == wanted);
}

TEST_CASE("the host's defaults, the stack's x-davit, the service's x-davit: later ones win") {
  project p("x-davit:\n  recovery: {budget: {restarts: 5}}\n  grace: 20s\nservices:\n"
            "  s: {image: i, x-davit: {recovery: {budget: {window: 1h}}}}\n  t: {image: i, "
            "x-davit: {grace: \"${G}\"}}\n");
  p.in.environment = {{"G", "7s"}};
  const auto config
    = host("defaults:\n  recovery: {budget: {restarts: 3, window: 2h}, stable_after: 1m}\n");
  CHECK(config.findings.empty());
  p.in.defaults = config.defaults;
  const auto l = p.load();
  const auto s = clean(l).davit;
  CHECK(s.recovery.budget == budget_rules{5, 1h});
  CHECK(s.recovery.stable_after == 1min);
  CHECK(s.grace == 20s);
  const auto& t = l.model.services.at("t").davit;
  CHECK(t.recovery.budget == budget_rules{5, 2h});
  CHECK(t.grace == 7s);
}

TEST_CASE("what is critical is tried again sooner unless the manifest says otherwise") {
  CHECK(clean(load_service("x-davit: {critical: true}")).davit.recovery.breaker.max == 15min);
  CHECK(clean(load_service("x-davit: {critical: true, recovery: {breaker: {max: 2h}}}"))
          .davit.recovery.breaker.max
        == 2h);
  CHECK(clean(load_service("")).davit.recovery.breaker.max == 6h);
}

TEST_CASE("unknown keys, wrong types and odd ranges are refused with their place") {
  const auto refused = [](const std::string& line, const std::string& part) {
    INFO(line);
    CHECK(has_error(load_service("x-davit:\n  " + line), part));
  };
  refused("recvery: {}",
          "compose.yaml:5:7: error: unknown key 'recvery' in x-davit; did you mean 'recovery'?");
  refused("x-note: 1", "unknown key 'x-note' in x-davit");
  refused("recovery: {backof: {}}", "did you mean 'backoff'?");
  refused("recovery: {backoff: {jitter: 1.5}}",
          "'jitter' is out of range; give a number from 0 to 1");
  refused("recovery: {backoff: {jitter: .nan}}", "'jitter' is out of range");
  refused("recovery: {backoff: {factor: 0.5}}", "'factor' is out of range");
  refused("recovery: {backoff: {initial: 10m, max: 1m}}",
          "the longest wait is shorter than the first");
  refused("recovery: {backoff: {initial: 5}}", "'initial' must be a duration");
  refused("recovery: {budget: {restarts: -1}}", "'restarts' is out of range");
  refused("recovery: {budget: {restarts: 1000000}}", "'restarts' is out of range");
  refused("recovery: {budget: {window: 0s}}", "'window' must be more than 0");
  refused("recovery: {ceiling: {starts: 0}}", "'starts' is out of range");
  refused("recovery: []", "'recovery' must be a mapping");
  refused("on_unhealthy: reboot", "use one of: none, restart, stop");
  refused("probe: {interval: 5s}", "either 'http' or 'tcp'");
  refused("probe: {http: {port: 1}, tcp: {port: 2}}", "either 'http' or 'tcp'");
  refused("probe: {tcp: {}}", "the probe has no port");
  refused("probe: {tcp: {port: 70000}}", "'port' is out of range");
  refused("probe: {tcp: {port: 1, path: /x}}", "unknown key 'path'");
  refused("probe: {http: {port: 1, path: x}}", "the path must begin with '/'");
  refused("probe: {tcp: {port: 1}, retries: 0}", "'retries' is out of range");
  refused("probe: {tcp: {port: 1}, interval: 0s}", "'interval' must be more than 0");
  refused("requires: [vpn]", "does not name a service of another stack; write STACK/SERVICE");
  refused("requires: vpn", "'requires' must be a list");
  refused("ready: {log: \"\"}", "an empty text is in every line");
  refused("grace: -5s", "it is negative");
  refused("pull: {retries: 3}", "'retries' must be a list");
  refused("update: {order: parallel}", "use one of: stop-first, start-first");
  refused("tier: one", "'tier' must be a whole number");
}

TEST_CASE("keys of one service have no place above it") {
  CHECK(has_error(load("x-davit: {probe: {tcp: {port: 1}}}\nservices: {s: {image: i}}\n"),
                  "'probe' concerns one service"));
  CHECK(has_error(load("x-davit: {ready: {log: x}}\nservices: {s: {image: i}}\n"),
                  "'ready' concerns one service"));
  CHECK(clean(load("x-davit: {critical: true}\nservices: {s: {image: i}}\n")).davit.critical);
  CHECK(host_error("defaults: {critical: true}\n", "cannot be a default of the host"));
  CHECK(host_error("defaults: {probe: {tcp: {port: 1}}}\n", "concerns one service"));
}

TEST_CASE("the host's configuration: absent, empty, odd") {
  const auto none = manifest::load_host_config(
    "/etc/davit/davit.yaml",
    [](const std::string&) -> result<std::string> { return fail(errc::io, "x"); },
    [](const std::string&) { return false; });
  CHECK(none.findings.empty());
  CHECK(none.defaults == davit_rules{});
  CHECK(host("").findings.empty());
  CHECK(host("# nothing\n").defaults == davit_rules{});
  CHECK(host("defaults:\n").findings.empty());
  CHECK(host_error("default: {}\n", "/etc/davit/davit.yaml:1:1: error: unknown key 'default' in "
                                    "the host's configuration; did you mean 'defaults'?"));
  CHECK(host_error("- a\n", "the configuration is a mapping"));
  CHECK(host_error("defaults: {recovery: {breaker: {cooldown: 10h}}}\n",
                   "davit.yaml:1:23: error: the longest wait is shorter"));
  CHECK(host_error("defaults: {\n", "not YAML"));
  const auto unreadable = manifest::load_host_config(
    "/etc/davit/davit.yaml",
    [](const std::string&) -> result<std::string> {
      return fail(errc::denied, "no right to read it");
    },
    [](const std::string&) { return true; });
  CHECK(unreadable.findings.size() == 1);
}
