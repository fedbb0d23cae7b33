#include "tests/sim/accounts.hpp"

#include <algorithm>

namespace davit::sim {

namespace {

/// The ledger's clock counts milliseconds, and across a boot it trusts a wall clock that may
/// drift: windows are taken this much shorter here than they are there.
milliseconds shorter(milliseconds window) { return window - window / 100 - 100ms; }

/// A start that was already on its way when somebody ordered another takes its credit here;
/// the ordered one follows within this time.
constexpr milliseconds order_takes = 3min;

std::string in_words(std::size_t n, const char* what, milliseconds window) {
  return std::to_string(n) + ' ' + what + " in " + std::to_string(window.count() / 1000) + " s";
}

} // namespace

void account::started(boot_time really) {
  auto at = really;
  auto ordered = credits_ > 0;
  at = allowed_.value_or(at);
  start next{at, ledger_written_, ledger_synced_, trouble_, false};
  ledger_written_ = ledger_synced_ = trouble_ = false;
  if (ordered) {
    --credits_;
    lately_spent_.push_back(at);
  } else {
    starts_.push_back(next);
    check_ceiling(at);
    next.charged = true;
    charged_.push_back(next);
    check_budget(at);
  }
  began_ = really;
  died_by_itself_.reset();
}

/// Automatic starts, charged or not, in any window. Where the window parts an automatic start
/// from an order that overtook it, the two may have changed places.
void account::check_ceiling(boot_time at) {
  auto window = shorter(rules_.ceiling.window);
  while (!starts_.empty() && starts_.front().at + window <= at)
    starts_.pop_front();
  while (!lately_spent_.empty() && lately_spent_.front() + window + order_takes <= at)
    lately_spent_.pop_front();
  auto parted = static_cast<std::size_t>(
    std::count_if(lately_spent_.begin(), lately_spent_.end(),
                  [&](boot_time spent) { return spent + window <= at; }));
  if (starts_.size() > rules_.ceiling.starts + parted)
    wrong_.push_back(in_words(starts_.size(), "automatic starts", window) + ", the ceiling is "
                     + std::to_string(rules_.ceiling.starts));
}

/// Those that followed a death of its own, since the past could last have been forgiven. A
/// budget that is spent opens the breaker: then nothing but a trial, and only after its wait.
void account::check_budget(boot_time at) {
  auto charged = alone_ && died_by_itself_.has_value();
  if (!charged) {
    charged_.pop_back();
    return;
  }
  auto window = shorter(rules_.budget.window);
  while (!charged_.empty() && charged_.front().at + window <= at)
    charged_.pop_front();
  if (charged_.size() <= rules_.budget.restarts)
    return;
  charged_.pop_back(); // a trial is free
  auto granted = granted_ && *granted_ >= *died_by_itself_;
  auto waited = at - *died_by_itself_;
  if (!granted && waited < shorter(rules_.breaker.cooldown))
    wrong_.push_back(in_words(charged_.size() + 1, "charged restarts", window) + ", the budget is "
                     + std::to_string(rules_.budget.restarts)
                     + ", and the breaker was not waited for");
  granted_.reset();
}

void account::ended(boot_time at, bool by_itself) {
  if (!began_)
    return;
  auto ran = at - *began_;
  began_.reset();
  if (ran >= shorter(rules_.stable_after) || (tripped_ && ran >= shorter(post_start_))) {
    charged_.clear();
    tripped_ = false;
  }
  // The next death of its own opens the breaker; what then lives through the window closes it.
  tripped_ = tripped_ || charged_.size() >= rules_.budget.restarts;
  if (by_itself)
    died_by_itself_ = at;
  else
    died_by_itself_.reset();
}

void account::forgotten() {
  starts_.clear();
  charged_.clear();
  lately_spent_.clear();
  credits_ = 0;
  tripped_ = false;
  died_by_itself_.reset();
}

void account::written() {
  ledger_written_ = true;
  for (auto* all : {&starts_, &charged_})
    for (auto& s : *all)
      s.written = true;
}

void account::synced() {
  ledger_synced_ = true;
  for (auto* all : {&starts_, &charged_})
    for (auto& s : *all)
      s.synced = s.synced || s.written;
}

/// What a store in trouble did not keep is forgotten, as it was announced.
void account::crashed(bool power_cut) {
  auto lost = [&](const start& s) { return s.excused && !(power_cut ? s.synced : s.written); };
  std::erase_if(starts_, lost);
  std::erase_if(charged_, lost);
  if (power_cut)
    died_by_itself_.reset(); // the machine went down under whatever follows
}

} // namespace davit::sim
