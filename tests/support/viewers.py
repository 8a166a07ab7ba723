"""Attached clients for tests."""

from fuguemux.model.ids import ClientId, SessionId
from fuguemux.model.live import ClientFacts


def viewer(
    number: int = 1,
    *,
    session: int = 0,
    columns: int = 80,
    rows: int = 25,
    used: int = 0,
    environment: dict[bytes, bytes] | None = None,
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
    )
