#include "engine/key_node.hpp"

#include <cstring>
#include <new>

namespace ouro::engine {
namespace {

// Every version but the oldest, in memory: this object, then the value.
//
// `jump` leads to a version further down, chosen as in Myers' random-access stacks ("An applicative
// random-access stack", 1983), so that any version is found in a logarithmic number of steps.
class LaterVersion : public KeyVersion {
 public:
  const KeyVersion* older;
  const KeyVersion* jump;
};

const LaterVersion* later(const KeyVersion* version) {
  return static_cast<const LaterVersion*>(version);
}

const KeyVersion* jump_of(const KeyVersion* version) {
  return version->depth == 0 ? version : later(version)->jump;
}

// Two jumps of equal length become one of twice the length and one.
const KeyVersion* jump_over(const KeyVersion* newest) {
  const KeyVersion* const once = jump_of(newest);
  const KeyVersion* const twice = jump_of(once);
  return newest->depth - once->depth == once->depth - twice->depth ? twice : newest;
}

KeyVersion make_version(const KeyNode::Change& change, std::uint32_t depth) {
  return {.sequence = change.sequence,
          .value_size = static_cast<std::uint32_t>(change.value.size()),
          .kind = static_cast<std::uint32_t>(change.kind) & 3,
          .depth = depth & 0x3fffffff};
}

char* copy(char* to, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

}  // namespace

KeyNode::KeyNode(const Change& change)
    : prefix_(change.prefix),
      key_size_(static_cast<std::uint32_t>(change.key.size())),
      newest_(&oldest_),
      oldest_(make_version(change, 0)) {}

KeyNode* KeyNode::make(Arena& arena, const Change& change) {
  char* const memory = arena.allocate(sizeof(KeyNode) + change.key.size() + change.value.size());
  auto* const node = new (memory) KeyNode(change);
  copy(copy(node->bytes(), change.key), change.value);
  return node;
}

void KeyNode::push(Arena& arena, const Change& change) {
  const KeyVersion* const before = newest_.load(std::memory_order_relaxed);
  char* const memory = arena.allocate(sizeof(LaterVersion) + change.value.size());
  auto* const version =
      new (memory) LaterVersion{make_version(change, before->depth + 1), before, jump_over(before)};
  copy(memory + sizeof(LaterVersion), change.value);
  newest_.store(version, std::memory_order_release);
}

const KeyVersion* KeyNode::version(Sequence at_most) const {
  const KeyVersion* at = newest();
  while (at->sequence > at_most) {
    if (at->depth == 0) return nullptr;
    const KeyVersion* const jump = later(at)->jump;
    at = jump->sequence > at_most ? jump : later(at)->older;
  }
  return at;
}

const KeyVersion* KeyNode::older(const KeyVersion* version) {
  return version->depth == 0 ? nullptr : later(version)->older;
}

std::string_view KeyNode::value(const KeyVersion* version) const {
  const char* const at =
      version->depth == 0 ? bytes() + key_size_ : reinterpret_cast<const char*>(later(version) + 1);
  return {at, version->value_size};
}

}  // namespace ouro::engine
