// Liveness messages as any peer may send them: refused, or taken in by a failure detector that goes
// on as if nothing had happened.
#include "base/check.hpp"
#include "cluster/swim/coding.hpp"
#include "cluster/swim/swim.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace ouro;
using namespace ouro::cluster::swim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto kind = static_cast<std::uint16_t>(120 + data[0] % 8);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Result<Packet> packet = decode(kind, bytes);
  if (!packet) return 0;
  const Result<Packet> again = decode(kind, encode(*packet));
  check(again && *again == *packet);

  SeededRandom random(1);
  Instant now{};
  Swim swim({}, NodeId(1), 2, random, now);
  swim.set_members({NodeId(1), NodeId(2), NodeId(3), NodeId(4)}, now);
  swim.receive(NodeId(2), *packet, now);
  for (int i = 0; i < 50; ++i) {
    now = swim.next_due();
    swim.tick(now);
    check(swim.next_due() > now);  // or it would spin
    for (const Envelope& envelope : swim.take_packets())
      check(decode(static_cast<std::uint16_t>(envelope.packet.kind), encode(envelope.packet))
                .has_value());
    check(boot_of(swim.incarnation()) == 2);
    check(swim.take_events().size() <= 3);
  }
  return 0;
}
