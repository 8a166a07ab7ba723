"""Looks up the targets that a command declares. The dispatcher calls this before the command decides."""

from typing import Final

from fuguemux.language.invocation import Flags
from fuguemux.language.target import Resolved, Target
from fuguemux.model.decision import Refused, Request
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, current_link, link_of
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind
from fuguemux.targets.finder import Finder
from fuguemux.targets.targets import client_target, find, find_window_index, nearest

# This runs for every command, and Python 3.11 takes 0.2 µs to find a member of an Enum.
_PANE: Final = TargetKind.PANE
_WINDOW: Final = TargetKind.WINDOW
_WINDOW_INDEX: Final = TargetKind.WINDOW_INDEX
_NONE: Final = TargetKind.NONE
_REFUSED: Final = Absence.REFUSED


def resolved(
    state: ServerState,
    live: LiveView,
    request: Request,
    flags: Flags,
    client: TargetFlag | None = None,
    source: TargetFlag | None = None,
    target: TargetFlag | None = None,
) -> Resolved:
    """Look up what the flags name: the client first, then the source, then the target, as tmux does.

    Raises Refused for the first of them that names nothing, if its declaration does not allow that.
    """
    found_client = None
    if client is not None and client.kind_with(flags) is TargetKind.CLIENT:
        found_client = client_target(live, request, _text(client, flags))
    finder = Finder(state, live, request)
    found_source = None
    if source is not None:
        found_source = _found(finder, source, source.kind_with(flags), flags)
    if target is None:
        return Resolved(None, found_source, found_client)
    kind = target.kind_with(flags)
    if kind is _WINDOW_INDEX:
        place, index = _place(finder, _text(target, flags))
        return Resolved(place, found_source, found_client, index)
    return Resolved(_found(finder, target, kind, flags), found_source, found_client)


def _found(finder: Finder, flag: TargetFlag, kind: TargetKind, flags: Flags) -> Target | None:
    if kind is _NONE:
        return None
    text = _text(flag, flags)
    if flag.default_marked and not text and finder.marked is not None:
        return finder.marked
    if flag.absence is _REFUSED:
        return _of_kind(finder, kind, text)
    if flag.absence is Absence.NO_CURRENT and text is None:
        return finder.current
    if flag.absence is Absence.NEAREST:
        return nearest(finder, text or "")
    try:
        return _of_kind(finder, kind, text)
    except Refused:
        if flag.absence is Absence.NOTHING:
            return None
        raise


def _of_kind(finder: Finder, kind: TargetKind, text: str | None) -> Target:
    if kind is _PANE:
        return find(finder, text, "pane")
    if kind is _WINDOW:
        return find(finder, text, "window")
    assert kind is TargetKind.SESSION, "a client is declared as the row's client"
    return finder.of_session(find(finder, text, "session").session)


def _place(finder: Finder, text: str | None) -> tuple[Target, int | None]:
    """The window at the index that the text names, else the session's current one; and the index."""
    session, index = find_window_index(finder, text)
    link = None if index is None else link_of(session, index)
    return finder.of_link(session, link or current_link(session)), index


def _text(flag: TargetFlag, flags: Flags) -> str | None:
    return flags.value(flag.letter) if flag.letter else None
