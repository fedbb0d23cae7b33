// Saboteurs for the store and the desired files: they pass every call on, and spoil the ones
// that a test names.
#pragma once

#include "runtime/ports/store.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace davit::testing {

/// What happens to the calls from the `nth` on, counted from 1 since the plan was made.
struct sabotage {
  enum class how : std::uint8_t {
    refuse,   ///< nothing is done, `with` is answered
    lie,      ///< it is done, `with` is answered all the same: a failure seen too late
    dawdle,   ///< `meanwhile` runs first, then all goes its way
    take_half ///< of a write: all batches but the last are done, then `with` is answered
  };
  std::size_t nth = 1;
  std::size_t times = 1; ///< so many calls in a row
  how act = how::refuse;
  error with{errc::io, "sabotaged", "none"};
  std::function<void()> meanwhile{}; ///< a test waits or moves its clock here; no sleeping
};

/// Counts the calls and knows which of them to spoil. The latest plan counts.
class saboteur {
public:
  void plan(sabotage next) {
    plan_ = std::move(next);
    since_plan_ = 0;
  }
  void relent() { plan_.times = 0; }
  std::size_t calls() const { return calls_; }

protected:
  saboteur() { relent(); }
  /// The plan for the call that now begins; nullptr: none.
  const sabotage* next();

  template <class Call> auto run(Call call) -> decltype(call()) {
    const auto* spoil = next();
    if (!spoil)
      return call();
    if (spoil->meanwhile)
      spoil->meanwhile();
    if (spoil->act == sabotage::how::dawdle)
      return call();
    if (spoil->act == sabotage::how::lie)
      if (auto done = call(); !done)
        return done;
    return tl::unexpected(spoil->with);
  }

private:
  sabotage plan_;
  std::size_t since_plan_ = 0;
  std::size_t calls_ = 0;
};

class sabotaged_store final : public ports::store, public saboteur {
public:
  explicit sabotaged_store(ports::store& inner) : inner_{inner} {}
  result<void> write(const std::vector<ports::record_batch>& batches) override;
  result<void> sync() override;
  result<std::map<std::string, std::string>> load(ports::family in,
                                                  const std::string& prefix) override;

private:
  ports::store& inner_;
};

class sabotaged_files final : public ports::desired_files, public saboteur {
public:
  explicit sabotaged_files(ports::desired_files& inner) : inner_{inner} {}
  result<std::vector<ports::revision_file>> load_current(std::vector<error>& trouble) override;
  result<ports::revision_file> load(const std::string& stack, const std::string& revision) override;
  result<std::vector<std::string>> revisions(const std::string& stack) override;
  result<void> put(const ports::revision_file& file) override;
  result<void> select(const std::string& stack, const std::string& revision) override;
  result<void> remove(const std::string& stack, const std::string& revision) override;
  result<std::string> put_secret(const std::string& stack, const std::string& name,
                                 const std::string& content, std::uint32_t mode) override;

private:
  ports::desired_files& inner_;
};

} // namespace davit::testing
