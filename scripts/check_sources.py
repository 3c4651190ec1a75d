#!/usr/bin/env python3
"""Checks what a reader and the simulator rely on: sizes, headers, unfinished work, forbidden calls."""
import pathlib
import re
import sys

import cpp_source

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

# What reaches the real world: (what it looks like in code, who may do it, what to do instead).
# An entry of "who" is a folder or a file.
FORBIDDEN = [
    (re.compile(r"\b(system_clock|steady_clock|high_resolution_clock)\s*::\s*now\b"),
     ("net", "src/cli", "src/client", "tests/net", "tests/integration", "bench"),
     "ask the injected Clock"),
    (re.compile(r"\bstd\s*::\s*(random_device|mt19937(_64)?|\w+_distribution)\b|\bs?rand\s*\("),
     ("net", "bench"), "use the injected Random"),
    (re.compile(r"\bstd\s*::\s*(j?thread|async)\b"), ("net", "tests", "bench", "src/cli"),
     "post a job to an injected Lane"),
    (re.compile(r"\bsleep_(for|until)\s*\(\s*std|\bthis_thread\s*::\s*sleep|(?<![\w.>:])(u|nano)?sleep\s*\("),
     ("net", "src/cli"), "wait through the injected Clock's Timer"),
    (re.compile(r"(?<![\w>:])::\s*(open|openat|socket|fopen|connect|accept|fsync|rename|unlink)\s*\("),
     ("net", "src/cli", "tests/net", "tests/integration"), "use the injected FileSystem or Peers"),
    (re.compile(r"\bgetenv\s*\("), ("src/cli", "tests"), "take it as configuration"),
    (re.compile(r"\bsteady_timer\b|\bsystem_timer\b|\bio_context\b|\bthread_pool\b"),
     ("net", "src/cli", "src/client", "tests", "bench", "runtime/asio_impl.cpp"),
     "it would start threads or use the real clock"),
    (re.compile(r"\basio\s*::\s*detached\b"), ("net", "sim", "tests"),
     "spawn in a Nursery: detached swallows exceptions"),
]


def text_problems(text: str, is_header: bool):
    """(line, sentence) of what a file's text as a whole shows."""
    lines = text.split("\n")
    if len(lines) - 1 > FILE_LINES_MAX:
        yield 1, f"{len(lines) - 1} lines, the limit is {FILE_LINES_MAX}: does it have one job?"
    if is_header and not text.startswith("// "):
        yield 1, "the first line of a header says which question it answers"
    if is_header and "#pragma once" not in lines:
        yield 1, "#pragma once is missing"
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end"
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            yield number, "a tab"
        if line != line.rstrip():
            yield number, "blanks at the end"
        if UNFINISHED.search(line):
            yield number, "unfinished work is finished, or written down in an issue"


def call_problems(code: str, name: str):
    """(line, sentence) of calls that `name`'s folder may not make. `code` has no comments."""
    for pattern, allowed, instead in FORBIDDEN:
        if any(name == place or name.startswith(place + "/") for place in allowed):
            continue
        for match in pattern.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            yield line, f"{match.group().strip(' (;{')}: {instead}"


def function_problems(text: str):
    """(line, sentence) of functions that do not fit on a screen. Tables of values do not count."""
    for block in cpp_source.parse(text).walk():
        if block.kind != "function":
            continue
        tables = sum(inner.last_line - inner.first_line for inner in block.outermost("braces"))
        length = block.last_line - block.first_line + 1 - tables
        if length > FUNCTION_LINES_MAX:
            yield block.first_line, f"a function of {length} lines, the limit is {FUNCTION_LINES_MAX}"


def main(root: pathlib.Path) -> int:
    problems = []
    count = 0
    for path in cpp_source.files(root):
        count += 1
        name = path.relative_to(root).as_posix()
        text = path.read_text()
        found = [*text_problems(text, path.suffix == ".hpp"), *function_problems(text),
                 *call_problems(cpp_source.code(text), name)]
        problems += [f"{name}:{line}: {sentence}" for line, sentence in found]
    return cpp_source.report(problems, f"{count} files are as they should be")


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
