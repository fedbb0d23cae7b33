#include "runtime/record/ledger.hpp"

#include "runtime/record/versioned.hpp"

namespace davit::record {

using policy::breaker_state;
using policy::cause;
using policy::refusal;

namespace {

constexpr std::uint32_t newest = 1;

struct verdict_value {
  std::optional<std::uint64_t> permit;
  ledger_time at{}; ///< not_before, or until
  std::optional<refusal::rule> rule;
  std::string reason;
  friend bool operator==(const verdict_value&, const verdict_value&) = default;
};

struct term_value {
  ledger_time at{};
  davit::life life;
  cause why = cause::ours;
  friend bool operator==(const term_value&, const term_value&) = default;
};

/// The record as it lies in the store: flat, in the words of the policy.
struct ledger_value {
  std::uint32_t format = newest;
  std::uint64_t permits = 0;
  std::uint64_t total = 0;
  std::uint32_t streak = 0;
  std::vector<ledger_time> charged;
  std::vector<ledger_time> automatic;
  breaker_state breaker = breaker_state::closed;
  milliseconds cooldown{0};
  life charged_life;
  std::uint64_t order_paid = 0;
  std::string trial;
  std::uint32_t trial_restarts = 0;
  cause last_cause = cause::ordered;
  std::optional<verdict_value> last;
  std::string completed_hash;
  std::string boot_id;
  std::optional<term_value> term;
};

} // namespace

template <> struct words<cause> {
  static constexpr std::pair<cause, const char*> list[] = {
    {cause::ordered, "ordered"},
    {cause::crash, "crash"},
    {cause::ill, "ill"},
    {cause::clean, "clean"},
    {cause::start_failed, "start_failed"},
    {cause::lost, "lost"},
    {cause::by_hand, "by_hand"},
    {cause::ours, "ours"},
    {cause::dependency, "dependency"},
    {cause::boot, "boot"},
  };
};
template <> struct words<refusal::rule> {
  static constexpr std::pair<refusal::rule, const char*> list[] = {
    {refusal::rule::breaker, "breaker"}, {refusal::rule::ceiling, "ceiling"},
    {refusal::rule::trial, "trial"},     {refusal::rule::ill, "ill"},
    {refusal::rule::retries, "retries"},
  };
};
template <> struct words<breaker_state> {
  static constexpr std::pair<breaker_state, const char*> list[] = {
    {breaker_state::closed, "closed"},
    {breaker_state::open, "open"},
    {breaker_state::half_open, "half_open"},
  };
};
template <> struct shape<life> {
  template <class F> static void fields(F& f) {
    f.required("id", &life::id);
    f.required("started_at", &life::started_at);
  }
};
template <> struct shape<verdict_value> {
  template <class F> static void fields(F& f) {
    f("permit", &verdict_value::permit);
    f.required("at", &verdict_value::at);
    f("rule", &verdict_value::rule);
    f("reason", &verdict_value::reason);
  }
};
template <> struct shape<term_value> {
  template <class F> static void fields(F& f) {
    f.required("at", &term_value::at);
    f.required("life", &term_value::life);
    f.required("cause", &term_value::why);
  }
};
template <> struct shape<ledger_value> {
  template <class F> static void fields(F& f) {
    f.required("format", &ledger_value::format);
    f("permits", &ledger_value::permits);
    f("total", &ledger_value::total);
    f("streak", &ledger_value::streak);
    f("charged", &ledger_value::charged);
    f("automatic", &ledger_value::automatic);
    f("breaker", &ledger_value::breaker);
    f("cooldown", &ledger_value::cooldown);
    f("charged_life", &ledger_value::charged_life);
    f("order_paid", &ledger_value::order_paid);
    f("trial", &ledger_value::trial);
    f("trial_restarts", &ledger_value::trial_restarts);
    f("last_cause", &ledger_value::last_cause);
    f("last", &ledger_value::last);
    f("completed_hash", &ledger_value::completed_hash);
    f("boot_id", &ledger_value::boot_id);
    f("term", &ledger_value::term);
  }
};

namespace {

verdict_value flat(const policy::verdict& v) {
  if (auto* yes = std::get_if<policy::permit>(&v))
    return {yes->n, yes->not_before, {}, {}};
  auto& no = std::get<refusal>(v);
  return {{}, no.until, no.by, no.reason};
}

std::optional<policy::verdict> unflat(const std::optional<verdict_value>& v) {
  if (!v)
    return std::nullopt;
  if (v->permit)
    return policy::permit{*v->permit, v->at};
  return refusal{v->rule.value_or(refusal::rule::breaker), v->at, v->reason};
}

} // namespace

std::string encode(const ledger_record& value) {
  auto& l = value.ledger;
  ledger_value out;
  out.permits = l.permits;
  out.total = l.total;
  out.streak = l.streak;
  out.charged.assign(l.charged.begin(), l.charged.end());
  out.automatic.assign(l.automatic.begin(), l.automatic.end());
  out.breaker = l.breaker;
  out.cooldown = l.cooldown;
  out.charged_life = l.charged_life;
  out.order_paid = l.order_paid;
  out.trial = l.trial;
  out.trial_restarts = l.trial_restarts;
  out.last_cause = l.last_cause;
  if (l.last)
    out.last = flat(*l.last);
  out.completed_hash = l.completed_hash;
  out.boot_id = value.boot_id;
  if (value.term_at)
    out.term = term_value{*value.term_at, value.term_life, value.term_cause};
  return compact(write_value(out));
}

result<ledger_record> decode_ledger(std::string_view text, const std::string& key) {
  auto read = read_versioned<ledger_value>(
    text, key, newest,
    "The service starts with an empty ledger; the record was left as it is until its next charge.");
  if (!read)
    return tl::unexpected<error>(read.error());
  ledger_record out;
  auto& l = out.ledger;
  l.permits = read->permits;
  l.total = read->total;
  l.streak = read->streak;
  l.charged.assign(read->charged.begin(), read->charged.end());
  l.automatic.assign(read->automatic.begin(), read->automatic.end());
  l.breaker = read->breaker;
  l.cooldown = read->cooldown;
  l.charged_life = read->charged_life;
  l.order_paid = read->order_paid;
  l.trial = read->trial;
  l.trial_restarts = read->trial_restarts;
  l.last_cause = read->last_cause;
  l.last = unflat(read->last);
  l.completed_hash = read->completed_hash;
  out.boot_id = read->boot_id;
  if (read->term) {
    out.term_at = read->term->at;
    out.term_life = read->term->life;
    out.term_cause = read->term->why;
  }
  return out;
}

} // namespace davit::record
