"""The format variables of the group of a session. They are empty if it is in none."""

from collections.abc import Callable
from typing import Final

from fuguemux.formats.context import View
from fuguemux.formats.text import flag
from fuguemux.model.live import ClientFacts
from fuguemux.model.state import Session, group_of


def _attached(view: View, session: Session) -> list[ClientFacts]:
    sessions = {each.id for each in group_of(view.state, session)}
    return [client for client in view.clients if client.session in sessions]


def _grouped(value: Callable[[View, Session], str]) -> Callable[[View, Session], str]:
    return lambda view, session: value(view, session) if session.group else ""


GROUP: Final[dict[str, Callable[[View, Session], str]]] = {
    "session_grouped": lambda view, session: flag(bool(session.group)),
    "session_group": lambda view, session: session.group,
    "session_group_attached": _grouped(lambda view, session: str(len(_attached(view, session)))),
    "session_group_attached_list": _grouped(
        lambda view, session: ",".join(client.name for client in _attached(view, session))
    ),
    "session_group_list": _grouped(
        lambda view, session: ",".join(each.name for each in group_of(view.state, session))
    ),
    "session_group_many_attached": _grouped(
        lambda view, session: flag(len(_attached(view, session)) > 1)
    ),
    "session_group_size": _grouped(lambda view, session: str(len(group_of(view.state, session)))),
}
