// Feeds arbitrary bytes to the HTTP codec, whole and cut: nothing may crash, no bound may break,
// and the outcome must not depend on the cuts. The first byte chooses their size.
#include "base/check.hpp"
#include "net/http_body.hpp"
#include "net/http_codec.hpp"
#include "runtime/url.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace ouro;
using namespace ouro::net;

constexpr std::uint64_t body_max = 4096;

std::string finish(BodyReader& body, std::string_view bytes, std::size_t at, std::size_t step) {
  while (!body.bad() && !body.done() && at < bytes.size()) at += body.feed(bytes.substr(at, step));
  if (body.bad()) return std::to_string(body.problem().status);
  check(body.held() <= body_max);
  if (!body.done()) return "more";
  return "done " + std::to_string(at) + std::string(body.take().view());
}

std::string read(std::string_view bytes, std::size_t step) {
  const HttpLimits limits;
  HeadScanner scanner(limits);
  auto progress = HeadScanner::Progress::need_more;
  for (std::size_t end = 0; end < bytes.size() && progress == HeadScanner::Progress::need_more;) {
    end = std::min(end + step, bytes.size());
    progress = scanner.scan(bytes.substr(0, end));
  }
  if (progress == HeadScanner::Progress::bad) return std::to_string(scanner.problem().status);
  if (progress == HeadScanner::Progress::need_more) return "more";
  check(scanner.size() <= limits.head_max);
  HttpHead head;
  HeadTraits traits;
  const auto problem = parse_head(bytes.substr(0, scanner.size()), head, traits);
  if (problem) return std::to_string(problem->status);
  check(head.fields.size() <= limits.fields_max && !head.target.empty());
  static_cast<void>(parse_target(head.target));
  BodyReader body(limits);
  body.start(head, body_max);
  return finish(body, bytes, scanner.size(), step);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(data + 1, data + size);
  check(read(bytes, bytes.size() + 1) == read(bytes, std::size_t{data[0] % 16U} + 1));
  return 0;
}
