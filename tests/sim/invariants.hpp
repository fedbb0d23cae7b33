// What must hold after every step of any history, whatever went wrong: design section 6.
// It sees what really happened (the model's history) and what crossed the daemon's border;
// it asks no actor.
#pragma once

#include "actors/messages.hpp"
#include "actors/protocol.hpp"
#include "tests/sim/accounts.hpp"
#include "tests/sim/incarnation.hpp"
#include "tests/sim/trace.hpp"

namespace davit::sim {

class invariants {
public:
  invariants(outside& out, const stack& model, const std::map<std::string, app>& scripts,
             trace& story);

  // ---- what is seen
  void asked(const ports::engine_request& what, podman_model::ticket number);
  void answered(podman_model::ticket number, const ports::engine_reply& reply);
  void stored(const actors::disk_job& what, const actors::disk_reply& reply);
  void told(const event& e);
  void died(const life& which);
  void submitted(const std::set<std::string>& services);
  void born();
  void crashed(bool power_cut);

  /// Folds everything that happened since the last call.
  void look();

  const std::vector<std::string>& wrong() const { return wrong_; }
  const std::map<std::string, std::uint64_t>& paths() const { return paths_; }
  bool completed(const std::string& service) const { return ended_well_.contains(service); }
  void fail(std::string what);

private:
  struct request {
    std::string verb; ///< create, start, term, kill, remove
    std::string service;
    boot_time at{};
    std::uint64_t incarnation = 0;
  };
  struct knowledge {         ///< what the daemon can know of one service
    boot_time phase_since{}; ///< when its present phase was told
    std::string phase;
    std::optional<boot_time> gone;      ///< its death was told then; absent: it lives
    std::optional<boot_time> ill_since; ///< told so, of the present life
  };

  void started(const happening& h);
  void ended(const happening& h);
  void killed(const happening& h);
  void check_gates(const std::string& service);
  std::string not_ready(const std::string& name, const dependency& how, boot_time decided) const;
  void read_ledger(const std::string& key, const std::string& text, bool kept);
  void ran(const std::string& path) { ++paths_[path]; }
  const podman_model::container* container_of(const std::string& service) const;

  outside& out_;
  const stack& model_;
  const std::map<std::string, app>& scripts_;
  trace& story_;
  std::size_t read_ = 0;     ///< of the model's history
  std::size_t overlaps_ = 0; ///< of the model's list
  std::map<std::string, account> accounts_;
  std::map<std::string, knowledge> known_;
  std::map<podman_model::ticket, request> requests_;
  std::map<std::string, std::string> service_of_; ///< by container id
  std::map<std::uint64_t, boot_time> stops_;      ///< by process: its first TERM by a daemon
  std::map<std::string, life> stop_recorded_;     ///< by service: the last in its ledger
  std::set<std::string> ended_well_;
  std::map<std::string, bool> permit_out_; ///< charged, and no start asked for since
  std::map<std::string, bool> signal_due_; ///< a stop is recorded, and no signal asked for
  std::map<std::string, std::uint64_t> permits_;
  std::vector<std::string> written_; ///< services whose ledger is written and not synced
  bool daemon_lives_ = false;
  std::map<std::string, std::uint64_t> paths_;
  std::vector<std::string> wrong_;
};

} // namespace davit::sim
