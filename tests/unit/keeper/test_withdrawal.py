"""Which requests are withdrawn by others that arrived together with them."""

from fuguemux.keeper.channel import Message
from fuguemux.keeper.withdrawal import WITHDRAW, WITHDRAWN, settled


def kinds(*messages: Message) -> list[object]:
    return [message["type"] for message, _ in settled([(message, []) for message in messages])]


def test_only_the_spawn_that_is_named_is_taken_back() -> None:
    first: Message = {"type": "spawn", "id": 1}
    second: Message = {"type": "spawn", "id": 2}
    third: Message = {"type": "kill", "id": 3}
    withdraw: Message = {"type": WITHDRAW, "id": 4, "request": 2}
    assert kinds(first, second, third, withdraw) == ["spawn", WITHDRAWN, "kill", WITHDRAW]


def test_nothing_else_can_be_taken_back() -> None:
    assert kinds({"type": "kill", "id": 3}, {"type": WITHDRAW, "id": 4, "request": 3}) == [
        "kill",
        WITHDRAW,
    ]
