#include "tests/support/sabotaged_store.hpp"

namespace davit::testing {

const sabotage* saboteur::next() {
  ++calls_;
  ++since_plan_;
  const bool meant = since_plan_ >= plan_.nth && since_plan_ < plan_.nth + plan_.times;
  return meant ? &plan_ : nullptr;
}

result<void> sabotaged_store::write(const std::vector<ports::record_batch>& batches) {
  const auto* spoil = next();
  if (!spoil)
    return inner_.write(batches);
  if (spoil->meanwhile)
    spoil->meanwhile();
  if (spoil->act == sabotage::how::dawdle)
    return inner_.write(batches);
  auto passed = batches;
  if (spoil->act == sabotage::how::refuse)
    passed.clear();
  else if (spoil->act == sabotage::how::take_half && !passed.empty())
    passed.pop_back();
  if (auto done = inner_.write(passed); !done)
    return done;
  return tl::unexpected(spoil->with);
}

result<void> sabotaged_store::sync() {
  return run([&] { return inner_.sync(); });
}

result<std::map<std::string, std::string>> sabotaged_store::load(ports::family in,
                                                                 const std::string& prefix) {
  return run([&] { return inner_.load(in, prefix); });
}

result<std::vector<ports::revision_file>>
sabotaged_files::load_current(std::vector<error>& trouble) {
  return run([&] { return inner_.load_current(trouble); });
}

result<ports::revision_file> sabotaged_files::load(const std::string& stack,
                                                   const std::string& revision) {
  return run([&] { return inner_.load(stack, revision); });
}

result<std::vector<std::string>> sabotaged_files::revisions(const std::string& stack) {
  return run([&] { return inner_.revisions(stack); });
}

result<void> sabotaged_files::put(const ports::revision_file& file) {
  return run([&] { return inner_.put(file); });
}

result<void> sabotaged_files::select(const std::string& stack, const std::string& revision) {
  return run([&] { return inner_.select(stack, revision); });
}

result<void> sabotaged_files::remove(const std::string& stack, const std::string& revision) {
  return run([&] { return inner_.remove(stack, revision); });
}

result<std::string> sabotaged_files::put_secret(const std::string& stack, const std::string& name,
                                                const std::string& content, std::uint32_t mode) {
  return run([&] { return inner_.put_secret(stack, name, content, mode); });
}

} // namespace davit::testing
