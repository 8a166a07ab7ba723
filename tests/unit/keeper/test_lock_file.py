"""The locks of a state directory: their content, reading while it is written, and that there is only one holder."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.keeper.lock_file import (
    ENDING,
    STARTING,
    Lock,
    ask_to_listen,
    decode,
    encode,
    holder_of,
)
from fuguemux.keeper.machine_boot import machine_boot

PLACES = st.binary(min_size=1, max_size=120).filter(lambda path: b"\0" not in path)
LOCKING = """
import sys
from fuguemux.keeper.lock_file import Lock
lock = Lock(*sys.argv[1:3])
print(lock.take(), flush=True)
if len(sys.argv) > 3:
    lock.tell(sys.argv[3])
    print("told", flush=True)
input()
"""


@contextmanager
def holder(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that takes a lock, and keeps it until it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCKING, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        if len(words) > 2:
            assert child.stdout.readline() == "told\n"
        try:
            yield child
        finally:
            child.kill()


@given(st.integers(1, 1 << 31), PLACES)
def test_a_record_says_what_was_written(pid: int, place: bytes) -> None:
    found = decode(encode(pid, "boot", os.fsdecode(place)))
    assert found is not None
    assert (found.pid, os.fsencode(found.place)) == (pid, place)
    assert found.path == (found.place if place.startswith(b"/") else "")


@given(PLACES, PLACES, st.integers(0, 400), st.integers(0, 400))
def test_half_a_record_is_never_believed(old: bytes, new: bytes, cut: int, kept: int) -> None:
    """At every moment of a write: what is new already, then what is old still."""
    before = encode(111, "boot", os.fsdecode(old))
    after = encode(222, "boot", os.fsdecode(new))
    cut = min(cut, len(after))
    seen = decode(after[:cut] + before[cut:])
    assert seen is None or (seen.pid, os.fsencode(seen.place)) in ((111, old), (222, new))
    torn = decode(after[: min(kept, len(after))])
    assert torn is None or torn.pid in (0, 222)
    assert torn is None or not torn.place or os.fsencode(torn.place) == new


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    found = decode(data)
    assert found is None or found.pid >= 0


@pytest.mark.parametrize("data", [b"4711 0d6f-boot\n", b"4711 -\n"])
def test_a_record_of_one_line_is_one_of_an_earlier_version(data: bytes) -> None:
    found = decode(data)
    assert found is not None
    assert (found.pid, found.place) == (4711, "")


@pytest.mark.parametrize("word", [STARTING, ENDING])
def test_who_does_not_listen_has_no_path(word: str) -> None:
    found = decode(encode(1, "-", word))
    assert found is not None
    assert (found.place, found.path) == (word, "")


def test_a_shorter_record_over_a_longer_one(tmp_path: Path) -> None:
    lock = Lock(str(tmp_path / "lock"))
    assert lock.take()
    lock.tell("/a/very/long/path/" + "x" * 80)
    lock.tell("/b")
    assert (tmp_path / "lock").read_bytes() == encode(os.getpid(), machine_boot(), "/b")
    lock.release()


def test_one_holder_and_everybody_sees_who(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    assert holder_of(path) is None
    with holder(path, "", "/run/x") as child:
        found = holder_of(path)
        assert found is not None
        assert (found.pid, found.path) == (child.pid, "/run/x")
        assert not Lock(path).take()
    assert holder_of(path) is None
    assert (
        (tmp_path / "lock").read_bytes().startswith(b"%d " % child.pid)
    )  # what is left says nothing


def test_whoever_removes_the_file_makes_no_second_holder(tmp_path: Path) -> None:
    path, guard = str(tmp_path / "lock"), str(tmp_path)
    with holder(path, guard):
        os.unlink(path)
        assert not Lock(path, guard).take()
        os.unlink(path)  # the attempt made it
        found = holder_of(path, guard)
        assert found is not None
        assert found.pid == 0
    assert Lock(path, guard).take()


def test_the_holder_makes_a_removed_file_again(tmp_path: Path) -> None:
    path, guard = tmp_path / "lock", str(tmp_path)
    lock = Lock(str(path), guard)
    assert lock.take()
    lock.tell("/run/x")
    assert lock.whole()
    path.unlink()
    assert not lock.whole()
    assert lock.renew()
    assert lock.whole()
    found = holder_of(str(path))
    assert found is not None
    assert (found.pid, found.path) == (os.getpid(), "/run/x")
    lock.release()
    assert holder_of(str(path), guard) is None


def test_it_is_not_made_in_another_directory(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    lock = Lock(str(state / "lock"), str(state))
    assert lock.take()
    state.rename(tmp_path / "moved")
    state.mkdir()
    assert not lock.renew()
    assert list(state.iterdir()) == []
    assert holder_of(str(tmp_path / "moved" / "lock")) is not None
    lock.release()


def test_a_directory_that_comes_later_is_locked_as_well(tmp_path: Path) -> None:
    lock = Lock(str(tmp_path / "lock"), str(tmp_path / "wal"))
    assert lock.take()
    (tmp_path / "wal").mkdir()
    lock.tell("/run/x")
    (tmp_path / "lock").unlink()
    assert not Lock(str(tmp_path / "lock"), str(tmp_path / "wal")).take()
    lock.release()


def test_without_room_for_the_file_the_directory_will_do(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing" / "lock")
    lock = Lock(missing, str(tmp_path))
    assert lock.take(file_required=False)
    assert not Lock(missing, str(tmp_path)).take(file_required=False)
    lock.release()
    with pytest.raises(FileNotFoundError):
        Lock(missing, str(tmp_path)).take()


def test_only_the_holder_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "lock")
    sent: list[tuple[int, int]] = []
    kill = os.kill
    monkeypatch.setattr(
        os,
        "kill",
        lambda pid, number: (
            kill(pid, number) if number == signal.SIGKILL else sent.append((pid, number))
        ),
    )
    with holder(path, "", "/run/x") as child:
        found = holder_of(path)
        assert found is not None
        assert ask_to_listen(found, path)
        assert sent == [(child.pid, signal.SIGUSR1)]
        found.pid = os.getpid()  # the number of a process that has nothing to do with the lock
        assert not ask_to_listen(found, path) or sys.platform != "linux"
        found.pid = 0
        assert not ask_to_listen(found, path)
    with holder(
        path, ""
    ) as child:  # it tells no place: an earlier version, which a signal would end
        found = holder_of(path)
        assert found is not None
        assert found.pid == child.pid
        assert not ask_to_listen(found, path)
    assert len(sent) == 1


RECORDS = [
    b"",
    bytes(91),
    encode(1, "-", "/run/fugue/default"),
    encode(7, "3dd4a6f7-b3d5-4c3e-8f43-9f5e3c0f5d11", ""),
    encode(7, "3dd4a6f7-b3d5-4c3e-8f43-9f5e3c0f5d11", "/a") + b"the end of a longer one",
]
STRANGERS = [
    b"FUGUEPAK\1\0\0\0a pack",
    b"fugue boot 2 00000000 5\nbytes",
    b"12 3456",
    b"not a lock",
    bytes(9000),
    b"1 -\n" + b"x" * 9000,
]


@pytest.mark.parametrize("content", STRANGERS)
@pytest.mark.parametrize("guarded", [True, False])
def test_what_is_no_record_is_moved_and_not_written_over(
    tmp_path: Path, content: bytes, guarded: bool
) -> None:
    path = tmp_path / "LOCK"
    path.write_bytes(content)
    earlier = tmp_path / "LOCK.not-a-lock"
    earlier.write_bytes(b"moved before")
    lock = Lock(str(path), str(tmp_path) if guarded else "")
    assert lock.take()
    assert decode(path.read_bytes()) is not None
    assert (tmp_path / "LOCK.not-a-lock1").read_bytes() == content
    assert earlier.read_bytes() == b"moved before"
    assert holder_of(str(path)) is not None
    assert lock.whole()
    lock.release()


@pytest.mark.parametrize("content", RECORDS)
def test_a_record_of_whoever_had_the_lock_is_written_over(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "LOCK"
    path.write_bytes(content)
    lock = Lock(str(path))
    assert lock.take()
    assert [each.name for each in tmp_path.iterdir()] == ["LOCK"]
    lock.release()
