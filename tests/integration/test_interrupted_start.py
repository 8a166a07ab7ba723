"""C-c while a command starts: it ends without a message, at whatever point it is."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.faults import require
from tests.support.running import Running

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
SCRIPT = str(ROOT / "scripts" / "fugue")


def interrupted(
    fugue: Running, opened: str, *argv: str, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command gets SIGINT at the moment at which it opens the compiled module `opened`."""
    require(programs=["strace"])
    path = ROOT / "src" / "fuguemux" / opened
    compiled = path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
    assert compiled.exists()
    tracer = ["strace", "-f", "-q", "-o", "/dev/null", "-P", str(compiled)]
    tracer += ["-e", "trace=openat", "--inject=openat:signal=SIGINT:when=1"]
    return subprocess.run(
        [*tracer, sys.executable, SCRIPT, *argv],
        env=fugue.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=before,
    )


@pytest.mark.parametrize(
    ("opened", "argv"),
    [
        ("__main__.py", ("list-sessions",)),
        ("client/fast.py", ("list-sessions",)),
        ("client/conversation.py", ("list-sessions",)),
        ("client/arguments.py", ("list-sessions",)),
        ("client/start.py", ("-N", "list-sessions")),
        ("cli/main.py", ("version",)),
    ],
)
def test_nothing_is_said(fugue: Running, opened: str, argv: tuple[str, ...]) -> None:
    fugue.run("-N", *argv)  # compiles it
    done = interrupted(fugue, opened, *argv)
    assert (done.stdout, done.stderr) == ("", "")
    assert done.returncode in (130, -signal.SIGINT)


def test_who_ignores_it_is_not_ended(fugue: Running) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    done = interrupted(fugue, "client/fast.py", "-V", before=ignore)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("fugue ")
