"""Reads C++ just well enough for the checks: files, text without comments, statements, functions."""
import dataclasses
import pathlib
import re

FOLDERS = ("base", "ring", "engine", "runtime", "net", "sim", "src", "tests", "bench")

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.']*|->|::|\S")
BLANKED = re.compile(
    r'//(?:\\\n|[^\n])*'
    r'|/\*.*?\*/'
    r'|(?:u8|[uUL])?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.S)


def files(root: pathlib.Path, *folders: str):
    """Our .hpp and .cpp files below the folders (all of ours if none is named), sorted."""
    for folder in folders or FOLDERS:
        yield from sorted((root / folder).rglob("*.[ch]pp"))


def code(text: str) -> str:
    """The text with comments blanked and literals emptied; every line keeps its number."""

    def blank(match):
        lines = "\n" * match.group().count("\n")
        return lines if match.group().startswith("/") else '""' + lines

    return BLANKED.sub(blank, text)


@dataclasses.dataclass
class Token:
    text: str
    line: int


@dataclasses.dataclass
class Statement:
    """What stands before a ';' or before the block it opens. Blocks of lambdas in it and braces of
    its initializers are single tokens, "<lambda>" and "<braces>"; a lambda with captures is
    "<capturing lambda>"."""
    tokens: list
    line: int

    def words(self):
        return [token.text for token in self.tokens]


@dataclasses.dataclass
class Block:
    """A pair of braces with statements in it. kind: "file", "scope" (namespace, class), "function",
    "lambda", "nested" (if, for, plain) or "braces" (an initializer)."""
    kind: str
    head: Statement
    first_line: int
    last_line: int = 0
    statements: list = dataclasses.field(default_factory=list)
    blocks: list = dataclasses.field(default_factory=list)

    def walk(self):
        yield self
        for block in self.blocks:
            yield from block.walk()

    def outermost(self, kind: str):
        """The blocks of a kind in this one, without those inside each other."""
        for block in self.blocks:
            yield from [block] if block.kind == kind else block.outermost(kind)


SCOPES = {"namespace", "class", "struct", "union", "enum"}
# What may stand before a brace that begins a block.
BEFORE_BLOCK = {")", "const", "noexcept", "override", "final", "mutable", "else", "do", "try", ":",
                "<braces>"}


def tokens_of(text: str):
    """The tokens of `code`, without preprocessor lines."""
    text = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: "\n" * m.group().count("\n"), text, flags=re.M)
    line = 1
    position = 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        yield Token(match.group(), line)


def without_template(words):
    """A declaration's words after `template <...>`, if it begins so."""
    while words[:2] == ["template", "<"]:
        depth = 0
        for end, word in enumerate(words[1:], 1):
            depth += (word == "<") - (word == ">")
            if depth == 0:
                break
        words = words[end + 1:]
    return words


def introduces_lambda(words, following: str) -> bool:
    """Whether a [ after `words` begins a lambda: not an index, an attribute or a binding."""
    before = words[-1] if words else ""
    if following == "[" or before == "[":
        return False
    if before == "&" and words[-2:-1] in (["auto"], ["&"]):
        return False
    if before in ("return", "co_return", "co_yield", "co_await"):
        return True
    return not re.fullmatch(r'\w+|\)|\]|>|"', before)


def opens_block(words, inside: str) -> bool:
    """Whether a { after `words`, outside of parentheses, begins a block and no initializer."""
    while words and words[-1] == "&":  # a member function's qualifier
        words = words[:-1]
    if not words or words[-1] in BEFORE_BLOCK:
        return True
    words = without_template(words)
    if "=" in words or "return" in words:
        return False
    if SCOPES & set(words[:words.index("(")] if "(" in words else words) or words[0] == "extern":
        return True
    arrows = [at for at, word in enumerate(words) if word == "->"]
    return inside in ("file", "scope") and bool(arrows) and words[arrows[0] - 1] in BEFORE_BLOCK


def kind_of(words, inside: str) -> str:
    """The kind of the block that begins after `words`."""
    words = without_template(words)
    declares = [word for word in words if word != "inline"][:1]
    is_scope = declares and declares[0] in SCOPES
    if inside not in ("file", "scope"):
        return "scope" if is_scope and "(" not in words else "nested"
    return "function" if "(" in words and not is_scope else "scope"


class Parser:
    """Splits tokens into blocks and statements."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.at = 0

    def fill(self, block: Block):
        """Reads statements up to the brace that closes `block`."""
        statement = Statement([], 0)
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token.text == "}":
                break
            if not statement.tokens:
                statement.line = token.line
                depth = 0  # of ( and [ in this statement
                lambdas = []  # (depth, has captures) of introducers whose body has not come
            if token.text == ";" and depth == 0:
                block.statements.append(statement)
                statement = Statement([], 0)
            elif token.text == "{":
                if self.brace(block, statement, depth, lambdas):
                    statement = Statement([], 0)
            else:
                if token.text == "[" and introduces_lambda(statement.words(), self.peek()):
                    lambdas.append((depth, self.peek() != "]"))
                depth += (token.text in "([") - (token.text in ")]")
                while lambdas and lambdas[-1][0] > depth:
                    lambdas.pop()
                statement.tokens.append(token)
        if statement.tokens:
            block.statements.append(statement)

    def brace(self, block: Block, statement: Statement, depth: int, lambdas) -> bool:
        """Reads what an opening brace begins; whether it was a block that ends `statement`."""
        line = self.tokens[self.at - 1].line
        words = statement.words()
        if lambdas and lambdas[-1][0] == depth:
            text = "<capturing lambda>" if lambdas.pop()[1] else "<lambda>"
            token = Token(text, line)
            self.nest(block, Block("lambda", Statement([token], line), line))
            statement.tokens.append(token)
            return False
        if depth > 0 or not opens_block(words, block.kind):
            self.nest(block, Block("braces", Statement([], line), line))
            statement.tokens.append(Token("<braces>", line))
            return False
        block.statements.append(statement)
        self.nest(block, Block(kind_of(words, block.kind), statement, statement.line or line))
        return True

    def nest(self, block: Block, inner: Block):
        self.fill(inner)
        inner.last_line = self.tokens[self.at - 1].line
        block.blocks.append(inner)

    def peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""


def parse(text: str) -> Block:
    """The blocks of a source file's text."""
    file = Block("file", Statement([], 1), 1)
    Parser(list(tokens_of(code(text)))).fill(file)
    return file


def report(problems, summary: str) -> int:
    """Prints what was found, or the summary; the exit status."""
    print("\n".join(problems) if problems else summary)
    return 1 if problems else 0
