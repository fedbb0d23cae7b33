// Goal: a person reads why a service ended, intent first, and never a guess said as a fact.
// Method: each row of the design's section on phases, with the words that people see.
#include "runtime/policy/exits.hpp"
#include "tests/catch.hpp"

using namespace davit;
using namespace davit::policy;

namespace {

ending_of ended(std::optional<std::int32_t> code, bool oom = false) {
  ending_of out;
  out.exit = {code, oom};
  out.known = true;
  out.restart = restart_mode::always;
  return out;
}

void reads(const ending_of& what, phase p, const std::string& text) {
  auto got = describe(what);
  CHECK(to_string(got.phase) == std::string{to_string(p)});
  CHECK(got.text == text);
}

} // namespace

TEST_CASE("what ended because we asked is stopped, whatever its code") {
  for (auto code : {0, 1, 137, 143, 255}) {
    auto what = ended(code, code == 137);
    what.asked = true;
    what.by_hand = true;
    reads(what, phase::stopped, "stopped as asked");
    what.job = true;
    reads(what, phase::stopped, "stopped as asked");
    what.killed = true;
    reads(what, phase::stopped, "killed: it did not end within its grace");
  }
}

TEST_CASE("a stop by hand is told as what it was") {
  auto what = ended(143);
  what.by_hand = true;
  reads(what, phase::stopped, "stopped through podman by somebody else; use `davit stop`");
}

TEST_CASE("an exit 0 by itself is completed, stopped or exited") {
  auto what = ended(0);
  for (auto mode : {restart_mode::always, restart_mode::unless_stopped, restart_mode::on_failure}) {
    what.restart = mode;
    reads(what, phase::exited, "ended by itself with exit code 0, though it should run");
  }
  what.restart = restart_mode::no;
  reads(what, phase::stopped, "ended by itself with exit code 0");
  what.job = true;
  reads(what, phase::completed, "completed");
  what.exit.oom = true; // the job's shell lived on, its work did not
  reads(what, phase::killed, "exit code 0: out of memory");
}

TEST_CASE("a failure is crashed, with what its code says") {
  reads(ended(1), phase::crashed, "exit code 1");
  reads(ended(125), phase::crashed, "exit code 125: podman itself failed");
  reads(ended(126), phase::crashed,
        "exit code 126: the command cannot be executed (permission, or not a program)");
  reads(ended(127), phase::crashed, "exit code 127: the command was not found");
  reads(ended(128), phase::crashed, "exit code 128");
  reads(ended(129), phase::crashed, "exit code 129: SIGHUP");
  reads(ended(139), phase::crashed, "exit code 139: SIGSEGV");
  reads(ended(143), phase::crashed, "exit code 143: SIGTERM");
  reads(ended(159), phase::crashed, "exit code 159: SIGSYS");
  reads(ended(160), phase::crashed, "exit code 160"); // a real-time signal has no fixed name
  reads(ended(192), phase::crashed, "exit code 192");
  reads(ended(193), phase::crashed, "exit code 193");
  reads(ended(255), phase::crashed, "exit code 255");
  auto job = ended(1);
  job.job = true;
  reads(job, phase::crashed, "exit code 1");
}

TEST_CASE("137 is killed: a fact where the kernel says so, else probable") {
  reads(ended(137), phase::killed, "exit code 137: SIGKILL, probably out of memory");
  reads(ended(137, true), phase::killed, "exit code 137: out of memory");
  reads(ended(1, true), phase::killed, "exit code 1: out of memory");
}

TEST_CASE("what nobody could tell is said to be unknown") {
  auto what = ended({});
  reads(what, phase::crashed, "ended, and nobody could tell how");
  what = ended(0);
  what.known = false; // a stale code is no code
  reads(what, phase::crashed, "ended, and nobody could tell how");
  what.job = true;
  reads(what, phase::crashed, "ended, and nobody could tell how");
}

TEST_CASE("signals have names, other numbers have none") {
  CHECK(signal_name(1) == std::string{"SIGHUP"});
  CHECK(signal_name(9) == std::string{"SIGKILL"});
  CHECK(signal_name(11) == std::string{"SIGSEGV"});
  CHECK(signal_name(15) == std::string{"SIGTERM"});
  CHECK(signal_name(31) == std::string{"SIGSYS"});
  for (auto other : {-1, 0, 32, 64, 1000})
    CHECK(signal_name(other) == std::string{});
}
