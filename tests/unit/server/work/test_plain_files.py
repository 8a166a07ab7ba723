"""Files that commands name: the server's own descriptors are refused, and nothing blocks."""

import os
from pathlib import Path

import pytest

from fuguemux.server.work.plain_files import NotPlain, read_plain, write_plain


@pytest.fixture
def opened(tmp_path: Path) -> tuple[int, Path]:
    """A file that this process has open, as a server has its log."""
    path = tmp_path / "log"
    path.write_bytes(b"precious")
    return os.open(path, os.O_RDWR), path


def names(descriptor: int, directory: Path) -> list[str]:
    """Every way to name a descriptor."""
    link = directory / "link"
    link.symlink_to(f"/dev/fd/{descriptor}")
    chain = directory / "chain"
    chain.symlink_to("link")
    fd = directory / "fd"
    fd.symlink_to("/proc/self/fd")
    plain = [f"/dev/fd/{descriptor}", f"/proc/self/fd/{descriptor}"]
    plain += [f"/proc/{os.getpid()}/fd/{descriptor}", f"/proc/thread-self/fd/{descriptor}"]
    return [*plain, str(link), str(chain), f"{fd}/{descriptor}", "/dev/stdout", "/dev/stdin"]


def test_a_descriptor_of_ours_is_neither_written_nor_read(
    opened: tuple[int, Path], tmp_path: Path
) -> None:
    descriptor, path = opened
    try:
        for name in names(descriptor, tmp_path):
            with pytest.raises(NotPlain, match="descriptor"):
                write_plain(name, b"x", append=False)
            with pytest.raises(NotPlain, match="descriptor"):
                read_plain(os.fsencode(name), 100)
    finally:
        os.close(descriptor)
    assert path.read_bytes() == b"precious"


def test_a_file_and_a_link_to_one_are_written_and_read(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("file")
    write_plain(str(link), b"one", append=False)
    write_plain(str(link), b", two", append=True)
    assert read_plain(str(tmp_path / "file"), 100) == b"one, two"


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        read_plain(str(tmp_path / "a"), 100)
