// Goal: a stack starts along its graph and stops against it, whatever the graph looks like.
// Method: small graphs written as "service: dependencies", and random ones for the orders.
#include "runtime/policy/graph.hpp"

#include "tests/catch.hpp"

#include <algorithm>
#include <random>

using namespace davit;
using names = std::vector<std::string>;

namespace {

stack make(const std::map<std::string, names>& graph) {
  stack st;
  st.name = "t";
  for (const auto& [name, to] : graph) {
    auto& s = st.services[name];
    s.name = name;
    s.image = "x";
    for (const auto& dependency : to)
      s.depends_on[dependency] = {};
  }
  return st;
}

std::size_t at(const names& order, const std::string& name) {
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), name) - order.begin());
}

} // namespace

TEST_CASE("levels put each service above the highest of its dependencies") {
  const auto st = make({{"web", {"api", "db"}}, {"api", {"db"}}, {"db", {}}, {"cache", {}}});
  CHECK(policy::start_levels(st) == std::vector<names>{{"cache", "db"}, {"api"}, {"web"}});
  CHECK(policy::start_order(st) == names{"cache", "db", "api", "web"});
  CHECK(policy::stop_order(st) == names{"web", "api", "db", "cache"});
}

TEST_CASE("a tier orders what the graph leaves open, and never more than that") {
  auto st = make({{"a", {}}, {"b", {}}, {"c", {}}, {"d", {"c"}}});
  st.services["c"].davit.tier = 1;
  st.services["b"].davit.tier = 2;
  st.services["d"].davit.tier = -5;
  CHECK(policy::start_order(st) == names{"c", "b", "a", "d"});
}

TEST_CASE("a cycle is found and spelt out") {
  CHECK_FALSE(policy::find_cycle(make({{"a", {"b"}}, {"b", {}}})));
  CHECK(policy::find_cycle(make({{"a", {"a"}}})) == names{"a", "a"});
  CHECK(policy::find_cycle(make({{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}}))
        == names{"b", "c", "b"});
  CHECK_FALSE(policy::find_cycle(make({{"a", {"b", "c"}}, {"b", {"d"}}, {"c", {"d"}}, {"d", {}}})));
}

TEST_CASE("orders stay total on cycles and on unknown names") {
  const auto st = make({{"a", {"b"}}, {"b", {"a"}}, {"c", {"nobody"}}, {"d", {"a"}}});
  CHECK(policy::start_levels(st) == std::vector<names>{{"c"}, {"a", "b", "d"}});
  CHECK(policy::requirements(st, "a") == std::set<std::string>{"b"});
  CHECK(policy::requirements(st, "nobody").empty());
}

TEST_CASE("a shared namespace is an edge") {
  auto st = make({{"vpn", {}}, {"app", {}}, {"log", {}}});
  st.services["app"].network_mode = "service:vpn";
  st.services["log"].pid = "service:app";
  CHECK(policy::edges(st.services["app"]) == names{"vpn"});
  CHECK(policy::hosts_of(st.services["log"]) == names{"app"});
  CHECK(policy::dependents_of(st, "vpn") == names{"app"});
  CHECK(policy::all_dependents(st, "vpn") == std::set<std::string>{"app", "log"});
  CHECK(policy::requirements(st, "log") == std::set<std::string>{"app", "vpn"});
}

TEST_CASE("in every random acyclic graph a service comes after all that it needs") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const int count = 1 + static_cast<int>(random() % 30);
    std::map<std::string, names> graph;
    for (int i = 0; i < count; ++i) {
      auto& to = graph["s" + std::to_string(i)];
      for (int j = 0; j < i; ++j)
        if (random() % 4 == 0)
          to.push_back("s" + std::to_string(j));
    }
    const auto st = make(graph);
    REQUIRE_FALSE(policy::find_cycle(st));
    const auto start = policy::start_order(st);
    const auto stop = policy::stop_order(st);
    REQUIRE(start.size() == graph.size());
    for (const auto& [name, to] : graph)
      for (const auto& dependency : policy::requirements(st, name)) {
        REQUIRE(at(start, dependency) < at(start, name));
        REQUIRE(at(stop, dependency) > at(stop, name));
        REQUIRE(policy::all_dependents(st, dependency).contains(name));
      }
  }
}

TEST_CASE("a chain of 20,000 services neither overflows nor hangs") {
  std::map<std::string, names> graph{{"s0", {}}};
  for (int i = 1; i < 20000; ++i)
    graph["s" + std::to_string(i)] = {"s" + std::to_string(i - 1)};
  auto st = make(graph);
  CHECK(policy::start_levels(st).size() == 20000);
  st.services["s0"].depends_on["s19999"] = {};
  const auto cycle = policy::find_cycle(st);
  REQUIRE(cycle);
  CHECK(cycle->size() == 20001);
}
