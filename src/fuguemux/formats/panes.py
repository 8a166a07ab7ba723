"""The format variables of panes and clients."""

from collections.abc import Callable
from typing import Final

from fuguemux.formats.context import View
from fuguemux.formats.text import flag
from fuguemux.formats.words import word_at
from fuguemux.language import quoting
from fuguemux.model import client_flags
from fuguemux.model.layout import Rectangle
from fuguemux.model.live import ClientFacts, PaneFacts
from fuguemux.model.pane_places import border_edge, every_rectangle
from fuguemux.model.state import Life, Pane, Window
from fuguemux.model.window_panes import depth, is_floating, panes_in
from fuguemux.options import options

_TAB_COLUMNS: Final = 8
_NO_CURSOR: Final = "4294967295"


def _window(view: View, pane: Pane) -> Window:
    return view.state.windows[pane.window]


def rectangle(view: View, pane: Pane) -> Rectangle:
    """The rectangle of the pane in its window. A zoomed pane has the whole window."""
    return every_rectangle(view.state, _window(view, pane))[pane.id]


def _index(view: View, pane: Pane) -> str:
    window = _window(view, pane)
    base = options.get_number(
        view.state, view.live.option_defaults(), "pane-base-index", window=window
    )
    return str(panes_in(window).index(pane.id) + base)


def _at_top(view: View, pane: Pane) -> str:
    edge = border_edge(view.state, _window(view, pane))
    return flag(rectangle(view, pane).y == (1 if edge == "top" else 0))


def _at_bottom(view: View, pane: Pane) -> str:
    cell = rectangle(view, pane)
    window = _window(view, pane)
    edge = border_edge(view.state, window)
    rows = window.layout.rows - (1 if edge == "bottom" else 0)
    return flag(cell.y + cell.rows == rows)


def _at_right(view: View, pane: Pane) -> str:
    cell = rectangle(view, pane)
    return flag(cell.x + cell.columns == _window(view, pane).layout.columns)


def _last(view: View, pane: Pane) -> str:
    last = _window(view, pane).last
    return flag(bool(last) and last[0] == pane.id)


def _dead(pane: Pane) -> bool:
    return pane.life in (Life.DEAD, Life.SUSPENDED)


def _dead_status(pane: Pane) -> str:
    if not _dead(pane) or pane.exit is None or pane.exit.code is None:
        return ""
    return str(pane.exit.code)


def _dead_signal(pane: Pane) -> str:
    if not _dead(pane) or pane.exit is None or pane.exit.signal is None:
        return ""
    return str(pane.exit.signal)


def _dead_time(pane: Pane) -> str:
    return str(pane.exit.at_ms // 1000) if _dead(pane) and pane.exit is not None else ""


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _start_command(pane: Pane) -> str:
    return quoting.render(_text(word) for word in pane.argv)


def _current_path(view: View, pane: Pane) -> str:
    return _text(view.foreground.path or pane.cwd)


def _limit(view: View, pane: Pane) -> str:
    return options.get(
        view.state, view.live.option_defaults(), "history-limit", session=view.session
    )


def _tabs(view: View, pane: Pane) -> str:
    columns = rectangle(view, pane).columns
    return ",".join(str(column) for column in range(_TAB_COLUMNS, columns, _TAB_COLUMNS))


def _in_mode(facts: PaneFacts) -> str:
    return str(int(facts.in_mode))


def _of_mode(view: View, value: str) -> str:
    """A variable that has a value in copy mode only."""
    return value if view.pane_facts.in_mode else ""


def _saved(view: View, pane: Pane) -> str:
    """The saved cursor of the other screen; tmux shows this number where none is saved."""
    return "" if view.screen.alternate_on else _NO_CURSOR


def _marked(view: View, pane: Pane) -> str:
    mark = view.live.mark()
    return flag(mark is not None and mark.pane == pane.id and mark.holds(view.state))


def _coordinate(place: tuple[int, int] | None, which: int) -> str:
    return "" if place is None else str(place[which])


def _copy_word(view: View, pane: Pane) -> str:
    separators = options.get(view.state, view.live.option_defaults(), "word-separators")
    return word_at(view.pane_facts.copy().word, separators)


def _synchronized(view: View, pane: Pane) -> str:
    return flag(
        options.get_flag(view.state, view.live.option_defaults(), "synchronize-panes", pane=pane)
    )


PANE: Final[dict[str, Callable[[View, Pane], str]]] = {
    "alternate_saved_x": _saved,
    "alternate_saved_y": _saved,
    "alternate_on": lambda view, pane: flag(view.screen.alternate_on),
    "copy_cursor_line": lambda view, pane: view.pane_facts.copy_cursor_line,
    "copy_cursor_word": _copy_word,
    "copy_cursor_x": lambda view, pane: _of_mode(view, str(view.pane_facts.copy_cursor_x)),
    "copy_cursor_y": lambda view, pane: _of_mode(view, str(view.pane_facts.copy_cursor_y)),
    "cursor_character": lambda view, pane: view.pane_facts.cursor_character(),
    "cursor_flag": lambda view, pane: flag(view.screen.cursor_visible),
    "cursor_x": lambda view, pane: str(view.screen.cursor_x),
    "cursor_y": lambda view, pane: str(view.screen.cursor_y),
    "history_bytes": lambda view, pane: str(view.pane_facts.history_bytes),
    "history_limit": _limit,
    "history_size": lambda view, pane: str(view.pane_facts.history_size),
    "insert_flag": lambda view, pane: flag(view.pane_facts.insert_mode),
    "keypad_cursor_flag": lambda view, pane: flag(view.screen.application_cursor),
    "keypad_flag": lambda view, pane: flag(view.screen.application_keypad),
    "mouse_all_flag": lambda view, pane: flag(view.screen.mouse == "any"),
    "mouse_any_flag": lambda view, pane: flag(view.screen.mouse != "off"),
    "mouse_button_flag": lambda view, pane: flag(view.screen.mouse == "button"),
    "mouse_sgr_flag": lambda view, pane: flag(view.screen.mouse_format == "sgr"),
    "mouse_standard_flag": lambda view, pane: flag(view.screen.mouse == "normal"),
    "mouse_utf8_flag": lambda view, pane: flag(view.screen.mouse_format == "utf8"),
    "origin_flag": lambda view, pane: flag(view.pane_facts.origin_mode),
    "pane_active": lambda view, pane: flag(_window(view, pane).active == pane.id),
    "pane_at_bottom": _at_bottom,
    "pane_at_left": lambda view, pane: flag(rectangle(view, pane).x == 0),
    "pane_at_right": _at_right,
    "pane_at_top": _at_top,
    "pane_bg": lambda view, pane: "default",
    "pane_bottom": lambda view, pane: str(rectangle(view, pane).y + rectangle(view, pane).rows - 1),
    "pane_current_command": lambda view, pane: view.foreground.command,
    "pane_current_path": _current_path,
    "pane_dead": lambda view, pane: flag(_dead(pane)),
    "pane_dead_signal": lambda view, pane: _dead_signal(pane),
    "pane_dead_status": lambda view, pane: _dead_status(pane),
    "pane_dead_time": lambda view, pane: _dead_time(pane),
    "pane_fg": lambda view, pane: "default",
    "pane_format": lambda view, pane: flag(view.context.pane is not None),
    "pane_height": lambda view, pane: str(rectangle(view, pane).rows),
    "pane_id": lambda view, pane: f"%{pane.id}",
    "pane_in_mode": lambda view, pane: _in_mode(view.pane_facts),
    "pane_index": _index,
    "pane_input_off": lambda view, pane: flag(view.pane_facts.input_off),
    "pane_last": _last,
    "pane_floating_flag": lambda view, pane: flag(is_floating(_window(view, pane), pane.id)),
    "pane_x": lambda view, pane: str(rectangle(view, pane).x),
    "pane_y": lambda view, pane: str(rectangle(view, pane).y),
    "pane_z": lambda view, pane: str(depth(_window(view, pane), pane.id)),
    "pane_left": lambda view, pane: str(rectangle(view, pane).x),
    "pane_marked": _marked,
    "pane_mode": lambda view, pane: view.pane_facts.mode,
    "pane_pid": lambda view, pane: str(pane.pid),
    "pane_path": lambda view, pane: view.pane_facts.path(),
    "pane_pipe": lambda view, pane: flag(pane.pipe is not None),
    "pane_restore_status": lambda view, pane: view.pane_facts.restore_status,
    "pane_right": lambda view, pane: str(
        rectangle(view, pane).x + rectangle(view, pane).columns - 1
    ),
    "pane_search_string": lambda view, pane: view.pane_facts.search_string,
    "pane_start_command": lambda view, pane: _start_command(pane),
    "pane_start_path": lambda view, pane: _text(pane.cwd),
    "pane_synchronized": _synchronized,
    "pane_tabs": _tabs,
    "pane_title": lambda view, pane: pane.title or view.server.host,
    "pane_top": lambda view, pane: str(rectangle(view, pane).y),
    "pane_tty": lambda view, pane: pane.tty,
    "pane_unseen_changes": lambda view, pane: "0",
    "pane_width": lambda view, pane: str(rectangle(view, pane).columns),
    "rectangle_toggle": lambda view, pane: _of_mode(view, flag(view.pane_facts.copy().rectangle)),
    "scroll_position": lambda view, pane: _of_mode(view, str(view.pane_facts.scroll_position)),
    "scroll_region_lower": lambda view, pane: str(view.pane_facts.scroll_region_lower),
    "scroll_region_upper": lambda view, pane: str(view.pane_facts.scroll_region_upper),
    "search_match": lambda view, pane: view.pane_facts.copy().match,
    "search_present": lambda view, pane: _of_mode(view, flag(view.pane_facts.search_present)),
    "selection_active": lambda view, pane: _of_mode(
        view, flag(view.pane_facts.copy().selection_active)
    ),
    "selection_end_x": lambda view, pane: _coordinate(view.pane_facts.copy().selection_end, 0),
    "selection_end_y": lambda view, pane: _coordinate(view.pane_facts.copy().selection_end, 1),
    "selection_present": lambda view, pane: _of_mode(view, flag(view.pane_facts.selection_present)),
    "selection_start_x": lambda view, pane: _coordinate(view.pane_facts.copy().selection_start, 0),
    "selection_start_y": lambda view, pane: _coordinate(view.pane_facts.copy().selection_start, 1),
    "wrap_flag": lambda view, pane: flag(view.pane_facts.wrap_mode),
}


def _client_flags(view: View, client: ClientFacts) -> str:
    words = ["attached"]
    latest = view.clients and max(view.clients, key=lambda other: other.used).id == client.id
    if client.control or latest:
        words.append("focused")
    if client.control:
        words.append("control-mode")
    utf8 = ("UTF-8",) if client.terminal.utf8 else ()
    return ",".join((*words, *client_flags.names(client.flags), *utf8))


def _client_session(view: View, client: ClientFacts) -> str:
    session = view.state.sessions.get(client.session)
    return "" if session is None else session.name


def _default_table(view: View, client: ClientFacts) -> str:
    session = view.state.sessions.get(client.session)
    return options.get(view.state, view.live.option_defaults(), "key-table", session=session)


CLIENT: Final[dict[str, Callable[[View, ClientFacts], str]]] = {
    "client_activity": lambda view, client: str(client.activity_s),
    "client_cell_height": lambda view, client: "0",
    "client_cell_width": lambda view, client: "0",
    "client_control_mode": lambda view, client: flag(client.control),
    "client_created": lambda view, client: str(client.created_s),
    "client_discarded": lambda view, client: "0",
    "client_flags": _client_flags,
    # As in tmux, which fills it when it starts to draw.
    "client_height": lambda view, client: "" if client.control else str(client.rows),
    "client_key_table": lambda view, client: client.key_table or _default_table(view, client),
    "client_name": lambda view, client: client.name,
    "client_pid": lambda view, client: str(client.pid),
    "client_prefix": lambda view, client: flag(
        client.key_table not in ("", _default_table(view, client))
    ),
    "client_readonly": lambda view, client: flag(client.read_only),
    "client_session": _client_session,
    "client_termname": lambda view, client: client.term,
    "client_termfeatures": lambda view, client: client.terminal.features,
    "client_termtype": lambda view, client: client.terminal.type,
    "client_tty": lambda view, client: client.tty,
    "client_uid": lambda view, client: str(view.server.uid),
    "client_user": lambda view, client: view.server.user,
    "client_utf8": lambda view, client: flag(client.terminal.utf8),
    "client_width": lambda view, client: str(client.columns),
    "client_written": lambda view, client: "0",
}
