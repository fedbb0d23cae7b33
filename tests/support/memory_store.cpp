#include "tests/support/memory_store.hpp"

#include <algorithm>

namespace davit::testing {

namespace {

result<void> check_names(std::initializer_list<const std::string*> names) {
  for (const auto* name : names)
    if (name->empty() || name->front() == '.' || name->find('/') != std::string::npos)
      return fail(errc::invalid, "not usable as a file name below the state directory");
  return {};
}

tl::unexpected<error> absent(const std::string& stack, const std::string& revision) {
  return fail(errc::not_found, "the stack " + stack + " has no revision " + revision);
}

} // namespace

void memory_store::apply(families& to, const ports::record_batch& batch) {
  for (const auto& one : batch)
    if (one.value)
      to[one.in][one.key] = *one.value;
    else
      to[one.in].erase(one.key);
}

result<void> memory_store::write(const std::vector<ports::record_batch>& batches) {
  for (const auto& batch : batches) {
    apply(live_, batch);
    unsynced_.push_back(batch);
  }
  return {};
}

result<void> memory_store::sync() {
  safe_ = live_;
  unsynced_.clear();
  return {};
}

result<std::map<std::string, std::string>> memory_store::load(ports::family in,
                                                              const std::string& prefix) {
  std::map<std::string, std::string> out;
  const auto& records = live_[in];
  for (auto it = records.lower_bound(prefix); it != records.end() && it->first.starts_with(prefix);
       ++it)
    out.insert(*it);
  return out;
}

void memory_store::power_cut(std::size_t survivors) {
  unsynced_.resize(std::min(survivors, unsynced_.size()));
  for (const auto& batch : unsynced_)
    apply(safe_, batch);
  unsynced_.clear(); // what came through lies on the disk now
  live_ = safe_;
}

result<std::vector<ports::revision_file>> memory_files::load_current(std::vector<error>& trouble) {
  std::vector<ports::revision_file> out;
  for (const auto& [name, files] : stacks_) {
    const auto current = files.revisions.find(files.current);
    if (current == files.revisions.end() || damaged_.contains(name))
      trouble.push_back({errc::not_found,
                         "the stack " + name + " has no current revision that can be read",
                         "Install the stack again."});
    else
      out.push_back({name, current->first, current->second});
  }
  return out;
}

result<ports::revision_file> memory_files::load(const std::string& stack,
                                                const std::string& revision) {
  if (auto good = check_names({&stack, &revision}); !good)
    return tl::unexpected(good.error());
  const auto files = stacks_.find(stack);
  if (files == stacks_.end() || !files->second.revisions.contains(revision))
    return absent(stack, revision);
  return ports::revision_file{stack, revision, files->second.revisions.at(revision)};
}

result<std::vector<std::string>> memory_files::revisions(const std::string& stack) {
  if (auto good = check_names({&stack}); !good)
    return tl::unexpected(good.error());
  std::vector<std::string> out;
  if (const auto files = stacks_.find(stack); files != stacks_.end())
    for (const auto& [revision, content] : files->second.revisions)
      out.push_back(revision);
  return out;
}

result<void> memory_files::put(const ports::revision_file& file) {
  if (auto good = check_names({&file.stack, &file.revision}); !good)
    return good;
  stacks_[file.stack].revisions[file.revision] = file.content;
  return {};
}

result<void> memory_files::select(const std::string& stack, const std::string& revision) {
  if (auto there = load(stack, revision); !there)
    return tl::unexpected(there.error());
  stacks_[stack].current = revision;
  return {};
}

result<void> memory_files::remove(const std::string& stack, const std::string& revision) {
  if (auto good = check_names({&stack}); !good)
    return good;
  if (revision.empty()) {
    stacks_.erase(stack);
    secrets_.erase(stack);
    damaged_.erase(stack);
    return {};
  }
  const auto files = stacks_.find(stack);
  if (files == stacks_.end())
    return {};
  if (files->second.current == revision)
    return fail(errc::conflict, "revision " + revision + " of the stack " + stack + " is current");
  files->second.revisions.erase(revision);
  return {};
}

result<std::string> memory_files::put_secret(const std::string& stack, const std::string& name,
                                             const std::string& content, std::uint32_t) {
  if (auto good = check_names({&stack, &name}); !good)
    return tl::unexpected(good.error());
  secrets_[stack][name] = content;
  return "/memory/secrets/" + stack + "/" + name;
}

std::optional<std::string> memory_files::secret(const std::string& stack,
                                                const std::string& name) const {
  const auto of_stack = secrets_.find(stack);
  if (of_stack == secrets_.end() || !of_stack->second.contains(name))
    return std::nullopt;
  return of_stack->second.at(name);
}

} // namespace davit::testing
