#include "kv/dot.hpp"

namespace ouro::kv {

namespace {

void append_hex(std::string& out, std::uint64_t value, unsigned digits) {
  for (unsigned shift = digits * 4; shift > 0;) {
    shift -= 4;
    out.push_back("0123456789abcdef"[(value >> shift) & 15]);
  }
}

}  // namespace

std::string to_string(const Dot& dot) {
  std::string text;
  text.reserve(32);
  append_hex(text, to_integer(dot.actor.node), 8);
  append_hex(text, dot.actor.boot, 8);
  append_hex(text, dot.counter, 16);
  return text;
}

}  // namespace ouro::kv
