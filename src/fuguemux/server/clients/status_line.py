"""Composes the status line of an attached client: expands the formats that options set, and cuts the result to the
client's width."""

from fuguemux.formats import formats
from fuguemux.formats import text as format_text
from fuguemux.model.ids import ClientId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Session
from fuguemux.options import options
from fuguemux.terminal.style import line

LENGTH_DEFAULT = 40
SHOWN_PER_COLUMN = 8
"""The largest number of characters per column, including combining ones."""


def at_top(state: ServerState, defaults: options.Defaults, session: Session) -> bool:
    """Whether the status line is above the window."""
    return options.get(state, defaults, "status-position", session=session) == "top"


def status_line(
    state: ServerState,
    live: LiveView,
    session: Session,
    columns: int,
    client: ClientId,
    alert: str = "",
) -> bytes:
    """One row of exactly `columns` cells. `alert` (durability, recovery) is placed before the right part. Raises
    TooExpensive."""
    defaults = live.option_defaults()
    work = formats.Work()
    context = formats.FormatContext(state, live, session=session.id, client=client, status=True)
    left = _cut(state, context, session, "status-left", work)
    right = _cut(state, context, session, "status-right", work)
    justify = options.get(state, defaults, "status-justify", session=session)
    windows = _windows(state, live, session, client, columns, work)
    middle = windows if justify in ("left", "") else f"#[align={justify}]{windows}#[default]"
    warning = f"#[fg=black,bg=red]{alert}#[default] " if alert else ""
    text = f"{left}{middle}#[align=right]{warning}{right}"
    return line(text, columns, options.get(state, defaults, "status-style", session=session))


def _cut(
    state: ServerState,
    context: formats.FormatContext,
    session: Session,
    name: str,
    work: formats.Work,
) -> str:
    defaults = context.live.option_defaults()
    template = options.get(state, defaults, name, session=session)
    text = formats.expand(template, context, time=True, work=work)
    length = options.get(state, defaults, f"{name}-length", session=session)
    columns = int(length) if length.isdigit() else LENGTH_DEFAULT
    style = options.get(state, defaults, f"{name}-style", session=session)
    return f"#[{style}]{_first_columns(text, columns)}#[default]"


def _first_columns(text: str, columns: int) -> str:
    """At most `columns` characters of `text`. Style marks are not counted."""
    if "#[" not in text:
        return text[:columns]
    kept: list[str] = []
    count, at = 0, 0
    while at < len(text) and count < columns:
        end = text.find("]", at) if text.startswith("#[", at) else -1
        if end >= 0:
            kept.append(text[at : end + 1])
            at = end + 1
            continue
        kept.append(text[at])
        count += 1
        at += 1
    return "".join(kept)


def _windows(
    state: ServerState,
    live: LiveView,
    session: Session,
    client: ClientId,
    columns: int,
    work: formats.Work,
) -> str:
    """As many windows of the session as fit into a row of `columns`."""
    defaults = live.option_defaults()
    separator = options.get(state, defaults, "window-status-separator", window=None)
    parts: list[str] = []
    room = columns
    for link in session.links:
        window = state.windows[link.window]
        kind = "window-status-current" if link.index == session.active else "window-status"
        style = options.get(state, defaults, f"{kind}-style", window=window)
        context = formats.FormatContext(
            state,
            live,
            session=session.id,
            window=window.id,
            index=link.index,
            client=client,
            about=f"@{window.id}",
            status=True,
        )
        text = formats.expand(
            options.get(state, defaults, f"{kind}-format", window=window),
            context,
            time=True,
            work=work,
        )
        text = _first_columns(text, SHOWN_PER_COLUMN * columns)
        parts.append(f"#[{style}]{text}#[default]" if style != "default" else text)
        room -= format_text.columns(text) + len(separator)
        if room < 0:
            break
    return separator.join(parts)
