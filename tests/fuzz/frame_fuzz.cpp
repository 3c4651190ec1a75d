// Bytes from a peer, cut at arbitrary places: the Hello and the frame reader must refuse or read
// them, whatever they are, and what was read must encode to the bytes it was read from.
#include "base/check.hpp"
#include "net/frame_reader.hpp"
#include "net/send_queue.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace ouro;
using namespace ouro::net;

std::string encoded(const Frame& frame) {
  SendQueue queue;
  queue.add(frame.header, frame.message);
  std::string bytes;
  std::vector<std::string_view> pieces;
  while (!queue.empty()) {
    queue.gather(std::size_t{1} << 20, pieces);
    std::size_t size = 0;
    for (const std::string_view piece : pieces) {
      bytes += piece;
      size += piece.size();
    }
    queue.consume(size);
  }
  return bytes;
}

// Frames with right checksums are hopeless to guess, so the fuzzer's bytes are also sent as the
// contents of one, with one of its bytes changed.
std::string wrapped(std::string_view bytes) {
  Frame frame;
  frame.header.type = static_cast<FrameType>(bytes.empty() ? 0 : bytes.front());
  frame.message.meta = bytes.substr(0, bytes.size() / 2);
  frame.message.attachment.emplace_back(std::string(bytes.substr(bytes.size() / 2)));
  std::string stream = encoded(frame);
  if (bytes.size() > 2 && bytes[1] % 4 == 0)
    stream[static_cast<unsigned char>(bytes[2]) % stream.size()] ^= 1;
  return stream + stream;
}

void read(std::string_view stream, std::size_t step) {
  FrameReader reader;
  std::vector<Frame> frames;
  std::string read_back;
  for (std::string_view rest = stream; !rest.empty();) {
    const FrameReader::Space space = reader.space();
    const std::size_t wanted = std::min(rest.size(), step);
    const std::size_t first = std::min(wanted, space.first.size());
    const std::size_t second = std::min(wanted - first, space.second.size());
    check(first + second > 0);
    std::copy_n(rest.data(), first, space.first.data());
    if (second > 0) std::copy_n(rest.data() + first, second, space.second.data());
    rest.remove_prefix(first + second);
    if (!reader.received(first + second, frames)) break;
  }
  for (const Frame& frame : frames) read_back += encoded(frame);
  check(stream.substr(0, read_back.size()) == read_back);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const Result<Hello> hello = decode_hello(bytes.substr(0, hello_size)))
    check(decode_hello(encode_hello(*hello)).has_value());
  decode_error(bytes);
  read(bytes, step);
  read(wrapped(bytes), step);
  return 0;
}
