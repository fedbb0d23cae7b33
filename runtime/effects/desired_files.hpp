// What is desired, as plain files that a person can read with `cat` on the worst day.
//
//   DIR/stacks/NAME/000001.json     a revision; 0600, for it holds the environment
//   DIR/stacks/NAME/current         link to the revision that counts, swapped by rename
//   DIR/secrets/NAME/SECRET         a secret's content; folder 0700, file as wished
//
// Every step is durable when it returns. What a power cut leaves behind ends in ".tmp", and
// the next load removes it.
#pragma once

#include "runtime/ports/store.hpp"

#include <string>

namespace davit::effects {

class desired_files final : public ports::desired_files {
public:
  /// `dir`: the state directory, absolute. Nothing is touched before the first call; folders
  /// are made where they are missing.
  explicit desired_files(std::string dir);

  /// Also removes leftovers: *.tmp, and the secrets of stacks that are no more.
  result<std::vector<ports::revision_file>> load_current(std::vector<error>& trouble) override;
  result<ports::revision_file> load(const std::string& stack, const std::string& revision) override;
  result<std::vector<std::string>> revisions(const std::string& stack) override;
  result<void> put(const ports::revision_file& file) override;
  result<void> select(const std::string& stack, const std::string& revision) override;
  result<void> remove(const std::string& stack, const std::string& revision) override;
  result<std::string> put_secret(const std::string& stack, const std::string& name,
                                 const std::string& content, std::uint32_t mode) override;

private:
  std::string stacks() const { return dir_ + "/stacks"; }
  std::string secrets() const { return dir_ + "/secrets"; }
  std::string folder_of(const std::string& stack) const { return stacks() + "/" + stack; }
  result<std::string> current_of(const std::string& stack) const;
  result<void> make_roots() const;
  result<void> sweep() const;
  result<void> remove_folder(const std::string& root, const std::string& name) const;

  std::string dir_;
};

} // namespace davit::effects
