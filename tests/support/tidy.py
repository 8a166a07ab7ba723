"""Checks of the source text: each function takes one text and returns one line per complaint.

`tests/test_tidy.py` runs them over the repository, and shows that each of them complains about a bad text.
"""

import ast
import functools
import io
import re
import tokenize
from collections.abc import Collection, Iterator

_tree = functools.cache(ast.parse)


@functools.cache
def _tokens(text: str) -> tuple[tokenize.TokenInfo, ...]:
    return tuple(tokenize.generate_tokens(io.StringIO(text).readline))


def forget() -> None:
    """Forget all parsed sources."""
    _tree.cache_clear()
    _tokens.cache_clear()


MODULE_CODE_LINES_MAX = 300
FUNCTION_LINES_MAX = 70

_UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
_TICKET = re.compile(
    r"(?i)\b(?:issue|ticket|bug|pull request|pr)s? ?#?\d+\b|(?<![\w&#{(\[=\"'`])#\d{1,5}\b(?![\w-])"
)
_DEVELOPER_PATH = re.compile(
    r"(?<![\w.}~*-])/(?:ro" + r"ot|wo" + r"rk)/|(?<![\w.}~*-])/ho" + r"me/(?!\w\b|me\b|user\b)\w"
)
_URL_HOST = re.compile(r"https?://([\w-]+(?:\.[\w-]+)+)")
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_SUPPRESSION = re.compile(
    r"#\s*(?:type:\s*ignore|noqa)\b(?P<codes>(?:\[[^\]]*\]|:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?)(?P<rest>.*)"
)
_REASON = re.compile(r"\w{3}")

_CLOCKS = frozenset(
    {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"}
)
_DATES = frozenset({"now", "utcnow", "today"})
_LIST_CHANGES = frozenset({"append", "clear", "extend", "insert", "pop", "remove", "sort"})
_FILE_MODULES = frozenset({"os", "io", "posix", "shutil", "tempfile"})
_FILE_CALLS = re.compile(
    "open|fdopen|creat|f?truncate|p?readv?|p?writev?|f(data)?sync|sync|f?chmod|f?chown|remove|unlink|rename|replace|s?y?m?link"
    "|mkdirs?|makedirs|rmdir|removedirs|copy.*|move|rmtree|mkstemp|mkdtemp|.*Temporary.*|sendfile|posix_fallocate"
)


def code_lines(text: str) -> int:
    """The lines that contain code. Docstrings, comments and blank lines do not count, so that there is no reason to
    shorten them."""
    held: set[int] = set()
    skip = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    statement_begins = True
    for token in _tokens(text):
        if token.type not in skip and not (token.type == tokenize.STRING and statement_begins):
            held.update(range(token.start[0], token.end[0] + 1))
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            statement_begins = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    return len(held)


def long_module(text: str, allowed: int = MODULE_CODE_LINES_MAX) -> Iterator[str]:
    """Complain about a module with more than `allowed` lines of code. Only modules on the ratchet have a higher limit
    than the usual one."""
    lines = code_lines(text)
    if lines > allowed:
        yield f"has {lines} lines of code, {allowed} are allowed: split it"
    elif lines <= MODULE_CODE_LINES_MAX < allowed:
        yield f"has {lines} lines of code by now: take it off the ratchet"


def long_functions(text: str, exempt: str = "") -> Iterator[str]:
    """Complain about functions that do not fit on a screen, except for the `exempt` one."""
    for node in ast.walk(_tree(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX and node.name != exempt:
                yield f"{node.lineno}: {node.name} has {lines} lines, {FUNCTION_LINES_MAX} are allowed"


def _lines(text: str, pattern: re.Pattern[str], complaint: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := pattern.search(line):
            yield f"{number}: {complaint}: {found[0]!r}"


def unfinished_in_prose(text: str) -> Iterator[str]:
    """Marks of unfinished work in a page or a script."""
    return _lines(text, _UNFINISHED, "unfinished work")


def unfinished(text: str) -> Iterator[str]:
    """Marks of unfinished work in the comments and docstrings of a module."""
    for number, prose in _prose(text):
        if found := _UNFINISHED.search(prose):
            yield f"{number}: unfinished work: {found[0]!r}"


def developer_paths(text: str) -> Iterator[str]:
    """Absolute paths on a developer's machine."""
    return _lines(text, _DEVELOPER_PATH, "a path of one machine")


def ticket_numbers_in_prose(text: str) -> Iterator[str]:
    """A ticket's number instead of an explanation, in a page of documentation."""
    return _lines(text, _TICKET, "a ticket is no explanation")


def ticket_numbers(text: str) -> Iterator[str]:
    """A ticket's number instead of an explanation, in the comments and docstrings of a module."""
    for number, prose in _prose(text):
        for line in prose.splitlines():
            if found := _TICKET.search(line):
                yield f"{number}: a ticket is no explanation: {found[0]!r}"


@functools.cache
def _prose(text: str) -> tuple[tuple[int, str], ...]:
    found = [
        (token.start[0], token.string.lstrip("#"))
        for token in _tokens(text)
        if token.type == tokenize.COMMENT
    ]
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found.extend(
        (getattr(node, "lineno", 1), ast.get_docstring(node) or "")
        for node in ast.walk(_tree(text))
        if isinstance(node, documented)
    )
    return tuple(found)


def foreign_hosts(text: str, known: frozenset[str]) -> Iterator[str]:
    """Names and addresses of machines that are not on the list `known`."""
    for number, line in enumerate(text.splitlines(), 1):
        for host in _URL_HOST.findall(line):
            if host.lower() not in known and not host.endswith(
                (".example", ".invalid", "example.com", "example.org")
            ):
                yield f"{number}: a host that is not on the list: {host!r}"
        for address in _ADDRESS.findall(line):
            if address not in known:
                yield f"{number}: the address of a machine: {address!r}"


def bare_suppressions(text: str) -> Iterator[str]:
    """A silenced checker without the code of what is silenced, or without a reason."""
    for token in _tokens(text):
        if token.type != tokenize.COMMENT:
            continue
        found = _SUPPRESSION.search(token.string)
        if found is None:
            continue
        if not found["codes"]:
            yield f"{token.start[0]}: say which complaint is silenced: {token.string!r}"
        elif not _REASON.search(found["rest"]):
            yield f"{token.start[0]}: give the reason on the line: {token.string!r}"


def missing_docstring(text: str) -> Iterator[str]:
    """A module that does not begin with a docstring."""
    if text.strip() and not ast.get_docstring(_tree(text)):
        yield "1: does not say what it is for"


@functools.cache
def _calls(text: str) -> tuple[tuple[int, str], ...]:
    return tuple(
        (node.lineno, ast.unparse(node.func))
        for node in ast.walk(_tree(text))
        if isinstance(node, ast.Call)
    )


def sleeps(text: str) -> Iterator[str]:
    """A test that waits for time to pass instead of an event."""
    for line, name in _calls(text):
        if name in ("time.sleep", "sleep"):
            yield f"{line}: wait for a condition or a named event: {name}"


def clock_readings(text: str) -> Iterator[str]:
    """A reading of a clock in a room whose modules get the time as an argument."""
    for line, name in _calls(text):
        owner, _, called = name.rpartition(".")
        if (owner == "time" and called in _CLOCKS) or (
            owner.endswith(("datetime", "date")) and called in _DATES
        ):
            yield f"{line}: reads a clock: {name}"


_DESCRIBED = ast.Assign | ast.AnnAssign


def stray_docstrings(text: str) -> Iterator[str]:
    """A string that describes nothing: it begins no module, class or function, and follows no assignment."""
    for node in ast.walk(_tree(text)):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for before, statement in zip([None, *body], body, strict=False):
            if _is_string(statement) and not isinstance(before, _DESCRIBED | None):
                yield f"{statement.lineno}: a string that describes nothing"


def _is_string(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def appended_events(text: str) -> Iterator[str]:
    """An event that is written to the log outside of the committer."""
    for line, name in _calls(text):
        if name.rpartition(".")[2] == "append_events":
            yield f"{line}: writes events to the log: {name}"


def report_writes(text: str, fields: frozenset[str]) -> Iterator[str]:
    """Writes to a recovery report, and changes of its lists, outside of the report's own methods.

    `fields` are those of the report. The results of reading the log are called a report, too: that is `log.report`.
    """
    for node in ast.walk(_tree(text)):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = [each for target in node.targets for each in _single(target)]
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _LIST_CHANGES
        ):
            targets = [node.func.value]
        for target in targets:
            place = target.value if isinstance(target, ast.Subscript) else target
            if isinstance(place, ast.Attribute) and place.attr in fields:
                owner = ast.unparse(place.value)
                if owner.endswith("report") and not owner.endswith("log.report"):
                    yield f"{place.lineno}: changes a report that is not its own: {ast.unparse(place)}"


def _single(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple | ast.List) else [target]


def file_access(text: str) -> Iterator[str]:
    """An access to files outside of the storage seam."""
    for line, name in _calls(text):
        owner, _, called = name.rpartition(".")
        if name == "open" or (owner in _FILE_MODULES and _FILE_CALLS.fullmatch(called)):
            yield f"{line}: touches a file past the storage seam: {name}"


def open_matches(text: str, classes: frozenset[str]) -> Iterator[str]:
    """A match over `classes` that does not end in assert_never, so that a new class would be ignored without notice."""
    for node in ast.walk(_tree(text)):
        if not isinstance(node, ast.Match):
            continue
        matched = {
            ast.unparse(pattern.cls).rpartition(".")[2]
            for case in node.cases
            for pattern in ast.walk(case.pattern)
            if isinstance(pattern, ast.MatchClass)
        }
        last = node.cases[-1]
        ends = (
            last.guard is None
            and ast.unparse(last.pattern) == "_"
            and ast.unparse(last.body[0]).startswith("assert_never(")
        )
        if matched & classes and not ends:
            yield f"{node.lineno}: a match over events or effects does not end in assert_never"


def failpoint_names(text: str) -> Iterator[str]:
    """The names given to `reach`. An expression that is no plain string is returned as `?`."""
    for node in ast.walk(_tree(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "reach":
            name = node.args[0] if node.args else None
            yield (
                name.value
                if isinstance(name, ast.Constant) and isinstance(name.value, str)
                else "?"
            )


def module_under_test(path: str, modules: Collection[str]) -> str:
    """The module that a file of unit tests is named after, as a path in the package. Empty: there is none.

    `room/test_name_of_what.py` tests `room/name_of_what.py`, else `room/name_of.py`, else `room/name.py`.
    """
    room, _, file = path.removeprefix("tests/unit/").rpartition("/")
    words = file.removeprefix("test_").removesuffix(".py").split("_")
    for length in range(len(words), 0, -1):
        module = f"{room}/{'_'.join(words[:length])}.py".lstrip("/")
        if module in modules:
            return module
    return ""


def rows(page: str, columns: int) -> Iterator[tuple[str, ...]]:
    """The rows of the tables with that many columns in a Markdown page, without heads."""
    head = True
    for line in page.splitlines():
        cells = tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
        if not line.startswith("|") or len(cells) != columns:
            head = True
        elif set("".join(cells)) <= set("-: "):
            head = False
        elif not head:
            yield cells


def missing_tests(page: str, tests: dict[str, str], columns: int = 2) -> Iterator[str]:
    """Rows whose test, named in the last column, does not exist. `tests`: path and text of each test file."""
    for promise, *_, named in rows(page, columns):
        found = re.findall(r"`([^`]+)::([^`]+)`", named)
        if not found:
            yield f"no test is named for: {promise}"
        for path, name in found:
            if path not in tests:
                yield f"no such file: {path}"
            elif not re.search(
                rf"^\s*(?:async )?def {re.escape(name)}\(", tests[path], re.MULTILINE
            ):
                yield f"no such test: {path}::{name}"
