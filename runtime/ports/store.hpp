// What is durable: counters, journal and audit in one database; what is desired in plain files.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/stack.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace davit::ports {

enum class family : std::uint8_t { ledger, journal, audit, commands, queues, meta };

constexpr const char* to_string(family f) {
  switch (f) {
    case family::ledger: return "ledger";
    case family::journal: return "journal";
    case family::audit: return "audit";
    case family::commands: return "commands";
    case family::queues: return "queues";
    case family::meta: return "meta";
  }
  return "meta";
}

/// One put, or with an absent value one removal.
struct record_write {
  family in = family::ledger;
  std::string key; ///< readable text
  std::optional<std::string> value;
};

/// All of it or nothing of it, across families.
using record_batch = std::vector<record_write>;

/// Sharing: one writer, one thread. Never throws.
/// Legal errors: no_space, io, denied, corrupt, newer.
struct store {
  virtual ~store() = default;
  /// Every batch in order, atomically each. On return they survive kill -9, not a power cut.
  virtual result<void> write(const std::vector<record_batch>& batches) = 0;
  /// On return everything written so far survives a power cut.
  virtual result<void> sync() = 0;
  /// All records whose key starts with `prefix`, by key.
  virtual result<std::map<std::string, std::string>> load(family in, const std::string& prefix) = 0;
};

/// One revision of a stack as it lies on disk: stacks/NAME/REV.json.
struct revision_file {
  std::string stack;
  std::string revision; ///< sorts by age: "000001"
  std::string content;  ///< record::encode of the revision; may hold environment secrets
};

/// Plain files that a person can read. Folder 0700, files 0600; written whole, synced, renamed.
/// Sharing: one thread. Legal errors: no_space, io, denied, not_found, invalid (a name that is
/// no file name), conflict (removing the revision that is current).
struct desired_files {
  virtual ~desired_files() = default;
  /// The current revision of every stack, by stack. One that cannot be read is reported in
  /// `trouble` and left as it is.
  virtual result<std::vector<revision_file>> load_current(std::vector<error>& trouble) = 0;
  virtual result<revision_file> load(const std::string& stack, const std::string& revision) = 0;
  virtual result<std::vector<std::string>> revisions(const std::string& stack) = 0;
  /// Writes the revision; it is not current yet.
  virtual result<void> put(const revision_file& file) = 0;
  /// Makes a revision current, at once and durably.
  virtual result<void> select(const std::string& stack, const std::string& revision) = 0;
  /// Removes one revision, or with an empty revision the stack with everything of it,
  /// its secrets included. What is absent is fine: a removal may be resumed.
  virtual result<void> remove(const std::string& stack, const std::string& revision) = 0;
  /// Keeps a secret's content as a file; returns its absolute path.
  virtual result<std::string> put_secret(const std::string& stack, const std::string& name,
                                         const std::string& content, std::uint32_t mode)
    = 0;
};

} // namespace davit::ports
