"""A transport that keeps what it receives, and reports at the test's request that it takes no more."""

import asyncio


class FakeTransport(asyncio.Transport):
    """Behaves like asyncio's: `close` and `abort` only begin the end, which the test completes by `connection_lost`."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.closing = False
        self.reading = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Raises AssertionError on a transport that is closing, because asyncio would then never end it."""
        assert not self.closing, "written to a transport that is closing"
        self.written += data

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Ignored: the test says when the buffer is full."""
