// Boost.Beast's ordinary functions, compiled once for the whole project.
#include <boost/beast/src.hpp>
