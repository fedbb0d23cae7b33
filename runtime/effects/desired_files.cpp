#include "runtime/effects/desired_files.hpp"

#include "runtime/effects/durable_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

namespace davit::effects {

namespace {

namespace fs = std::filesystem;

/// A model of the largest manifest and its source, however they are escaped.
constexpr std::size_t largest_revision = 64 * 1024 * 1024;
constexpr std::size_t longest_name = 200; // of the 255 that file systems take; we add endings
constexpr const char* ending = ".json";
constexpr const char* leftover = ".tmp";
constexpr const char* link_name = "current";

bool ends_with(const std::string& text, const char* tail) {
  return text.size() > std::string_view{tail}.size() && text.ends_with(tail);
}

/// One component of a path and nothing else. A leading dot is refused because of "..", and
/// ours are visible; the endings are ours.
bool is_file_name(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(),
                                 [](unsigned char c) { return c > 0x20 && c != '/' && c != 0x7f; });
  return plain && !name.empty() && name.size() <= longest_name && name.front() != '.'
         && !ends_with(name, leftover);
}

result<void> check_names(std::initializer_list<const std::string*> names) {
  for (const auto* name : names)
    if (!is_file_name(*name)) {
      std::string shown = name->substr(0, 64);
      std::replace_if(
        shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
      return fail(errc::invalid,
                  "'" + shown + "' is not usable as a file name below the state directory",
                  "Use letters, digits, '-', '_' and '.', a '.' not first.");
    }
  return {};
}

/// Names of what lies in a folder, sorted. An absent folder has none.
result<std::vector<std::string>> names_in(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code failure;
  fs::directory_iterator it{folder, failure};
  for (; !failure && it != fs::directory_iterator{}; it.increment(failure))
    out.push_back(it->path().filename().string());
  if (failure && failure.value() != ENOENT)
    return tl::unexpected(file_error(failure.value(), "list", folder));
  std::sort(out.begin(), out.end());
  return out;
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

} // namespace

desired_files::desired_files(std::string dir) : dir_{std::move(dir)} {}

result<void> desired_files::make_roots() const {
  for (const auto& folder : {dir_, stacks(), secrets()})
    if (auto made = make_folder(folder, 0700); !made)
      return made;
  return {};
}

/// "000001", of the link `current`. Errors: not_found, io.
result<std::string> desired_files::current_of(const std::string& stack) const {
  const auto link = folder_of(stack) + "/" + link_name;
  std::error_code failure;
  const auto target = fs::read_symlink(link, failure).string();
  if (failure)
    return tl::unexpected(file_error(failure.value(), "follow", link));
  if (!ends_with(target, ending) || !is_file_name(target))
    return fail(errc::io, link + " does not name a revision",
                "Point it to the wanted revision in its folder: ln -sfn 000001.json current");
  return target.substr(0, target.size() - std::string_view{ending}.size());
}

result<std::vector<ports::revision_file>> desired_files::load_current(std::vector<error>& trouble) {
  std::vector<ports::revision_file> out;
  if (auto swept = sweep(); !swept)
    trouble.push_back(swept.error()); // a leftover that stays harms nobody
  auto names = names_in(stacks());
  if (!names)
    return tl::unexpected(names.error());
  for (const auto& name : *names) {
    if (ends_with(name, leftover))
      continue;
    auto current = current_of(name);
    auto file = current ? load(name, *current) : tl::unexpected(current.error());
    if (file) {
      out.push_back(std::move(*file));
      continue;
    }
    auto why = file.error();
    why.message = "the stack " + name + " has no current revision that can be read: " + why.message;
    if (why.remedy.empty())
      why.remedy = "Install the stack again, or remove " + folder_of(name) + ".";
    trouble.push_back(std::move(why));
  }
  return out;
}

/// Removes what torn writes and removals left behind.
result<void> desired_files::sweep() const {
  auto stack_names = names_in(stacks());
  auto secret_names = names_in(secrets());
  if (!stack_names)
    return tl::unexpected(stack_names.error());
  if (!secret_names)
    return tl::unexpected(secret_names.error());
  std::vector<std::string> doomed;
  for (const auto& name : *stack_names) {
    if (ends_with(name, leftover))
      doomed.push_back(folder_of(name));
    else if (auto files = names_in(folder_of(name)))
      for (const auto& file : *files)
        if (ends_with(file, leftover))
          doomed.push_back(folder_of(name) + "/" + file);
  }
  for (const auto& name : *secret_names) {
    const auto folder = secrets() + "/" + name;
    // A removal takes the stack first: without it nothing refers to these any more.
    if (ends_with(name, leftover)
        || !std::binary_search(stack_names->begin(), stack_names->end(), name))
      doomed.push_back(folder);
    else if (auto files = names_in(folder))
      for (const auto& file : *files)
        if (ends_with(file, leftover))
          doomed.push_back(folder + "/" + file);
  }
  for (const auto& path : doomed)
    if (auto removed = remove_tree(path); !removed)
      return removed;
  return {};
}

result<ports::revision_file> desired_files::load(const std::string& stack,
                                                 const std::string& revision) {
  if (auto good = check_names({&stack, &revision}); !good)
    return tl::unexpected(good.error());
  auto content = read_whole(folder_of(stack) + "/" + revision + ending, largest_revision);
  if (!content)
    return tl::unexpected(content.error());
  return ports::revision_file{stack, revision, std::move(*content)};
}

result<std::vector<std::string>> desired_files::revisions(const std::string& stack) {
  if (auto good = check_names({&stack}); !good)
    return tl::unexpected(good.error());
  auto names = names_in(folder_of(stack));
  if (!names)
    return names;
  std::vector<std::string> out;
  for (const auto& name : *names)
    if (ends_with(name, ending))
      out.push_back(name.substr(0, name.size() - std::string_view{ending}.size()));
  return out;
}

result<void> desired_files::put(const ports::revision_file& file) {
  if (auto good = check_names({&file.stack, &file.revision}); !good)
    return good;
  if (auto made = make_roots(); !made)
    return made;
  if (auto made = make_folder(folder_of(file.stack), 0700); !made)
    return made;
  return write_durably(folder_of(file.stack) + "/" + file.revision + ending, file.content, 0600);
}

result<void> desired_files::select(const std::string& stack, const std::string& revision) {
  if (auto good = check_names({&stack, &revision}); !good)
    return good;
  const auto folder = folder_of(stack);
  const auto target = revision + ending;
  if (!exists(folder + "/" + target))
    return fail(errc::not_found, "the stack " + stack + " has no revision " + revision);
  const auto link = folder + "/" + link_name;
  const auto beside = link + leftover;
  if (::unlink(beside.c_str()) != 0 && errno != ENOENT)
    return tl::unexpected(file_error(errno, "replace", beside));
  if (::symlink(target.c_str(), beside.c_str()) != 0)
    return tl::unexpected(file_error(errno, "create", beside));
  if (::rename(beside.c_str(), link.c_str()) != 0)
    return tl::unexpected(file_error(errno, "rename to", link));
  return sync_folder(folder);
}

result<void> desired_files::remove(const std::string& stack, const std::string& revision) {
  if (auto good = check_names({&stack}); !good)
    return good;
  if (revision.empty()) {
    if (auto removed = remove_folder(stacks(), stack); !removed)
      return removed;
    return remove_folder(secrets(), stack);
  }
  if (auto good = check_names({&revision}); !good)
    return good;
  if (auto current = current_of(stack); current && *current == revision)
    return fail(errc::conflict, "revision " + revision + " of the stack " + stack + " is current",
                "Make another one current first.");
  const auto path = folder_of(stack) + "/" + revision + ending;
  if (!exists(path))
    return {};
  if (auto removed = remove_tree(path); !removed)
    return removed;
  return sync_folder(folder_of(stack));
}

/// In one step for whoever looks, and for a power cut: away by rename, then piece by piece.
result<void> desired_files::remove_folder(const std::string& root, const std::string& name) const {
  const auto folder = root + "/" + name;
  const auto beside = folder + leftover;
  if (auto removed = remove_tree(beside); !removed)
    return removed;
  if (!exists(folder))
    return {};
  if (::rename(folder.c_str(), beside.c_str()) != 0)
    return tl::unexpected(file_error(errno, "rename", folder));
  if (auto synced = sync_folder(root); !synced)
    return synced;
  return remove_tree(beside);
}

result<std::string> desired_files::put_secret(const std::string& stack, const std::string& name,
                                              const std::string& content, std::uint32_t mode) {
  if (auto good = check_names({&stack, &name}); !good)
    return tl::unexpected(good.error());
  if (auto made = make_roots(); !made)
    return tl::unexpected(made.error());
  const auto folder = secrets() + "/" + stack;
  if (auto made = make_folder(folder, 0700); !made)
    return tl::unexpected(made.error());
  const auto path = folder + "/" + name;
  if (auto wrote = write_durably(path, content, static_cast<mode_t>(mode & 0777)); !wrote)
    return tl::unexpected(wrote.error());
  return path;
}

} // namespace davit::effects
