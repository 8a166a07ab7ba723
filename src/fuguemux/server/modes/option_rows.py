"""What customize-mode knows of each option and key: its value and where it is set, and the commands that change it. Pure."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from fuguemux.formats.formats import FormatContext, Work, expand, is_true
from fuguemux.language.default_keys import Binding
from fuguemux.language.quoting import quote
from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState, Session, sessions_with
from fuguemux.options import options
from fuguemux.options.options import Defaults, OptionPlace
from fuguemux.options.table import OPTIONS
from fuguemux.options.types import Option

FORMAT: Final = (
    "#{?is_option,#{?option_is_global,,#[reverse](#{option_scope})#[default] }"
    "#[ignore]#{option_value}#{?option_unit, #{option_unit},},#{key}}"
)
_UNITS: Final = {"ms": "milliseconds", "s": "seconds"}
GROUPS: Final = (
    ("server", "Server Options"),
    ("session", "Session Options"),
    ("window", "Window & Pane Options"),
)


class OptionRow(NamedTuple):
    """An option as it is in force in the pane. `at`: an index of an array, or None."""

    name: str
    option: Option | None
    """None for a user option."""
    place: OptionPlace
    """Where the value is set."""
    value: str
    at: int | None = None
    array: bool = False

    @property
    def shown_name(self) -> str:
        """As the list has it: `command-alias[3]`."""
        return self.name if self.at is None else f"{self.name}[{self.at}]"

    @property
    def unit(self) -> str:
        """The unit of a number, as a word."""
        unit = "" if self.option is None else self.option.unit
        return _UNITS.get(unit, unit)


class PanePlaces(NamedTuple):
    """The places of options that hold for one pane."""

    state: ServerState
    defaults: Defaults
    pane: PaneId

    @property
    def session(self) -> Session | None:
        """The first session that has the pane's window."""
        pane = self.state.panes.get(self.pane)
        sessions = () if pane is None else sessions_with(self.state, pane.window)
        return sessions[0] if sessions else None

    def innermost(self, scope: str, *, pane: bool = True) -> OptionPlace:
        """The innermost place of a scope; without `pane` at most the window."""
        stored, session = self.state.panes.get(self.pane), self.session
        if scope == "server" or stored is None:
            return OptionPlace("server")
        if scope == "session":
            return OptionPlace(
                "global-session" if session is None else "session", session.id if session else 0
            )
        return OptionPlace("pane", stored.id) if pane else OptionPlace("window", stored.window)

    def scope_text(self, place: OptionPlace) -> str:
        """A place in words: `session main`, `window 0`, `pane 1`. Empty: for all."""
        session = self.session
        if place.scope == "session" and session is not None:
            return f"session {session.name}"
        look = {"window": "#{window_index}", "pane": "#{pane_index}"}.get(place.scope, "")
        return f"{place.scope} {look}" if look else ""

    def rows(self, scope: str) -> Iterator[OptionRow]:
        """The user options of a scope, and then those of the table, by name. Hooks are left out."""
        yield from self._user_options(scope)
        known = [each for each in OPTIONS if each.scope == scope and not each.hook]
        for option in sorted(known, key=lambda each: each.name):
            yield self._row(option)

    def _user_options(self, scope: str) -> Iterator[OptionRow]:
        seen: set[str] = set()
        for place in self._chain(self.innermost(scope)):
            for name, value in options.local(self.state, place).items():
                if name.startswith("@") and name not in seen:
                    seen.add(name)
                    yield OptionRow(name, None, place, value)

    def _chain(self, place: OptionPlace | None) -> Iterator[OptionPlace]:
        while place is not None:
            yield place
            place = options.parent(self.state, place)

    def _row(self, option: Option) -> OptionRow:
        for place in self._chain(self.innermost(option.scope, pane=option.pane)):
            if option.array is not None:
                if options.array_in(self.state, place, option) is not None:
                    return OptionRow(option.name, option, place, "", array=True)
                continue
            value = options.value_in(self.state, self.defaults, place, option)
            if value is not None:
                return OptionRow(option.name, option, place, value)
        return OptionRow(option.name, option, OptionPlace("server"), option.default)

    def entries(self, row: OptionRow) -> list[OptionRow]:
        """The values of an array, each as a row."""
        if row.option is None:
            return []
        values = options.array_in(self.state, row.place, row.option) or {}
        return [row._replace(at=at, value=value, array=False) for at, value in values.items()]

    def global_value(self, row: OptionRow) -> str | None:
        """The value for all; None if the row is that already."""
        if (
            row.option is None
            or row.place.scope.startswith("global")
            or row.place.scope == "server"
        ):
            return None
        outermost = list(self._chain(row.place))[-1]
        return options.value_in(self.state, self.defaults, outermost, row.option)


def is_global(row: OptionRow) -> bool:
    """Whether the value holds for all sessions or windows."""
    return row.place.scope in ("server", "global-session", "global-window")


def text_of(
    row: OptionRow, scope: str, context: FormatContext, line: str, wanted: str, work: Work
) -> str | None:
    """The text of a row by the format `line`; None if the filter does not want it."""
    variables = {
        "is_option": "1",
        "is_key": "0",
        "option_name": row.shown_name,
        "option_is_global": "1" if is_global(row) else "0",
        "option_is_array": "1" if row.array or row.at is not None else "0",
        "option_scope": expand(scope, context, work=work),
        "option_unit": row.unit,
        "option_value": row.value,
    }
    return _shown(variables, context, line, wanted, work)


def key_text(
    binding: Binding, context: FormatContext, line: str, wanted: str, work: Work
) -> str | None:
    """As `text_of`, for a key."""
    variables = {"is_option": "0", "is_key": "1", "key": binding.key}
    if binding.note:
        variables["note"] = binding.note
    return _shown(variables, context, line, wanted, work)


def _shown(
    variables: dict[str, str], context: FormatContext, line: str, wanted: str, work: Work
) -> str | None:
    about = FormatContext(
        context.state, context.live, session=context.session, pane=context.pane, extra=variables
    )
    if wanted and not is_true(expand(wanted, about, work=work)):
        return None
    return expand(line, about, work=work)


# Commands


def flags_of(place: OptionPlace) -> str:
    """The flags of set-option for a place."""
    return {
        "server": "-s",
        "global-session": "-g",
        "global-window": "-gw",
        "session": f"-t ${place.target}:",
        "window": f"-w -t @{place.target}",
        "pane": f"-p -t %{place.target}",
    }[place.scope]


def set_command(row: OptionRow, place: OptionPlace, value: str) -> str:
    """The command that sets an option in a place."""
    return f"set-option {flags_of(place)} {quote(row.shown_name)} {quote(value)}"


def unset_command(row: OptionRow) -> str:
    """The command that unsets an option where it is set."""
    flags = flags_of(row.place).replace("-", "-u", 1)
    return f"set-option {flags} {quote(row.shown_name)}"


def next_value(row: OptionRow) -> str | None:
    """The other value of a flag, or the next choice. None: the user has to type a value."""
    if row.option is None or row.option.kind not in ("flag", "choice"):
        return None
    if row.option.kind == "flag":
        return "off" if row.value == "on" else "on"
    choices = row.option.choices
    return choices[(choices.index(row.value) + 1) % len(choices)]


def bind_command(binding: Binding) -> str:
    """The command that binds a key."""
    repeat = " -r" if binding.repeat else ""
    note = f" -N {quote(binding.note)}" if binding.note else ""
    return f"bind-key{repeat}{note} -T {quote(binding.table)} {quote(binding.key)} {{ {binding.command} }}"
