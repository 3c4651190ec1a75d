// When has a read its answer, what is it, and who must be repaired?
//
// Pure deciding: no clock, no network. Data comes from one replica and digests from the others;
// where they differ, their data is fetched too and merged. An absence beats only values whose dots
// its context covers.
#pragma once

#include "base/node_id.hpp"
#include "kv/dot_set.hpp"
#include "kv/merge.hpp"
#include "kv/object.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace ouro::kv {

/// One that is asked.
struct ReadReplica {
  NodeId node{};
  bool primary = true;  ///< Of the preference list; a fallback's "nothing" is no vote.
  bool local = false;   ///< Its data costs no network: asked first.
};

enum class ReadState : std::uint8_t {
  waiting,    ///< Too few have answered; asking more may help.
  need_data,  ///< Enough answered but they differ: get the objects of needed().
  done,       ///< answer() and context() are good.
  lost,       ///< Too many failed.
};

/// One read. Answers of nodes that were not asked, and second answers, are ignored. Answers that
/// come after `done` still count for repairs().
class ReadQuorum {
 public:
  /// `replicas` in the order of preference, each node once; 1 <= r <= replicas.size() (checked).
  ReadQuorum(std::vector<ReadReplica> replicas, std::size_t r);

  /// `context`: the replica's filled_context() for the key, of the same durable state.
  void add_data(NodeId node, Object object, const DotSet& context);
  void add_digest(NodeId node, std::uint64_t digest, const DotSet& context);
  /// The node will not answer; or, after its digest, will not give its data.
  void add_failure(NodeId node);

  ReadState state() const;

  /// In state need_data: of whom the full object is needed; one per distinct digest, the local one
  /// first. Asking again for the same is harmless.
  std::vector<NodeId> needed() const;

  /// All answers merged whose objects are known (its `rest` is empty), and the union of exactly
  /// their contexts.
  const Object& answer() const noexcept { return merged_; }
  const DotSet& context() const noexcept { return context_; }
  /// Answers that agreed or were merged, and how many of them are primaries'.
  std::size_t answered() const;
  std::size_t primaries_answered() const;

  /// What to send to the primaries that answered with less or other than answer(). Empty before
  /// state done.
  std::vector<std::pair<NodeId, Frame>> repairs() const;

 private:
  enum class Progress : std::uint8_t { asked, digest, known, failed };
  struct Reply {
    ReadReplica replica;
    Progress progress = Progress::asked;
    bool counts = true;  // towards r
    std::uint64_t digest = 0;
    std::optional<Object> object;  // of those that sent data
    DotSet context;                // until it is merged
  };

  Reply* find(NodeId node);
  void take_in(const Object& object, const DotSet& context);
  void resolve_digests();
  const Object* known_object(std::uint64_t digest) const;
  std::size_t count(Progress progress) const;

  std::vector<Reply> replies_;
  std::size_t required_;
  std::uint64_t nothing_ = digest(Object());  // the digest of an absent key
  Object merged_;
  DotSet context_;
  std::uint64_t merged_digest_ = 0;
  bool any_known_ = false;
};

}  // namespace ouro::kv
