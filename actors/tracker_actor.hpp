// A restart tracker: the ledger of one service, and the only writer of it.
//
//   charge ──▶ policy ──▶ one batch {ledger, clock, audit row} ──▶ durable ──▶ the permit
#pragma once

#include "actors/context.hpp"
#include "actors/protocol.hpp"
#include "runtime/record/ledger.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

namespace davit::actors {

struct tracker_state {
  static inline const char* name = "tracker";
  explicit tracker_state(tracker_actor::pointer self) : self{self} {}

  using promise = caf::typed_response_promise<carried<ledger_note>>;

  promise load();
  promise charge(const policy::charge_request& request);
  promise term(const policy::charge_request& request);
  promise reset();
  caf::typed_response_promise<bool> forget();
  void ready();
  void unready();
  void due(int what);
  void set_rules(const tracker_rules& next);

  ledger_note note() const;
  /// Makes the ledger durable and then answers.
  void commit(promise reply, patience until, const char* what, const std::string& text);
  std::string words(const policy::charge_request& request,
                    const std::optional<policy::verdict>& verdict, const moment& now) const;

  tracker_actor::pointer self;
  context_ptr ctx;
  store_actor store;
  std::string stack;
  std::string service;
  tracker_rules rules;
  record::ledger_record kept;
  bool rebooted = false;
  std::uint64_t epoch = 0; ///< counts ready and unready; an older timer is stale
};

tracker_actor::behavior_type tracker(tracker_actor::stateful_pointer<tracker_state> self,
                                     context_ptr ctx, store_actor store, std::string stack,
                                     std::string service, tracker_rules rules);

} // namespace davit::actors
