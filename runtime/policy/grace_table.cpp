#include "runtime/policy/grace_table.hpp"

#include "runtime/policy/graph.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

namespace davit::policy {

namespace {

struct row {
  std::string_view image; ///< last path component of the repository
  milliseconds grace;
};

// bitcoind writes its whole UTXO cache at the end, gigabytes with a large dbcache: Bitcoin
// Core's own unit file sets TimeoutStopSec=600.
constexpr milliseconds bitcoin = 600s;
// lnd closes its channel database and waits for its peers; node distributions allow 5 min.
constexpr milliseconds lnd = 330s;
// electrs flushes and compacts its index.
constexpr milliseconds electrs = 300s;
// A database ends its transactions and writes a checkpoint. PostgreSQL's unit in Debian
// sets no limit at all; two minutes cover a checkpoint of a small host's disk.
constexpr milliseconds database = 120s;
// btcpayserver ends its invoices' watchers.
constexpr milliseconds btcpay = 60s;

// No chain of graces may overflow, whatever a model says.
constexpr milliseconds longest_grace = 24h * 365;

static_assert(btcpay > default_grace, "the table only ever lengthens a grace");
static_assert(bitcoin > lnd && lnd > electrs && electrs > database && database > btcpay);

constexpr std::array<row, 43> table{{
  {"bitcoin", bitcoin},
  {"bitcoind", bitcoin},
  {"bitcoin-core", bitcoin},
  {"bitcoin-knots", bitcoin},
  {"lnd", lnd},
  {"electrs", electrs},
  {"postgres", database},
  {"postgresql", database},
  {"postgis", database},
  {"pgvector", database},
  {"pgvecto-rs", database},
  {"timescaledb", database},
  {"timescaledb-ha", database},
  {"mysql", database},
  {"mysql-server", database},
  {"percona", database},
  {"percona-server", database},
  {"mariadb", database},
  {"mongo", database},
  {"mongodb", database},
  {"mongodb-community-server", database},
  {"redis", database},
  {"redis-stack", database},
  {"redis-stack-server", database},
  {"valkey", database},
  {"keydb", database},
  {"dragonfly", database},
  {"clickhouse", database},
  {"clickhouse-server", database},
  {"influxdb", database},
  {"elasticsearch", database},
  {"opensearch", database},
  {"cassandra", database},
  {"scylla", database},
  {"couchdb", database},
  {"cockroach", database},
  {"neo4j", database},
  {"rethinkdb", database},
  {"surrealdb", database},
  {"victoria-metrics", database},
  {"prometheus", database},
  {"btcpayserver", btcpay},
  {"btcpay-server", btcpay},
}};

} // namespace

std::string image_base_name(std::string_view reference) {
  reference = reference.substr(0, reference.find('@'));
  if (const auto slash = reference.rfind('/'); slash != std::string_view::npos)
    reference.remove_prefix(slash + 1);
  reference = reference.substr(0, reference.find(':'));
  std::string name(reference);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

std::optional<milliseconds> table_grace(std::string_view reference) {
  const auto name = image_base_name(reference);
  const auto found
    = std::find_if(table.begin(), table.end(), [&](const row& r) { return r.image == name; });
  if (found == table.end())
    return std::nullopt;
  return found->grace;
}

milliseconds stop_grace(const service& s) {
  for (const auto& asked : {s.davit.grace, s.stop_grace_period})
    if (asked && *asked >= 0ms)
      return std::min(*asked, longest_grace);
  return table_grace(s.image).value_or(default_grace);
}

milliseconds full_stop_time(const stack& st) {
  // In start order a service's dependencies are done before it: each chain is built once.
  std::map<std::string, milliseconds> chain;
  milliseconds longest{0};
  for (const auto& name : start_order(st)) {
    const auto& s = st.services.at(name);
    milliseconds below{0};
    for (const auto& dependency : edges(s))
      if (const auto found = chain.find(dependency); found != chain.end())
        below = std::max(below, found->second);
    chain[name] = below + stop_grace(s);
    longest = std::max(longest, chain[name]);
  }
  return longest;
}

} // namespace davit::policy
