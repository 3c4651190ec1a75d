// The one name for asynchronous work, forward-declared: an interface that only returns Tasks costs
// nothing to include. Files that await include "runtime/coroutine.hpp".
#pragma once

namespace boost::asio {
class any_io_executor;
template <typename T, typename Executor>
class awaitable;
}  // namespace boost::asio

namespace ouro {

namespace asio = boost::asio;

/// A coroutine that has not started; awaiting or spawning it starts it. It runs on one executor and
/// is destroyed where it stands when that executor's world ends.
template <class T>
using Task = asio::awaitable<T, asio::any_io_executor>;

}  // namespace ouro
