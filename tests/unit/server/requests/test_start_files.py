"""The files of the start: how long the client that started the server waits for them."""

from typing import Any

from fuguemux.protocol import messages
from fuguemux.server.requests.start_files import StartFiles


class Client:
    """A client that started the server, as far as StartFiles looks at it."""

    is_open = True

    class command:  # noqa: N801  an attribute of a connection
        flags = messages.STARTED

    def __init__(self) -> None:
        self.told: list[str] = []

    def progress(self, text: str) -> None:
        self.told.append(text)


async def test_a_file_that_does_not_end_does_not_hold_the_client_for_ever() -> None:
    files = StartFiles(("/etc/slow.conf",), wait_seconds_max=0.0)
    files.expect(sessions=False)
    client: Any = Client()
    assert await files.wait(client)
    assert not files.cut_off


async def test_files_are_not_run_where_sessions_came_back() -> None:
    files = StartFiles(("/etc/slow.conf",))
    files.expect(sessions=True)
    client: Any = Client()
    assert not await files.wait(client)
