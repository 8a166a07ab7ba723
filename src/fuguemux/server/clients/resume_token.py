"""The resume token: what an attached client sends to the next server after a reconnect, so that it shows the same as
before.

Words separated by blanks: `$1` the session, `r` for a read-only client, `i` for one whose size is ignored, `%5:120` for a
pane scrolled back 120 rows.
The client does not interpret the token. An invalid word is skipped.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from fuguemux.model.client_flags import ClientFlags
from fuguemux.model.ids import PaneId, SessionId

SCROLLED_PANES_MAX: Final = 64


class Resume(NamedTuple):
    """What a client showed. `scrolled`: panes that show their history, and by how many rows they are scrolled back."""

    session: SessionId | None
    flags: ClientFlags = ClientFlags()
    scrolled: tuple[tuple[PaneId, int], ...] = ()


def encode(
    session: SessionId, *, flags: ClientFlags, scrolled: Iterable[tuple[PaneId, int]]
) -> bytes:
    """The token."""
    words = [f"${session}", *(["r"] if flags.read_only else [])]
    words += ["i"] if flags.ignore_size else []
    words += [f"%{pane}:{rows}" for pane, rows in list(scrolled)[:SCROLLED_PANES_MAX]]
    return " ".join(words).encode()


def decode(token: bytes) -> Resume:
    """Read a token. It comes from outside, so its content is not trusted, and nothing raises."""
    session: SessionId | None = None
    read_only = ignore_size = False
    scrolled: list[tuple[PaneId, int]] = []
    for word in token.decode("ascii", "replace").split(" "):
        kind, rest = word[:1], word[1:]
        if kind == "$" and _is_number(rest):
            session = SessionId(int(rest))
        elif word == "r":
            read_only = True
        elif word == "i":
            ignore_size = True
        elif kind == "%":
            pane, _, rows = rest.partition(":")
            if _is_number(pane) and _is_number(rows):
                scrolled.append((PaneId(int(pane)), int(rows)))
    flags = ClientFlags(read_only=read_only, ignore_size=ignore_size)
    return Resume(session, flags, tuple(scrolled[:SCROLLED_PANES_MAX]))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
