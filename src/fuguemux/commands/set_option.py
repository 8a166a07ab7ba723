"""set-option, set-window-option and set-hook: set or unset an option of the server, a session, a window or a pane."""

from fuguemux.commands.command import Command
from fuguemux.commands.parts.option_places import context_of, place_of
from fuguemux.formats.formats import expand
from fuguemux.language.command_table import CommandTable
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import Tell
from fuguemux.model.events import OptionSet
from fuguemux.model.limits import OPTION_VALUE_BYTES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import panes_in
from fuguemux.options import options
from fuguemux.options.options import Name, OptionPlace
from fuguemux.options.types import Option
from fuguemux.options.without_effect import said
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind

ARRAY_ENTRIES_MAX = 4_096


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.optional_target
    context = context_of(state, live, invocation, target)
    argument = expand(invocation.arguments[0], context)
    if invocation.name == "set-hook" and flags.has("R"):
        return Decision()  # it runs like a hook of this command: server/requests/hooks.py
    try:
        name = options.match(argument)
        place = place_of(invocation, target, name)
    except Refused:
        if flags.has("q"):
            return Decision()
        raise
    value = invocation.arguments[1] if len(invocation.arguments) > 1 else None
    if value is not None and flags.has("F"):
        value = expand(value, context)
    if name.at is not None and (name.option is None or name.option.array is None):
        raise Refused(f"not an array: {argument}")
    if flags.has("u") or flags.has("U"):
        return Decision(events=_unset(state, place, name, target, panes_too=flags.has("U")))
    if flags.has("o") and _is_set(state, live, place, name):
        if flags.has("q"):
            return Decision()
        raise Refused(f"already set: {argument}")
    events = _set(state, live, invocation.commands, place, name, value, append=flags.has("a"))
    return Decision(events=events, effects=_told(name, events))


def _told(name: Name, events: tuple[OptionSet, ...]) -> tuple[Tell, ...]:
    """The line for an option without effect. Its default needs none, because fugue behaves like that."""
    option, text = name.option, said(name.name)
    if option is None or not text:
        return ()
    if option.array is None and all(event.value == option.default for event in events):
        return ()
    return (Tell(text),)


def _is_set(state: ServerState, live: LiveView, place: OptionPlace, name: Name) -> bool:
    if name.option is None:
        return name.name in options.local(state, place)
    if name.option.array is None:
        return options.value_in(state, live.option_defaults(), place, name.option) is not None
    values = options.array_in(state, place, name.option)
    return values is not None and (name.at is None or name.at in values)


def _unset(
    state: ServerState, place: OptionPlace, name: Name, target: Target | None, *, panes_too: bool
) -> tuple[OptionSet, ...]:
    events: tuple[OptionSet, ...] = ()
    if panes_too and place.scope == "window" and target is not None:
        for pane in panes_in(target.window):
            events += _unset_in(state, OptionPlace("pane", pane), name)
    return events + _unset_in(state, place, name)


def _unset_in(state: ServerState, place: OptionPlace, name: Name) -> tuple[OptionSet, ...]:
    option = name.option
    if option is None or option.array is None:
        if name.name not in options.local(state, place):
            return ()
        return options.set_value(place, name.name, None)
    values = options.array_in(state, place, option)
    if values is None:
        return ()
    if name.at is None:
        return options.set_array(state, place, option, None)
    kept = {index: value for index, value in values.items() if index != name.at}
    return options.set_array(state, place, option, kept)


def _set(
    state: ServerState,
    live: LiveView,
    commands: CommandTable,
    place: OptionPlace,
    name: Name,
    value: str | None,
    *,
    append: bool,
) -> tuple[OptionSet, ...]:
    option = name.option
    if option is None:
        if value is None:
            raise Refused("empty value")
        before = options.local(state, place).get(name.name, "") if append else ""
        if len((before + value).encode("utf-8", "surrogateescape")) > OPTION_VALUE_BYTES_MAX:
            raise Refused(f"value is too long: {name.name} takes {OPTION_VALUE_BYTES_MAX} bytes")
        return options.set_value(place, name.name, before + value)
    if option.array is None:
        if append and value is not None and option.kind in ("string", "style"):
            before_or_none = options.value_in(state, live.option_defaults(), place, option)
            if before_or_none is not None:
                value = before_or_none + ("," if option.kind == "style" else "") + value
        current = options.inherited(state, live.option_defaults(), place, option)
        return options.set_value(place, option.name, option.value(value, current, commands))
    if value is None:
        raise Refused("empty value")
    values = dict(options.array_in(state, place, option) or {})
    _set_in_array(values, commands, option, name.at, value, append=append)
    return options.set_array(state, place, option, dict(sorted(values.items())))


def _set_in_array(
    values: dict[int, str],
    commands: CommandTable,
    option: Option,
    index: int | None,
    value: str,
    *,
    append: bool,
) -> None:
    if index is not None:
        before = values.get(index, "") if append and option.kind == "string" else ""
        values[index] = option.value(before + value, "", commands)
        return
    if not append:
        values.clear()
    free = 0
    for part in option.take_apart(value):
        while free in values:
            free += 1
        values[free] = option.value(part, "", commands)
    if len(values) > ARRAY_ENTRIES_MAX:
        raise Refused(f"too many values: {option.name} takes {ARRAY_ENTRIES_MAX}")


COMMAND = Command(
    name="set-option",
    alias="set",
    flags="aFgopqst:uUw",
    usage="[-aFgopqsuUw] [-t target-pane] option [value]",
    arguments=(1, 2),
    target=TargetFlag("t", TargetKind.PANE, Absence.NOTHING),
    decide=decide,
    help="Set or unset an option of the server, a session, a window or a pane.",
)
