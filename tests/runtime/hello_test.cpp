// Who may talk to whom, decided on literals.
#include "runtime/hello.hpp"

#include "tests/support/catch.hpp"

namespace ouro {
namespace {

constexpr PeerIdentity own{7, NodeId{1}, 3};

Hello hello(std::uint64_t cluster, std::uint32_t node, PeerLane lane = PeerLane::control) {
  return hello_of({cluster, NodeId{node}, 1}, lane);
}

TEST_CASE("a caller of the same cluster or of none is fine, any other is not") {
  CHECK(check_caller(own, hello(7, 2)));
  CHECK(check_caller(own, hello(0, 0)));
  CHECK_FALSE(check_caller(own, hello(8, 2)));
  CHECK_FALSE(check_caller(own, hello(7, 1)));
  CHECK_FALSE(check_caller(own, hello(7, 0)));
  CHECK_FALSE(check_caller(own, hello(0, 2)));
}

TEST_CASE("an answer is believed from the node that was dialled only") {
  const auto check = [](const Hello& answer) {
    return check_answer(own, answer, NodeId{2}, PeerLane::control);
  };
  CHECK(check(hello(7, 2)));
  CHECK(check(hello(7, 3)).error().message.find("node 3 answers where node 2") == 0);
  CHECK(check(hello(8, 2)).error().message.find("belongs to cluster 8") != std::string::npos);
  CHECK_FALSE(check(hello(7, 2, PeerLane::bulk)));
  CHECK(check(refusal({7, NodeId{2}, 1}, PeerLane::control)).error().message.find("not know it") !=
        std::string::npos);
}

TEST_CASE("a stranger takes anybody's answer but a refusal") {
  const auto check = [](const Hello& answer) {
    return check_answer({}, answer, NodeId{0}, PeerLane::control);
  };
  CHECK(check(hello(7, 2)));
  CHECK(check(hello(8, 9)));
  CHECK(check(refusal(own, PeerLane::control)).error().code == ErrorCode::busy);
}

TEST_CASE("without a list of members all are let in, with one only those in it and strangers") {
  Admission admission;
  CHECK(admission.check(hello(7, 9), 0));
  admission.set_members({NodeId{2}});
  CHECK(admission.check(hello(7, 2), 0));
  CHECK_FALSE(admission.check(hello(7, 9), 0));
  CHECK(admission.welcome(NodeId{2}));
  CHECK_FALSE(admission.welcome(NodeId{9}));
  CHECK(admission.welcome(NodeId{0}));
  CHECK(admission.check(hello(0, 0), 0));
}

TEST_CASE("strangers are few and on the control lane") {
  const Admission admission;
  CHECK(admission.check(hello(0, 0), stranger_connections_max - 1));
  CHECK(admission.check(hello(0, 0), stranger_connections_max).error().code == ErrorCode::busy);
  CHECK(admission.check(hello(7, 2), stranger_connections_max));
  CHECK_FALSE(admission.check(hello(0, 0, PeerLane::bulk), 0));
}

TEST_CASE("a stranger's request is small and has no attachment") {
  Message request;
  request.meta = std::string(stranger_meta_max, 'x');
  CHECK(stranger_may_ask(request));
  request.meta += 'x';
  CHECK_FALSE(stranger_may_ask(request));
  request.meta.clear();
  request.attachment.emplace_back(std::string("x"));
  CHECK_FALSE(stranger_may_ask(request));
}

}  // namespace
}  // namespace ouro
