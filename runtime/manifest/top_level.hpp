// The whole tree of a project into a stack, services still as drafts.
#pragma once

#include "runtime/manifest/service_reader.hpp"
#include "runtime/model/stack.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace davit::manifest {

struct project {
  stack model;
  std::map<std::string, service_draft> services;
};

/// Reads every section of `root`. `name` is the project's; `base` are the rules that the
/// top-level x-davit changes and all services inherit.
project read_project(const context& c, const node& root, const std::string& name, davit_rules base);

} // namespace davit::manifest
