#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Checks what formatters do not: lengths, headers, words, public docstrings, dead files."""

import ast
import re

import lint_common

FILE_LINES_MAX = 800  # the aim is 400
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

CODE = (".h", ".cpp", ".def", ".proto", ".py", ".ts", ".sh", ".cmake", "CMakeLists.txt")
CXX = (".h", ".cpp")
COMMENT_SLASHES = (".h", ".cpp", ".def", ".proto", ".ts")
SCRIPTS = ("dev", ".ci/run")
TEXT = CODE + (".md", ".txt", ".json", ".toml", ".yml", ".yaml", ".tsx", ".js", ".css")

# (pattern, replacement); matched without regard to case in code, scripts and documents
BANNED_WORDS = (
    (r"black-?list\w*", "denylist"),
    (r"white-?list\w*", "allow-list"),
    (r"sanity[ -]check\w*", "check"),
    (r"\bslaves?\b", "replica"),
    (r"\bgrandfathered\b", "exempt"),
    (r"\bdummy\b", "placeholder, or what it really is"),
    (r"\butili[sz]e[sd]?\b", "use"),
    (r"\bper se\b", "as such"),
)
# Files that must name the words they check.
WORDS_EXEMPT = ("tools/check_tidy.py", "tools/tests/test_checks.py")

SPDX = ("SPDX-License-Identifier: Apache-2.0", "Copyright The Xinglin Authors")


def check_header(path, lines, findings):
    """The two-line licence header, behind a `#!` line where there is one."""
    start = 1 if lines and lines[0].startswith("#!") else 0
    comment = "// " if path.suffix in COMMENT_SLASHES else "# "
    for offset, wanted in enumerate(SPDX):
        at = start + offset
        if at >= len(lines) or lines[at] != comment + wanted:
            findings.add(path, at + 1, "header", f"expected '{comment}{wanted}'")
            return


def check_lines(path, lines, findings):
    if len(lines) > FILE_LINES_MAX:
        message = f"file has more than {FILE_LINES_MAX} lines: split it"
        findings.add(path, FILE_LINES_MAX + 1, "length", message)
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            findings.add(path, number, "space", "tab: use spaces")
        if line != line.rstrip():
            findings.add(path, number, "space", "space at the end of the line")
        # Rows of the error registry keep both languages side by side.
        if len(line) > COLUMNS_MAX and path.suffix != ".def":
            findings.add(path, number, "length", f"line has more than {COLUMNS_MAX} columns")


def check_words(path, lines, findings):
    if str(path) in WORDS_EXEMPT:
        return
    for number, line in enumerate(lines, 1):
        for pattern, instead in BANNED_WORDS:
            if found := re.search(pattern, line, re.IGNORECASE):
                findings.add(path, number, "words", f"'{found.group(0)}': write '{instead}'")
        if re.search(r"\b(?:TODO|FIXME|HACK|XXX)\b(?!\(#\d+\))", line):
            findings.add(path, number, "words", "no TODO without an issue: write 'TODO(#12)'")
        if re.search(r"(?:^|[\s\"'`(=:,])/(?:work|farm|Users)/", line):
            findings.add(path, number, "paths", "path of one machine")


class Block:
    """One pair of braces: what opened it and where."""

    def __init__(self, kind, name, head_offset):
        self.kind = kind  # namespace, type, function, other
        self.name = name
        self.head_offset = head_offset


def without_preprocessor(code):
    """Blanks preprocessor lines and their continuations."""
    return re.sub(
        r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
        lambda m: re.sub(r"[^\n]", " ", m.group(0)),
        code,
        flags=re.MULTILINE,
    )


def outside_brackets(head):
    """`head` without what is in round and angle brackets, as far as they pair up."""
    while True:
        shorter = re.sub(r"\([^()]*\)", "\x01", head)
        shorter = re.sub(r"<[^<>()=;]*>", "", shorter)
        if shorter == head:
            return head
        head = shorter


def kind_of(head, parent):
    """What a brace behind `head` opens inside `parent`, and its name."""
    if parent not in ("namespace", "type"):
        return "other", ""
    if re.search(r"\bnamespace\b", head):
        return "namespace", "".join(re.findall(r"\bnamespace\s+([\w:]*)", head))
    if re.search(r"\bextern\s*\"", head) and "(" not in head:
        return "namespace", ""
    flat = outside_brackets(head)
    if re.search(r"\b(?:class|struct|union|enum)\b", flat) and "\x01" not in re.sub(
        r"\b(?:alignas|__attribute__)\s*\x01", "", flat
    ):
        return "type", ""
    plain = re.sub(r"\boperator\s*[^\s\w\x01]+", "operator", flat)
    if "\x01" not in flat or "=" in plain or plain.strip().startswith("\x01"):
        return "other", ""
    # `S::S(int a) : b_{a} {`: the first brace belongs to the list of members.
    if re.search(r"\x01[\s\w]*:(?!:)", flat) and re.search(r"[\w>]\s*$", flat):
        return "other", ""
    return "function", ""


def blocks(code):
    """Yields (block, enclosing blocks, offset of its brace, offset of the closing one), and
    (None, enclosing, start, end) for each declaration that ends with a semicolon."""
    stack, head_start, parens = [], 0, 0

    def head_offset(at):
        head = code[head_start:at]
        return at - len(head.lstrip())

    for at, char in enumerate(code):
        if char == "(":
            parens += 1
        elif char == ")":
            parens = max(0, parens - 1)
        elif char == "{":
            parent = stack[-1][0].kind if stack else "namespace"
            kind, name = kind_of(code[head_start:at], parent) if parens == 0 else ("other", "")
            stack.append((Block(kind, name, head_offset(at)), at, parens, head_start))
            head_start, parens = at + 1, 0
        elif char == "}":
            if not stack:
                return
            block, opened, parens, head_before = stack.pop()
            yield block, [entry[0] for entry in stack], opened, at
            # A declaration goes on behind `= {...}`; it is over behind a body.
            head_start = head_before if block.kind == "other" else at + 1
        elif char == ";" and parens == 0:
            yield None, [entry[0] for entry in stack], head_offset(at), at
            head_start = at + 1


def access_labels_blanked(code):
    """`public:` and its kind would become part of the next declaration."""
    return re.sub(
        r"\b(?:public|private|protected)\s*:(?!:)", lambda m: " " * len(m.group(0)), code
    )


def check_functions(path, text, code, findings):
    for block, _, _, end in blocks(code):
        if block is None or block.kind != "function":
            continue
        first = lint_common.line_of(text, block.head_offset)
        length = lint_common.line_of(text, end) - first + 1
        if length > FUNCTION_LINES_MAX:
            findings.add(
                path, first, "length",
                f"function has {length} lines, more than {FUNCTION_LINES_MAX}: split it",
            )


NOT_FUNCTIONS = re.compile(
    r"\s*(?:using|typedef|static_assert|friend|extern\s+template|template\s+class)\b"
)


def declares(block, code, start, end):
    """What a declaration makes public ("class", "function" or None) and where it begins."""
    if block is None:
        head, flat = code[start:end], outside_brackets(code[start:end])
        assigned = "=" in re.sub(r"operator\s*\S+?(?=\x01)", "", flat)
        what = None
        if "\x01" in flat and not assigned and not NOT_FUNCTIONS.match(flat):
            what = "function"
    else:
        head, start = code[block.head_offset : start], block.head_offset
        what = "function" if block.kind == "function" else None
        if block.kind == "type" and not re.search(r"\benum\b", head):
            what = "class"
    return (None if re.match(r"\s*XL_\w+\s*\(", head) else what), start


def check_docstrings(path, text, code, findings):
    """Public functions and classes at namespace scope carry a `///` comment. One comment serves
    the declarations that follow it without an empty line."""
    lines = text.split("\n")
    documented_ends = set()
    for block, enclosing, start, end in blocks(code):
        if any(b.kind != "namespace" or "detail" in b.name for b in enclosing):
            continue
        what, offset = declares(block, code, start, end)
        if what is None:
            continue
        line = lint_common.line_of(text, offset)
        before = lines[line - 2].strip() if line > 1 else ""
        if before.startswith("///") or line - 1 in documented_ends:
            documented_ends.add(lint_common.line_of(text, end))
        else:
            findings.add(path, line, "docs", f"public {what} without a '///' comment")


def check_cxx(root, path, text, findings):
    code = without_preprocessor(lint_common.blank(text))
    for match in re.finditer(r"\busing\s+namespace\b", code):
        line = lint_common.line_of(text, match.start())
        findings.add(path, line, "using", "no 'using namespace': name what you use")
    labels = access_labels_blanked(code)
    check_functions(path, text, labels, findings)
    if path.suffix == ".h":
        if not re.search(r"^#pragma once$", text, re.MULTILINE):
            findings.add(path, 1, "header", "expected '#pragma once'")
        if path.parts[0] == "src" and "tests" not in path.parts:
            check_docstrings(path, text, labels, findings)


def check_python(path, text, findings):
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        findings.add(path, error.lineno or 1, "python", error.msg)
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                findings.add(
                    path, node.lineno, "length",
                    f"function has {length} lines, more than {FUNCTION_LINES_MAX}: split it",
                )


def check_dead_files(root, findings):
    """Headers nobody includes and sources no target compiles."""
    included = set()
    sources = lint_common.files(root, CXX + (".def",), ("src", "tests", "benchmarks"))
    for path in sources:
        code = lint_common.blank((root / path).read_text(), strings=False)
        included.update(re.findall(r'#\s*include\s+"([^"]+)"', code))
    for path in sources:
        if path.parts[0] != "src":
            continue
        name = str(path.relative_to("src"))
        if path.suffix in (".h", ".def") and name not in included:
            findings.add(path, 1, "dead", "no file includes this one")
        elif path.suffix == ".cpp" and "tests" in path.parts:
            if not path.name.endswith("_test.cpp") and name not in included:
                findings.add(path, 1, "dead", "no target compiles it: tests are named *_test.cpp")
        elif path.suffix == ".cpp" and len(path.parts) == 2 and path.name != "main.cpp":
            findings.add(path, 1, "dead", "no target compiles it: sources belong into a folder")


def check_readmes(root, findings):
    """Each folder of src, and each contract, explains itself."""
    folders = set()
    for path in lint_common.files(root, CXX, ("src",)):
        inside = path.parts[1:-1]
        if inside:
            folders.add(inside[0])
        if len(inside) > 1 and inside[0] == "contracts" and inside[1] != "tests":
            folders.add(f"contracts/{inside[1]}")
    for folder in sorted(folders):
        if not (root / "src" / folder / "README.md").exists():
            findings.add(f"src/{folder}", 1, "readme", "the folder has no README.md")


def main():
    root = lint_common.root_argument(__doc__)
    findings = lint_common.Findings("check_tidy")
    scripts = [root / name for name in SCRIPTS if (root / name).exists()]
    paths = lint_common.files(root, TEXT) + [path.relative_to(root) for path in scripts]
    for path in paths:
        text = (root / path).read_text()
        lines = text.split("\n")[:-1] if text.endswith("\n") else text.split("\n")
        check_words(path, lines, findings)
        if not (path.name.endswith(CODE) or str(path) in SCRIPTS):
            continue
        check_header(path, lines, findings)
        check_lines(path, lines, findings)
        if path.suffix in CXX:
            check_cxx(root, path, text, findings)
        elif path.suffix == ".py":
            check_python(path, text, findings)
    check_dead_files(root, findings)
    check_readmes(root, findings)
    findings.finish()


if __name__ == "__main__":
    main()
