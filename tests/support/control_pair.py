"""Control clients of a real tmux and of a real fugue, that are sent the same lines."""

import contextlib
import itertools
import os
import re
import select
import subprocess
import time
from collections.abc import Sequence
from typing import NamedTuple

from tests.support.running import DEADLINE_SECONDS, PROGRAM
from tests.support.tmux_pair import TMUX, Pair


class Outside(NamedTuple):
    """A step that runs a command without control mode, in both programs."""

    words: tuple[str, ...]


class Second(NamedTuple):
    """A step that starts a second control client with these words, or with None ends it."""

    words: tuple[str, ...] | None


Step = str | Outside | Second
"""A text is sent to the client as it is, with a newline at its end."""
Transcript = list[str]
ENDED = "the client has ended"
LAST = ("%end", "%error", ENDED)


class Client:
    """A control client of one of the two programs."""

    def __init__(
        self, base: Sequence[str], environment: dict[str, str], words: Sequence[str]
    ) -> None:
        self.process = subprocess.Popen(
            [*base, "-C", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        self._marks = 0
        self._lines: list[str] = []
        self._rest = b""

    def send(self, text: str) -> None:
        """Send lines, without waiting."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the client has ended, which its end tells
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()

    def step(self, text: str) -> Transcript:
        """Send lines, and return what came up to the answer of a command that is sent after the first answer."""
        self.send(text)
        first: list[str] = []
        while not first or first[-1].split(" ")[0] not in LAST:
            first.append(self.line())
        return first + ([] if first[-1] == ENDED else self.settled())

    def settled(self) -> Transcript:
        """What came before the answer of a command that is sent now."""
        self._marks += 1
        mark = f"mark {self._marks}"
        self.send(f"display-message -p '{mark}'")
        found: list[str] = []
        while not found or found[-1] not in (mark, ENDED):
            found.append(self.line())
        if found[-1] == ENDED:
            return found
        self.line()
        return found[:-2]

    def opened(self) -> Transcript:
        """What came before the first answer, and the answer, and what followed."""
        found: list[str] = []
        while not found or found[-1].split(" ")[0] not in LAST:
            found.append(self.line())
        return found

    def ended(self) -> Transcript:
        """What came up to the end, and the exit code."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        found: list[str] = []
        while (line := self.line()) != ENDED:
            found.append(line)
        return [*found, f"exit code {self.process.wait(DEADLINE_SECONDS)}"]

    def line(self) -> str:
        """The next line, or ENDED."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        while not self._lines:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"no answer; last: {self._rest!r}"
            data = os.read(descriptor, 65_536)
            if not data:
                return ENDED
            *whole, self._rest = (self._rest + data).split(b"\n")
            self._lines = [line.decode("utf-8", "surrogateescape") for line in whole]
        return self._lines.pop(0)

    def close(self) -> None:
        """End it in any case."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        assert self.process.stdin is not None
        self.process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()


class ControlPair:
    """Runs the same dialogue in both programs."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        theirs = [str(TMUX), "-S", str(pair.tmux.directory / "socket"), "-f", "/dev/null"]
        self._programs = (
            (theirs, pair.tmux.environment),
            ([str(PROGRAM)], pair.fugue.environment),
        )

    def dialogue(
        self, words: Sequence[str], steps: Sequence[Step]
    ) -> tuple[Transcript, Transcript]:
        """The transcripts of tmux and of fugue: begin a client with `words`, do the steps, and end its input."""
        theirs, ours = (self._one(which, words, steps) for which in (0, 1))
        return plain(theirs), plain(ours)

    def _one(self, which: int, words: Sequence[str], steps: Sequence[Step]) -> Transcript:
        base, environment = self._programs[which]
        environment = {**environment, "LC_ALL": "C.UTF-8"}
        clients = [Client(base, environment, words)]
        transcript: Transcript = []
        try:
            transcript += clients[0].opened()
            transcript += clients[0].settled()
            for step in steps:
                transcript.append(f">>> {step}")
                transcript += self._do(step, clients, base, environment)
            transcript.append(">>> end")
            transcript += clients[0].ended()
        finally:
            for client in clients:
                client.close()
        return transcript

    def _do(
        self, step: Step, clients: list[Client], base: Sequence[str], environment: dict[str, str]
    ) -> Transcript:
        if isinstance(step, str):
            return clients[0].step(step)
        if isinstance(step, Outside):
            done = subprocess.run(
                [*base, *step.words], env=environment, capture_output=True, text=True, check=False
            )
            return [f"{done.returncode} {done.stdout} {done.stderr}", *clients[0].settled()]
        if step.words is not None:
            clients.append(Client(base, environment, step.words))
            second = clients[-1].opened()
            return [*second, *clients[-1].settled(), "---", *clients[0].settled()]
        gone = clients.pop()
        second = gone.ended()
        gone.close()
        return [*second, "---", *clients[0].settled()]


def plain(transcript: Transcript) -> Transcript:
    """A transcript without what differs between two runs: times, numbers and process ids."""
    text = "\n".join(line for line in transcript if not line.startswith("%output "))
    text = re.sub(r"^%(begin|end|error) \d+ \d+ (\d)$", r"%\1 \2", text, flags=re.MULTILINE)
    names: dict[str, str] = {}
    text = re.sub(
        r"client-\d+", lambda found: names.setdefault(found[0], f"client-{len(names)}"), text
    )
    ids: dict[str, str] = {}

    def known(found: re.Match[str]) -> str:
        kind, number = found[1], found[2]
        return kind + ids.setdefault(kind[-1] + number, str(sum(k[0] == kind[-1] for k in ids)))

    def pane(found: re.Match[str]) -> str:
        return f"{found[1]},{ids.setdefault('%' + found[2], str(sum(k[0] == '%' for k in ids)))}"

    text = re.sub(r"((?:^|(?<=[\s:]))[@%$])(\d+)\b", known, text, flags=re.MULTILINE)
    text = re.sub(r"\b[0-9a-f]{4},(?=\d+x)", "CHECKSUM,", text)
    text = re.sub(r"(\d+x\d+,\d+,\d+),(\d+)(?![\dx])", pane, text)
    text = re.sub(r"\(created [^)]*\)", "(created DATE)", text)
    found = text.split("\n")
    # tmux tells some changes of a layout twice.
    return [
        line
        for before, line in itertools.pairwise(["", *found])
        if line != before or not line.startswith("%layout-change ")
    ]
