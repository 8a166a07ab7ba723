"""Cuts the output of an attached client into complete frames, so that a test sees every frame and never half of one."""

from collections.abc import Iterator

from fuguemux.terminal.compose import SYNC_BEGIN, SYNC_END


class FrameCutter:
    """Output may arrive in any pieces. The part of an incomplete frame is kept until the frame is complete."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._in_frame = False
        self._searched = 0

    def cut(self, data: bytes) -> Iterator[bytes]:
        """The pieces that are complete with `data`: frames, and the output between them."""
        self._held += data
        while True:
            wanted = SYNC_END if self._in_frame else SYNC_BEGIN
            at = self._held.find(wanted, self._searched)
            if at < 0:
                break
            yield self._take(at + len(SYNC_END) if self._in_frame else at)
            self._in_frame = not self._in_frame
        if self._in_frame:
            self._searched = max(len(self._held) - len(SYNC_END) + 1, 0)
        else:
            yield self._take(len(self._held) - self._begun())

    def rest(self) -> bytes:
        """The rest that will not be completed, because the client has ended."""
        self._in_frame = False
        return self._take(len(self._held))

    def _begun(self) -> int:
        """How many bytes at the end may be the beginning of a frame's first sequence."""
        lengths = range(min(len(SYNC_BEGIN) - 1, len(self._held)), 0, -1)
        return next((n for n in lengths if self._held.endswith(SYNC_BEGIN[:n])), 0)

    def _take(self, length: int) -> bytes:
        piece = bytes(self._held[:length])
        del self._held[:length]
        self._searched = 0
        return piece
