#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Goal: each lint finds what it is for and nothing else. Method: a clean tree passes; then one
breach at a time is planted into a copy of it and must be named with its file and line."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOLS = Path(__file__).resolve().parent.parent
SLASHES = "// SPDX-License-Identifier: Apache-2.0\n// Copyright The Xinglin Authors\n"
HASHES = SLASHES.replace("//", "#")
HEADER = SLASHES + "#pragma once\n"  # line 4 is the first free one

CLEAN = {
    "README.md": "# Title\n\nSee [the base](src/base/README.md#base) and `[no](link)`.\n",
    "src/CMakeLists.txt": HASHES
    + "xl_library(base LIBS a::b)\nxl_library(crypto DEPS base)\n"
    + "xl_library(model DEPS base crypto)\nxl_library(contracts DEPS base crypto model)\n"
    + "#xl_library(state DEPS base)\n",
    "src/base/README.md": "# base\n",
    "src/base/a.h": HEADER
    + "namespace xl {\n/// Adds. Never throws a double; see std::hash and map<Key*, int>.\n"
    + "int add(int a, int b);\n/// A pair.\nstruct Pair {\n  int first() const { return 1; }\n};\n"
    + "class Later;\nusing Alias = int (*)(int);\nconstexpr int limit = 1'000 * (2 + 3);\n"
    + "namespace detail {\nvoid hidden();\n}\n}\n",
    "src/base/a.cpp": SLASHES + '#include "base/a.h"\n// "base/none.h" \'\nchar c = \'"\';\n',
    "src/base/tests/a_test.cpp": SLASHES + '#include "base/a.h"\n',
    "src/model/README.md": "# model\n",
    "src/model/m.cpp": SLASHES + '#include "base/a.h"\nconst char* text = "throw double";\n'
    + "int n = 1;  // a double\nvoid f() { wire.time(0); out.clock(); }\n",
    "src/model/tests/m_test.cpp": SLASHES + "double allowed_in_tests = 0.5;\n",
    # What `./dev cluster` leaves.
    ".cluster/member1/node.toml": 'program = "/Users/somebody/cometbft"\n',
    "src/contracts/README.md": "# contracts\n",
    "src/contracts/consent/README.md": "# consent\n",
    "src/contracts/consent/view.h": HEADER,
    "src/contracts/consent/own.h": HEADER,
    "src/contracts/consent/own.cpp": SLASHES + '#include "contracts/consent/own.h"\n',
    "src/contracts/consent/admission.h": HEADER,
    "src/contracts/governance/README.md": "# governance\n",
    "src/contracts/governance/g.cpp": SLASHES + '#include "contracts/consent/admission.h"\n',
    "src/contracts/access/README.md": "# access\n",
    "src/contracts/access/a.cpp": SLASHES + '#include "contracts/consent/view.h"\n',
    "src/contracts/registry.cpp": SLASHES + '#include "contracts/consent/own.h"\n',
}

LONG_FUNCTION = "void f() {\n" + "  g();\n" * 70 + "}\n"
MODEL = "src/model/m.cpp"
BASE = "src/base/a.h"


def run(tool, root):
    result = subprocess.run(
        [sys.executable, str(TOOLS / f"{tool}.py"), "--root", str(root)],
        capture_output=True, text=True, check=False,
    )
    return result.returncode, result.stdout + result.stderr


class Checks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for name, content in CLEAN.items():
            self.write(name, content)

    def write(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def plant(self, tool, name, content):
        """What `tool` says with `content` at `name`; the old content is put back."""
        self.write(name, content)
        try:
            return run(tool, self.root)
        finally:
            if name in CLEAN:
                self.write(name, CLEAN[name])
            else:
                (self.root / name).unlink()

    def expect(self, tool, name, content, *wanted):
        with self.subTest(tool=tool, name=name, wanted=wanted):
            code, output = self.plant(tool, name, content)
            self.assertEqual(code, 1, output)
            for finding in wanted:
                self.assertIn(finding, output)

    def expect_clean(self, tool, name, content):
        with self.subTest(tool=tool, name=name):
            code, output = self.plant(tool, name, content)
            self.assertEqual(code, 0, output)

    def test_a_clean_tree_passes(self):
        for tool in ("check_layers", "check_determinism", "check_tidy", "check_docs"):
            code, output = run(tool, self.root)
            self.assertEqual((code, output), (0, ""), tool)

    def test_the_repository_is_what_is_checked_without_arguments(self):
        result = subprocess.run(
            [sys.executable, str(TOOLS / "check_layers.py"), "--help"],
            capture_output=True, text=True, check=False,
        )
        self.assertEqual(result.returncode, 0)
        self.assertIn("--root", result.stdout)

    def test_layers(self):
        def include(name, path, message):
            self.expect(
                "check_layers", path, SLASHES + f"\n#include {name}\n",
                f"{path}:4: layers: {message}",
            )

        include('"model/m.h"', "src/base/b.cpp", "'base' may not include 'model'")
        include('"state/tree.h"', "src/contracts/access/b.cpp", "'contracts' may not include")
        include('"contracts/api/x.h"', "src/state/s.cpp", "'state' may not include 'contracts'")
        include('"model/m.h"', "src/base/tests/b_test.cpp", "'base' may not include 'model'")
        include('"cli/run.h"', "src/node/n.cpp", "'node' may not include 'cli'")
        include('"chain/c.h"', "src/main.cpp", "'main' may not include 'chain'")
        include('"a.h"', "src/base/b.cpp", "'a.h' is no full path from src/")
        include('"base/../model/m.h"', "src/base/b.cpp", "'base/../model/m.h' is no full path")
        include("<base/a.h>", "src/crypto/b.cpp", 'write "base/a.h" in quotes')
        include(
            '"contracts/consent/own.h"', "src/contracts/access/b.cpp",
            "contract 'access' may include only view.h of contract 'consent'",
        )
        include(
            '"contracts/consent/admission.h"', "src/contracts/access/b.cpp",
            "contract 'access' may include only view.h of contract 'consent'",
        )
        include(
            '"contracts/registry.h"', "src/contracts/access/b.cpp",
            "a contract may not include 'contracts/registry.h'",
        )
        self.expect(
            "check_layers", "src/unknown/u.cpp", SLASHES, "src/unknown/u.cpp:1: layers: 'unknown'"
        )
        self.expect(
            "check_layers", "src/query/q.cpp", SLASHES,
            "src/query/q.cpp:1: layers: src/CMakeLists.txt has no xl_library(query ...)",
        )

    def test_layers_and_cmake_agree(self):
        cmake = "src/CMakeLists.txt"
        self.expect(
            "check_layers", cmake, CLEAN[cmake].replace("crypto DEPS", "crypto DEPS model"),
            f"{cmake}:4: layers: 'crypto' may not link 'model'",
        )
        self.expect(
            "check_layers", cmake, CLEAN[cmake].replace("model DEPS base", "model DEPS"),
            f"{MODEL}:3: layers: 'model' includes 'base' but src/CMakeLists.txt does not link it",
        )
        self.expect(
            "check_layers", cmake, CLEAN[cmake] + "xl_library(extra DEPS base)\n",
            f"{cmake}:8: layers: 'extra' is not in the table",
        )

    def test_layers_allow_what_the_table_allows(self):
        self.expect_clean(
            "check_layers", "src/contracts/access/tests/a_test.cpp",
            SLASHES + '#include "contracts/consent/own.h"\n#include "model/m.h"\n',
        )
        self.expect_clean(
            "check_layers", "src/main.cpp", SLASHES + '#include "cli/c.h"\n#include "node/n.h"\n'
        )

    def test_determinism(self):
        breaches = {
            "clock": ["#include <chrono>", "auto t = time(nullptr);", '#include "base/clock.h"'],
            "float": ["double x;", "float y;", "auto z = 1.5;", "auto z = 1.f;"],
            "random": ["#include <random>", "int r = rand();", "randombytes_buf(p, n);"],
            "unordered": ["std::unordered_map<int, int> m;"],
            "hash": ["std::hash<int> h;"],
            "pointer": ["std::map<const Key*, int> m;", "auto p = (uintptr_t)x;"],
            "locale": ["std::locale l;", "bool b = isdigit(c);", "auto d = std::stod(s);"],
            "format": ['snprintf(b, 9, "x");', "#include <sstream>", 'auto s = std::format("x");'],
            "thread": ["std::mutex m;", "std::atomic<int> a;", "#include <thread>",
                       "auto f = std::async(g);", "thread_local int x;"],
            "file": ["#include <fstream>", "#include <filesystem>", 'auto f = fopen("x", "r");',
                     '#include "base/file.h"'],
            "environment": ['auto e = std::getenv("X");'],
            "throw": ["throw 1;"],
            "width": ["append_be<std::size_t>(out, n);", "append_be<unsigned long>(out, n);"],
        }
        for word, lines in breaches.items():
            for line in lines:
                self.expect(
                    "check_determinism", MODEL, SLASHES + "\n" + line + "\n",
                    f"{MODEL}:4: determinism: {word}: ",
                )
        for folder in ("contracts", "verification", "execution"):
            path = f"src/{folder}/x.h"
            self.expect("check_determinism", path, HEADER + "double d;\n", f"{path}:4: ")
        proto = "src/model/m.proto"
        for line in ("double a = 1;", "long a = 1;", "map<string, string> a = 1;"):
            self.expect("check_determinism", proto, SLASHES + line + "\n", f"{proto}:3: ")

    def test_determinism_allowances(self):
        tool, allow = "check_determinism", "// determinism: allow float"
        self.expect_clean(tool, MODEL, SLASHES + f"double d;  {allow} - never hashed\n")
        self.expect_clean(tool, MODEL, SLASHES + f"{allow} - never hashed\ndouble d;\n")
        self.expect(tool, MODEL, SLASHES + f"double d;  {allow}\n", f"{MODEL}:3: ", "allow WORD")
        self.expect(
            tool, MODEL, SLASHES + f"throw 1;  {allow} - wrong word\n",
            f"{MODEL}:3: determinism: throw", f"{MODEL}:3: determinism: nothing here needs",
        )
        self.expect(
            tool, MODEL, SLASHES + "double d;  // determinism: allow flaot - typing error\n",
            f"{MODEL}:3: determinism: float", f"{MODEL}:3: determinism: an allowance is",
        )

    def test_tidy_lengths(self):
        tool = "check_tidy"
        self.expect(tool, BASE, HEADER + "\n" * 798, f"{BASE}:801: length: file")
        self.expect(tool, "src/base/a.cpp", SLASHES + LONG_FUNCTION, "src/base/a.cpp:3: length: ")
        method = "struct S : T<int> {\n  int v = 1;\n  template <typename X>\n  " + LONG_FUNCTION
        self.expect(tool, "src/base/a.cpp", SLASHES + method + "};\n", "src/base/a.cpp:5: length: ")
        init = "S::S(int a) : a_(a), b_{a} {\n" + "  g();\n" * 70 + "}\n"
        self.expect(tool, "src/base/a.cpp", SLASHES + init, "src/base/a.cpp:3: length: function")
        self.expect(tool, BASE, HEADER + "// " + "x" * 98 + "\n", f"{BASE}:4: length: line")
        self.expect(tool, "tools/x.py", HASHES + "def f(:\n", "tools/x.py:3: python: invalid")
        python = HASHES + "def f():\n" + "    g()\n" * 70
        self.expect(tool, "tools/x.py", python, "tools/x.py:3: length: function has 71 lines")
        just = SLASHES + "void f() {\n" + "  g();\n" * 68 + "}\n"
        table = "const int t[] = {f(1),\n" + "  1,\n" * 90 + "};\n"
        self.expect_clean(tool, "src/base/a.cpp", just + '#include "base/a.h"\n' + table)

    def test_tidy_headers(self):
        tool = "check_tidy"
        for name in ("src/base/b.cpp", "tools/x.py", "dev", "cmake/x.cmake", "src/model/m.proto",
                     "sdk/x.ts"):
            self.expect(tool, name, "\nint x;\n", f"{name}:1: header: expected")
        self.expect(tool, "tools/x.sh", "#!/bin/sh\n" + SLASHES, "tools/x.sh:2: header: expected")
        self.expect(tool, "tools/x.py", HASHES.split("\n")[0] + "\n", "tools/x.py:2: header")
        self.expect(tool, BASE, SLASHES, f"{BASE}:1: header: expected '#pragma once'")

    def test_tidy_words_and_space(self):
        tool, name = "check_tidy", "src/base/b.cpp"

        def line(content, message, file=name):
            self.expect(tool, file, SLASHES + content + "\n", f"{file}:3: {message}")

        line("// a blacklist", "words: 'blacklist': write 'denylist'")
        line("// the white-list", "words: 'white-list': write 'allow-list'")
        line("// Sanity check", "words: 'Sanity check': write 'check'")
        line("text with a slave", "words: 'slave': write 'replica'", "docs/x.md")
        line("// TODO later", "words: no TODO without an issue")
        line("// see /work/main/x", "paths: path of one machine")
        line("see `/farm/x`", "paths: path of one machine", "docs/x.md")
        line("\tint x;", "space: tab")
        line("int x; ", "space: space at the end")
        line("using namespace std;", "using: no 'using namespace'")
        self.expect_clean(tool, name, SLASHES + "// TODO(#12): later; docs/work/x; network/\n")

    def test_tidy_docstrings(self):
        def missing(declaration, what, line=5):
            self.expect(
                "check_tidy", BASE, HEADER + "namespace xl {\n" + declaration + "\n}\n",
                f"{BASE}:{line}: docs: public {what} without",
            )

        missing("int add(int a, int b);", "function")
        missing("inline int add() { return 1; }", "function")
        missing("[[nodiscard]] Result<std::vector<int>> add(\n    int a = f(1));", "function")
        missing("template <typename T>\nbool operator==(T a, T b);", "function")
        missing("struct Pair {\n  int a = 1;\n};", "class")
        missing("template <typename T>\nclass Box : public Base<T> {};", "class")
        missing("/// One.\nvoid one();\n\nvoid two();", "function", 8)
        missing("/// One.\nvoid one();\n// plain\nvoid two();", "function", 8)
        self.expect_clean(
            "check_tidy", BASE,
            HEADER + "namespace xl {\n/// Both.\nvoid one();\nvoid two();\nenum class E { a };\n"
            + "/// Holder.\nclass C {\n public:\n  void undocumented();\n};\n}\n",
        )

    def test_tidy_dead_files_and_readmes(self):
        tool = "check_tidy"
        self.expect(tool, "src/base/b.h", HEADER, "src/base/b.h:1: dead: no file includes")
        self.expect(tool, "src/base/tests/helper.cpp", SLASHES, "src/base/tests/helper.cpp:1: dead")
        self.expect(tool, "src/stray.cpp", SLASHES, "src/stray.cpp:1: dead: no target")
        self.expect(tool, "src/vault/v.cpp", SLASHES, "src/vault:1: readme: the folder has no")
        self.expect(
            tool, "src/contracts/claims/c.cpp", SLASHES, "src/contracts/claims:1: readme: the f"
        )

    def test_chinese(self):
        tool = "check_chinese"
        cli = "src/cli/c.cpp"
        for code, text in (
            ('make_error(Code::x, "no " + name)', "no {}"),
            ('make_error(Code::x, std::string(a) + " is (b), " "c")', "{} is (b), c"),
            ('app.add_option("--a", a.b, "what it is")', "what it is"),
            ('damaged("block " + n, "is gone")', "is gone"),
        ):
            self.expect(tool, cli, f"{SLASHES}auto a = {code};\n",
                        f"{cli}:3: chinese: no Chinese for '{text}'")
        rows = "src/base/chinese.def"
        self.expect(tool, rows, SLASHES + 'XL_WORDING("a {}", "\u7532 {2}")\n',
                    "chinese: a value that is not there")
        self.expect(tool, rows, SLASHES + 'XL_WORDING("a", "b")\n', "chinese: no Chinese for 'a'")
        self.expect_clean(tool, cli, SLASHES + "auto a = make_error(Code::x, name);\n")

    def test_docs(self):
        def dead(link, message):
            content = f"# X\n\n[a]({link})\n"
            self.expect("check_docs", "docs/x.md", content, f"docs/x.md:3: docs: {message}")

        dead("none.md", "'none.md' does not exist")
        dead("../README.md#none", "'../README.md' has no heading 'none'")
        dead("#none", "'docs/x.md' has no heading 'none'")
        self.expect_clean(
            "check_docs", "docs/x.md",
            "# A `b` (c)\n\n[a](#a-b-c) [b](../README.md) [c](https://example.org/x)\n"
            "```\n[a](none.md)\n```\n",
        )


if __name__ == "__main__":
    unittest.main()
