// From a client's read to an answer that R replicas agree on.
#pragma once

#include "kv/part.hpp"
#include "kv/request.hpp"

namespace ouro::kv {

/// The reads of one event loop. Data from one replica, digests from the rest of R; where they
/// differ the objects are fetched and merged, the client gets the merged answer, and replicas that
/// were behind are repaired (docs/replication.md).
class ReadPath {
 public:
  explicit ReadPath(Collaborators with) : with_(with) {}

  Task<Outcome<Found>> get(Get request);

 private:
  Collaborators with_;
};

}  // namespace ouro::kv
