#include "base/published.hpp"

#include "tests/support/catch.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace ouro {
namespace {

TEST_CASE("readers see what was published last") {
  Published<int> number;
  CHECK(number.read().get() == nullptr);
  number.publish(std::make_shared<const int>(1));
  CHECK(*number.read() == 1);
  number.publish(std::make_shared<const int>(2));
  CHECK(*number.share() == 2);
}

TEST_CASE("what nobody reads is handed back when it is replaced") {
  Published<int> number;
  number.publish(std::make_shared<const int>(1));
  const auto old = number.publish(std::make_shared<const int>(2));
  REQUIRE(old.size() == 1);
  CHECK(*old.front() == 1);
}

TEST_CASE("what is being read is given up by its last reader") {
  std::vector<std::shared_ptr<const int>> disposed;
  Published<int> number(
      [&](std::shared_ptr<const int> old) { disposed.push_back(std::move(old)); });
  number.publish(std::make_shared<const int>(1));
  {
    const auto reading = number.read();
    CHECK(number.publish(std::make_shared<const int>(2)).empty());
    CHECK(*reading == 1);
    CHECK(*number.read() == 2);
    CHECK(disposed.empty());
  }
  REQUIRE(disposed.size() == 1);
  CHECK(*disposed.front() == 1);
}

TEST_CASE("a share outlives everything") {
  std::shared_ptr<const int> kept;
  {
    Published<int> number;
    number.publish(std::make_shared<const int>(7));
    kept = number.share();
    number.publish(nullptr);
  }
  CHECK(*kept == 7);
}

TEST_CASE("readers on many threads never see a value that is gone") {
  struct Watched {
    explicit Watched(std::atomic<int>& living_) : living(living_) { ++living; }
    ~Watched() {
      alive = false;
      --living;
    }
    std::atomic<int>& living;
    std::atomic<bool> alive{true};
  };
  std::atomic<int> living{0};
  std::atomic<int> wrong{0};
  {
    Published<Watched> value;
    value.publish(std::make_shared<const Watched>(living));
    std::atomic<bool> done{false};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i)
      readers.emplace_back([&] {
        while (!done)
          if (!value.read()->alive) ++wrong;
      });
    for (int i = 0; i < 2000; ++i) value.publish(std::make_shared<const Watched>(living));
    done = true;
    for (auto& reader : readers) reader.join();
    value.publish(nullptr);
    CHECK(living == 0);
  }
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace ouro
