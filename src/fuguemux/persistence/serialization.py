"""Events and the structure ↔ bytes: what a STRUCTURE record and a structure snapshot hold.

     | version u8 | MessagePack array |

Structs are arrays whose fields are append-only, events carry the number that tags their type. An older reader ignores
fields behind those it knows; a newer one takes defaults for fields that are not there. Only a change that this cannot
bear raises the version, and then brings a function that turns the older payload into the newer one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, get_args

import msgspec

from fuguemux.model.events import (
    AnyEvent,
    EnvironmentSet,
    PaneAdded,
    PaneRespawned,
    SessionCreated,
    WindowCreated,
)
from fuguemux.model.state import Environment, ServerState

EVENTS_VERSION: Final = 1
STATE_VERSION: Final = 1
WITHHELD: Final = b"\0"
"""Stands for the value of a variable that may not be stored. No real value has a NUL in it."""

Withhold = Callable[[bytes], bool]
"""Whether the value of a variable of this name may not reach the disk."""
Migration = Callable[[bytes], bytes]
"""Turns the MessagePack of one version into that of the next."""

EVENT_MIGRATIONS: Final[Mapping[int, Migration]] = {}
STATE_MIGRATIONS: Final[Mapping[int, Migration]] = {}


class SerializationError(Exception):
    """Base of what can be wrong with stored bytes."""


class PayloadDamaged(SerializationError):
    """The bytes verified, but are not what they should be: written wrongly, or by a stranger."""


class VersionUnknown(SerializationError):
    """A newer fugue wrote the bytes. Use that version; nothing is wrong with the data."""


class EventUnknown(VersionUnknown):
    """An event of a type that only a newer fugue knows. `tag` is its number."""

    def __init__(self, tag: object) -> None:
        super().__init__(
            f"event {tag!r} is unknown to this version of fugue: use the one that wrote it"
        )
        self.tag = tag


_KNOWN_TAGS: Final = frozenset(kind.__struct_config__.tag for kind in get_args(AnyEvent))
_encode: Final = msgspec.msgpack.Encoder().encode
_decode_events: Final = msgspec.msgpack.Decoder(list[AnyEvent]).decode
_decode_raw_events: Final = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_event: Final = msgspec.msgpack.Decoder(AnyEvent).decode
_decode_any: Final = msgspec.msgpack.Decoder().decode
_decode_state: Final = msgspec.msgpack.Decoder(ServerState).decode


def encode_events(events: Sequence[AnyEvent], withhold: Withhold | None = None) -> bytes:
    """The payload of a STRUCTURE record: the events of one decision, which happen together or not at all.

    Values of variables for which `withhold` is true are not written; their names are.
    """
    if withhold is not None:
        events = [_without_secrets(event, withhold) for event in events]
    return bytes((EVENTS_VERSION,)) + _encode(events)


def decode_events(payload: bytes, *, ignorable: bool = False) -> list[AnyEvent]:
    """What `encode_events` packed. With `ignorable` events of unknown types are left out.

    Raises PayloadDamaged, VersionUnknown and EventUnknown.
    """
    packed = _migrated(payload, EVENTS_VERSION, EVENT_MIGRATIONS, "events")
    try:
        return _decode_events(packed)
    except msgspec.DecodeError as error:
        return _events_one_by_one(packed, ignorable, error)


def _events_one_by_one(
    packed: bytes, ignorable: bool, reason: msgspec.DecodeError
) -> list[AnyEvent]:
    """Tell an unknown type from damage."""
    try:
        raws = _decode_raw_events(packed)
    except msgspec.DecodeError as error:
        raise PayloadDamaged(f"a record of events does not decode: {error}") from error
    events: list[AnyEvent] = []
    for raw in raws:
        try:
            events.append(_decode_event(raw))
        except msgspec.DecodeError:
            tag = _tag_of(raw)
            if tag in _KNOWN_TAGS or not isinstance(tag, int):
                raise PayloadDamaged(f"a record of events does not decode: {reason}") from reason
            if not ignorable:
                raise EventUnknown(tag) from reason
    return events


def _tag_of(raw: msgspec.Raw) -> object:
    fields: Any = _decode_any(raw)
    return fields[0] if isinstance(fields, list) and fields else None


def encode_state(state: ServerState, withhold: Withhold | None = None) -> bytes:
    """A structure snapshot. Values of variables for which `withhold` is true are not written."""
    if withhold is not None:
        state = _state_without_secrets(state, withhold)
    return bytes((STATE_VERSION,)) + _encode(state)


def decode_state(payload: bytes) -> ServerState:
    """What `encode_state` packed. Raises PayloadDamaged and VersionUnknown."""
    packed = _migrated(payload, STATE_VERSION, STATE_MIGRATIONS, "structure")
    try:
        return _decode_state(packed)
    except msgspec.DecodeError as error:
        raise PayloadDamaged(f"a structure snapshot does not decode: {error}") from error


def _migrated(
    payload: bytes, version: int, migrations: Mapping[int, Migration], what: str
) -> bytes:
    if not payload:
        raise PayloadDamaged(f"{what}: no bytes at all")
    found, packed = payload[0], payload[1:]
    if found > version or found == 0:
        raise VersionUnknown(
            f"{what} of format {found}: this version of fugue reads up to {version}; use the one that wrote it"
        )
    for step in range(found, version):
        packed = migrations[step](packed)
    return packed


# -- environment that must not reach the disk -------------------------------------------------

_Holder = TypeVar("_Holder", bound=msgspec.Struct)


def _filtered(environment: Environment, withhold: Withhold) -> Environment:
    return {
        name: WITHHELD if value is not None and withhold(name) else value
        for name, value in environment.items()
    }


def _with_filtered(holder: _Holder, environment: Environment, withhold: Withhold) -> _Holder:
    filtered = _filtered(environment, withhold)
    if filtered == environment:
        return holder
    return msgspec.structs.replace(holder, environment=filtered)


def _without_secrets(event: AnyEvent, withhold: Withhold) -> AnyEvent:
    if isinstance(event, EnvironmentSet):
        if event.value is None or not withhold(event.name):
            return event
        return msgspec.structs.replace(event, value=WITHHELD)
    if isinstance(event, SessionCreated | WindowCreated | PaneAdded | PaneRespawned):
        if not event.environment:
            return event
        return _with_filtered(event, event.environment, withhold)
    return event


def _state_without_secrets(state: ServerState, withhold: Withhold) -> ServerState:
    return msgspec.structs.replace(
        state,
        environment=_filtered(state.environment, withhold),
        sessions={i: _with_filtered(s, s.environment, withhold) for i, s in state.sessions.items()},
        panes={i: _with_filtered(p, p.environment, withhold) for i, p in state.panes.items()},
    )


def without_withheld(state: ServerState) -> tuple[ServerState, list[str]]:
    """`state` without the variables whose values were not stored, and what those were, for the report.

    Each is named as `NAME` (global), `$1 NAME` or `%2 NAME`.
    """
    names: list[str] = []

    def cleaned(environment: Environment, owner: str) -> Environment:
        kept = {name: value for name, value in environment.items() if value != WITHHELD}
        names.extend(
            owner + name.decode("utf-8", "replace") for name in environment if name not in kept
        )
        return kept

    replace = msgspec.structs.replace
    environment = cleaned(state.environment, "")
    sessions = {
        i: replace(s, environment=cleaned(s.environment, f"${i} "))
        for i, s in state.sessions.items()
    }
    panes = {
        i: replace(p, environment=cleaned(p.environment, f"%{i} ")) for i, p in state.panes.items()
    }
    if not names:
        return state, names
    return replace(state, environment=environment, sessions=sessions, panes=panes), names
