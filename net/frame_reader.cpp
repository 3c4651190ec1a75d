#include "net/frame_reader.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <cstring>

namespace ouro::net {
namespace {

constexpr std::size_t buffer_size = std::size_t{64} << 10;

}  // namespace

FrameReader::Space FrameReader::space() {
  make_room(buffer_size / 4);
  const std::span<char> rest(buffer_.get() + end_, capacity_ - end_);
  if (attachment_got_ == attachment_wanted_) return Space{rest, {}};
  // While an attachment arrives nothing is unread, so the buffer continues the stream after it.
  check(begin_ == end_);
  return Space{{attachment_.get() + attachment_got_, attachment_wanted_ - attachment_got_}, rest};
}

Status FrameReader::received(std::size_t count, std::vector<Frame>& frames) {
  const std::size_t into_attachment = std::min(count, attachment_wanted_ - attachment_got_);
  attachment_got_ += into_attachment;
  end_ += count - into_attachment;
  check(end_ <= capacity_);
  return read_frames(frames);
}

// Makes space for `size` more bytes, keeping what is unread.
void FrameReader::make_room(std::size_t size) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_ != nullptr && capacity_ - end_ >= size) return;
  const std::size_t wanted = std::max(buffer_size, end_ - begin_ + size);
  if (buffer_ != nullptr && wanted <= capacity_) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  } else {
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (end_ > begin_) std::memcpy(larger.get(), buffer_.get() + begin_, end_ - begin_);
    buffer_ = std::move(larger);
    capacity_ = wanted;
  }
  end_ -= begin_;
  begin_ = 0;
}

Status FrameReader::read_frames(std::vector<Frame>& frames) {
  while (true) {
    if (!current_) {
      const Result<bool> started = read_start();
      if (!started) return started.error();
      if (!*started) return {};
    }
    if (attachment_got_ < attachment_wanted_) {
      const std::size_t count = std::min(attachment_wanted_ - attachment_got_, end_ - begin_);
      std::memcpy(attachment_.get() + attachment_got_, buffer_.get() + begin_, count);
      attachment_got_ += count;
      begin_ += count;
      if (attachment_got_ < attachment_wanted_) return {};
    }
    if (const Status finished = finish_frame(frames); !finished) return finished.error();
  }
}

// Takes header and meta from the buffer if they are there.
Result<bool> FrameReader::read_start() {
  if (unread().size() < frame_header_size) return false;
  const std::string_view header_bytes = unread().substr(0, frame_header_size);
  const Result<FrameHeader> header = decode_frame_header(header_bytes);
  if (!header) return header.error();
  if (header->meta_size > meta_max_ || header->attachment_size > attachment_max_)
    return Error{ErrorCode::corruption, "a frame is larger than this peer may send"};
  const std::size_t start_size = frame_header_size + header->meta_size;
  if (unread().size() < start_size) {
    make_room(start_size - unread().size());
    return false;
  }
  const std::string_view meta = unread().substr(frame_header_size, header->meta_size);
  if (!frame_start_is_intact(header_bytes, meta))
    return Error{ErrorCode::corruption, "a frame's header or metadata arrived damaged"};
  current_.emplace();
  current_->header = *header;
  current_->message.kind = header->kind;
  current_->message.meta = meta;
  begin_ += start_size;
  attachment_got_ = 0;
  attachment_wanted_ = 0;
  if (header->attachment_size > 0) {
    attachment_wanted_ = header->attachment_size + attachment_checksum_size;
    attachment_ = std::make_shared_for_overwrite<char[]>(attachment_wanted_);
  }
  return true;
}

Status FrameReader::finish_frame(std::vector<Frame>& frames) {
  if (attachment_wanted_ > 0) {
    const std::string_view bytes(attachment_.get(), attachment_wanted_);
    const std::string_view attachment = bytes.substr(0, current_->header.attachment_size);
    if (!attachment_is_intact(attachment, bytes.substr(attachment.size())))
      return Error{ErrorCode::corruption, "a frame's attachment arrived damaged"};
    current_->message.attachment.emplace_back(std::move(attachment_), attachment);
    attachment_ = nullptr;
    attachment_wanted_ = attachment_got_ = 0;
  }
  frames.push_back(std::move(*current_));
  current_.reset();
  return {};
}

}  // namespace ouro::net
