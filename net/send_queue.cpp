#include "net/send_queue.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <utility>

namespace ouro::net {
namespace {

constexpr std::size_t text_size_max = std::size_t{64} << 10;
// Copying this much costs less than another piece in the write.
constexpr std::size_t copied_size_max = 2048;

}  // namespace

void SendQueue::add(const FrameHeader& header, const Message& message) {
  std::string& text = open_text();
  const std::size_t before = text.size();
  append_frame_start(text, header, message);
  end_ += text.size() - before;
  if (!message.attachment.empty()) add_attachment(message);
}

void SendQueue::add_bytes(std::string_view bytes) {
  open_text() += bytes;
  end_ += bytes.size();
}

void SendQueue::add_attachment(const Message& message) {
  const std::string checksum = encode_attachment_end(message);
  for (const SharedBytes& piece : message.attachment) {
    if (piece.size() <= copied_size_max) {
      add_bytes(piece.view());
    } else {
      segments_.push_back(Segment{{}, piece});
      end_ += piece.size();
    }
  }
  if (!checksum.empty()) add_bytes(checksum);
}

std::string& SendQueue::open_text() {
  if (segments_.size() > locked_) {
    Segment& last = segments_.back();
    if (last.shared.empty() && last.text.size() < text_size_max) return last.text;
  }
  segments_.push_back(Segment{std::exchange(spare_, {}), {}});
  return segments_.back().text;
}

void SendQueue::gather(std::size_t size_max, std::vector<std::string_view>& pieces) {
  pieces.clear();
  check(gathered_end_ <= end_);
  std::size_t size = 0;
  std::size_t skip = front_done_;
  locked_ = 0;
  for (const Segment& segment : segments_) {
    if (size == size_max || pieces.size() == pieces_max) break;
    const std::string_view piece = segment.view().substr(skip).substr(0, size_max - size);
    skip = 0;
    ++locked_;
    if (piece.empty()) continue;
    pieces.push_back(piece);
    size += piece.size();
  }
  gathered_end_ = std::max(gathered_end_, front_ + size);
}

void SendQueue::consume(std::size_t count) {
  check(count <= gathered_end_ - front_);
  front_ += count;
  front_done_ += count;
  locked_ = 0;
  while (!segments_.empty() && front_done_ >= segments_.front().view().size()) {
    Segment& first = segments_.front();
    front_done_ -= first.view().size();
    if (first.shared.empty() && first.text.capacity() <= 2 * text_size_max) {
      spare_ = std::move(first.text);
      spare_.clear();
    }
    segments_.pop_front();
  }
}

}  // namespace ouro::net
