#!/usr/bin/env python3
"""Plants violations and sees the checks find them, and plants what is right and sees it pass."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
sys.dont_write_bytecode = True

import check_coroutines  # noqa: E402
import check_docs  # noqa: E402
import check_layers  # noqa: E402
import check_sources  # noqa: E402


def verdict(check, files):
    """(exit status, output) of a check on a project that has just these files."""
    output = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(output):
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        status = check.main(root)
    return status, output.getvalue()


class Lint(unittest.TestCase):
    def accepts(self, check, files):
        status, output = verdict(check, files)
        self.assertEqual(status, 0, output)

    def rejects(self, check, files, *sentences):
        status, output = verdict(check, files)
        self.assertEqual(status, 1, output)
        for sentence in sentences:
            self.assertIn(sentence, output)


class Layers(Lint):
    def test_a_layer_may_include_itself_and_what_is_below(self):
        self.accepts(check_layers, {
            "ring/ring.cpp": '#include "ring/ring.hpp"\n#include "base/check.hpp"\n#include <vector>\n',
            "src/kv/store.cpp": '#include "kv/store.hpp"\n#include "engine/db.hpp"\n',
            "net/loop.cpp": "#include <boost/asio/steady_timer.hpp>\n#include <thread>\n",
        })

    def test_a_layer_may_not_include_what_is_above(self):
        self.rejects(check_layers, {"ring/ring.cpp": '#include "engine/db.hpp"\n'},
                     "ring may not see engine")
        self.rejects(check_layers, {"src/kv/store.cpp": '#include "net/loop.hpp"\n'},
                     "src/kv may not see net")

    def test_sockets_timers_and_threads_stay_in_net(self):
        self.rejects(check_layers, {"sim/world.cpp": "#include <boost/asio/steady_timer.hpp>\n"},
                     "the real world")
        self.rejects(check_layers, {"engine/jobs.cpp": "#include <thread>\n"}, "the real world")
        self.rejects(check_layers, {"src/kv/file.cpp": "#include <sys/stat.h>\n"}, "the real world")

    def test_only_the_page_allocator_maps_memory(self):
        self.accepts(check_layers, {"base/pages.cpp": "#include <sys/mman.h>\n"})
        self.rejects(check_layers, {"base/pages.hpp": "#include <sys/mman.h>\n"}, "the real world")
        self.rejects(check_layers, {"base/pages.cpp": "#include <sys/stat.h>\n"}, "the real world")
        self.rejects(check_layers, {"engine/pages.cpp": "#include <sys/mman.h>\n"}, "the real world")

    def test_third_parties_stay_where_the_table_puts_them(self):
        self.rejects(check_layers, {"ring/ring.cpp": "#include <boost/asio/post.hpp>\n"}, "may not use")
        self.rejects(check_layers, {"src/kv/coordinator.cpp": '#include "kv.pb.h"\n'}, "wire")
        self.rejects(check_layers, {"src/api/routes.cpp": "#include <nlohmann/json.hpp>\n"}, "json")
        self.accepts(check_layers, {"src/kv/wire.cpp": '#include "kv.pb.h"\n',
                                    "src/api/ring_json.cpp": "#include <nlohmann/json.hpp>\n"})

    def test_the_whole_of_asio_is_never_included(self):
        self.rejects(check_layers, {"net/loop.cpp": "#include <boost/asio.hpp>\n"}, "name the parts")

    def test_an_unknown_layer_is_refused(self):
        self.rejects(check_layers, {"util/text.cpp": "\n"}, "not in the table")
        self.rejects(check_layers, {"src/misc/text.cpp": "\n"}, "not in the table")

    def test_a_library_links_only_lower_ones(self):
        build = "ring = declare_dependency(link_with: static_library('ring', 'a.cpp'),\n" \
                "  dependencies: [base, {}])\n"
        self.accepts(check_layers, {"ring/meson.build": build.format("boost")})
        self.rejects(check_layers, {"ring/meson.build": build.format("engine")},
                     "ring may not link engine")

    def test_tests_reach_catch_through_one_header(self):
        self.rejects(check_layers, {"tests/ring/a_test.cpp": "#include <catch2/catch.hpp>\n"}, "catch2")


def coroutine(body):
    return {"src/kv/work.cpp": "Task<int> work() {\n" + body + "\n}\n"}


class Coroutines(Lint):
    def test_named_values_pass(self):
        self.accepts(check_coroutines, coroutine(
            "  Options options{.limit = 3};\n"
            "  auto start = [&](Reply reply) { go(std::move(reply)); };\n"
            "  const int x = co_await run(std::move(options));\n"
            "  if (x > 3) {\n    co_await wait(start);\n  }\n"
            "  for (auto& [key, value] : all) {\n    co_await send(key);\n  }\n"
            "  const int y = x > 3 ? 1 : 2;\n"
            "  co_return co_await next(y);"))

    def test_braces_lambdas_and_conditions_beside_co_await_are_found(self):
        for line in ("co_await run(Options{.limit = 3});",
                     "co_await run({1, 2});",
                     "const int x = co_await run(\n    Options{.limit = 3},\n    4);",
                     "co_await run(Options{.limit = 3}, co_await other());"):
            self.rejects(check_coroutines, coroutine(line), "braces")
        for line in ("co_await run([] { return 1; });",
                     "co_await [this]() -> Task<void> { co_await sleep(); }();"):
            self.rejects(check_coroutines, coroutine(line), "lambda")
        for line in ("co_await run(yes ? a : b);", "const int x = yes ? co_await a() : b;",
                     "if (yes ? co_await a() : b) return;"):
            self.rejects(check_coroutines, coroutine(line), "?:")

    def test_text_and_comments_do_not_count(self):
        self.accepts(check_coroutines, coroutine(
            '  // co_await what? {1}: no\n  co_await say("what? {} : no");\n'
            "  /* ? */ co_await say('?');\n  co_await say(R\"(a ? b : {c})\");"))

    def test_a_coroutine_lambda_may_not_capture(self):
        text = "spawn([this]() -> Task<void> { co_await sleep(); });"
        self.rejects(check_coroutines, coroutine(text), "captures")
        self.accepts(check_coroutines, coroutine("auto f = [this](int x) { return x; };\nco_return 1;"))

    def test_assertions_do_not_await(self):
        self.rejects(check_coroutines, {"tests/kv/a_test.cpp": "Task<void> f() {\n  CHECK(co_await g());\n}\n"},
                     "CHECK")


HEADER = "// What is it?\n#pragma once\n"


class Sources(Lint):
    def test_a_good_file_passes(self):
        self.accepts(check_sources, {
            "base/a.hpp": HEADER,
            "base/a.cpp": "namespace ouro {\n" + "int f() {\n" + "  g();\n" * 58 + "}\n}\n",
        })

    def test_headers_say_what_they_answer_and_are_read_once(self):
        self.rejects(check_sources, {"base/a.hpp": "#pragma once\n"}, "which question")
        self.rejects(check_sources, {"base/a.hpp": "// What is it?\n"}, "#pragma once")

    def test_sizes_are_bounded(self):
        self.rejects(check_sources, {"base/a.cpp": "int x;\n" * 501}, "501 lines")
        for head in ("int f() {", "void X::f(int a,\n  int b) const noexcept {", "X::X() : a_{1}, b_(2) {",
                     "template <class T>\nauto f(T x) -> int {", 'TEST_CASE("a") {'):
            body = head + "\n" + "  if (a) {\n    b({1, 2}, [] { c(); });\n  }\n" * 20 + "}\n"
            self.rejects(check_sources, {"base/a.cpp": "namespace a {\nclass X {\n" + body + "};\n}\n"},
                         "a function of 6")

    def test_a_long_class_is_no_long_function(self):
        self.accepts(check_sources, {
            "base/a.cpp": "struct alignas(64) X final : Y<int()> {\n" + "  int f() { return 1; }\n" * 99 + "};\n"})

    def test_a_long_table_is_no_long_function(self):
        table = "int f() {\n  const X table[] = {\n" + "    {1, 2},\n" * 99 + "  };\n}\n"
        self.accepts(check_sources, {"base/a.cpp": table})

    def test_unfinished_work_is_found(self):
        for word in ("TODO", "FIXME", "XXX", "HACK"):
            self.rejects(check_sources, {"base/a.cpp": f"// {word}: later\n"}, "unfinished")

    def test_blanks_and_tabs_are_found(self):
        self.rejects(check_sources, {"base/a.cpp": "int x; \n\tint y;\n"}, "blanks at the end", "a tab")

    def test_the_real_world_is_reached_from_net_only(self):
        for line in ("auto t = std::chrono::steady_clock::now();", "std::random_device d;",
                     "std::thread t(f);", "std::this_thread::sleep_for(1s);",
                     "int f = ::open(path, 0);", "int s = ::socket(1, 2, 3);",
                     'auto e = std::getenv("HOME");', "asio::io_context context;"):
            text = "void f() {\n  " + line + "\n}\n"
            self.rejects(check_sources, {"src/kv/a.cpp": text}, "src/kv/a.cpp:2")
            if "getenv" not in line:
                self.accepts(check_sources, {"net/a.cpp": text})
            self.accepts(check_sources, {"src/kv/a.cpp": "// " + line + "\n"})


class Docs(Lint):
    README = "| `base/` | the words |\n\nRun `scripts/test`.\n"

    def test_links_resolve(self):
        files = {"README.md": self.README + "[a](docs/a.md#the-part)\n", "base/a.hpp": HEADER,
                 "scripts/test": "", "docs/a.md": "# The part\n"}
        files["README.md"] += "`docs/` `scripts/`\n"
        self.accepts(check_docs, files)
        self.rejects(check_docs, files | {"docs/a.md": "# Other\n"}, "no such section")
        self.rejects(check_docs, files | {"docs/b.md": "[x](c.md)\n"}, "c.md does not exist")
        self.rejects(check_docs, files | {"docs/b.md": "run scripts/nothing\n"}, "scripts/nothing")

    def test_every_folder_is_described(self):
        self.rejects(check_docs, {"README.md": self.README, "base/a.hpp": HEADER, "scripts/test": "",
                                  "extra/a.txt": ""}, "`extra/` is not described")


if __name__ == "__main__":
    unittest.main()
