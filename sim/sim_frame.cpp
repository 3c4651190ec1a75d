#include "sim/sim_frame.hpp"

namespace ouro::sim {
namespace {

Error damaged(const char* what) {
  return Error{ErrorCode::corruption, std::string("a frame arrived damaged: ") + what};
}

}  // namespace

std::string encode_frame(const FrameHeader& header, const Message& message) {
  std::string bytes = encode_frame_start(header, message);
  for (const SharedBytes& piece : message.attachment) bytes += piece.view();
  return bytes += encode_attachment_end(message);
}

Result<WholeFrame> decode_frame(std::string_view bytes) {
  if (bytes.size() < frame_header_size) return damaged("too short");
  const std::string_view header_bytes = bytes.substr(0, frame_header_size);
  const Result<FrameHeader> header = decode_frame_header(header_bytes);
  if (!header) return header.error();
  if (!is_known(header->type)) return damaged("unknown type");
  const std::size_t end_size = header->attachment_size > 0 ? attachment_checksum_size : 0;
  const std::size_t meta_size = header->meta_size, attachment_size = header->attachment_size;
  if (bytes.size() != frame_header_size + meta_size + attachment_size + end_size)
    return damaged("wrong size");

  const std::string_view meta = bytes.substr(frame_header_size, meta_size);
  if (!frame_start_is_intact(header_bytes, meta)) return damaged("wrong checksum");
  WholeFrame frame{*header, Message{header->kind, std::string(meta), {}}};
  if (attachment_size == 0) return frame;
  const std::string_view attachment = bytes.substr(frame_header_size + meta_size, attachment_size);
  const std::string_view end = bytes.substr(bytes.size() - end_size);
  if (!attachment_is_intact(attachment, end)) return damaged("wrong checksum of the attachment");
  frame.message.attachment.emplace_back(std::string(attachment));
  return frame;
}

}  // namespace ouro::sim
