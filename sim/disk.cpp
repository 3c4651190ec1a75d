#include "sim/disk.hpp"

#include "sim/crash_image.hpp"

#include <algorithm>
#include <utility>

namespace ouro::sim {
namespace {

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..")
      parts.emplace_back(part);
    else if (!parts.empty())
      parts.pop_back();
  }
  return parts;
}

Error no_such(const std::string& path) {
  return Error{ErrorCode::not_found, path + ": no such file or directory"};
}

Error wrong_kind(const std::string& path, const char* what) {
  return Error{ErrorCode::invalid_argument, path + ": " + what};
}

}  // namespace

const std::vector<CrashPolicy>& crash_policies() {
  using enum UnsyncedBytes;
  static const std::vector<CrashPolicy> all{
      {lost, UnsyncedNames::lost},        {lost, UnsyncedNames::kept},
      {zeroed, UnsyncedNames::kept},      {sectors, UnsyncedNames::kept, 50},
      {sectors, UnsyncedNames::some, 50}, {sectors, UnsyncedNames::some, 95},
      {prefix, UnsyncedNames::some, 50},  {garbled, UnsyncedNames::kept},
      {kept, UnsyncedNames::lost},        {kept, UnsyncedNames::some, 50},
      {kept, UnsyncedNames::kept},
  };
  return all;
}

CrashPolicy random_crash_policy(Random& random) {
  return crash_policies()[random.below(crash_policies().size())];
}

Disk::Disk() : root_(make(true)) {}

std::shared_ptr<Inode> Disk::make(bool is_directory) {
  auto inode = std::make_shared<Inode>();
  inode->number = ++last_number_;
  inode->is_directory = is_directory;
  return inode;
}

Disk::File Disk::find(std::string_view path) const {
  File at = root_;
  for (const std::string& part : parts_of(path)) {
    if (!at->is_directory) return nullptr;
    const auto entry = at->names.find(part);
    if (entry == at->names.end()) return nullptr;
    at = entry->second;
  }
  return at;
}

Disk::Place Disk::place(const std::string& path) const {
  const std::vector<std::string> parts = parts_of(path);
  if (parts.empty()) return {root_, ""};
  std::string parent;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) parent += parts[i] + "/";
  File directory = find(parent);
  if (directory && !directory->is_directory) directory = nullptr;
  return {std::move(directory), parts.back()};
}

void Disk::apply(Change change) {
  for (const Edit& edit : change) {
    std::shared_ptr<Inode>& entry = edit.directory->names[edit.name];
    if (edit.target && edit.target->links++ == 0) used_ += edit.target->bytes.size();
    if (entry && --entry->links == 0) used_ -= entry->bytes.size();
    entry = edit.target;
    if (!entry) edit.directory->names.erase(edit.name);
  }
  pending_.push_back(std::move(change));
}

Result<Disk::File> Disk::create(const std::string& path) {
  const Place at = place(path);
  if (!at.directory) return no_such(path);
  File file = find(path);
  if (!file) {
    file = make(false);
    apply({{at.directory, at.name, file}});
    return file;
  }
  if (file->is_directory) return wrong_kind(path, "is a directory");
  if (!file->truncated) {
    file->bytes.resize(file->synced);
    file->truncated = file->bytes;
  }
  if (file->links > 0) used_ -= file->bytes.size();
  file->bytes.clear();
  file->doubtful.clear();
  file->synced = 0;
  return file;
}

Status Disk::create_directory(const std::string& path) {
  File at = root_;
  for (const std::string& part : parts_of(path)) {
    if (!at->is_directory) return wrong_kind(path, "a parent is not a directory");
    const auto entry = at->names.find(part);
    File next = entry == at->names.end() ? nullptr : entry->second;
    if (!next) {
      next = make(true);
      apply({{at, part, next}});
    }
    at = next;
  }
  if (!at->is_directory) return wrong_kind(path, "is not a directory");
  return {};
}

Status Disk::remove(const std::string& path) {
  const File file = find(path);
  if (!file) return no_such(path);
  if (file->is_directory && (file == root_ || !file->names.empty()))
    return wrong_kind(path, "the directory is not empty");
  const Place at = place(path);
  apply({{at.directory, at.name, nullptr}});
  return {};
}

Status Disk::rename(const std::string& from, const std::string& to) {
  const File file = find(from);
  const Place source = place(from), target = place(to);
  if (!file || file == root_) return no_such(from);
  if (!target.directory) return no_such(to);
  const File replaced = find(to);
  if (replaced == file) return {};
  if (replaced && (replaced->is_directory || file->is_directory))
    return wrong_kind(to, "exists; directories cannot be replaced");
  if (file->is_directory && source.directory != target.directory)
    return wrong_kind(to, "a simulated directory can only be renamed within its parent");
  apply({{target.directory, target.name, file}, {source.directory, source.name, nullptr}});
  return {};
}

Status Disk::link(const std::string& from, const std::string& to) {
  const File file = find(from);
  if (!file) return no_such(from);
  if (file->is_directory) return wrong_kind(from, "is a directory");
  const Place target = place(to);
  if (!target.directory) return no_such(to);
  if (find(to)) return Error{ErrorCode::exists, to + ": exists"};
  apply({{target.directory, target.name, file}});
  return {};
}

bool Disk::touch_same_name(const Change& a, const Change& b) {
  return std::ranges::any_of(a, [&](const Edit& x) {
    return std::ranges::any_of(
        b, [&](const Edit& y) { return x.directory == y.directory && x.name == y.name; });
  });
}

Status Disk::sync_directory(const std::string& path) {
  const File directory = find(path);
  if (!directory) return no_such(path);
  if (!directory->is_directory) return wrong_kind(path, "is not a directory");
  // From the youngest back, so that what a durable change builds upon becomes durable with it.
  std::vector<Change> durable;
  for (std::size_t i = pending_.size(); i-- > 0;) {
    const Change& change = pending_[i];
    const bool wanted =
        std::ranges::any_of(change, [&](const Edit& e) { return e.directory == directory; }) ||
        std::ranges::any_of(durable, [&](const Change& c) { return touch_same_name(c, change); });
    if (!wanted) continue;
    durable.push_back(std::move(pending_[i]));
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (auto change = durable.rbegin(); change != durable.rend(); ++change)
    for (const Edit& edit : *change) {
      edit.directory->durable[edit.name] = edit.target;
      if (!edit.target) edit.directory->durable.erase(edit.name);
    }
  return {};
}

void Disk::append(Inode& file, std::string_view bytes) {
  file.bytes += bytes;
  if (file.links > 0) used_ += bytes.size();
}

void Disk::sync(Inode& file) {
  file.truncated.reset();
  file.synced = file.bytes.size();
}

void Disk::fail_sync(Inode& file) {
  if (file.synced < file.bytes.size()) file.doubtful.push_back({file.synced, file.bytes.size()});
  file.synced = file.bytes.size();
}

void Disk::replace(Inode& file, std::string bytes) {
  if (file.links > 0) used_ += bytes.size() - file.bytes.size();
  file.bytes = std::move(bytes);
  file.doubtful.clear();
  sync(file);
}

// Walks the durable tree, with those unsynced changes of names that took place, and copies it.
class Disk::Copier {
 public:
  Copier(Disk& into, CrashPolicy policy, std::uint64_t seed)
      : into_(into), policy_(policy), random_(seed) {}

  void keep(const Change& change) {
    const bool kept =
        policy_.names == UnsyncedNames::kept ||
        (policy_.names == UnsyncedNames::some && random_.below(100) < policy_.keep_percent);
    if (!kept) return;
    for (const Edit& edit : change) {
      auto [view, first] = views_.try_emplace(edit.directory->number);
      if (first) view->second = edit.directory->durable;
      view->second[edit.name] = edit.target;
      if (!edit.target) view->second.erase(edit.name);
    }
  }

  std::shared_ptr<Inode> copy(const Inode& from) {
    std::shared_ptr<Inode>& made = copies_[from.number];  // one copy, however many links
    if (made) return made;
    made = into_.make(from.is_directory);
    if (!from.is_directory) {
      made->bytes = crash_image(from, policy_, random_);
      made->synced = made->bytes.size();
      return made;
    }
    const std::shared_ptr<Inode> directory = made;
    const auto view = views_.find(from.number);
    for (const auto& [name, target] : view == views_.end() ? from.durable : view->second) {
      const std::shared_ptr<Inode> file = copy(*target);
      directory->names.emplace(name, file);
      if (file->links++ == 0) into_.used_ += file->bytes.size();
    }
    directory->durable = directory->names;
    return directory;
  }

 private:
  Disk& into_;
  CrashPolicy policy_;
  SeededRandom random_;
  std::map<std::uint64_t, Inode::Names> views_;
  std::map<std::uint64_t, std::shared_ptr<Inode>> copies_;
};

Disk Disk::after_crash(CrashPolicy policy, std::uint64_t seed) const {
  Disk disk;
  Copier copier(disk, policy, seed);
  for (const Change& change : pending_) copier.keep(change);
  disk.root_ = copier.copy(*root_);
  return disk;
}

}  // namespace ouro::sim
