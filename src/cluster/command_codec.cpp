#include "cluster/command_codec.hpp"

#include "cluster/shared_fields.hpp"

#include <array>
#include <utility>

namespace ouro::cluster {
namespace {

// A kind's number is its place in CommandBody plus one; new ones are added at the end. The form
// counts the versions of one kind's fields.
constexpr std::uint8_t form = 1;

template <class Io, class Value>
void registration_fields(Io& io, Value& registration) {
  io.fixed64(registration.instance);
  io.fixed64(registration.run);
  io.number(registration.boot);
  io.text(registration.host, StateLimits::host_bytes);
  io.number(registration.http_port);
  io.number(registration.peer_port);
  features_fields(io, registration.features);
}

template <class Io, class Value>
void arcs_fields(Io& io, Value& body) {
  io.number(body.change);
  io.sequence(body.arcs, ring::arc_count_max, [&io](auto& arc) { io.number(arc); });
}

// One overload serves both directions: Body is const when it is written.
template <class Io, class Body>
void body_fields(Io& io, Body& body) {
  using Kind = std::remove_const_t<Body>;
  if constexpr (std::is_same_v<Kind, Join>) {
    registration_fields(io, body.registration);
    io.text(body.name, StateLimits::name_bytes);
    seat_fields(io, body.seat);
  } else if constexpr (std::is_same_v<Kind, Register>) {
    io.number(body.node);
    registration_fields(io, body.registration);
  } else if constexpr (std::is_same_v<Kind, StageLeave> || std::is_same_v<Kind, Unstage>) {
    io.number(body.node);
  } else if constexpr (std::is_same_v<Kind, StageReplace>) {
    io.number(body.old);
    io.number(body.node);
  } else if constexpr (std::is_same_v<Kind, StageWeight>) {
    io.number(body.node);
    io.number(body.weight);
  } else if constexpr (std::is_same_v<Kind, StageZone>) {
    io.number(body.node);
    io.text(body.zone, StateLimits::name_bytes);
  } else if constexpr (std::is_same_v<Kind, CommitPlan>) {
    io.fixed64(body.hash);
    owners_fields(io, body.target);
  } else if constexpr (std::is_same_v<Kind, StartArcs> || std::is_same_v<Kind, FinishArcs>) {
    arcs_fields(io, body);
  } else if constexpr (std::is_same_v<Kind, Covered>) {
    io.number(body.change);
    io.number(body.session);
    io.number(body.arc);
    io.number(body.node);
    io.fixed64(body.hash);
  } else if constexpr (std::is_same_v<Kind, Abort>) {
    io.number(body.change);
  } else if constexpr (std::is_same_v<Kind, ForgetLost>) {
    io.sequence(body.nodes, StateLimits::members, [&io](auto& node) { io.number(node); });
    io.number(body.accept_data_loss, 1);
  } else if constexpr (std::is_same_v<Kind, SetBucket>) {
    io.text(body.name, StateLimits::bucket_name_bytes);
    properties_fields(io, body.properties);
  } else if constexpr (std::is_same_v<Kind, DropBucket>) {
    io.text(body.name, StateLimits::bucket_name_bytes);
  } else if constexpr (std::is_same_v<Kind, SetDefaults>) {
    properties_fields(io, body.properties);
  } else if constexpr (std::is_same_v<Kind, DoubleArcs>) {
    io.number(body.arcs);
  } else {
    static_assert(std::is_same_v<Kind, SetFeatureLevel>);
    io.number(body.level);
  }
}

template <std::size_t... Kinds>
CommandBody empty_body(std::size_t kind, std::index_sequence<Kinds...>) {
  static const std::array<CommandBody, sizeof...(Kinds)> bodies{
      CommandBody(std::in_place_index<Kinds>)...};
  return bodies.at(kind);
}

}  // namespace

std::string encode_command(const Command& command) {
  std::string bytes;
  put_fixed(bytes, static_cast<std::uint8_t>(command.body.index() + 1));
  put_fixed(bytes, form);
  FieldWriter writer(bytes);
  origin_fields(writer, command.origin);
  std::visit([&](const auto& body) { body_fields(writer, body); }, command.body);
  return bytes;
}

Result<Command> decode_command(std::string_view bytes) {
  constexpr std::size_t kinds = std::variant_size_v<CommandBody>;
  if (bytes.size() < 2)
    return Error{ErrorCode::corruption, "a command of the metadata log is too short"};
  const auto kind = load_fixed<std::uint8_t>(bytes.data());
  const auto version = load_fixed<std::uint8_t>(bytes.data() + 1);
  if (kind < 1 || kind > kinds || version != form)
    return Error{ErrorCode::unsupported,
                 "the metadata log has a command of kind " + std::to_string(kind) + ", form " +
                     std::to_string(version) +
                     ", which this build does not know: start a newer ouro"};
  Command command;
  command.body = empty_body(kind - 1u, std::make_index_sequence<kinds>());
  FieldReader reader(bytes.substr(2));
  origin_fields(reader, command.origin);
  std::visit([&](auto& body) { body_fields(reader, body); }, command.body);
  if (!reader.finished() || encode_command(command) != bytes)
    return Error{ErrorCode::corruption,
                 "a command of kind " + std::to_string(kind) + " in the metadata log is damaged"};
  return command;
}

}  // namespace ouro::cluster
