#include "api/kv_routes.hpp"

#include "runtime/coroutine.hpp"

#include <algorithm>
#include <utility>

namespace ouro::api {
namespace {

constexpr std::string_view default_content_type = "application/octet-stream";

Task<HttpResponse> ready(HttpResponse response) { co_return response; }

std::optional<std::string> context_of(const KvFields& fields) {
  if (fields.context.data() == nullptr) return std::nullopt;
  return std::string(fields.context);
}

}  // namespace

Task<HttpResponse> KvRoutes::answer(HttpRequest& request, Route route, Asked asked) {
  const Checked<KvFields> fields = read_fields(request.head);
  if (!fields) return ready(problem_response(fields.error(), asked));
  KvOptions options;
  if (!route.query.empty()) {
    const Checked<KvOptions> read = read_options(route.query, replicas_of(route.name.bucket));
    if (!read) return ready(problem_response(read.error(), asked));
    options = *read;
  }

  const Instant deadline = request.received + options.timeout;
  switch (request.head.method) {
    case HttpMethod::put: {
      const bool named = !fields->content_type.empty();
      kv::Put put{std::move(route.name),
                  std::move(request.body),
                  std::string(named ? fields->content_type : default_content_type),
                  context_of(*fields),
                  options.w,
                  deadline};
      return write(std::move(put), std::move(asked));
    }
    case HttpMethod::del: {
      kv::Remove gone{std::move(route.name), context_of(*fields), options.w, deadline};
      return remove(std::move(gone), std::move(asked));
    }
    default: {
      kv::Get get{std::move(route.name), options.r, deadline};
      return read(std::move(get), *fields, std::move(asked));
    }
  }
}

Task<HttpResponse> KvRoutes::read(kv::Get get, KvFields fields, Asked asked) {
  kv::Outcome<kv::Found> found = co_await coordinator_.get(std::move(get));
  if (!found) co_return problem_response(problem_of(found.error()), asked);
  co_return found_response(*std::move(found), fields, asked);
}

Task<HttpResponse> KvRoutes::write(kv::Put put, Asked asked) {
  const kv::Outcome<kv::Written> written = co_await coordinator_.put(std::move(put));
  if (!written) co_return problem_response(problem_of(written.error()), asked);
  co_return written_response(*written, asked);
}

Task<HttpResponse> KvRoutes::remove(kv::Remove remove, Asked asked) {
  const kv::Outcome<kv::Written> written = co_await coordinator_.remove(std::move(remove));
  if (!written) co_return problem_response(problem_of(written.error()), asked);
  co_return written_response(*written, asked);
}

unsigned KvRoutes::replicas_of(const std::string& bucket) const {
  const std::shared_ptr<const cluster::View> view = metadata_.view();
  return std::min(view->bucket(bucket).n, static_cast<unsigned>(view->nodes().size()));
}

}  // namespace ouro::api
