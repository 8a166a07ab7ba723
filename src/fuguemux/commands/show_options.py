"""show-options, show-window-options and show-hooks: print the options of the server, a session, a window or a pane."""

from collections.abc import Iterator

from fuguemux.commands.command import Command
from fuguemux.commands.parts.option_places import context_of, place_by_flags, place_of
from fuguemux.formats.formats import expand
from fuguemux.language import quoting
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.options.options import Name, OptionPlace
from fuguemux.options.table import OPTIONS
from fuguemux.options.types import Option
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind


class _Printer:
    """Makes lines for the options of one place."""

    def __init__(
        self,
        state: ServerState,
        defaults: options.Defaults,
        place: OptionPlace,
        invocation: Invocation,
    ) -> None:
        self.state = state
        self.defaults = defaults
        self.place = place
        self.inherit = invocation.flags.has("A")
        self.values_only = invocation.flags.has("v")

    def line(self, name: str, shown: str, raw: str, *, inherited: bool) -> str:
        return raw if self.values_only else f"{name}{'*' if inherited else ''} {shown}"

    def own(self, name: str) -> Iterator[str]:
        """A user option (`@name`), if it is set in this place or, with -A, in one that this place inherits from."""
        at: OptionPlace | None = self.place
        while at is not None:
            value = options.local(self.state, at).get(name)
            if value is not None:
                yield self.line(name, quoting.quote(value), value, inherited=at != self.place)
                return
            at = options.parent(self.state, at) if self.inherit else None

    def option(self, option: Option, index: int | None = None) -> Iterator[str]:
        if option.array is not None:
            yield from self.array(option, index)
            return
        value = options.value_in(self.state, self.defaults, self.place, option)
        inherited = value is None
        if value is None and self.inherit:
            value = options.inherited(self.state, self.defaults, self.place, option)
        if value is not None:
            yield self.line(option.name, option.shown(value), value, inherited=inherited)

    def array(self, option: Option, index: int | None) -> Iterator[str]:
        values = options.array_in(self.state, self.place, option)
        inherited = values is None
        if values is None and self.inherit:
            values = options.inherited_array(self.state, self.place, option)
        if values is None:
            return
        if index is not None:
            values = {index: values.get(index, "")}
        if not values and not self.values_only:
            yield option.name + ("*" if inherited else "")
        for at, value in values.items():
            name = f"{option.name}[{at}]"
            yield self.line(name, option.shown(value), value, inherited=inherited)


def _belongs(option: Option, place: OptionPlace) -> bool:
    match place.scope:
        case "server":
            return option.scope == "server"
        case "global-session" | "session":
            return option.scope == "session"
        case "global-window" | "window":
            return option.scope == "window"
        case "pane":
            return option.pane


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    try:
        lines = _lines(state, live, invocation)
    except Refused:
        if invocation.flags.has("q"):
            return Decision()
        raise
    return Decision(reply=Reply(lines=tuple(lines)))


def _lines(state: ServerState, live: LiveView, invocation: Invocation) -> list[str]:
    target = invocation.optional_target
    if not invocation.arguments:
        place = place_by_flags(invocation, target)
        return list(_all(_Printer(state, live.option_defaults(), place, invocation), invocation))
    argument = expand(invocation.arguments[0], context_of(state, live, invocation, target))
    name: Name = options.match(argument)
    printer = _Printer(
        state, live.option_defaults(), place_of(invocation, target, name), invocation
    )
    if name.option is not None:
        return list(printer.option(name.option, name.at))
    lines = list(printer.own(name.name))
    if not lines:
        raise Refused(f"invalid option: {argument}")
    return lines


def _all(printer: _Printer, invocation: Invocation) -> Iterator[str]:
    hooks_only = invocation.name == "show-hooks"
    if not hooks_only:
        for name in sorted(options.local(printer.state, printer.place)):
            if name.startswith("@"):
                yield from printer.own(name)
    for option in OPTIONS:
        if not _belongs(option, printer.place):
            continue
        if option.name == "tmux-shim" and invocation.request.as_tmux:
            continue  # tools that list tmux's options know no other
        if option.hook if hooks_only else not option.hook or invocation.flags.has("H"):
            yield from printer.option(option)


COMMAND = Command(
    name="show-options",
    alias="show",
    flags="AgHpqst:vw",
    usage="[-AgHpqsvw] [-t target-pane] [option]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.PANE, Absence.NOTHING),
    decide=decide,
    help="Show options of the server, a session, a window or a pane.",
    read_only=True,
)
