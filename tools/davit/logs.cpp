// davit logs STACK/SERVICE: what its container wrote, byte for byte.
#include "tools/davit/session.hpp"

#include <cstdio>
#include <optional>

namespace davit::cli {
namespace {

struct options {
  std::string name;
  bool follow = false;
  bool timestamps = false;
  std::optional<std::uint32_t> tail;
};

int run(session& with, const options& chosen) {
  const auto which = parse_target(chosen.name, true);
  if (!which)
    return with.complain(which.error());
  std::string query = std::string{"?follow="} + (chosen.follow ? "true" : "false")
                      + "&timestamps=" + (chosen.timestamps ? "true" : "false");
  if (chosen.tail)
    query += "&tail=" + std::to_string(*chosen.tail);
  const auto ended = with.follow(
    which->path() + "/logs" + query,
    [](std::string_view bytes) {
      const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
      return written && std::fflush(stdout) == 0;
    },
    effects::catch_interrupts());
  return ended ? done : with.complain(ended.error());
}

} // namespace

void add_logs(CLI::App& program, session& with) {
  auto* command = program.add_subcommand("logs", "Print what a service wrote");
  auto chosen = std::make_shared<options>();
  command->add_option("STACK/SERVICE", chosen->name, "Which service")->required();
  command->add_flag("-f,--follow", chosen->follow, "Go on with what it writes from now on");
  command->add_flag("-t,--timestamps", chosen->timestamps, "Say when each line was written");
  command->add_option("-n,--tail", chosen->tail, "Only the last so many lines");
  command->callback([&with, chosen] { with.ended = run(with, *chosen); });
}

} // namespace davit::cli
