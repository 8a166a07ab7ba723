"""The messages between client and server: docs/formats/wire.md in code. Encoders and decoders are side by side.

Kinds, tags and flags are retired, never reused. A message with fields may get new ones: readers skip the tags that they
do not know. This module imports only the framing, because every import delays the thin client.
"""

from fuguemux.protocol.framing import (
    HELLO_KIND,
    IGNORABLE,
    PeerBroke,
    field,
    fields,
    message_bytes,
    number,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC = b"\x8bfugue\r\n"
VERSION_MIN = 1
VERSION_MAX = 2
TERMINAL_VERSION_MIN = 2
"""From this version on, a client answers TERMINAL_WANTED."""

# Client to server.
HELLO = HELLO_KIND
COMMAND = 0x02
STDIN = 0x03
INPUT = 0x04
RESIZE = 0x05
DETACH = 0x06
SUSPENDED = 0x07
WOKEN = 0x08
TERMINAL = 0x09

# Server to client. HELLO goes both ways.
STDOUT = 0x21
STDERR = 0x22
EXIT = 0x23
ATTACHED = 0x24
OUTPUT = 0x25
DETACHED = 0x26
STDIN_WANTED = 0x27
SUSPEND = 0x28
LOCK = 0x29
TERMINAL_WANTED = 0x2A
RESUME = 0x20 | IGNORABLE
PROGRESS = 0x21 | IGNORABLE
PATIENCE = 0x22 | IGNORABLE
NOT_BEGUN = 0x23 | IGNORABLE
GO_ON = 0x24 | IGNORABLE

CLIENT_KINDS = (COMMAND, STDIN, INPUT, RESIZE, DETACH, SUSPENDED, WOKEN, TERMINAL)
SERVER_KINDS = (
    STDOUT,
    STDERR,
    EXIT,
    ATTACHED,
    OUTPUT,
    DETACHED,
    STDIN_WANTED,
    SUSPEND,
    LOCK,
    TERMINAL_WANTED,
    RESUME,
    PROGRESS,
    PATIENCE,
    NOT_BEGUN,
    GO_ON,
)

PATIENCE_DIGITS_MAX = 9

STDIN_TTY = 1
STDOUT_TTY = 2
STDERR_TTY = 4
UTF8 = 8
COLORS_256 = 16
STARTED = 32
"""The client has started the server for this command."""
CONTROL = 64
"""The client speaks the text protocol of control mode (`-C`): it has no screen."""
CONTROL_DEVICE = 128
"""With CONTROL: the stream is wrapped in a device control string for a terminal (`-CC`)."""

ARGUMENTS_MAX = 65_536
ENVIRONMENT_ENTRIES_MAX = 4_096
"""Equal to the limit of that name in model/limits.py; the server asserts it."""


class Message:
    """Base class of the messages that are more than bytes: comparable, printable, never changed after construction."""

    __slots__: tuple[str, ...] = ()

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._values() == self._values()

    def __hash__(self) -> int:
        return hash((type(self), *map(repr, self._values())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._values()))})"


class Hello(Message):
    """The first message of each direction; its layout never changes.

    From the client: the lowest and highest protocol version it speaks. From the server: the chosen version, twice. If
    there is no common one, it is 0, twice, and `text` is a sentence for people. Otherwise `text` is the release.
    """

    __slots__ = ("highest", "lowest", "text")

    def __init__(self, lowest: int, highest: int, text: str = "") -> None:
        self.lowest = lowest
        self.highest = highest
        self.text = text

    # 0        8         10         12
    # | MAGIC  | lowest  | highest  | text: UTF-8 to the end
    #            u16       u16
    def encode(self) -> bytes:
        """Return the bytes."""
        return message_bytes(
            HELLO,
            MAGIC
            + self.lowest.to_bytes(2, "big")
            + self.highest.to_bytes(2, "big")
            + self.text.encode(),
        )

    @classmethod
    def decode(cls, payload: bytes) -> "Hello":
        """Return the greeting in a payload. Raises PeerBroke if it is not one of fugue's."""
        if not payload.startswith(MAGIC) or len(payload) < 12:
            raise PeerBroke("the connection does not begin with a fugue greeting")
        lowest, highest = (
            int.from_bytes(payload[8:10], "big"),
            int.from_bytes(payload[10:12], "big"),
        )
        if lowest > highest:
            raise PeerBroke(f"a greeting with versions from {lowest} down to {highest}")
        return cls(lowest, highest, payload[12:].decode("utf-8", "replace"))


def answer(hello: Hello, release: str) -> Hello:
    """Return the server's greeting for a client's: the highest common version, or 0 and a sentence that says what to do."""
    chosen = min(hello.highest, VERSION_MAX)
    if chosen < max(hello.lowest, VERSION_MIN):
        older = "client" if hello.highest < VERSION_MIN else "server"
        text = (
            f"the running server is fugue {release} (protocol {VERSION_MIN} to {VERSION_MAX}), this client is fugue "
            f"{hello.text or '?'} (protocol {hello.lowest} to {hello.highest}): upgrade the {older}"
        )
        return Hello(0, 0, text)
    return Hello(chosen, chosen, release)


class CommandMessage(Message):
    """One request: what was typed, where, and by which process. The client sends exactly one on a connection, right after
    HELLO.
    """

    __slots__ = (
        "argv",
        "columns",
        "cwd",
        "environment",
        "flags",
        "pid",
        "program",
        "resume",
        "rows",
        "terminal",
        "tty",
    )

    def __init__(
        self,
        argv: tuple[bytes, ...],
        cwd: bytes = b"/",
        environment: dict[bytes, bytes] | None = None,
        *,
        pid: int = 0,
        flags: int = 0,
        tty: bytes = b"",
        columns: int = 0,
        rows: int = 0,
        program: bytes = b"fugue",
        resume: bytes = b"",
        terminal: bytes = b"",
    ) -> None:
        self.argv = argv
        """The words after fugue's own flags. Empty for the default command."""
        self.cwd = cwd
        self.environment = {} if environment is None else environment
        self.pid = pid
        self.flags = flags
        """STDIN_TTY, STDOUT_TTY, STDERR_TTY; UTF8 (-u), COLORS_256 (-2); STARTED; CONTROL, CONTROL_DEVICE."""
        self.tty = tty
        """Path of the terminal on stdin. Empty without one."""
        self.columns = columns
        self.rows = rows
        """Size of that terminal; 0 without one."""
        self.program = program
        """The name by which the client was called: `fugue`, or `tmux` from the shim."""
        self.resume = resume
        """The token from the previous server, if the client was attached to it; `argv` was carried out already."""
        self.terminal = terminal
        """What the previous server was told of the client's terminal: the payload of TERMINAL."""

    @property
    def interactive(self) -> bool:
        """Whether the client has a terminal to attach."""
        return bool(self.flags & STDIN_TTY and self.tty)

    @property
    def control(self) -> bool:
        """Whether the client is a control client (`-C`)."""
        return bool(self.flags & CONTROL)

    @property
    def term(self) -> str:
        """The client's terminal type. Empty if it has none."""
        return self.environment.get(b"TERM", b"").decode("utf-8", "replace")

    # tag 1 argument, repeated | 2 cwd | 3 NAME=value, repeated | 4 pid u32 | 5 flags u32 | 6 tty path
    #     7 columns u16, rows u16 | 8 program | 9 resume token | 10 terminal
    def encode(self) -> bytes:
        """Return the bytes. Raises ValueError if it is too long."""
        parts = [field(1, argument) for argument in self.argv]
        parts.append(field(2, self.cwd))
        parts += [field(3, name + b"=" + value) for name, value in self.environment.items()]
        parts.append(field(4, self.pid.to_bytes(4, "big")))
        parts.append(field(5, self.flags.to_bytes(4, "big")))
        if self.tty:
            parts.append(field(6, self.tty))
        parts.append(field(7, encode_size(self.columns, self.rows)))
        parts.append(field(8, self.program))
        if self.resume:
            parts.append(field(9, self.resume))
        if self.terminal:
            parts.append(field(10, self.terminal))
        return message_bytes(COMMAND, b"".join(parts))

    @classmethod
    def decode(cls, payload: bytes) -> "CommandMessage":
        """Return the request in a payload. Raises PeerBroke."""
        argv: list[bytes] = []
        environment: dict[bytes, bytes] = {}
        single: dict[int, bytes] = {}
        for tag, value in fields(payload):
            if b"\0" in value and tag not in (4, 5, 7, 9, 10):
                raise PeerBroke("a NUL byte in a command")
            if tag == 1:
                argv.append(value)
            elif tag == 3:
                name, equals, content = value.partition(b"=")
                if not equals or not name:
                    raise PeerBroke("an environment entry that is not NAME=value")
                environment[name] = content
            else:
                single[tag] = value
        if len(argv) > ARGUMENTS_MAX:
            raise PeerBroke(f"a command of {len(argv)} words; at most {ARGUMENTS_MAX} are allowed")
        if len(environment) > ENVIRONMENT_ENTRIES_MAX:
            raise PeerBroke(
                f"{len(environment)} environment variables; at most {ENVIRONMENT_ENTRIES_MAX} are allowed"
            )
        columns, rows = decode_size(single.get(7, bytes(4)))
        return cls(
            tuple(argv),
            single.get(2, b"/"),
            environment,
            pid=number(single.get(4, bytes(4)), 4),
            flags=number(single.get(5, bytes(4)), 4),
            tty=single.get(6, b""),
            columns=columns,
            rows=rows,
            program=single.get(8, b"fugue"),
            resume=single.get(9, b""),
            terminal=single.get(10, b""),
        )


class Detached(Message):
    """The server releases an attached client, which then clears its screen, prints `text` and exits with `exit_code`."""

    __slots__ = ("command", "exit_code", "hang_up_parent", "shell", "text", "wait")

    def __init__(
        self,
        text: str,
        exit_code: int = 0,
        *,
        hang_up_parent: bool = False,
        wait: bool = False,
        shell: str = "",
        command: str = "",
    ) -> None:
        self.text = text
        """The text to print, `[detached (from session work)]`. Empty to print nothing."""
        self.exit_code = exit_code
        self.hang_up_parent = hang_up_parent
        """Whether to send SIGHUP to the client's parent process (`detach-client -P`)."""
        self.wait = wait
        """Whether a control client waits for an empty line before it exits (the flag `wait-exit`)."""

        self.shell = shell
        self.command = command
        """What the client becomes in place of exiting (`detach-client -E`): `shell -c command`. Empty: nothing."""

    # tag 1 text | 2 exit code u8 | 3 hang up the parent u8 | 4 wait for an empty line u8 | 5 shell | 6 command
    def encode(self) -> bytes:
        """Return the bytes."""
        payload = field(1, self.text.encode("utf-8", "surrogateescape")) + field(
            2, bytes((self.exit_code,))
        )
        if self.hang_up_parent:
            payload += field(3, b"\1")
        if self.wait:
            payload += field(4, b"\1")
        if self.command:
            payload += field(5, self.shell.encode("utf-8", "surrogateescape"))
            payload += field(6, self.command.encode("utf-8", "surrogateescape"))
        return message_bytes(DETACHED, payload)

    @classmethod
    def decode(cls, payload: bytes) -> "Detached":
        """Return the message in a payload. Raises PeerBroke."""
        single = dict(fields(payload))
        return cls(
            single.get(1, b"").decode("utf-8", "surrogateescape"),
            number(single.get(2, b"\0"), 1),
            hang_up_parent=bool(number(single.get(3, b"\0"), 1)),
            wait=bool(number(single.get(4, b"\0"), 1)),
            shell=single.get(5, b"").decode("utf-8", "surrogateescape"),
            command=single.get(6, b"").decode("utf-8", "surrogateescape"),
        )


# 0          2       4
# | columns  | rows  |
#   u16        u16
def encode_size(columns: int, rows: int) -> bytes:
    """Return the encoded size of a terminal, limited to what fits."""
    return min(columns, 65_535).to_bytes(2, "big") + min(rows, 65_535).to_bytes(2, "big")


def decode_size(payload: bytes) -> tuple[int, int]:
    """Return columns and rows. Raises PeerBroke."""
    both = number(payload, 4)
    return both >> 16, both & 0xFFFF


def resize(columns: int, rows: int, kind: int = RESIZE) -> bytes:
    """Return the bytes of RESIZE, or of WOKEN, which has the same payload."""
    return message_bytes(kind, encode_size(columns, rows))


def exit_with(code: int) -> bytes:
    """Return the bytes of EXIT, the last message of a command that does not attach."""
    return message_bytes(EXIT, bytes((code & 0xFF,)))


def go_on(words: "Sequence[bytes]") -> bytes:
    """Return the bytes of GO_ON: the rest of the command is for the next server."""
    return message_bytes(GO_ON, b"\0".join(words))


def decode_go_on(payload: bytes) -> list[bytes]:
    """Return the words in GO_ON."""
    return payload.split(b"\0")


def attached(resume: bytes, enter: bytes = b"", leave: bytes = b"") -> bytes:
    """Return the bytes of ATTACHED: from now on the server controls the client's terminal.

    `enter` takes the terminal over and `leave` gives it back. Empty: what suits an xterm.
    """
    payload = field(1, resume)
    if enter or leave:
        payload += field(2, enter) + field(3, leave)
    return message_bytes(ATTACHED, payload)


def decode_attached(payload: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the resume token in ATTACHED, and what enters and leaves the terminal. Raises PeerBroke."""
    single = dict(fields(payload))
    return single.get(1, b""), single.get(2, b""), single.get(3, b"")


def patience(seconds: int) -> bytes:
    """Return the bytes of PATIENCE: how long an attached client waits for the next server."""
    return message_bytes(PATIENCE, b"%d" % seconds)


def decode_patience(payload: bytes) -> int:
    """Return the seconds in PATIENCE. Raises PeerBroke."""
    if not payload.isdigit() or len(payload) > PATIENCE_DIGITS_MAX:
        raise PeerBroke("a waiting time that is not a number")
    return int(payload)
