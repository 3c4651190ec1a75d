// How do packets of Raft travel as messages?
//
// Own coding, version 1, documented in docs/formats.md, "Raft packets".
#pragma once

#include "raft/packet.hpp"
#include "runtime/message.hpp"

#include <optional>

namespace ouro::raft {

Message encode_packet(const Packet& packet);
/// `from` as the transport knows it. Nothing if the message is no packet, is damaged or of a newer
/// version: then nobody answers, as if it had been lost.
std::optional<Packet> decode_packet(NodeId from, NodeId to, const Message& message);

}  // namespace ouro::raft
