// What is waiting to be written to one peer connection, in the shape one gather write wants.
#pragma once

#include "base/shared_bytes.hpp"
#include "runtime/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::net {

/// Frames as a byte stream. Small parts are copied together, large attachments are shared. Pure;
/// for one thread.
class SendQueue {
 public:
  /// Kernels take about this many pieces in one write.
  static constexpr std::size_t pieces_max = 64;

  void add(const FrameHeader& header, const Message& message);
  void add_bytes(std::string_view bytes);

  bool empty() const noexcept { return end_ == front_; }
  /// Bytes added and not consumed yet.
  std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - front_); }
  /// Where in the connection's whole stream the next frame will begin.
  std::uint64_t end() const noexcept { return end_; }
  /// What lies from here on was never gathered, so it cannot have reached the peer.
  std::uint64_t gathered_end() const noexcept { return gathered_end_; }

  /// The first bytes of the queue, at most `size_max`, in at most pieces_max pieces. They stay
  /// where they are until consumed, whatever is added meanwhile.
  void gather(std::size_t size_max, std::vector<std::string_view>& pieces);
  /// The first `count` bytes were written; count is at most what was gathered.
  void consume(std::size_t count);

 private:
  struct Segment {
    std::string text;
    SharedBytes shared;  // used when not empty, instead of text
    std::string_view view() const { return shared.empty() ? std::string_view(text) : shared; }
  };

  std::string& open_text();
  void add_attachment(const Message& message);

  std::deque<Segment> segments_;
  std::size_t locked_ = 0;      // segments from the front that are gathered: they must not move
  std::size_t front_done_ = 0;  // bytes of the first segment that are consumed
  std::uint64_t front_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t gathered_end_ = 0;
  std::string spare_;  // memory of a written segment, for the next
};

}  // namespace ouro::net
