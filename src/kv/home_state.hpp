// What the parts of HomeStore share: keys held in memory, changes not installed yet.
#pragma once

#include "kv/home_store.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ouro::kv {

/// What one change of one key leaves behind, not installed yet.
struct HomeStore::Draft {
  Object object;
  DotSet seen;
  std::vector<Dot> learned;
};

/// Keeps a key's state in memory while a change of it is under way.
class HomeStore::Hold {
 public:
  Hold(HomeStore& store, ArcId arc, std::string key)
      : store_(store), key_(store.keys_.try_emplace(std::move(key)).first) {
    key_->second.arc = arc;
    ++key_->second.users;
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() {
    if (--key_->second.users == 0) store_.keys_.erase(key_);
  }
  Keys::iterator key() const { return key_; }

 private:
  HomeStore& store_;
  Keys::iterator key_;
};

/// Counts a request among those under way, which are bounded. The keys of streams are not: a chunk
/// has a bound of its own.
class HomeStore::UnderWay {
 public:
  explicit UnderWay(HomeStore& store) : store_(store) { ++store_.under_way_; }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() { --store_.under_way_; }

 private:
  HomeStore& store_;
};

}  // namespace ouro::kv
