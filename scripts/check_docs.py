#!/usr/bin/env python3
"""Checks that the documents' links resolve and that README names what is there."""
import pathlib
import re
import sys

import cpp_source

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)
# Made by building and running, not part of the project.
MADE = re.compile(r"build.*|ouro-data|ouro-demo|__pycache__")


def anchor(heading: str) -> str:
    """The anchor that renderers make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(text: str):
    return {anchor(match) for match in re.findall(r"^#+\s+(.*)$", FENCE.sub("", text), re.M)}


def documents(root: pathlib.Path):
    for path in sorted(root.rglob("*.md")):
        parts = path.relative_to(root).parts
        if not (MADE.fullmatch(parts[0]) or parts[0] == ".git" or "node_modules" in parts
                or (parts[0] == "subprojects" and len(parts) > 2)):
            yield path


def link_problems(root: pathlib.Path):
    for path in documents(root):
        text = path.read_text()
        for target in LINK.findall(FENCE.sub("", text)):
            if re.match(r"[a-z]+:", target):
                continue
            place, _, section = target.partition("#")
            file = (path.parent / place) if place else path
            name = path.relative_to(root)
            if not file.exists():
                yield f"{name}: {target} does not exist"
            elif section and file.suffix == ".md" and section not in anchors(file.read_text()):
                yield f"{name}: {target}: no such section"


def readme_problems(root: pathlib.Path):
    text = (root / "README.md").read_text()
    places = [path for path in sorted(root.iterdir()) if path.is_dir()]
    for folder in [place.name for place in places if any(f.is_file() for f in place.rglob("*"))]:
        if not folder.startswith(".") and not MADE.fullmatch(folder) and f"`{folder}/`" not in text:
            yield f"README.md: the folder `{folder}/` is not described"
    for folder in re.findall(r"^\| `([\w/]+)/` \|", text, re.M):
        if not (root / folder).is_dir():
            yield f"README.md: the folder `{folder}/` does not exist"
    for document in documents(root):
        for script in re.findall(r"\bscripts/([\w.]+\w)", document.read_text()):
            if not (root / "scripts" / script).exists():
                yield f"{document.relative_to(root)}: scripts/{script} does not exist"


def main(root: pathlib.Path) -> int:
    problems = [*link_problems(root), *readme_problems(root)]
    count = len(list(documents(root)))
    return cpp_source.report(problems, f"{count} documents, every link and name resolves")


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
