#include "cluster/swim/members.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ouro::cluster::swim {
namespace {

bool newer_report(const Member& member, const Record& record) {
  const Boot known = boot_of(member.incarnation), said = boot_of(record.incarnation);
  return said > known || (said == known && record.report.version > member.report.version);
}

Change accuse(Member& member, const Record& record) {
  bool more = false;
  if (member.suspicion)
    for (const NodeId node : record.accusers) more |= member.suspicion->accusers.add(node);
  return more ? Change::accused : Change::nothing;
}

}  // namespace

Record Member::record() const {
  Record record{id, state, incarnation, report, {}};
  if (suspicion) record.accusers = suspicion->accusers;
  return record;
}

Members::Difference Members::set(std::vector<NodeId> nodes, Instant now) {
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  Difference difference;
  for (const Member& member : members_)
    if (!std::binary_search(nodes.begin(), nodes.end(), member.id))
      difference.removed.push_back(member.id);
  for (const NodeId node : nodes)
    if (find(node) == nullptr) difference.added.push_back(node);

  std::erase_if(members_, [&nodes](const Member& member) {
    return !std::binary_search(nodes.begin(), nodes.end(), member.id);
  });
  for (const NodeId node : difference.added) {
    Member& member = members_.emplace_back();
    member.id = node;
    member.since = now;
  }
  std::sort(members_.begin(), members_.end(),
            [](const Member& a, const Member& b) { return a.id < b.id; });
  return difference;
}

Member* Members::find(NodeId node) {
  const auto found =
      std::lower_bound(members_.begin(), members_.end(), node,
                       [](const Member& member, NodeId id) { return member.id < id; });
  return found == members_.end() || found->id != node ? nullptr : &*found;
}

const Member* Members::find(NodeId node) const { return const_cast<Members*>(this)->find(node); }

Change Members::merge(Member& member, const Record& record, Instant now) {
  const bool report = newer_report(member, record);
  if (report) {
    member.report = record.report;
    member.reported = now;
  }
  const Change otherwise = report ? Change::learnt : Change::nothing;
  const auto said = std::pair(record.incarnation, record.state);
  const auto known = std::pair(member.incarnation, member.state);
  if (said < known) return otherwise;
  if (said == known) return std::max(otherwise, accuse(member, record));

  const bool known_before = member.incarnation != 0;
  member.incarnation = record.incarnation;
  if (record.state == State::suspect) {
    member.suspicion = std::make_unique<Suspicion>(Suspicion{record.accusers, now});
  } else {
    member.suspicion.reset();
  }
  if (record.state != member.state) {
    member.state = record.state;
    member.since = now;
    return Change::state;
  }
  // The first that is heard of an unsuspected member is no news: everybody hears it from itself.
  if (!known_before) return Change::learnt;
  return record.state == State::suspect ? Change::accused : Change::news;
}

}  // namespace ouro::cluster::swim
