#!/usr/bin/env python3
"""Fails when a layer includes or links what it may not see. The table is the architecture."""
import dataclasses
import pathlib
import re
import sys

import cpp_source


@dataclasses.dataclass(frozen=True)
class Layer:
    """below: layers it may include and link. others: beginnings of third-party headers it may
    include, besides the standard library. narrow: the same, only in files whose name matches."""
    below: tuple = ()
    others: tuple = ()
    narrow: tuple = ()


CORE = ("base", "ring", "engine", "runtime")
WIRE = (r"wire.*", (".pb.h", "google/protobuf/"))
JSON = (r".*json.*", ("nlohmann/",))
ASIO = ("boost/asio/", "boost/system/")
RESULT = ("boost/system/",)

LAYERS = {
    "base": Layer(others=RESULT + ("xxhash.h",)),
    "ring": Layer(("base",), RESULT),
    "engine": Layer(("base",), RESULT + ("lz4",)),
    "runtime": Layer(("base",), ASIO),
    "net": Layer(("base", "runtime"), ("boost/",)),
    "sim": Layer(("base", "runtime"), ASIO),
    "src/raft": Layer(("base", "engine", "runtime"), ASIO),
    "src/cluster": Layer(CORE + ("src/raft",), ASIO + ("fmt/",), (WIRE,)),
    "src/kv": Layer(CORE + ("src/cluster", "src/raft"), ASIO + ("fmt/",), (WIRE,)),
    "src/security": Layer(CORE + ("src/cluster", "src/raft"), ASIO + ("fmt/",), (WIRE,)),
    "src/api": Layer(CORE + ("src/cluster", "src/raft", "src/kv", "src/security"), ASIO + ("fmt/",),
                     (JSON,)),
    "src/client": Layer(("base", "runtime", "net"), ASIO + ("fmt/", "nlohmann/")),
}
DATABASE = ("src/cluster", "src/raft", "src/kv", "src/security", "src/api")
LAYERS["src/node"] = Layer(CORE + ("net",) + DATABASE, ASIO + ("fmt/", "spdlog/"))
LAYERS["src/cli"] = Layer(
    CORE + ("net",) + DATABASE + ("src/client", "src/node"),
    ("CLI/", "toml++/", "nlohmann/", "spdlog/", "fmt/") + ASIO)

# These reach real clocks, sockets, files or threads behind the simulator's back.
REAL_WORLD = re.compile(
    r"boost/asio/(ip|local|posix|ssl)/|boost/asio/(.*timer|.*thread_pool|signal_set|io_context|.*file)\.hpp"
    r"|(thread|future|filesystem|fstream|iostream|unistd\.h|fcntl\.h|signal\.h|spawn\.h|pthread\.h"
    r"|sys/.*|netinet/.*|arpa/.*|netdb\.h)$")
REAL = ("net", "src/cli", "src/client")
# Memory is not the outside world: no run depends on it.
MEMORY = ("base/pages.cpp", "sys/mman.h")
# Each costs seconds in every file that includes it.
EVERYTHING = re.compile(r"boost/(asio|beast)\.hpp$")

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)
OWN = {layer.removeprefix("src/"): layer for layer in LAYERS}


def include_problem(layer: str, path: pathlib.Path, quote: str, header: str):
    """Why `path` of `layer`, relative to the root, may not include `header`; None if it may."""
    rules = LAYERS[layer]
    first = header.split("/")[0]
    if quote == '"' and first in OWN and "/" in header:
        if OWN[first] == layer or OWN[first] in rules.below:
            return None
        return f"{layer} may not see {OWN[first]}"
    if EVERYTHING.match(header):
        return "name the parts that are needed instead"
    if REAL_WORLD.match(header) and layer not in REAL and (str(path), header) != MEMORY:
        return "only " + ", ".join(REAL) + " may touch the real world"
    if header.startswith(rules.others):
        return None
    for pattern, headers in rules.narrow:
        if header.startswith(headers) or header.endswith(headers):
            return None if re.fullmatch(pattern, path.stem) else f"only files named {pattern} may"
    if quote == "<" and re.fullmatch(r"[a-z0-9_]+|(sys|netinet|arpa)/\w+\.h|[a-z]+\.h|emmintrin\.h", header):
        return None  # the standard library and the system's
    return f"{layer} may not use it"


def folder_problems(root: pathlib.Path):
    """Folders with code that the table does not name."""
    places = [path for path in root.iterdir() if path.is_dir() and path.name != "src"]
    places += [path for path in (root / "src").glob("*") if path.is_dir()]
    for place in places:
        name = str(place.relative_to(root))
        beside = name.startswith((".", "build", "tests", "bench", "subprojects"))
        if name not in LAYERS and not beside and any(place.rglob("*.[ch]pp")):
            yield f"{name}: this layer is not in the table of scripts/check_layers.py"
    yield from (f"{path.relative_to(root)}: code belongs to a layer's folder"
                for path in (root / "src").glob("*.[ch]pp"))


def test_problems(root: pathlib.Path):
    """Tests may see everything, but know one way to Catch2."""
    for path in cpp_source.files(root, "tests"):
        for _, header in INCLUDE.findall(path.read_text()):
            direct = header.startswith("catch2/") and path.parent.name != "support"
            if direct or EVERYTHING.match(header):
                yield f"{path.relative_to(root)}: may not include {header}"


def calls(text: str, function: str):
    """The texts between the parentheses of each call of a Meson function."""
    for match in re.finditer(rf"\b{function}\s*\(", text):
        depth, at = 1, match.end()
        while depth and at < len(text):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        yield text[:match.start()], text[match.end():at - 1]


def link_problems(root: pathlib.Path):
    """A layer's library may link only libraries of layers it may include."""
    builds = [root / name / "meson.build" for name in LAYERS] + [root / "src" / "meson.build"]
    for build in filter(pathlib.Path.exists, builds):
        text = re.sub(r"#.*", "", build.read_text())
        for before, inside in calls(text, "declare_dependency"):
            variable = re.search(r"(\w+)\s*=\s*$", before)
            layer = OWN.get(variable.group(1)) if variable else None
            if layer is None:
                continue
            for listed in re.findall(r"dependencies\s*:\s*(\[[^\]]*\]|\w+)", inside):
                for name in re.findall(r"\w+", listed):
                    linked = OWN.get(name)
                    if linked and linked != layer and linked not in LAYERS[layer].below:
                        yield f"{build.relative_to(root)}: {layer} may not link {linked}"


def table_problems():
    """The table itself has no cycle and names only layers."""
    for name, layer in LAYERS.items():
        for lower in layer.below:
            if lower not in LAYERS:
                yield f"table: {name} names {lower}, which is no layer"
            elif name in LAYERS[lower].below or not set(LAYERS[lower].below) <= set(layer.below):
                yield f"table: {name} sees {lower}, but not all that {lower} sees"


def main(root: pathlib.Path) -> int:
    problems = [*table_problems(), *folder_problems(root), *test_problems(root), *link_problems(root)]
    count = 0
    for layer in LAYERS:
        for path in cpp_source.files(root, layer):
            count += 1
            for quote, header in INCLUDE.findall(path.read_text()):
                reason = include_problem(layer, path.relative_to(root), quote, header)
                if reason:
                    problems.append(f"{path.relative_to(root)}: may not include {header}: {reason}")
    return cpp_source.report(
        problems, f"{len(LAYERS)} layers, {count} files, no forbidden include or link")


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
