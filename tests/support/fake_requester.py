"""A requester that records its calls."""

from collections.abc import Callable

from fuguemux.model.decision import Request
from fuguemux.model.ids import NOBODY
from tests.support.builders import request


class FakeRequester:
    """`told` lists the calls in order, those of `stdout` and `stderr` as well."""

    def __init__(self, told: list[object] | None = None) -> None:
        self.client = NOBODY
        self.told: list[object] = [] if told is None else told
        self.give_up: Callable[[], None] | None = None

    def request(self, argv: tuple[str, ...]) -> Request:
        return request(*argv)

    def stdout(self, data: bytes) -> None:
        self.told.append(data.decode())

    def stderr(self, data: bytes) -> None:
        self.told.append("! " + data.decode().rstrip("\n"))

    def waits(self, text: str) -> None:
        self.told.append(f"… {text}")

    def if_gone(self, give_up: Callable[[], None]) -> None:
        self.give_up = give_up

    def done(self) -> None:
        self.give_up = None
