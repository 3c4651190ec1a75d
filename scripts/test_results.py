#!/usr/bin/env python3
"""Prints "passed failed" of a Meson test log (testlog.json, one JSON object per line)."""
import json
import pathlib
import sys

# Meson's words for a test's end. A skipped test neither passed nor failed, and is named.
PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP"}


def main(path: pathlib.Path) -> int:
    passed = failed = 0
    for line in path.read_text().splitlines():
        test = json.loads(line)
        if test["result"] in SKIPPED:
            print(f"skipped: {test['name']}", file=sys.stderr)
        elif test["result"] in PASSED:
            passed += 1
        else:
            failed += 1
    if passed + failed == 0:
        print(f"{path}: no test ran", file=sys.stderr)
        return 1
    print(passed, failed)
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
