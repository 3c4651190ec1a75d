// The fields of what commands and snapshots of the metadata both hold. For the two codecs only.
#pragma once

#include "cluster/fields.hpp"
#include "cluster/state.hpp"

namespace ouro::cluster {

template <class Io, class Value>
void origin_fields(Io& io, Value& origin) {
  io.text(origin.who, StateLimits::who_bytes);
  io.number(origin.wall_us);
}

template <class Io, class Value>
void seat_fields(Io& io, Value& seat) {
  io.text(seat.zone, StateLimits::name_bytes);
  io.number(seat.weight);
}

template <class Io, class Value>
void features_fields(Io& io, Value& features) {
  io.number(features.min);
  io.number(features.max);
}

template <class Io, class Value>
void properties_fields(Io& io, Value& properties) {
  io.number(properties.n);
  io.number(properties.r);
  io.number(properties.w);
  io.number(properties.generation);
  io.text(properties.placement, StateLimits::name_bytes);
}

template <class Io, class Value>
void owners_fields(Io& io, Value& owners) {
  io.sequence(owners, ring::arc_count_max, [&io](auto& owner) { io.number(owner); });
}

}  // namespace ouro::cluster
