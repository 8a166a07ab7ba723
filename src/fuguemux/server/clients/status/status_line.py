"""Composes the status line of an attached client: expands the formats of the option `status-format`, and draws the
result in the client's width."""

from typing import Final

import msgspec

from fuguemux.formats import formats
from fuguemux.formats.formats import FormatContext, Work
from fuguemux.model.ids import ClientId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Session
from fuguemux.options import options
from fuguemux.options.styles import canonical
from fuguemux.options.table import BY_NAME
from fuguemux.server.clients.status import default_status
from fuguemux.terminal.style import DEFAULT, Style, parse
from fuguemux.terminal.styled_row import DrawnRow, columns_of, draw, wrapped

COLUMNS_BESIDE_ALERT: Final = 10
"""The fewest columns that the status line keeps beside an alert. A longer alert has rows of its own."""
ALERT_STYLE: Final = parse("fg=black,bg=red")


def at_top(state: ServerState, defaults: options.Defaults, session: Session) -> bool:
    """Whether the status line is above the window."""
    return options.get(state, defaults, "status-position", session=session) == "top"


def status_rows(
    state: ServerState,
    live: LiveView,
    session: Session,
    columns: int,
    client: ClientId,
    count: int,
    alert: str = "",
    *,
    apart: bool = False,
) -> tuple[DrawnRow, ...]:
    """`count` rows of exactly `columns` cells. Raises TooExpensive.

    `alert` (durability, recovery) is never cut off: the first row gives way to it. If it is too long for that, or with
    `apart`, its own rows come before the others.
    """
    before: tuple[DrawnRow, ...] = ()
    room = columns - columns_of(alert) - 1 if alert else columns
    if alert and (apart or not count or room < COLUMNS_BESIDE_ALERT):
        before, room = wrapped(alert, columns, ALERT_STYLE), columns
    rows = _formatted(state, live, session, room, columns, client, count)
    if room < columns:
        beside = b" " + draw(alert, columns - room - 1, ALERT_STYLE).content
        rows = (DrawnRow(rows[0].content + beside, rows[0].ranges), *rows[1:])
    return (*before, *rows)


def _formatted(
    state: ServerState,
    live: LiveView,
    session: Session,
    first: int,
    columns: int,
    client: ClientId,
    count: int,
) -> tuple[DrawnRow, ...]:
    """The rows of `status-format`. The first has another number of columns than the others."""
    state, session = _with_fewer_windows(state, session, columns)
    context = FormatContext(state, live, session=session.id, client=client, status=True)
    work = Work()
    base = _base(state, context, session, work)
    formats_set = options.inherited_array(
        state, options.OptionPlace("session", session.id), BY_NAME["status-format"]
    )
    rows = []
    for index in range(count):
        text = formats_set.get(index, "")
        if text == default_status.DEFAULT_FORMAT:
            text = default_status.first_row(context, session, work)
        else:
            text = formats.expand(text, context, time=True, work=work)
        rows.append(draw(canonical(text), columns if index else first, base))
    return tuple(rows)


def _base(state: ServerState, context: FormatContext, session: Session, work: Work) -> Style:
    """The style of the status line: `status-style`, and over it `status-fg` and `status-bg`."""
    defaults = context.live.option_defaults()
    style = expanded_style(
        options.get(state, defaults, "status-style", session=session), context, work=work
    )
    for name, option in (("fg", "status-fg"), ("bg", "status-bg")):
        value = options.get(state, defaults, option, session=session)
        if value != "default":
            style = parse(f"{name}={canonical(f'{name}={value}')[3:]}", style)
    return style


def expanded_style(text: str, context: FormatContext, *, work: Work | None = None) -> Style:
    """The style that an option names, with its formats expanded. A bad style is the default. Raises TooExpensive."""
    if "#{" in text or "#(" in text:
        text = formats.expand(text, context, work=work)
    try:
        return parse(canonical(text))
    except ValueError:
        return DEFAULT


def _with_fewer_windows(
    state: ServerState, session: Session, columns: int
) -> tuple[ServerState, Session]:
    """Without the windows that are too far from the current one to be in sight: each takes two columns or more.

    Formatting thousands of windows would take the loop's time.
    """
    links = session.links
    if len(links) <= columns:
        return state, session
    at = next((at for at, link in enumerate(links) if link.index == session.active), 0)
    begin = min(max(at - columns // 2, 0), len(links) - columns)
    fewer = msgspec.structs.replace(session, links=links[begin : begin + columns])
    return msgspec.structs.replace(state, sessions={**state.sessions, session.id: fewer}), fewer
