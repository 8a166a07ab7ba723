"""Record the streams anew: `python -m tests.support.streams.record`. Needs vim, less, git and htop, and for
htop root: it runs in a process namespace of its own, so that nothing else of the machine is recorded.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import tempfile
import termios
from pathlib import Path

HERE = Path(__file__).parent
BYTES_MAX = 24_000
TEXT = "\n".join(
    f"{n:3} Das Schöne 漢字かな 🚀 {'x' * (n * 7 % 90)}\tif (a < {n}) return 'b';"
    for n in range(90)
)


def record(name: str, argv: list[str], keys: list[bytes], directory: str) -> None:
    """Run a program on a PTY, type `keys` one after the other, and keep what it wrote."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "HOME": directory,
        "LESS": "-R",
    }
    process = subprocess.Popen(
        argv,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=directory,
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    taken = b""
    for key in [b"", *keys]:
        if key:
            os.write(master, key)
        while select.select([master], [], [], 0.7)[0]:
            try:
                taken += os.read(master, 1 << 16)
            except OSError:
                break
            if len(taken) > 4 * BYTES_MAX:
                break
    process.kill()
    process.wait()
    os.close(master)
    (HERE / f"{name}.out").write_bytes(taken[:BYTES_MAX])


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "text.c"
        path.write_text(TEXT)
        git = ["git", "-c", "user.name=A", "-c", "user.email=a@b", "-c", "color.ui=always"]
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
            subprocess.run([*git, *words], cwd=directory, check=True)
        path.write_text(TEXT.replace("return", "goto").replace("7 ", "8 "))
        vim = [
            b":syntax on\r",
            b"\x06",
            b"10Goneue Zeile \xe6\xbc\xa2\x1b",
            b"dd",
            b"u",
            b":vsplit\r",
            b"/goto\r",
            b"ggVG",
            b"\x1b",
            b":q!\r",
            b":q!\r",
        ]
        record("vim", ["vim", "-u", "NONE", "-N", "text.c"], vim, directory)
        record(
            "less", ["less", "text.c"], [b" ", b"b", b"/goto\r", b"n", b"G", b"g", b"q"], directory
        )
        record("git", [*git, "-c", "core.pager=cat", "diff", "--color-words"], [], directory)
        record(
            "htop",
            ["unshare", "-pf", "--mount-proc", "htop", "-d", "5"],
            [b"\x1b[B\x1b[B", b"t", b"\x1bOR", b"\x1b", b"q"],
            directory,
        )


if __name__ == "__main__":
    main()
