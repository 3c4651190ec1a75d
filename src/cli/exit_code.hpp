// What does the command's exit code tell a script?
#pragma once

namespace ouro::cli {

enum ExitCode : int {
  done = 0,
  failed = 1,
  wrong_usage = 2,
  not_found = 3,
  conflict = 4,       ///< The key has siblings, or the write was refused because of another.
  unavailable = 5,    ///< Too few nodes answered; nothing was done, or a read failed.
  indeterminate = 6,  ///< A write may or may not have taken effect.
};

}  // namespace ouro::cli
