// The host: every stack and every operation, the boot, the watchdog and the orphans.
//
//   load ──▶ revision files ──▶ a stack each ──▶ adopted ──▶ ready
//        └─▶ journal ──▶ operations that a crash interrupted go on
#pragma once

#include "actors/context.hpp"
#include "actors/operation_actor.hpp"
#include "actors/stack_actor.hpp"
#include "runtime/ports/notifier.hpp"

namespace davit::actors {

/// Finished operations stay visible until this many newer ones are finished.
inline constexpr std::size_t finished_kept = 100;
/// A podman that does not answer must not keep the daemon from being ready for ever.
inline constexpr milliseconds adopt_patience = 30s;
/// Rows of the audit trail that are kept, about 10 MB: years of a quiet host, and two months
/// of one in which a service is restarted as often as its ceiling allows.
inline constexpr std::size_t audit_kept = 50'000;
/// How often the trail is cut to that.
inline constexpr milliseconds audit_bounded_every = 24h;
/// Where the service manager asks for nothing.
inline constexpr milliseconds round_default = 30s;

/// Options of a request, as the journal keeps them.
inline constexpr const char* service_option = "service";
inline constexpr const char* volumes_option = "volumes";
inline constexpr const char* wait_option = "wait";

struct host_peers {
  engine_actor engine;
  store_actor store;
  exits_actor exits;
  events_actor events;
  probes_actor probes;
};

struct host_state {
  static inline const char* name = "host";
  explicit host_state(host_actor::pointer self) : self{self} {}

  struct managed {
    stack_actor actor;
    stack_order order; ///< as read or written last; for clashes and plans
    std::deque<mono_time> deaths;
    bool order_asked = false; ///< an operation has just ended: `order` may be older
    std::string operation;    ///< the one at work, or empty
  };

  caf::typed_response_promise<bool> load();
  void load_stacks(const disk_reply& reply);
  void load_journal(const disk_reply& reply);
  void await_adopted();
  void adopted();
  void look_for_orphans();
  carried<operation_status> submit(const operation_request& request);
  std::optional<error> refuse(const operation_request& request) const;
  void begin(const operation_request& request, record::operation_record record);
  void noted(const operation_note& note);
  void retire_operations();
  stack_actor spawn_stack(const std::string& name);
  void stack_died(const caf::down_msg& down);
  plan make_plan(const stack& next) const;
  caf::typed_response_promise<carried<host_status>> status();
  void round();
  void bound_audit();

  host_actor::pointer self;
  context_ptr ctx;
  host_peers peers;
  std::shared_ptr<ports::notifier> notifier;
  std::map<std::string, managed> stacks;
  std::map<std::string, operation_status> operations;
  std::deque<std::string> finished; ///< oldest first
  std::vector<observation> orphans;
  std::vector<caf::typed_response_promise<bool>> loading;
  std::size_t unadopted = 0;
  bool is_ready = false;
  std::uint64_t round_epoch = 0;
  std::optional<mono_time> audit_bounded; ///< when the trail was cut last
  std::size_t silent = 0;                 ///< supervisors that have not answered this round
};

host_actor::behavior_type host(host_actor::stateful_pointer<host_state> self, context_ptr ctx,
                               host_peers peers, std::shared_ptr<ports::notifier> notifier);

} // namespace davit::actors
