// What a history manages: a stack, and how the processes of its services behave.
//
//   single    web                                chain    web ─▶ api ─▶ db (healthy)
//   diamond   web ─▶ left, right ─▶ db           graph    20 services, each on up to three
//   job       web ─▶ migrate (completed) ─▶ db (healthy)
//   follows   web ─▶ db (restart: true)          shares   app and side in vpn's network
#pragma once

#include "runtime/model/stack.hpp"
#include "tests/sim/podman_model.hpp"

#include <map>
#include <string>

namespace davit::sim {

enum class shape : std::uint8_t { single, chain, diamond, job, follows, shares, graph };
inline constexpr std::size_t shapes = 7;
const char* to_string(shape s);

struct topology {
  davit::stack model;
  std::map<std::string, app> scripts; ///< by service; how it behaves in the storm
};

/// Draws rules, checks and scripts from the dice. `calm`: every process does what it should.
topology make_topology(shape s, dice& roll, bool calm);

/// The shape of a seed, independent of its weather.
shape shape_of(std::uint64_t seed);

/// After the storm: the same service, but it works.
app cured(const app& script);

/// The same stack with another configuration of one service.
davit::stack changed(davit::stack model, const std::string& service, std::uint64_t version);

} // namespace davit::sim
