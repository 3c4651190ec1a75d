// Cuts the byte stream from one peer into frames.
#pragma once

#include "base/result.hpp"
#include "base/shared_bytes.hpp"
#include "runtime/frame.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ouro::net {

/// A whole frame whose checksums were right. Its type may be unknown to this build.
struct Frame {
  FrameHeader header;
  Message message;

  std::size_t size() const {
    return frame_header_size + message.meta.size() + message.attachment_size();
  }
};

/// Reads straight into where the bytes will stay if the attachment is large. Pure: whoever owns the
/// socket asks where to put bytes, puts some there, and takes the frames. For one thread.
class FrameReader {
 public:
  /// Where the next bytes belong: `first`, then, once that is full, `second` (may be empty).
  struct Space {
    std::span<char> first;
    std::span<char> second;
  };
  Space space();

  /// From now on a frame with more than this is an error; `meta` and `attachment` in bytes.
  void limit(std::size_t meta, std::size_t attachment) {
    meta_max_ = meta;
    attachment_max_ = attachment;
  }

  /// `count` bytes were put into the space. Appends the frames they completed. Error corruption
  /// means that the stream cannot be trusted from here on: close it.
  Status received(std::size_t count, std::vector<Frame>& frames);

 private:
  std::string_view unread() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void make_room(std::size_t size);
  Status read_frames(std::vector<Frame>& frames);
  Result<bool> read_start();
  Status finish_frame(std::vector<Frame>& frames);

  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t meta_max_ = meta_size_max;
  std::size_t attachment_max_ = attachment_size_max;
  std::size_t begin_ = 0;  // of what is not cut yet
  std::size_t end_ = 0;

  /// The frame whose start was read and whose attachment (with its checksum) is arriving.
  std::optional<Frame> current_;
  std::shared_ptr<char[]> attachment_;
  std::size_t attachment_wanted_ = 0;
  std::size_t attachment_got_ = 0;
};

}  // namespace ouro::net
