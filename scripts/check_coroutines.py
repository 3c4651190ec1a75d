#!/usr/bin/env python3
"""Finds co_await statements that g++ 12 miscompiles, and coroutines that outlive what they use.

g++ 12 destroys some temporaries of a statement twice if it awaits and also has a braced
initializer, a lambda or a conditional expression. The cure is to name the value first:

    Options options{.limit = 3};
    co_await run(std::move(options));
"""
import pathlib
import sys

import cpp_source

TRAPS = {
    "?": "a ?: in a statement that awaits: name its value first",
    "<braces>": "braces in a statement that awaits: name the value first",
    "<lambda>": "a lambda in a statement that awaits: name it first",
    "<capturing lambda>": "a lambda in a statement that awaits: name it first",
}
ASSERTIONS = {"CHECK", "CHECK_FALSE", "REQUIRE", "REQUIRE_FALSE"}


def is_coroutine(block: cpp_source.Block) -> bool:
    """Whether the block itself, without the lambdas in it, awaits or returns as coroutines do."""
    if any({"co_await", "co_return", "co_yield"} & set(s.words()) for s in block.statements):
        return True
    return any(is_coroutine(inner) for inner in block.blocks if inner.kind != "lambda")


def problems_of(text: str, is_test: bool):
    """(line, sentence) of everything wrong in a file's text."""
    for block in cpp_source.parse(text).walk():
        for statement in block.statements:
            words = statement.words()
            if "co_await" not in words:
                continue
            for trap, sentence in TRAPS.items():
                if trap in words:
                    yield statement.line, sentence
            if words[0] in ASSERTIONS:
                yield statement.line, f"co_await inside {words[0]}: name the result first"
        # A test may keep such a lambda alive itself; elsewhere nobody sees that it does.
        captures = block.kind == "lambda" and block.head.words() == ["<capturing lambda>"]
        if captures and not is_test and is_coroutine(block):
            yield block.first_line, "a coroutine lambda with captures: they die with the lambda"


def main(root: pathlib.Path) -> int:
    problems = []
    count = 0
    for path in cpp_source.files(root):
        text = path.read_text()
        if "co_" not in text:
            continue
        count += 1
        name = path.relative_to(root)
        for line, sentence in problems_of(text, is_test=name.parts[0] == "tests"):
            problems.append(f"{name}:{line}: {sentence}")
    return cpp_source.report(problems, f"{count} files with coroutines, no trap")


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
