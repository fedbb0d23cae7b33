// How far each write has come when a crash finds it.
#include "tests/sim/disk_model.hpp"

#include <algorithm>
#include <utility>

namespace davit::sim {

using ports::family;
using ports::record_batch;
using ports::revision_file;

void disk_model::apply(families& to, const record_batch& batch) {
  for (auto& w : batch) {
    auto& records = to[static_cast<std::size_t>(w.in)];
    if (w.value)
      records[w.key] = *w.value;
    else
      records.erase(w.key);
  }
}

void disk_model::advance_to(boot_time now) {
  now_ = std::max(now_, now);
  settle();
}

/// Moves what is done by now over to what no crash can take.
void disk_model::settle() {
  std::size_t safe = 0;
  std::erase_if(syncing_, [&](auto& s) {
    if (s.done_at > now_)
      return false;
    safe = std::max(safe, s.upto);
    return true;
  });
  for (std::size_t i = 0; i < safe; ++i) {
    apply(synced_, tail_.front().batch);
    tail_.pop_front();
  }
  for (auto& s : syncing_)
    s.upto -= std::min(s.upto, safe);
  while (!changing_.empty() && changing_.front().done_at <= now_) {
    changing_.front().apply(safe_);
    changing_.pop_front();
  }
}

nanoseconds disk_model::take_delay() { return std::exchange(delay_, nanoseconds{0}); }

/// One operation's time, behind what is still under way; returns when it will be done.
boot_time disk_model::spend(nanoseconds least, nanoseconds most) {
  auto takes = dice_.between(least, most);
  if (dice_.hit(weather_.slow)) {
    ++paths_["disk_slow"];
    takes += dice_.between(0ns, weather_.slow_max);
  }
  delay_ += takes;
  return now_ + delay_;
}

result<void> disk_model::trouble(double rate, const char* what) {
  if (broken_)
    return fail(errc::io, std::string{what} + ": input/output error");
  if (full_)
    return fail(errc::no_space, std::string{what} + ": no space left on device");
  if (dice_.hit(rate)) {
    ++paths_["disk_failure"];
    return fail(dice_.hit(0.5) ? errc::io : errc::no_space, std::string{what} + " failed");
  }
  return {};
}

result<void> disk_model::write(const std::vector<record_batch>& batches) {
  auto outcome = trouble(weather_.write_fails, "write");
  // A write that fails may have written its first batches; each of them whole.
  auto landed = outcome ? batches.size() : broken_ || full_ ? 0 : dice_.below(batches.size() + 1);
  if (!outcome && landed == batches.size() && landed > 0)
    --landed;
  auto done = spend(10us, 300us);
  for (std::size_t i = 0; i < landed; ++i) {
    apply(live_, batches[i]);
    tail_.push_back({batches[i], done});
  }
  writes_ += landed;
  return outcome;
}

result<void> disk_model::sync() {
  auto outcome = trouble(weather_.sync_fails, "sync");
  auto done = spend(1ms, 20ms);
  if (!outcome)
    return outcome;
  ++syncs_;
  syncing_.push_back({tail_.size(), done});
  return {};
}

result<std::map<std::string, std::string>> disk_model::load(family in, const std::string& prefix) {
  if (broken_)
    return fail(errc::io, "load: input/output error");
  std::map<std::string, std::string> found;
  auto& records = live_[static_cast<std::size_t>(in)];
  for (auto i = records.lower_bound(prefix); i != records.end() && i->first.starts_with(prefix);
       ++i)
    found.insert(*i);
  return found;
}

/// Keeps this many batches of the tail; the others were never written.
void disk_model::forget_tail_after(std::size_t how_many) {
  if (how_many < tail_.size())
    ++paths_["batches_lost"];
  tail_.resize(how_many);
  live_ = synced_;
  for (auto& p : tail_)
    apply(live_, p.batch);
  for (auto& s : syncing_)
    s.upto = std::min(s.upto, how_many);
}

/// Of the changes of files under way the first few were done.
void disk_model::keep_files(std::size_t how_many) {
  if (how_many < changing_.size())
    ++paths_["file_change_lost"];
  for (std::size_t i = 0; i < how_many; ++i)
    changing_[i].apply(safe_);
  changing_.clear();
  seen_ = safe_;
}

void disk_model::daemon_died() {
  settle();
  auto under_way
    = std::find_if(tail_.begin(), tail_.end(), [&](auto& p) { return p.written_at > now_; });
  auto sure = static_cast<std::size_t>(under_way - tail_.begin());
  forget_tail_after(sure + dice_.below(tail_.size() - sure + 1));
  syncing_.clear(); // the call ended with its thread; the next sync covers all
  keep_files(dice_.below(changing_.size() + 1));
  delay_ = nanoseconds{0};
}

void disk_model::power_cut() {
  settle();
  auto kept = dice_.below(tail_.size() + 1);
  forget_tail_after(kept);
  for (auto& p : tail_)
    apply(synced_, p.batch); // it lies on the disk now, whatever happens next
  tail_.clear();
  syncing_.clear();
  keep_files(dice_.below(changing_.size() + 1));
  delay_ = nanoseconds{0};
}

result<void> disk_model::change(std::function<void(folders&)> apply, const char* what) {
  auto outcome = trouble(weather_.file_fails, what);
  auto done = spend(1ms, 20ms);
  if (!outcome)
    return outcome;
  apply(seen_);
  changing_.push_back({std::move(apply), done});
  return {};
}

result<std::vector<revision_file>> disk_model::load_current(std::vector<error>& trouble) {
  if (broken_)
    return fail(errc::io, "stacks: input/output error");
  std::vector<revision_file> found;
  for (auto& [name, f] : seen_) {
    if (f.current.empty())
      continue;
    if (damaged_.count(name))
      trouble.push_back({errc::corrupt, "stacks/" + name + " cannot be read", "install it again"});
    else
      found.push_back({name, f.current, f.revisions.at(f.current)});
  }
  return found;
}

result<revision_file> disk_model::load(const std::string& stack, const std::string& revision) {
  if (broken_)
    return fail(errc::io, "stacks: input/output error");
  auto f = seen_.find(stack);
  if (f == seen_.end() || !f->second.revisions.count(revision))
    return fail(errc::not_found, "stacks/" + stack + "/" + revision + ".json is not there");
  return revision_file{stack, revision, f->second.revisions.at(revision)};
}

result<std::vector<std::string>> disk_model::revisions(const std::string& stack) {
  if (broken_)
    return fail(errc::io, "stacks: input/output error");
  std::vector<std::string> found;
  if (auto f = seen_.find(stack); f != seen_.end())
    for (auto& [revision, content] : f->second.revisions)
      found.push_back(revision);
  return found;
}

result<void> disk_model::put(const revision_file& file) {
  return change([file](folders& in) { in[file.stack].revisions[file.revision] = file.content; },
                "put");
}

result<void> disk_model::select(const std::string& stack, const std::string& revision) {
  if (auto there = load(stack, revision); !there)
    return tl::unexpected(there.error());
  auto done = change([=](folders& in) { in[stack].current = revision; }, "select");
  if (done)
    damaged_.erase(stack);
  return done;
}

result<void> disk_model::remove(const std::string& stack, const std::string& revision) {
  return change(
    [=](folders& in) {
      auto f = in.find(stack);
      if (f == in.end())
        return;
      if (revision.empty()) {
        in.erase(f);
        return;
      }
      f->second.revisions.erase(revision);
      if (f->second.current == revision)
        f->second.current.clear();
    },
    "remove");
}

result<std::string> disk_model::put_secret(const std::string& stack, const std::string& name,
                                           const std::string& content, std::uint32_t) {
  auto done = change([=](folders& in) { in[stack].secrets[name] = content; }, "put_secret");
  if (!done)
    return tl::unexpected(done.error());
  return "/state/secrets/" + stack + "/" + name;
}

} // namespace davit::sim
