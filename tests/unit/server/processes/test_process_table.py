"""What the system reports about processes, tested with real ones."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuguemux.server.processes import process_table
from tests.support.running import until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc (Linux)")


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A script with blanks and brackets in its name, in a group of its own."""
    script = tmp_path / "a (b) c"
    script.write_text("#!/bin/sh\nread x\n")
    script.chmod(0o700)
    environment = {"A": "_=no", "_": str(script), "Z": "last"}
    found = subprocess.Popen(
        [script, "word"], stdin=subprocess.PIPE, process_group=0, cwd="/", env=environment
    )
    until("script", lambda: b"word" in process_table.arguments(found.pid))
    yield found
    found.kill()
    found.communicate()


def test_a_process(program: subprocess.Popen[bytes], tmp_path: Path) -> None:
    found = process_table.process(program.pid)
    assert found is not None
    assert (found.pid, found.command, found.parent) == (program.pid, b"a (b) c", os.getpid())
    assert (found.group, found.session) == (program.pid, os.getsid(0))
    # The kernel rounds the one down and the other up.
    assert -1 <= process_table.up_ticks() - found.start_ticks < 60 * process_table.TICKS_PER_SECOND
    assert program.pid in process_table.children(os.getpid())
    assert process_table.directory(program.pid) == b"/"
    assert process_table.invoked_as(program.pid) == bytes(tmp_path / "a (b) c")
    assert process_table.arguments(program.pid) == (
        b"/bin/sh",
        bytes(tmp_path / "a (b) c"),
        b"word",
    )
    assert os.path.realpath("/bin/sh") == process_table.executable(program.pid)


def test_what_has_ended_is_no_process() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    until("end", lambda: process_table.process(ended.pid) is None)
    assert process_table.arguments(ended.pid) == ()  # nobody has waited for it yet
    ended.wait()
    assert process_table.process(ended.pid) is None
    assert process_table.children(ended.pid) == []
    assert process_table.executable(ended.pid) == ""
    assert process_table.invoked_as(ended.pid) == b""
