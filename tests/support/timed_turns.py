"""A server whose turns of the loop are measured in processor time of the loop's thread, so that a busy machine makes
no difference."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import worst_output
from tests.support.running import Running, until

TIMED_SERVER = Path(worst_output.__file__).with_name("timed_server.py")


class Timed:
    """A server whose turns are measured."""

    def __init__(self, fugue: Running, server: subprocess.Popen[bytes], output: Path) -> None:
        self.fugue = fugue
        self._server = server
        self._output = output

    def turns_ms(self) -> list[float]:
        """The turns since the last call in milliseconds, the longest last. Blocks until the server has written them."""
        self._output.unlink(missing_ok=True)
        self.signal(signal.SIGUSR2)
        until("times of the turns", self._output.exists)
        return sorted(cpu for _, cpu in json.loads(self._output.read_text()))

    def signal(self, number: signal.Signals) -> None:
        """Send the server a signal."""
        self._server.send_signal(number)

    def longest_ms(self, *argv: str, error: str = "") -> float:
        """The longest turn during a command, whose error message must begin with `error`."""
        self.turns_ms()
        done = self.fugue.run(*argv)
        assert done.stderr.startswith(error) if error else done.returncode == 0, done.stderr
        return self.turns_ms()[-1]


@contextmanager
def timed_server(fugue: Running) -> Iterator[Timed]:
    """A context with the default server of `fugue`, which the test itself has started, and not a client."""
    output = fugue.directory / "turns.json"
    server = subprocess.Popen(
        [sys.executable, str(TIMED_SERVER), str(output)],
        env=fugue.environment,
        cwd=fugue.directory,
    )
    try:
        until("server", (fugue.runtime / "fugue" / "default").exists)
        yield Timed(fugue, server, output)
    finally:
        fugue.end()
        server.kill()
        server.wait()
