"""EIO while a start reads: an error that does not occur again costs nothing, and a lasting one is reported with the
file's name."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.recovery.recovery import Recovered, recover
from fuguemux.persistence.report.text import report_lines
from fuguemux.persistence.storage.files import READ_TRIES_MAX, RealStorage
from tests.support.small_server import Truth
from tests.unit.persistence.recovery.test_recovery import busy_server, lines

CALLS = ("open", "pread", "listdir")


class Calls:
    """Stands before a function of `os` and counts its calls; those that `fails` chooses raise EIO."""

    def __init__(self, real: Callable[..., object], fails: Callable[[int], bool]) -> None:
        self.count = 0
        self._real = real
        self._fails = fails

    def __call__(self, *arguments: object, **options: object) -> object:
        self.count += 1
        if self._fails(self.count):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return self._real(*arguments, **options)


@pytest.fixture
def directory(tmp_path: Path) -> str:
    """A state with two checkpoints, and more in the log."""
    path = str(tmp_path / "state")
    server = busy_server(path, Truth())
    server.checkpoint()
    server.output(PaneId(0), lines(300, 300))
    server.checkpoint()
    server.output(PaneId(1), lines(0, 20))
    return path


def look(directory: str) -> Recovered:
    return recover(
        RealStorage(),
        directory,
        now_ms=lambda: 1,
        monotonic=lambda: 0.0,
        new_store_id=bytes(16),
        read_only=True,
    )


@pytest.mark.parametrize("call", CALLS)
def test_an_error_that_goes_away_costs_nothing(
    directory: str, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(os, call)
    counting = Calls(real, lambda _number: False)
    monkeypatch.setattr(os, call, counting)
    want = look(directory)
    assert want.report.complete
    assert counting.count
    for wrong in range(1, counting.count + 1):
        monkeypatch.setattr(os, call, Calls(real, wrong.__eq__))
        got = look(directory)
        assert (got.report, got.state) == (want.report, want.state), f"call {wrong}"


def test_an_error_that_lasts_is_believed_after_some_tries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"content")
    storage = RealStorage()
    file = storage.open(str(tmp_path / "file"))
    failing = Calls(os.pread, lambda number: number <= READ_TRIES_MAX)
    monkeypatch.setattr(os, "pread", failing)
    with pytest.raises(OSError, match="Input/output error"):
        storage.pread(file, 7, 0)
    storage.close(file)


def test_another_error_is_believed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Calls(os.open, lambda _number: False)
    monkeypatch.setattr(os, "open", counting)
    with pytest.raises(FileNotFoundError):
        RealStorage().open(str(tmp_path / "none"))
    assert counting.count == 1


@pytest.mark.parametrize("pattern", ["checkpoints/MANIFEST-*", "checkpoints/pack-*", "wal/*.wal"])
def test_a_file_that_cannot_be_read_at_all_is_named_and_kept(
    directory: str, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = max(Path(directory).glob(pattern), key=lambda path: (path.stat().st_blocks, path.name))
    real = os.open

    def opened(path: str, *arguments: int, **options: int) -> int:
        if path == str(victim):
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", opened)
    report = look(directory).report
    assert not report.complete or report.damages
    told = "\n".join(report_lines(report, when="", verbose=True))
    assert victim.name.removesuffix(".wal") in told
    assert victim.exists()
