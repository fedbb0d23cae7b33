// A whole host from a seed: models outside, one incarnation of the daemon after the other
// inside, and everything that goes wrong in between.
//
//   run_for ──▶ next due, in true time ──▶ models, own events, CAF's timers ──▶ settle
//      settle: message by message, the dice pick whose; a crash may come between any two
//      after every such round the invariants look at what really happened
#pragma once

#include "tests/sim/incarnation.hpp"
#include "tests/sim/invariants.hpp"
#include "tests/sim/topology.hpp"
#include "tests/sim/trace.hpp"

namespace davit::sim {

class world final : public witness {
public:
  struct options {
    std::optional<sim::weather> sky;  ///< absent: the seed's own
    std::optional<sim::shape> layout; ///< likewise
    bool whims = true;                ///< an operator and hands at work
    bool healthy = false;             ///< every process does what it should from the start
    bool aloud = false;               ///< every line of the trace to standard error
  };

  world(std::uint64_t seed, options how);
  explicit world(std::uint64_t seed) : world(seed, options{}) {}
  ~world() override;

  // ---- histories
  /// Installs, storms, calms down, and checks that all is well. The whole of one seed.
  void live();
  void run_for(nanoseconds how_long);
  /// Until `reached` holds, looked at after every round. @returns whether it did in time.
  bool run_until(const std::function<bool()>& reached, nanoseconds at_most);
  /// No faults from here on; processes do what they should.
  void calm_down();

  // ---- hands
  void install(davit::stack model);
  void ask(actors::operation_kind kind, const std::string& service = {});
  void crash_soon();
  void power_cut_soon();

  // ---- questions
  const std::vector<std::string>& wrong() const { return checks_.wrong(); }
  const trace& story() const { return trace_; }
  std::map<std::string, std::uint64_t> paths() const;
  bool operation_pending() const;
  bool reached() const;
  /// What keeps it from the desired state, in words; empty: reached.
  std::string missing() const;
  /// The longest time that design section 6.6 allows from now.
  nanoseconds bound() const;
  const actors::container_report* report(const std::string& service) const;
  std::string container_of(const std::string& service) const;
  const sim::topology& layout() const { return layout_; }
  outside& out() { return out_; }
  const incarnation* daemon() const { return daemon_.get(); }

private:
  enum class doom : std::uint8_t { none, crash, power_cut };

  void asked(const ports::engine_request& what, podman_model::ticket number) override;
  void answered(podman_model::ticket number, const ports::engine_reply& reply) override;
  void stored(const actors::disk_job& what, const actors::disk_reply& reply) override;
  void told(const event& e) override;
  void died(const life& which) override;

  void begin_daemon();
  void crash();
  void power_cut();
  void settle();
  void round();
  std::optional<boot_time> next_due() const;
  void note(std::string line) { trace_.add(out_.now(), std::move(line)); }
  void ran(const std::string& path) { ++paths_[path]; }

  void refresh_credits(const actors::operation_request& what);
  std::string missing(const std::string& service, const actors::stack_state& st) const;
  bool is_excused(const std::string& service, const actors::container_report& r) const;

  // what goes wrong (world_faults.cpp)
  void every(nanoseconds mean, const std::function<void()>& what);
  void begin_storm();
  void whim();
  void hand();
  void wall_jump();
  void host_shutdown();
  const std::string& any_service();
  void check_end();
  std::string all_reports() const;
  bool ended_since(std::size_t when) const; ///< a process by itself, since history had that size

  std::uint64_t seed_;
  options how_;
  weather sky_;
  outside out_;
  dice roll_;      ///< what the world does
  dice scheduler_; ///< whose message is next
  sim::topology layout_;
  trace trace_;
  invariants checks_;
  std::unique_ptr<incarnation> daemon_;
  std::uint64_t incarnations_ = 0;
  bool booting_ = false; ///< a daemon is about to start
  doom doom_ = doom::none;
  std::uint64_t doom_in_ = 0; ///< messages until then
  bool storm_ = false;
  std::uint64_t version_ = 0;
  using possible = std::vector<std::optional<stack>>;
  possible may_be_;             ///< what may be installed; one where it is certain
  possible may_have_been_;      ///< before the operation at work
  std::optional<stack> trying_; ///< the model of the install at work
  bool was_torn_ = false;       ///< an operation ended neither done nor undone
  bool was_partial_ = false;    ///< an operation said that it was done in part
  std::uint64_t messages_ = 0;
  std::map<std::string, std::uint64_t> paths_;
};

} // namespace davit::sim
