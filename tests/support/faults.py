"""Faults of the machine under a real server: failing system calls, a full file system, limits on files.

Each fault says what it needs. `require` skips a test if that is missing, or fails it in continuous integration.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.running import until


def require(*, programs: Sequence[str] = (), files: Sequence[str] = (), root: bool = False) -> None:
    """Skip the test with a message that names what is missing. In continuous integration the test fails instead."""
    missing = [name for name in programs if shutil.which(name, path=_PATH) is None]
    missing += [path for path in files if not Path(path).exists()]
    if root and os.geteuid() != 0:
        missing.append("the rights of root")
    if not missing:
        return
    reason = f"needs {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


LET_GO_SECONDS = 5.0
"""How long strace may take to release a process before strace itself is killed."""


def tampering(faults: Sequence[str], path: Path | None = None) -> list[str]:
    """The arguments of strace that change system calls, without those that select the processes."""
    calls = ",".join(fault.partition(":")[0] for fault in faults)
    only = ["-P", str(path)] if path is not None else []
    words = ["strace", "-f", "-q", "-o", "/dev/null", *only, "-e", f"trace={calls}"]
    return [*words, *(f"--inject={fault}" for fault in faults)]


@contextmanager
def injected(pid: int, *faults: str, path: Path | None = None) -> Iterator[None]:
    """A context in which system calls of a running process and all its threads are changed, as `strace -e inject=`
    describes it.

    With `path` only calls on that file, whichever descriptor they use.
    """
    tracer = subprocess.Popen(
        [*tampering(faults, path), "-p", str(pid)], stderr=subprocess.PIPE, text=True
    )
    try:
        until("strace at the server", lambda: _traced(pid) or tracer.poll() is not None)
        assert tracer.poll() is None, tracer.stderr.read() if tracer.stderr else ""
        yield
    finally:
        tracer.terminate()
        try:
            tracer.communicate(timeout=LET_GO_SECONDS)
        except subprocess.TimeoutExpired:
            # It waits for a dying thread to stop. Its own end makes the kernel release the thread.
            tracer.kill()
            tracer.communicate()


def _traced(pid: int) -> bool:
    """Whether every thread of the process is traced."""
    texts = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            texts.append((task / "status").read_text())
        except OSError:  # the thread has just ended
            continue
    return bool(texts) and all("TracerPid:\t0\n" not in text for text in texts)


@contextmanager
def small_disk(directory: Path, size_mib: int) -> Iterator[Path]:
    """A context with a separate, real ext4 file system at `directory`, stored in a file beside it."""
    image = directory.with_suffix(".ext4")
    with image.open("wb") as file:
        file.truncate(size_mib << 20)
    environment = {**os.environ, "PATH": _PATH}
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", str(image)], check=True, env=environment)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-o", "loop", str(image), str(directory)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        if os.environ.get("CI") == "true":
            pytest.fail(f"cannot mount: {done.stderr}")
        pytest.skip(f"cannot mount a loop device: {done.stderr.strip()}")
    try:
        yield directory
    finally:
        unmount(directory)
        image.unlink()


def unmount(directory: Path) -> None:
    """Unmount, and wait for a killed process that still has files open."""
    until(
        "unmounting",
        lambda: (
            subprocess.run(
                ["umount", str(directory)], stderr=subprocess.DEVNULL, check=False
            ).returncode
            == 0
        ),
    )


def fill(path: Path, *, leave_bytes: int = 0) -> None:
    """Fill all free space with the file `path`, except for `leave_bytes`."""
    free = os.statvfs(path.parent)
    wanted = free.f_bavail * free.f_frsize - leave_bytes
    with path.open("ab") as file:  # the space that was taken stays taken
        step = 1 << 20
        while step >= 4096:
            try:
                os.posix_fallocate(
                    file.fileno(), file.seek(0, os.SEEK_END), min(step, max(wanted, 4096))
                )
            except OSError:
                step //= 2
                continue
            wanted -= step
            if wanted <= 0:
                return
