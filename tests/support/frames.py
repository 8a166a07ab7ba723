"""What an attached client writes, cut into pieces that a person would see: no half of a frame, and every frame."""

from collections.abc import Iterator

from fuguemux.terminal.compose import SYNC_BEGIN, SYNC_END


class FrameCutter:
    """Output may come in any lots. What belongs to a frame that is not complete is held back until it is."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._in_frame = False
        self._searched = 0

    def cut(self, data: bytes) -> Iterator[bytes]:
        """The pieces that are complete with `data`: frames, and what stands between them."""
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
        """What will never be completed: the client has ended."""
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
