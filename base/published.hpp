// A value that is replaced now and then and read all the time, without locks.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace ouro {

/// A number below `stripes` that stays the same for a thread; neighbouring threads get others.
unsigned thread_stripe(unsigned stripes) noexcept;

/// Readers announce themselves on one of a few counters (a cache line each) instead of sharing one
/// reference count, so a read costs two additions on a line that hardly anybody else touches. What
/// is replaced lives on until every counter has been seen at zero once after the replacement: then
/// nobody can still be reading it (the idea of epochs, Fraser 2004, with counters as in sleepable
/// RCU). Nobody ever waits: the reader that leaves last gives it up.
///
/// Any thread may do anything at any time, except that the destructor must be the last call. A
/// Reading is for a short time without I/O; whoever needs the value for longer takes share().
template <class T>
class Published {
 public:
  using Value = std::shared_ptr<const T>;

 private:
  struct Node {
    Value value;
    std::uint32_t quiet;  ///< The stripes that were seen without readers since it was replaced.
  };
  struct alignas(64) Stripe {
    std::atomic<std::uint64_t> readers{0};
  };

 public:
  /// `dispose` gets the values that a reader was the last to leave, so that it need not destroy
  /// them itself. Null: the reader does.
  explicit Published(std::function<void(Value)> dispose = nullptr) : dispose_(std::move(dispose)) {}
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;
  ~Published() { delete current_.load(); }

  /// Keeps the value in place while it lives; on the stack of one thread.
  class Reading {
   public:
    explicit Reading(const Published& from)
        : from_(from),
          readers_(from.stripes_[thread_stripe(stripe_count)].readers),
          node_((readers_.fetch_add(1), from.current_.load())) {}
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() { from_.leave(readers_); }

    const T* get() const noexcept { return node_ == nullptr ? nullptr : node_->value.get(); }
    const T* operator->() const noexcept { return get(); }
    const T& operator*() const noexcept { return *get(); }
    Value share() const { return node_ == nullptr ? nullptr : node_->value; }

   private:
    friend class Published;
    const Published& from_;
    std::atomic<std::uint64_t>& readers_;
    const Node* node_;
  };

  Reading read() const { return Reading(*this); }
  Value share() const { return read().share(); }

  /// Returns the replaced values that nobody reads any more, for the caller to let go of where it
  /// suits.
  std::vector<Value> publish(Value next) {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Node> old(current_.exchange(new Node{std::move(next), 0}));
    if (old) replaced_.push_back(std::move(old));
    pending_.store(true);
    return sweep_locked();
  }

 private:
  static constexpr unsigned stripe_count = 16;
  static constexpr std::uint32_t all_quiet = (1u << stripe_count) - 1;

  // Sequentially consistent throughout: a reader counts itself and then looks at the value, a
  // writer changes the value and then looks at the counters. One of them sees the other.
  void leave(std::atomic<std::uint64_t>& readers) const {
    readers.fetch_sub(1);
    if (!pending_.load()) return;
    std::vector<Value> left;
    {
      const std::lock_guard lock(mutex_);
      left = sweep_locked();
    }
    if (!dispose_) return;
    for (Value& value : left) dispose_(std::move(value));
  }

  std::vector<Value> sweep_locked() const {
    std::uint32_t quiet = 0;
    for (unsigned i = 0; i < stripe_count; ++i)
      if (stripes_[i].readers.load() == 0) quiet |= 1u << i;
    std::vector<Value> left;
    std::erase_if(replaced_, [&](const std::unique_ptr<Node>& node) {
      if ((node->quiet |= quiet) != all_quiet) return false;
      left.push_back(std::move(node->value));
      return true;
    });
    pending_.store(!replaced_.empty());
    return left;
  }

  const std::function<void(Value)> dispose_;
  mutable std::array<Stripe, stripe_count> stripes_;
  alignas(64) std::atomic<Node*> current_{nullptr};
  mutable std::atomic<bool> pending_{false};
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Node>> replaced_;
};

}  // namespace ouro
