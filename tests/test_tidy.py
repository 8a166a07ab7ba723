"""Checks the repository's own rules. Each check is also shown to fail on a bad text, because a check that never
failed proves nothing."""

import functools
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from fuguemux.model.effects import Effect
from fuguemux.model.events import Event
from fuguemux.observe.failpoints import NAMES
from fuguemux.persistence.report.parts import PaneReport
from fuguemux.persistence.report.report import RecoveryReport
from tests.support import tidy

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "fuguemux"
GENERATED = {"src/fuguemux/terminal/ghostty/_abi.py"}

LINES_RATCHET: dict[str, int] = {}
"""Modules that are longer than the limit, with their length. Numbers here only go down."""
TESTS_OF_SEVERAL = {
    "tests/unit/commands/test_buffers.py": "the seven commands of paste buffers",
    "tests/unit/commands/test_differences_page.py": "a page of the documentation against the table of options",
    "tests/unit/commands/test_flags.py": "the flags of all commands",
    "tests/unit/commands/test_keys.py": "bind-key, unbind-key, list-keys",
    "tests/unit/commands/test_kill.py": "the commands that kill",
    "tests/unit/commands/test_layouts.py": "the commands that change a layout",
    "tests/unit/commands/test_moving.py": "the commands that move windows and panes",
    "tests/unit/commands/test_prompts.py": "the commands that ask",
    "tests/unit/commands/test_rename.py": "rename-session, rename-window",
    "tests/unit/commands/test_resize.py": "resize-pane, resize-window",
    "tests/unit/commands/test_respawn.py": "respawn-pane, respawn-window",
    "tests/unit/commands/test_select.py": "the commands that select",
    "tests/unit/commands/test_shells.py": "run-shell, if-shell, pipe-pane, wait-for",
    "tests/unit/commands/test_transcripts.py": "whole conversations with tmux",
    "tests/unit/reactions/test_facts.py": "the reactions to titles, directories, programs and sizes",
    "tests/unit/test_own_expressions.py": "every regular expression of the package",
}
"""Unit tests that are not named after one module, with what they test in its place."""
TESTED_ROOMS = (
    "model/",
    "engine/",
    "reactions/",
    "language/",
    "options/",
    "targets/",
    "formats/",
    "server/",
    "persistence/",
)
UNTESTED_LINES = 150
UNTESTED = {
    "formats/panes.py",
    "formats/text.py",
    "formats/variables.py",
    "model/events.py",
    "model/transitions.py",
    "persistence/checkpoint/checkpoint_files.py",
    "persistence/recovery/inspect.py",
    "persistence/recovery/replay.py",
    "persistence/scrollback/pane_scrollback.py",
    "persistence/wal/walk.py",
    "server/admin/address.py",
    "server/admin/status.py",
    "server/clients/requesters.py",
    "server/clients/viewer.py",
    "server/composition/admin.py",
    "server/composition/requests.py",
    "server/copy/copy_commands.py",
    "server/copy/copy_document.py",
    "server/copy/copy_motions.py",
    "server/copy/copy_searching.py",
    "server/copy/scroll_views.py",
    "server/landing/zone_format.py",
    "server/main.py",
    "server/panes/pane_terminal.py",
    "server/processes/keeper_client.py",
    "server/recovery/boot.py",
    "server/requests/hooks.py",
    "server/requests/keys/key_input.py",
    "server/requests/pipes.py",
    "server/state/place.py",
    "server/state/settling.py",
    "targets/finder.py",
}
"""Longer modules of these rooms without a file of unit tests named after them. This list only gets shorter."""
LONG_BY_DESIGN = {"src/fuguemux/model/apply.py": "apply"}
"""One function per module that is as long as the list of cases it tells apart."""
CLOCK_READERS = (
    "observe/clock.py",
    "keeper/",
    "client/",
    "server/storage/flusher.py",
    "server/storage/flush_worker.py",
)
"""The clock itself; programs that import next to nothing; and the threads that measure the disk."""
FILE_USERS = {
    "persistence/storage/files.py": "the storage seam",
    "persistence/storage/state_lock.py": "the lock that a state directory has, a part of the seam",
    "client/": "imports next to nothing, so that a command starts quickly; its files are terminals, pipes and marks",
    "keeper/": "uses the standard library alone; its files are a socket, a lock and its own log",
    "config/load.py": "reads the configuration file, which is a person's",
    "config/paths.py": "makes the directories that are there before any storage",
    "observe/clock.py": "reads a shift of the clock that a test names",
    "observe/diagnostics.py": "writes server.log, and must go on when the storage fails",
    "cli/doctor_setup.py": "reads the .pth files of an interpreter",
    "cli/finding.py": "reads files of the system",
    "cli/main.py": "opens standard output and error",
    "cli/service.py": "writes a unit file into a person's directory",
    "terminal/ghostty/library.py": "reads the version of an installed package",
    "server/admin/address.py": "removes a socket",
    "server/clients/listener.py": "removes a socket",
    "server/landing/many_reads.py": "reads terminals",
    "server/landing/zone.py": "sizes the landing zone, which is mapped into memory",
    "server/landing/zone_file.py": "opens the landing zone, which is mapped into memory and locked",
    "server/panes/pane_terminal.py": "writes to a terminal",
    "server/processes/popup_program.py": "reads a terminal",
    "server/processes/process_table.py": "reads /proc",
    "server/processes/shutdown_signs.py": "reads /run",
    "server/requests/pipes.py": "reads and writes pipes",
    "server/work/directory_watch.py": "reads inotify(7)",
    "server/work/jobs.py": "reads pipes",
    "server/work/plain_files.py": "reads and writes files that a command names",
}
"""Who touches files past the storage seam, and why. The log, checkpoints, saves and helper files are written by it alone."""
HOSTS = frozenset(
    {
        "127.0.0.1",
        "0.0.0.0",
        "github.com",
        "docs.asciinema.org",
        "a.b",
        "keepachangelog.com",
        "semver.org",
        "www.w3.org",  # the name space of SVG
        "json-schema.org",
    }
)
"""Hosts that everybody knows."""
TEXT_SUFFIXES = {".py", ".md", ".toml", ".lock", ".sh", ".cfg", ".txt", ".rs", ".yml", ""}


@functools.cache
def read(path: Path) -> str | None:
    """The text of a file; None if it is none, as some golden files are."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return None


@pytest.fixture(scope="module", autouse=True)
def trees_are_let_go_of() -> Iterator[None]:
    """The trees of a thousand modules: else every collection of the tests behind these looks at them."""
    yield
    tidy.forget()
    read.cache_clear()


def texts(*places: str, suffixes: Iterable[str] = (".py",)) -> Iterator[tuple[str, str]]:
    """(path from the root, text) of every file below `places`."""
    for place in places:
        start = ROOT / place
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            name = path.relative_to(ROOT).as_posix()
            if (
                path.is_file()
                and path.suffix in suffixes
                and "__pycache__" not in path.parts
                and "target" not in path.parts
                and name not in GENERATED
            ):
                text = read(path)
                if text is not None:
                    yield name, text


def everything() -> Iterator[tuple[str, str]]:
    places = "src tests docs scripts benchmarks demo requirements .ci Makefile pyproject.toml README.md ARCHITECTURE.md"
    found = [
        place
        for place in [*places.split(), "hatch_build.py", "CONTRIBUTING.md", "CHANGELOG.md"]
        if (ROOT / place).exists()
    ]
    return texts(*found, suffixes=TEXT_SUFFIXES)


def modules_and_others() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    found = list(everything())
    modules = [(path, text) for path, text in found if path.endswith(".py")]
    return modules, [(path, text) for path, text in found if not path.endswith(".py")]


def complaints(
    files: Iterable[tuple[str, str]], check: Callable[[str], Iterator[str]]
) -> list[str]:
    return [f"{path}:{complaint}" for path, text in files for complaint in check(text)]


def below(*prefixes: str) -> Iterator[tuple[str, str]]:
    """Modules of the package, but not those whose path in it begins with one of `prefixes`."""
    for path, text in texts("src"):
        if not path.removeprefix("src/fuguemux/").startswith(prefixes):
            yield path, text


def test_modules_are_short() -> None:
    found = [
        f"{path}: {complaint}"
        for path, text in texts("src")
        for complaint in tidy.long_module(text, LINES_RATCHET.get(path, tidy.MODULE_CODE_LINES_MAX))
    ]
    assert found == []
    assert all((ROOT / path).exists() for path in LINES_RATCHET)
    assert list(tidy.long_module("x\n" * 301))
    assert list(tidy.long_module("x\n" * 321, allowed=320))
    assert list(tidy.long_module("x\n" * 300, allowed=320))
    assert not list(tidy.long_module("x\n" * 300))
    assert not list(tidy.long_module('"""Long.\n\n' + "x\n" * 300 + '"""\n# y\n\n' + "x\n" * 299))
    assert not list(tidy.long_module("x\n" * 320, allowed=320))


def test_functions_fit_on_a_screen() -> None:
    found = [
        f"{path}:{complaint}"
        for path, text in texts("src")
        for complaint in tidy.long_functions(text, LONG_BY_DESIGN.get(path, ""))
    ]
    assert found == []
    assert list(tidy.long_functions("async def f():\n" + "    x\n" * 70))
    assert not list(tidy.long_functions("def f():\n" + "    x\n" * 69))


def test_nothing_is_left_unfinished() -> None:
    modules, others = modules_and_others()
    assert complaints(modules, tidy.unfinished) == []
    assert complaints(others, tidy.unfinished_in_prose) == []
    for mark in ("TO" + "DO", "FIX" + "ME", "X" + "XX"):
        assert list(tidy.unfinished(f"x = 1  # {mark} later\n"))
        assert list(tidy.unfinished_in_prose(f"x = 1  # {mark} later\n"))
    assert not list(tidy.unfinished("mkstemp('aXXXXXX')  # mkstemp(3) replaces XXXXXX\n"))


def test_explanations_are_no_ticket_numbers() -> None:
    modules, others = modules_and_others()
    assert complaints(modules, tidy.ticket_numbers) == []
    pages = [(path, text) for path, text in others if path.endswith(".md")]
    assert complaints(pages, tidy.ticket_numbers_in_prose) == []
    for bad in ("# see " + "#12", "# is" + "sue 3 says so", '"""As pull re' + 'quest #7."""'):
        assert list(tidy.ticket_numbers(f"{bad}\n"))
    assert list(tidy.ticket_numbers_in_prose("done in " + "#44."))
    assert not list(tidy.ticket_numbers("# colours are #123456 and #{pane_id}\nx = '#12'\n"))


def test_no_path_of_a_developers_machine() -> None:
    assert complaints(everything(), tidy.developer_paths) == []
    for bad in ("/ro" + "ot/x", "'/wo" + "rk/main'", "cd /ho" + "me/somebody"):
        assert list(tidy.developer_paths(bad))
    assert not list(tidy.developer_paths("tmp_path / 'home'; $HOME/x; a/work/b; ~/work/x"))


def test_no_machine_of_ours_is_named() -> None:
    assert complaints(everything(), lambda text: tidy.foreign_hosts(text, HOSTS)) == []
    assert list(tidy.foreign_hosts("index = http" + "://mirror.internal/simple", HOSTS))
    assert list(tidy.foreign_hosts("connect to 10.1." + "2.3", HOSTS))
    assert not list(tidy.foreign_hosts("https://github.com/x, 127.0.0.1 and version 1.2.3", HOSTS))


def test_tests_do_not_sleep() -> None:
    assert complaints(texts("tests"), tidy.sleeps) == []
    assert list(tidy.sleeps("import time\ntime.sleep(1)\n"))
    assert not list(tidy.sleeps("await_condition()\n"))


def test_silenced_checkers_have_a_code_and_a_reason() -> None:
    files = list(texts("src", "tests", "benchmarks"))
    assert complaints(files, tidy.bare_suppressions) == []
    for bad in (
        "# no" + "qa",
        "# no" + "qa: E501",
        "# type: ig" + "nore",
        "# type: ig" + "nore[misc]",
    ):
        assert list(tidy.bare_suppressions(f"x = 1  {bad}\n"))
    for good in (
        "# no" + "qa: E501 - one long word",
        "# type: ig" + "nore[misc]  # that is the point",
    ):
        assert not list(tidy.bare_suppressions(f"x = 1  {good}\n"))


def test_every_module_says_what_it_is_for() -> None:
    assert complaints(texts("src", "tests", "benchmarks"), tidy.missing_docstring) == []
    assert list(tidy.missing_docstring("import os\n"))
    assert not list(tidy.missing_docstring('"""This."""\n'))


def test_every_string_below_a_statement_describes_it() -> None:
    assert complaints(texts("src", "tests", "benchmarks"), tidy.stray_docstrings) == []
    for bad in (
        'import os\n"""Nothing."""\n',
        'A = 1\n"""It."""\n"""Nothing."""\n',
        'f()\n"""Nothing."""\n',
    ):
        assert list(tidy.stray_docstrings(bad))
    assert not list(
        tidy.stray_docstrings('"""This."""\nA = 1\n"""It."""\nclass B:\n    """A class."""\n')
    )


def test_only_the_committer_writes_events() -> None:
    assert complaints(below("engine/commit.py"), tidy.appended_events) == []
    assert list(tidy.appended_events((SOURCE / "engine/commit.py").read_text()))
    assert list(tidy.appended_events("self._log.append_events(events)"))


def test_only_the_storage_seam_touches_files() -> None:
    assert complaints(below(*FILE_USERS), tidy.file_access) == []
    for place, reason in FILE_USERS.items():
        found = [(path, text) for path, text in texts("src") if f"/{place}" in path]
        assert complaints(found, tidy.file_access), f"{place} touches no file: take it off the list"
        assert reason
    for bad in ("open('x')", "os.rename(a, b)", "os.fsync(f)", "tempfile.mkdtemp()"):
        assert list(tidy.file_access(bad))
    assert not list(tidy.file_access("storage.open(p); os.path.join(a, b); storage.rename(a, b)"))


def test_only_a_recovery_report_changes_itself() -> None:
    fields = frozenset(RecoveryReport.__struct_fields__ + PaneReport.__struct_fields__)

    def check(text: str) -> Iterator[str]:
        return tidy.report_writes(text, fields)

    assert complaints(below("persistence/report/", "persistence/wal/"), check) == []
    for bad in (
        "self._report.notes.append('x')",
        "report.cause = 'x'",
        "server.report.missing += ['x']",
        "server.report.panes[:] = []",
        "report.exit_code, report.exit_signal = 1, 2",
    ):
        assert list(check(bad)), bad
    assert not list(check("report.remark('x'); cause = report.cause; log.report.lost = []"))


def test_only_the_clock_reads_the_clock() -> None:
    assert complaints(below(*CLOCK_READERS), tidy.clock_readings) == []
    for bad in ("time.time()", "time.monotonic_ns()", "datetime.datetime.now()"):
        assert list(tidy.clock_readings(bad))
    assert not list(tidy.clock_readings("clock.monotonic_ns(); time.strftime('%Y')"))


def test_matches_over_events_and_effects_know_every_class() -> None:
    classes = {*Event.__subclasses__(), *Effect.__subclasses__()}
    names = frozenset(each.__name__ for each in classes)

    def check(text: str) -> Iterator[str]:
        return tidy.open_matches(text, names)

    assert complaints(texts("src"), check) == []
    head = "match event:\n    case ev.PaneAdded(_, pane) | Other():\n        x\n"
    assert list(check(head))
    assert list(check(head + "    case _:\n        pass\n"))
    assert list(check(head + "    case _ if x:\n        assert_never(event)\n"))
    assert list(check(head + "    case ev.PaneMoved():\n        assert_never(event)\n"))
    assert not list(check(head + "    case _:\n        assert_never(event)\n"))
    assert not list(check("match word:\n    case Word() | 'PaneAdded':\n        x\n"))


def test_names_that_vulture_ignores_are_used_by_nothing_in_the_package(tmp_path: Path) -> None:
    """Run in an empty directory, vulture has no list of names that it ignores."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)["tool"]["vulture"]
    words = ["--min-confidence", str(settings["min_confidence"]), "--exclude", *settings["exclude"]]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "vulture",
            *words,
            *(str(ROOT / path) for path in settings["paths"]),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = set(re.findall(r": unused \w+ '(\w+)'", done.stdout))
    assert found == set(settings["ignore_names"])


def module_paths() -> dict[str, str]:
    """The path in the package of every module, and its text."""
    return {path.removeprefix("src/fuguemux/"): text for path, text in texts("src")}


def unit_tests() -> list[str]:
    return [path for path, _ in texts("tests/unit") if Path(path).name.startswith("test_")]


def test_unit_tests_mirror_the_modules_that_they_test() -> None:
    modules = module_paths()
    stray = {path for path in unit_tests() if not tidy.module_under_test(path, modules)}
    assert stray == set(TESTS_OF_SEVERAL), "name it after a module, or say here what it tests"
    known = {"room/zone.py", "room/zone_file.py"}
    for path, module in (
        ("tests/unit/room/test_zone.py", "room/zone.py"),
        ("tests/unit/room/test_zone_checks.py", "room/zone.py"),
        ("tests/unit/room/test_zone_file_of_old.py", "room/zone_file.py"),
        ("tests/unit/room/test_file.py", ""),
        ("tests/unit/other/test_zone.py", ""),
    ):
        assert tidy.module_under_test(path, known) == module


def test_long_modules_have_unit_tests_of_their_own() -> None:
    modules = module_paths()
    tested = {tidy.module_under_test(path, modules) for path in unit_tests()}
    found = {
        path
        for path, text in modules.items()
        if path.startswith(TESTED_ROOMS)
        and tidy.code_lines(text) > UNTESTED_LINES
        and path not in tested
    }
    assert found - UNTESTED == set(), "write tests for it, in tests/unit where its module is in src"
    assert UNTESTED - found == set(), "take it off the list"


def test_failpoints_are_the_table_of_failpoints() -> None:
    used = {
        name for _, text in below("observe/failpoints.py") for name in tidy.failpoint_names(text)
    }
    assert used == set(NAMES), (
        "each point has its row in NAMES of observe/failpoints.py, and each row its point"
    )
    assert all(meaning for meaning in NAMES.values())
    assert list(tidy.failpoint_names("reach('a.b'); failpoints.reach(x)")) == ["a.b", "?"]


def test_every_invariant_names_a_test_that_exists() -> None:
    page = (ROOT / "docs/invariants.md").read_text()
    tests = dict(texts("tests"))
    assert list(tidy.rows(page, 2))
    assert list(tidy.missing_tests(page, tests)) == []
    head = "| Invariant | Test |\n|---|---|\n"
    assert not list(
        tidy.missing_tests(
            head + "| a | `tests/a.py::test_a` |\n", {"tests/a.py": "def test_a() -> None: ..."}
        )
    )
    for bad in ("| a | later |", "| a | `tests/b.py::test_a` |", "| a | `tests/a.py::test_b` |"):
        assert list(tidy.missing_tests(head + bad, {"tests/a.py": "def test_a() -> None: ..."}))


def test_every_complaint_names_a_test_that_exists() -> None:
    page = (ROOT / "docs/complaints.md").read_text()
    assert len(list(tidy.rows(page, 3))) >= 45
    tests = dict(texts("tests"))
    assert list(tidy.missing_tests(page, tests, 3)) == []
    bad = "| Complaint | Here | Test |\n|---|---|---|\n| a | b | `tests/test_tidy.py::test_b` |\n"
    assert list(tidy.missing_tests(bad, tests, 3))


def _imported(module: str) -> set[str]:
    code = f"import sys; before = set(sys.modules); import {module}; print(*(set(sys.modules) - before))"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )


@pytest.mark.skipif(not (SOURCE / "client/fast.py").exists(), reason="the client is not there yet")
def test_the_thin_client_imports_next_to_nothing() -> None:
    found = {
        name for name in _imported("fuguemux.client.fast") if name.partition(".")[0] != "fuguemux"
    }
    assert found <= {"sys", "posix", "_socket"}
    assert not _imported("fuguemux.client.fast") & {
        "fuguemux.model.state",
        "fuguemux.config.load",
        "fuguemux.keeper.keeper",
    }
    assert "json" in _imported("json")
