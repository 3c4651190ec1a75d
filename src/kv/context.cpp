#include "kv/context.hpp"

#include "base/base64.hpp"
#include "base/coding.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <utility>

namespace ouro::kv {

namespace {

constexpr char context_version = 1;
constexpr std::uint64_t context_seed = 0x636f6e74657874;  // sets tokens apart from other hashes
constexpr std::size_t fixed_size = 1 + sizeof(std::uint64_t) + sizeof(std::uint32_t);
constexpr std::size_t dots_size_max = context_size_max / 4 * 3 - fixed_size;

std::uint32_t checksum_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(hash64(bytes, context_seed));
}

bool fits(const DotSet& context) {
  std::string bytes;
  context.encode(bytes);
  return bytes.size() <= dots_size_max;
}

Error damaged() {
  return {ErrorCode::corruption,
          "the context is damaged: send it exactly as an earlier answer gave it"};
}

}  // namespace

std::string encode_context(std::uint64_t key_hash, const DotSet& context) {
  std::string bytes(1, context_version);
  put_fixed(bytes, key_hash);
  context.encode(bytes);
  put_fixed(bytes, checksum_of(bytes));
  return encode_base64(bytes, Base64::url);
}

Result<DotSet> decode_context(std::string_view token, std::uint64_t key_hash) {
  if (token.size() > context_size_max)
    return Error{ErrorCode::invalid_argument,
                 "the context has " + std::to_string(token.size()) + " characters, more than " +
                     std::to_string(context_size_max) + ": send one that an answer gave"};
  const Result<std::string> bytes = decode_base64(token, Base64::url);
  if (!bytes || bytes->size() < fixed_size) return damaged();
  const std::string_view content =
      std::string_view(*bytes).substr(0, bytes->size() - sizeof(std::uint32_t));
  if (checksum_of(content) != load_fixed<std::uint32_t>(content.data() + content.size()))
    return damaged();
  Reader reader(content);
  const auto version = reader.fixed<char>();
  if (version != context_version)
    return Error{ErrorCode::unsupported, "the context is of version " +
                                             std::to_string(int{version}) +
                                             ", this node knows 1 only: read the key again"};
  if (reader.fixed<std::uint64_t>() != key_hash)
    return Error{ErrorCode::invalid_argument,
                 "the context belongs to another key: read this key and use its context"};
  Result<DotSet> context = DotSet::decode(reader);
  if (!context || !reader.finished()) return damaged();
  return context;
}

DotSet client_context(const DotSet& context, const std::vector<Sibling>& live) {
  if (fits(context)) return context;
  DotSet least;
  for (const Sibling& sibling : live) least.add(sibling.dot);
  // Of the rest the newest boots: their values are the likeliest to be on some replica still.
  std::vector<Interval> intervals(context.intervals().begin(), context.intervals().end());
  std::stable_sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) {
    return a.actor.boot > b.actor.boot;
  });
  const auto with_first = [&](std::size_t count) {
    DotSet set = least;
    for (std::size_t i = 0; i < count; ++i) set.add(intervals[i]);
    return set;
  };
  std::size_t good = 0;
  for (std::size_t bad = intervals.size(); bad - good > 1;) {
    const std::size_t middle = good + (bad - good) / 2;
    (fits(with_first(middle)) ? good : bad) = middle;
  }
  return with_first(good);
}

}  // namespace ouro::kv
