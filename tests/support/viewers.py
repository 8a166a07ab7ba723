"""Attached clients for tests."""

import msgspec

from fuguemux.model.client_flags import NO_FLAGS, ClientFlags
from fuguemux.model.ids import ClientId, SessionId, WindowId
from fuguemux.model.live import ClientFacts


def viewer(
    number: int = 1,
    *,
    session: int = 0,
    columns: int = 80,
    rows: int = 25,
    used: int = 0,
    environment: dict[bytes, bytes] | None = None,
    flags: ClientFlags = NO_FLAGS,
) -> ClientFacts:
    """A client on the terminal /dev/pts/9x that shows a session."""
    return ClientFacts(
        ClientId(number),
        f"/dev/pts/9{number}",
        4000 + number,
        f"/dev/pts/9{number}",
        columns,
        rows,
        SessionId(session),
        1_700_000_000,
        used,
        environment=environment or {},
        used=used,
        flags=flags,
    )


def control_viewer(
    number: int = 1,
    *,
    sized: bool = False,
    window_sizes: dict[WindowId, tuple[int, int]] | None = None,
) -> ClientFacts:
    """A control client without a terminal."""
    facts = viewer(number, rows=24)
    return msgspec.structs.replace(
        facts, control=True, sized=sized, window_sizes=window_sizes or {}
    )
