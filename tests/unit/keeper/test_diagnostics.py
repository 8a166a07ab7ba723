"""The file of the keeper's diagnostics: anything else in its place is not written to."""

import subprocess
import sys
from pathlib import Path

import pytest

WRITING = """
import sys
from fuguemux.keeper.diagnostics import KeeperDiagnostics, redirect_standard_streams
redirect_standard_streams(sys.argv[1], sys.argv[1] + ".nameless")
KeeperDiagnostics(ours=True).mark()
KeeperDiagnostics().note("a line")
"""


def write(log: Path) -> None:
    subprocess.run([sys.executable, "-c", WRITING, str(log)], check=True)


@pytest.mark.parametrize("content", [b"not a segment" * 1000, b"\0\1FUGUE", b"2026-11", b"x"])
def test_what_is_none_is_moved(tmp_path: Path, content: bytes) -> None:
    log = tmp_path / "keeper.log"
    log.write_bytes(content)
    write(log)
    assert (tmp_path / "keeper.log.not-a-log").read_bytes() == content
    assert log.read_bytes().endswith(b": a line\n")
    assert log.stat().st_mode & 0o777 == 0o600
    write(log)
    assert log.read_bytes().count(b": a line\n") == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_one_that_was_emptied_begins_with_a_date(tmp_path: Path) -> None:
    log = tmp_path / "keeper.log"
    log.write_bytes(b"2026-11-23T06:47:20+0000 keeper[1]: a line\n" + bytes(2 << 20))
    write(log)
    assert log.stat().st_size < 1000
    write(log)
    assert [path.name for path in tmp_path.iterdir()] == ["keeper.log"]
