// An operation: writes what is wanted, and watches.
//
//   install    staged ──▶ prepare ──▶ trial ──▶ committed
//                              `─fail─┴─▶ reverting ──▶ reverted
//   uninstall  staged ──▶ trial (all gone) ──▶ clean ──▶ committed
//   start, stop, restart   staged ──▶ trial ──▶ committed
//
// Only the containers act; each phase is in the journal before it begins, so that a crash
// finds it there and the next daemon goes on.
#pragma once

#include "actors/context.hpp"
#include "actors/protocol.hpp"
#include "runtime/policy/trial.hpp"
#include "runtime/record/records.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>

namespace davit::actors {

/// Lines of progress that are kept; the middle of a long story is left out.
inline constexpr std::size_t progress_max = 500;
/// Beyond the longest chain of graces: then what is left is named, and the operation ends.
inline constexpr milliseconds stop_slack = 2min;

struct operation_peers {
  host_actor host;
  stack_actor stack;
  store_actor store;
};

struct operation_state {
  static inline const char* name = "operation";
  explicit operation_state(operation_actor::pointer self) : self{self} {}

  enum class stage : std::uint8_t { staging, watching, removing, ended };

  void launch(); ///< not `begin`: CAF takes a state with one for a container
  void resume();
  void go_back(const std::string& why);
  void install();
  void prepare();
  void change_orders();
  void remove_all(const std::string& why);
  void revert(const std::string& why);
  void watch();
  void reported(const std::string& service, const container_report& report);
  void judge();
  bool is_news(const std::string& service, const container_report& report) const;
  policy::trial_until until() const;
  void judge_trial();
  void judge_stopped();
  void judge_gone();
  void commit();
  void clean();
  void finish(bool ok, std::string error, bool partial = false);

  void apply(stack_order next, std::function<void()> then);
  void journal(record::operation_phase phase, std::function<void()> then);
  void keep_secrets(std::vector<std::pair<std::string, std::string>> left,
                    std::function<void()> then);
  void say(std::string line);
  void tell_host();
  void arm(std::optional<boot_time> at);
  std::set<std::string> targets() const;

  operation_actor::pointer self;
  context_ptr ctx;
  operation_peers peers;
  operation_request request;
  record::operation_record kept;
  operation_status shown;
  stack_order before; ///< in force when it began; id empty: the stack is new
  stack_order now;    ///< what it wants
  stage at = stage::staging;
  std::map<std::string, policy::trial_member> members;
  std::map<std::string, container_report> reports;
  bool stack_gone = false; ///< nothing of it is left: its actor ends with us
  boot_time give_up{};
  std::string failure; ///< why it is reverted
  std::uint64_t epoch = 0;
};

operation_actor::behavior_type operation(operation_actor::stateful_pointer<operation_state> self,
                                         context_ptr ctx, operation_peers peers,
                                         operation_request request, record::operation_record kept,
                                         stack_order before);

/// What an install wants, from what is in force: the next revision, with an order for every
/// service that must begin a life.
stack_order next_order(const stack_order& before, const operation_request& request,
                       const std::string& id, const context& ctx);

} // namespace davit::actors
