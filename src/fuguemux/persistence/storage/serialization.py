"""Encodes and decodes events and the structure: the content of STRUCTURE records and of structure snapshots.

     | version u8 | MessagePack array |

Structs are arrays whose fields are append-only. Events contain the number that tags their type. An older reader ignores
additional fields; a newer one uses defaults for missing fields. Only a change for which that is not enough raises the
version. Such a change adds a function that converts the older payload to the newer one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, get_args

import msgspec

from fuguemux.model.events import AnyEvent
from fuguemux.model.state import ServerState
from fuguemux.persistence.storage.withholding import Withhold, stored_event, stored_state

EVENTS_VERSION: Final = 1
STATE_VERSION: Final = 1
Migration = Callable[[bytes], bytes]
"""Converts the MessagePack of one version to that of the next."""

EVENT_MIGRATIONS: Final[Mapping[int, Migration]] = {}
STATE_MIGRATIONS: Final[Mapping[int, Migration]] = {}


class SerializationError(Exception):
    """The base class of errors in stored bytes."""


class PayloadDamaged(SerializationError):
    """The bytes verified, but do not decode: they were written incorrectly, or by another program."""


class VersionUnknown(SerializationError):
    """A newer version of fugue wrote the bytes. Nothing is wrong with the data: use that version."""


class EventUnknown(VersionUnknown):
    """An event of a type that only a newer version of fugue knows. `tag` is its number."""

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
    """The payload of a STRUCTURE record: the events of one decision, which are applied together or not at all.

    Secrets are not written: see withholding.py.
    """
    kept = [stored for event in events if (stored := stored_event(event, withhold)) is not None]
    return bytes((EVENTS_VERSION,)) + _encode(kept)


def decode_events(payload: bytes, *, ignorable: bool = False) -> list[AnyEvent]:
    """Decode a payload of `encode_events`. With `ignorable`, events of unknown types are left out.

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
    """Decode each event alone, to distinguish an unknown type from damage."""
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
    """The bytes of a structure snapshot. Secrets are not written: see withholding.py."""
    return bytes((STATE_VERSION,)) + _encode(stored_state(state, withhold))


def decode_state(payload: bytes) -> ServerState:
    """Decode a structure snapshot of `encode_state`. Raises PayloadDamaged and VersionUnknown."""
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
