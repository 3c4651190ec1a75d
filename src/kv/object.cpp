#include "kv/object.hpp"

#include "base/coding.hpp"
#include "base/hash.hpp"

#include <algorithm>

namespace ouro::kv {

DotSet live_dots(const Object& object) {
  DotSet dots;
  for (const Sibling& sibling : object.live) dots.add(sibling.dot);
  return dots;
}

std::uint64_t digest(const Object& object) {
  std::string names;
  names.reserve(object.live.size() * 16);
  for (const Sibling& sibling : object.live) {
    put_fixed(names, to_integer(sibling.dot.actor.node));
    put_fixed(names, sibling.dot.actor.boot);
    put_fixed(names, sibling.dot.counter);
  }
  return hash64(names);
}

std::size_t drop_expired(Object& object, std::uint64_t now) {
  return std::erase_if(object.live, [now](const Sibling& sibling) {
    return sibling.expires != 0 && sibling.expires <= now;
  });
}

}  // namespace ouro::kv
