"""search: find matching lines in panes' screens and scrollback. Prints them oldest first, each with its pane and line
number."""

from collections.abc import Iterator
from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.listing import contexts_of, sessions_by_name
from fuguemux.formats import formats
from fuguemux.formats.formats import FormatContext
from fuguemux.language.invocation import Flags, Invocation, parse_flags
from fuguemux.language.numbers import INT_MAX, number
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import SearchedPane, SearchPanes
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import panes_in
from fuguemux.targets.targets import pane_target

_LABEL: Final = "#{session_name}:#{window_index}.#{pane_index}"
_JSON: Final = "--json"


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    words = list(invocation.arguments)
    ends = words.index("--") if "--" in words else len(words)
    as_json = _JSON in words[:ends]
    if as_json:
        words.remove(_JSON)
    given, rest = parse_flags(_GRAMMAR, tuple(words))
    flags = Flags(given)
    if len(rest) != 1:
        wrong = (
            "too many arguments (need at most 1)" if rest else "too few arguments (need a pattern)"
        )
        raise Refused(f"command search: {wrong}")
    if not rest[0]:
        raise Refused("search: an empty pattern is in every line")
    if flags.has("E") and flags.has("F"):
        raise Refused("search: -E and -F exclude each other")
    if flags.has("a") and flags.has("t"):
        raise Refused("search: -a means all panes, -t one")
    most = flags.value("m")
    if flags.has("a"):
        panes = tuple(_all_panes(state, live))
    else:
        # A direct call: this command parses its own words, since --json may be anywhere among them.
        target = pane_target(state, live, invocation.request, flags.value("t"))
        context = FormatContext(
            state,
            live,
            session=target.session.id,
            window=target.window.id,
            index=target.link.index,
            pane=target.pane.id,
        )
        panes = (_searched(context, target.pane.id),)
    search = SearchPanes(
        panes,
        rest[0],
        regex=not flags.has("F"),
        ignore_case=flags.has("i"),
        count=flags.has("c"),
        lines_max=None if most is None else number("maximum", most, 1, INT_MAX),
        as_json=as_json,
    )
    return Decision(effects=(search,))


def _all_panes(state: ServerState, live: LiveView) -> Iterator[SearchedPane]:
    """Every pane once, at its first place, since a window may be in several sessions."""
    seen: set[PaneId] = set()
    for session in sessions_by_name(state):
        for context in contexts_of(state, live, session):
            assert context.window is not None, "made by contexts_of, which names the window"
            for pane in panes_in(state.windows[context.window]):
                if pane not in seen:
                    seen.add(pane)
                    yield _searched(context, pane)


def _searched(context: FormatContext, pane: PaneId) -> SearchedPane:
    place = FormatContext(
        context.state,
        context.live,
        session=context.session,
        window=context.window,
        index=context.index,
        pane=pane,
    )
    return SearchedPane(pane, formats.expand(_LABEL, place))


COMMAND: Final = Command(
    name="search",
    alias="",
    flags="",
    usage="[-aciEF] [-m max] [-t target-pane] [--json] pattern",
    arguments=(0, None),
    decide=decide,
    help="Find lines of a pane with a regular expression, with -F with plain text; with -a in all panes.",
    read_only=True,
    plain_words=True,
)
_GRAMMAR: Final = Command(
    name=COMMAND.name,
    alias="",
    flags="aciEFm:t:",
    usage=COMMAND.usage,
    arguments=(1, 1),
    decide=decide,
    help=COMMAND.help,
)
