"""Last screens: what a program showed that ended with the machine, one file for each: `screens/<recovery>-<pane>.screen`.

    0        8       10      12       16      20
    | magic  | major | minor | length | CRC   | zstd frame of a MessagePack array ...
    | 8s     | u16   | u16   | u32    | u32   |

Little-endian. The CRC-32 covers the frame and starts from that of the 16 bytes before it. `<recovery>` is the wall time
of the recovery that found the program gone (milliseconds, 15 digits), `<pane>` the pane's number. A file is written once
and never changed. Each file stands alone: damage to one file loses only that screen. The array is `LastScreen`, and is
append-only.
"""

import contextlib
import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.blocks import COMPRESSION_LEVEL
from fuguemux.persistence.scrollback.packs import PackDamaged, compress, decompress
from fuguemux.persistence.storage.checksum import crc32
from fuguemux.persistence.storage.files import Storage, reason_of
from fuguemux.persistence.storage.set_aside import QUARANTINE, quarantine_beside, set_aside
from fuguemux.persistence.storage.whole_files import read_all, write_atomically

SCREENS: Final = "screens"
MAGIC: Final = b"FUGUESCR"
MAJOR: Final = 1
MINOR: Final = 0
FRONT: Final = struct.Struct("<8sHHI")
CRC: Final = struct.Struct("<I")
HEADER_BYTES: Final = FRONT.size + CRC.size
FORESEEN: Final = 0
"""The recovery time of a screen that was taken when a shutdown was announced. The next start gives it its own time, or
removes it.
"""
SUFFIX: Final = ".screen"
RECOVERY_DIGITS: Final = 15
PANE_DIGITS_MAX: Final = 10
SCREENS_MAX: Final = 1_000
SCREENS_BYTES_MAX: Final = 64 << 20
"""All files together. Beyond that the oldest are removed."""
SCREEN_BYTES_MAX: Final = 4 << 20
"""The lines of one screen. A larger screen loses its styles first, then lines from above."""
UNPACKED_BYTES_MAX: Final = SCREEN_BYTES_MAX + (1 << 20)
SCREEN_FILE_BYTES_MAX: Final = 2 * SCREEN_BYTES_MAX
"""The largest possible file. If a file seems larger, its size is damaged."""
assert HEADER_BYTES == 20
# There is always space for the newest screen. A zstd frame is at most a little larger than its content.
assert SCREENS_BYTES_MAX >= SCREEN_FILE_BYTES_MAX >= UNPACKED_BYTES_MAX + HEADER_BYTES


class ScreenDamaged(Exception):
    """The file is not a whole last screen, or one of another version; the message says which."""


class ScreenName(NamedTuple):
    """Identifies a screen: the one of the program in `pane` that the recovery at `recovery_ms` found gone."""

    recovery_ms: int
    pane: PaneId

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.recovery_ms:0{RECOVERY_DIGITS}d}-{self.pane}{SUFFIX}"


class LastScreen(msgspec.Struct, frozen=True, array_like=True):
    """What a program showed last. Lines are logical ones, as self-contained ANSI without line ends.

    At `columns` columns `lines` wrap to the `rows` rows of the screen, or to fewer, since empty rows at its end are not
    kept. `context` are the lines that had left the screen just before. `joined`: the first line goes on where the last
    line of `context` ends.
    """

    pane: PaneId
    recovery_ms: int
    ended_ms: int
    generation: int
    program: str
    place: str
    title: str
    columns: int
    rows: int
    cursor_column: int
    cursor_row: int
    cursor_visible: bool
    alternate: bool
    lines: tuple[bytes, ...]
    context: tuple[bytes, ...] = ()
    joined: bool = False

    @property
    def name(self) -> ScreenName:
        """The name under which the screen is stored."""
        return ScreenName(self.recovery_ms, self.pane)


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(LastScreen)


def encode_screen(screen: LastScreen) -> bytes:
    """Return the content of the file."""
    payload = compress(_encoder.encode(screen), COMPRESSION_LEVEL)
    front = FRONT.pack(MAGIC, MAJOR, MINOR, len(payload))
    return front + CRC.pack(crc32(payload, crc32(front))) + payload


def decode_screen(data: bytes) -> LastScreen:
    """Undo `encode_screen`. Raises ScreenDamaged."""
    if len(data) < HEADER_BYTES:
        raise ScreenDamaged(f"{len(data)} bytes are too few for a screen")
    magic, major, _minor, length = FRONT.unpack_from(data)
    (crc,) = CRC.unpack_from(data, FRONT.size)
    payload = data[HEADER_BYTES:]
    if magic != MAGIC:
        raise ScreenDamaged("it does not begin like a screen")
    if len(payload) != length or crc32(payload, crc32(data[: FRONT.size])) != crc:
        raise ScreenDamaged("its checksum does not match")
    if major != MAJOR:
        raise ScreenDamaged(f"it has format {major}, this version of fugue reads {MAJOR}")
    try:
        return _decoder.decode(decompress(payload, UNPACKED_BYTES_MAX))
    except (PackDamaged, msgspec.DecodeError) as error:
        raise ScreenDamaged(f"it does not decode: {error}") from error


def screen_name(file: str) -> ScreenName | None:
    """Parse a file name. Returns None if it is not the name of a screen."""
    recovery, _, pane = file.removesuffix(SUFFIX).partition("-")
    digits = f"{recovery}{pane}"
    if not (digits.isascii() and digits.isdigit()) or len(pane) > PANE_DIGITS_MAX:
        return None
    name = ScreenName(int(recovery), PaneId(int(pane))) if recovery and pane else None
    return name if name is not None and name.file == file else None


class ScreenFiles:
    """The screen files of a state directory. Blocks; for one thread at a time."""

    def __init__(self, storage: Storage, state_directory: str) -> None:
        self._storage = storage
        self.directory = f"{state_directory}/{SCREENS}"

    def path(self, name: ScreenName) -> str:
        """The path of a screen's file, whether it exists or not."""
        return f"{self.directory}/{name.file}"

    def names(self) -> list[ScreenName]:
        """The names of all screens, the newest first. Raises OSError, but not if the directory was never created."""
        try:
            files = self._storage.list(self.directory)
        except FileNotFoundError:
            return []
        return sorted((n for n in map(screen_name, files) if n is not None), reverse=True)

    def read(self, name: ScreenName) -> LastScreen:
        """Read a screen. Raises OSError and ScreenDamaged."""
        screen = decode_screen(read_all(self._storage, self.path(name)))
        if screen.name != name:
            raise ScreenDamaged("it is another screen than its name says")
        return screen

    def write(self, screen: LastScreen) -> None:
        """Write a screen durably. Raises OSError; then the file exists completely or not at all."""
        self._storage.make_directory(self.directory)
        write_atomically(self._storage, self.directory, screen.name.file, [encode_screen(screen)])

    def remove(self, names: Iterable[ScreenName]) -> None:
        """Remove screens, whether they exist or not. Raises OSError for the first that cannot be removed."""
        removed = False
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                self._storage.unlink(self.path(name))
                removed = True
        if removed:
            self._storage.fsync_directory(self.directory)

    def clear(self, oldest_ms: int) -> list[str]:
        """Remove surplus screens that can be read as such, and set the other surplus files aside, with one line about
        each.

        Raises OSError for the first file that can neither be removed nor set aside.
        """
        lines, surplus = [], []
        for name in self.surplus(oldest_ms):
            try:
                self.read(name)
            except FileNotFoundError:
                continue
            except (ScreenDamaged, OSError) as problem:
                path, place = self.path(name), quarantine_beside(self.directory)
                now = set_aside(self._storage, path, place)
                why = reason_of(problem)
                lines.append(f"{SCREENS}/{name.file}: {why}; it is set aside as {QUARANTINE}/{now}")
            else:
                surplus.append(name)
        self.remove(surplus)
        return lines

    def surplus(self, oldest_ms: int) -> list[ScreenName]:
        """The screens of recoveries before `oldest_ms`, and those for which there is no space. Raises OSError.

        A file that is too large for a screen is surplus and does not count: it has a hole, or belongs to something else.
        """
        found: list[ScreenName] = []
        size = 0
        for place, name in enumerate(self.names()):
            its = self._size(name)
            rotted = its > SCREEN_FILE_BYTES_MAX
            size += 0 if rotted else its
            old = FORESEEN < name.recovery_ms < oldest_ms
            if place >= SCREENS_MAX or size > SCREENS_BYTES_MAX or old or rotted:
                found.append(name)
        return found

    def _size(self, name: ScreenName) -> int:
        try:
            file = self._storage.open(self.path(name))
        except OSError:
            return 0
        try:
            return self._storage.size(file)
        finally:
            self._storage.close(file)
