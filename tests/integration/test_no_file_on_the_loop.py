"""The loop's thread opens, reads, examines and syncs no file while it serves. A real server is traced while it gets
many commands."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from fuguemux.server.storage.closed_retention import BRIEF_SESSIONS_MAX
from tests.support.faults import LET_GO_SECONDS, require
from tests.support.running import Running, until

pytestmark = pytest.mark.real

CALLS: Final = (
    "%file,read,readv,pread64,preadv,preadv2,getdents64,fsync,fdatasync,ftruncate,fallocate"
)
ALLOWED: Final = {
    "`/proc`": r"/proc/.*",
    "`/dev/null`": r"/dev/null",
    "`/run/nologin`": r"/run/(nologin|utmp|systemd/shutdown/scheduled)",
    "`wal/`": r".*/fugue/default/wal(/.*)?",
    "`pipes/N`": r".*/fugue/default/pipes(/.*)?",
    "`server.log`": r".*/fugue/default/server\.log.*",
}
"""The first cells of ARCHITECTURE.md's table of what the loop may touch, and the paths that they mean."""
NOT_FILES: Final = re.compile(r"(socket|pipe|anon_inode|UNIX|NETLINK)[^/]*|/dev/(ptmx|pts/\d+)")
_CALL: Final = re.compile(r"(\w+)\((?:(?:AT_FDCWD|\d+)<([^>]*)>)?")
_NAMED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BY_NAME: Final = re.compile(
    r"open|stat|link|access|mkdir|rename|unlink|chmod|chown|statfs|inotify"
)


def touched(line: str) -> str:
    """The path that a line of strace is about; empty: it is about no file."""
    call = _CALL.match(line)
    if call is None:
        return ""
    name, path = call[1], call[2] or ""
    named = _NAMED.search(line)
    if _BY_NAME.search(name) and named and named[1]:
        path = named[1] if named[1].startswith("/") else f"{path}/{named[1]}"
    return "" if NOT_FILES.match(path) else path


@contextmanager
def traced(pid: int, output: Path) -> Iterator[None]:
    """Note what the first thread of a process does with files: the loop's."""
    tracer = subprocess.Popen(
        ["strace", "-q", "-y", "-o", str(output), "-e", f"trace={CALLS}", "-p", str(pid)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        status = Path(f"/proc/{pid}/status")
        until("strace", lambda: "TracerPid:\t0\n" not in status.read_text())
        yield
    finally:
        tracer.terminate()
        tracer.communicate(timeout=LET_GO_SECONDS)


def test_a_line_of_strace_is_about_a_file_or_not() -> None:
    assert touched('openat(AT_FDCWD</>, "/etc/x", O_RDONLY) = 3</etc/x>') == "/etc/x"
    assert touched('renameat(3</s>, "a.tmp", 3</s>, "a") = 0') == "/s/a.tmp"
    assert touched('pread64(7</s/pack-1>, "\\1\\0"..., 9, 0) = 9') == "/s/pack-1"
    assert touched('read(3</s/a>, "/etc/passwd", 99) = 11') == "/s/a"
    assert touched('read(9<anon_inode:[eventfd]>, "\\1", 8) = 8') == ""
    assert touched('readv(9</dev/ptmx>, [{iov_base="x"}], 1) = 1') == ""
    assert touched('newfstatat(5</s/f>, "", {st_mode=S_IFREG}, AT_EMPTY_PATH) = 0') == "/s/f"
    assert touched("--- SIGCHLD {si_signo=SIGCHLD} ---") == ""


def storm(fugue: Running, directory: Path) -> None:
    """Everything that people do with files and histories, and much besides."""
    for name, text in (
        ("one.conf", "set -g @a 1\n"),
        ("long.conf", "# nothing\n" * 5_000),
        ("data", "data\n"),
    ):
        (directory / name).write_text(text)
    work, at = ("-t", "work:0"), str(directory)
    lines = (
        ("capture-pane", "-b", "all", "-S", "-", *work),
        ("copy-mode", *work),
        *(("send-keys", "-X", *work, name) for name in ("history-top", "page-down", "cursor-up")),
        ("send-keys", "-X", *work, "search-forward", "27777"),
        *(("send-keys", "-X", *work, name) for name in ("begin-selection", "page-up")),
        ("display-message", "-p", *work, "#{scroll_position} #{copy_cursor_line} #{history_size}"),
        ("send-keys", "-X", *work, "copy-selection-and-cancel"),
        ("source-file", f"{at}/one.conf", f"{at}/lo*.conf"),
        ("source-file", "-q", f"{at}/none.conf"),
        ("load-buffer", f"{at}/data"),
        ("save-buffer", "-a", f"{at}/data"),
        ("new-window", "-d", "-n", "other", "-t", "work:", "-c", at, "cat"),
        ("split-window", "-d", "-t", "work:other"),
        ("paste-buffer", "-t", "work:other"),
        ("pipe-pane", "-t", "work:other", f"cat >{at}/piped"),
        ("pipe-pane", "-t", "work:other"),
        ("respawn-pane", "-k", "-t", "work:other", "cat"),
        ("list-panes", "-a", "-F", "#{pane_current_path} #{pane_current_command}"),
        ("if-shell", "true", "set -g @b 1"),
        ("run-shell", "echo hi"),
        ("run-shell", "-b", "true"),
        ("display-message", "-p", "#{m/r:^w.*,#{session_name}} #{config_files} #{host}"),
        ("search", "27777"),
        *(("recovery", word) for word in ("list", "screens")),
        ("show-messages",),
        ("checkpoint",),
        ("resize-window", "-t", "work", "-x", "60"),
        ("kill-window", "-t", "work:other"),
    )
    sequence: list[str] = []
    for line in lines:
        sequence += [*line, ";"]
    fugue(*sequence[:-1])
    fugue("state", "save", "point")
    fugue("config", "reload")
    fugue("status")
    assert "unknown command" in fugue.refused("lost-sessions")
    brief = range(BRIEF_SESSIONS_MAX + 2)
    for number in brief:
        fugue("new-session", "-d", "-s", f"brief{number}", "cat")
        fugue("kill-session", "-t", f"brief{number}")

    def forgotten() -> bool:
        kept = fugue("state", "list")
        return f"closed-brief{brief[-1]}-" in kept and "closed-brief0-" not in kept

    until("the first of many brief sessions is forgotten", forgotten)


def test_the_loop_touches_no_file_in_a_storm_of_commands(fugue: Running, tmp_path: Path) -> None:
    require(programs=["strace"])
    directory = tmp_path / "files"
    directory.mkdir()
    fugue("new-session", "-d", "-s", "work", "-x", "100", "-y", "20", "seq 1 30000; exec cat")
    fugue.wait_for("30000", "work")
    fugue("checkpoint")
    server = fugue.kill_server()  # what it knows of the history is on the disk
    with fugue.attached("attach-session", "-t", "work") as person:
        person.wait_for("30000")
        with traced(server, tmp_path / "trace"):
            storm(fugue, directory)
            person.type(b"\x02R")
            person.wait_for("panes of the last recovery")
            person.type(b"q\x02[")
            person.type(b"\x1b<")
            until("its first lines", lambda: re.search(r"\[(\d{4,5})/\1\]", person.text()))
            fugue.config.write_text("[server]\nframe_rate_hz = 20\n")
            person.wait_for("frame_rate_hz")
    allowed = re.compile("|".join(ALLOWED.values()))
    lines = (tmp_path / "trace").read_text(errors="replace").splitlines()
    assert len(lines) > 20
    found = [line for line in lines if (path := touched(line)) and not allowed.fullmatch(path)]
    assert found == [], "\n".join(found)


def test_what_the_loop_may_touch_is_written_down() -> None:
    text = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text()
    assert [cell for cell in ALLOWED if f"| {cell}" not in text] == []
