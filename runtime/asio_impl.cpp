// Boost.Asio's ordinary functions, compiled once for the whole project.
#include <boost/asio/impl/src.hpp>
