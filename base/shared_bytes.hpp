// Immutable bytes that several owners share without copying them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ouro {

/// A view of bytes together with whatever keeps them alive: a string, a cache block, a memtable's
/// arena. A value travels from socket to log and from block to socket as one of these.
/// Copying shares; the bytes never change. Safe to use from any thread.
class SharedBytes {
 public:
  SharedBytes() = default;

  /// Takes over `bytes`.
  explicit SharedBytes(std::string bytes) {
    auto owned = std::make_shared<const std::string>(std::move(bytes));
    view_ = *owned;
    owner_ = std::move(owned);
  }

  /// `view` stays valid for as long as `owner` lives. A null owner means static storage.
  SharedBytes(std::shared_ptr<const void> owner, std::string_view view)
      : owner_(std::move(owner)), view_(view) {}

  std::string_view view() const noexcept { return view_; }
  operator std::string_view() const noexcept { return view_; }
  std::size_t size() const noexcept { return view_.size(); }
  bool empty() const noexcept { return view_.empty(); }

  /// The part [offset, offset + size), sharing the same owner. offset <= this->size().
  SharedBytes part(std::size_t offset, std::size_t size = std::string_view::npos) const {
    return SharedBytes(owner_, view_.substr(offset, size));
  }

 private:
  std::shared_ptr<const void> owner_;
  std::string_view view_;
};

}  // namespace ouro
