# Which packages Ouro needs on which system, and how they are installed. Sourced by the other scripts.
#
# Debian 12's names and versions were checked on Debian 12. Those of Debian 13 and Ubuntu 24.04 are
# from their package lists and were not built on.
# shellcheck shell=bash

# Prints debian-12, debian-13, ubuntu-24.04, or what the machine calls itself.
system_name() (
  [ -r /etc/os-release ] && . /etc/os-release
  printf '%s-%s\n' "${ID:-unknown}" "${VERSION_ID:-unknown}"
)

# Prints "package reason" lines: what a build needs.
build_packages() {
  cat <<'LIST'
g++ compiles C++20
meson describes the build
ninja-build runs the build
pkg-config finds the libraries
python3 runs Meson and the checks
ccache makes rebuilding fast
protobuf-compiler generates the peer protocol's messages
libprotobuf-dev the peer protocol's messages
liblz4-dev compresses tables
libxxhash-dev places keys and checks blocks
nlohmann-json3-dev JSON for everything but values
libcli11-dev the command line
libtomlplusplus-dev configuration files
libfmt-dev text formatting
libspdlog-dev logs
catch2 unit tests
LIST
  case "$1" in
    debian-12) echo "libboost1.81-dev event loops and HTTP parsing (Debian 12's default, 1.74, is too old)" ;;
    *) echo "libboost-dev event loops and HTTP parsing (1.81 or later)" ;;
  esac
}

# Prints "package reason" lines: what the tests need beyond that.
test_packages() {
  case "$1" in
    debian-12)
      echo "clang-16 the second compiler"
      echo "libclang-rt-16-dev fuzzing, see scripts/torture"
      echo "clang-format-14 decides the formatting"
      ;;
    ubuntu-24.04)
      echo "clang the second compiler"
      echo "clang-format-14 decides the formatting"
      ;;
    *) echo "clang the second compiler" ;;
  esac
  echo "curl talks to the servers under test"
}

# Of "package reason" lines on standard input, those that are not installed.
missing_packages() {
  local package reason
  while read -r package reason; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' ||
      echo "$package $reason"
  done
}

# Installs what is missing of the "package reason" lines on standard input, after saying so. Fails,
# with what to do, on other systems, without the rights, and where installing would remove something.
ensure_packages() {
  local system wanted missing names as_root=()
  system=$(system_name)
  wanted=$(cat)
  case "$system" in
    debian-12 | debian-13 | ubuntu-24.04) ;;
    *)
      echo "$system is not known here; Debian 12, Debian 13 and Ubuntu 24.04 are." >&2
      echo "Install the equivalents of these, then use Meson (see CONTRIBUTING.md):" >&2
      printf '%s\n' "$wanted" | sed 's/^/  /' >&2
      return 1
      ;;
  esac
  missing=$(printf '%s\n' "$wanted" | missing_packages)
  [ -n "$missing" ] || return 0

  echo "To be installed with apt-get:"
  printf '%s\n' "$missing" | sed 's/^\([^ ]*\) /  \1: /'
  if printf '%s\n' "$missing" | grep -q '^libboost1.81-dev ' &&
    dpkg-query -W -f='${Status}' libboost1.74-dev 2>/dev/null | grep -q '^install ok'; then
    echo "libboost1.74-dev is installed and cannot stay beside libboost1.81-dev." >&2
    echo "If nothing else here needs it: apt-get remove libboost1.74-dev, then run this again." >&2
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "That needs root and there is no sudo. Run this again as root." >&2
      return 1
    fi
    as_root=(sudo)
  fi
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  names=$(printf '%s\n' "$missing" | cut -d' ' -f1)
  # shellcheck disable=SC2086  # one argument per name
  "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" apt-get install -y -q --no-remove --no-install-recommends $names
}

# Compilers that may run at once: one per core, and for each 1.5 GB of memory, at least one.
default_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemTotal:/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  [ "$cores" -le "$memory" ] && echo "$cores" || echo "$memory"
}
