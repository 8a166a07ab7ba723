"""Every option once: type, range, unit, default, help, and whether a running server takes a change.

The loader, the error messages, `fugue config`, docs/configuration.md and the announcements of a reload are all read
from here (options.py does the reading). Adding an option is adding one field.
"""

from typing import Annotated, Literal

import msgspec

from fuguemux.config.secret_names import DEFAULT_PATTERNS


def about(
    text: str,
    *,
    unit: str = "",
    live: bool = True,
    ge: int | None = None,
    le: int | None = None,
    pattern: str | None = None,
) -> msgspec.Meta:
    """The declaration beside a field: help, unit, inclusive range, and `live=False` when a change needs a restart."""
    extra: dict[str, object] = {"unit": unit, "live": live}
    seen = {"x-live": live, **({"x-unit": unit} if unit else {})}
    if pattern is not None:
        return msgspec.Meta(description=text, pattern=pattern, extra=extra, extra_json_schema=seen)
    return msgspec.Meta(description=text, ge=ge, le=le, extra=extra, extra_json_schema=seen)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all sections. Values are immutable, so a reload swaps the whole configuration at once."""


class Persistence(Section, frozen=True):
    """What is written to disk, how often it is made durable, and what a start makes of it."""

    enabled: Annotated[
        bool,
        about(
            "Keep state on disk. Off: nothing is written, and `fugue status` says so.", live=False
        ),
    ] = True
    state_dir: Annotated[
        str,
        about(
            "Directory that holds one state directory per server name. Empty: `$XDG_STATE_HOME/fugue`. "
            "Must be absolute or begin with `~/`.",
            live=False,
            pattern=r"^($|/|~/)",
        ),
    ] = ""
    checkpoint_interval_secs: Annotated[
        int,
        about("Time between checkpoints, when something changed.", unit="seconds", ge=1, le=86_400),
    ] = 30
    wal_flush_interval_ms: Annotated[
        int,
        about(
            "Pane output is forced to disk this often: the most that a power failure can cost.",
            unit="milliseconds",
            ge=1,
            le=60_000,
        ),
    ] = 100
    sync: Annotated[
        Literal["always", "interval", "os"],
        about(
            "When the log is forced to disk. `always`: output too, before it is shown. `interval`: structure before "
            "the reply, output every `wal_flush_interval_ms`. `os`: whenever the kernel likes; a power failure may "
            "then cost acknowledged changes."
        ),
    ] = "interval"
    max_wal_size_mb: Annotated[
        int,
        about(
            "A checkpoint is taken when the log since the last one has grown to this.",
            unit="MiB",
            ge=1,
            le=65_536,
        ),
    ] = 64
    wal_segment_mb: Annotated[
        int,
        about("Size of a log file; holds from the next one on.", unit="MiB", ge=1, le=1_024),
    ] = 16
    scrollback_persistence: Annotated[
        bool,
        about(
            "Keep what scrolled off the screens on disk. Off: a checkpoint holds the screens only. The log holds "
            "recent output either way; see the pane option `persist`."
        ),
    ] = True
    scrollback_persistence_lines: Annotated[
        int,
        about(
            "Lines of scrollback kept on disk per pane. A lower value frees disk at the next checkpoint.",
            unit="lines",
            ge=0,
            le=2**31 - 1,
        ),
    ] = 100_000
    scrollback_hot_lines: Annotated[
        int,
        about(
            "The newest lines of scrollback of a pane that are kept unpacked in memory while it is in use: copy mode, "
            "capture-pane, search and export read them without the disk. Older ones are compressed, on disk from the next "
            "checkpoint on, and read when asked for. A pane that shows nothing for five seconds gives the memory "
            "back until somebody reads there again.",
            unit="lines",
            ge=0,
            le=1_000_000,
        ),
    ] = 2_000
    compression_level: Annotated[
        int, about("zstd level of scrollback and snapshots.", ge=1, le=19)
    ] = 3
    scrub_interval_days: Annotated[
        int,
        about(
            "How often all stored scrollback is read to see whether it is whole, slowly and in the background. A start "
            "that cannot do so at once always has it read. 0: at starts only.",
            unit="days",
            ge=0,
            le=3_650,
        ),
    ] = 7
    keep_checkpoints: Annotated[
        int,
        about(
            "Generations of checkpoints kept, for `fugue state restore`.",
            unit="checkpoints",
            ge=2,
            le=1_000,
        ),
    ] = 5
    keep_closed_days: Annotated[
        int,
        about(
            "How long a closed session can be brought back, and the last screen of a program that ended with the "
            "machine be looked at. 0: not at all.",
            unit="days",
            ge=0,
            le=3_650,
        ),
    ] = 7
    restore_policy: Annotated[
        Literal["shell", "suspended", "rerun", "none"],
        about(
            "What a pane gets whose process is gone. `shell`: a shell. `suspended`: a shell that offers to run the "
            "program again. `rerun`: programs of `restore_commands` run again by themselves. `none`: no process."
        ),
    ] = "shell"
    restore_commands: Annotated[
        tuple[str, ...],
        about(
            "Programs that `suspended` offers and `rerun` starts; any other program gets a plain shell."
        ),
    ] = ("vim", "nvim", "less", "man", "tail", "top", "htop", "watch", "ssh")
    environment_deny: Annotated[
        tuple[str, ...],
        about(
            "Patterns of environment variable names, in either case, whose values are never written to disk; a pattern "
            "that begins with `!` is an exception. While there are patterns, values that hold a URL with a password "
            "or a key that is known by its form are not written either, whatever their names."
        ),
    ] = DEFAULT_PATTERNS


class Server(Section, frozen=True):
    """The daemon."""

    default_command: Annotated[
        str, about("Command of a new pane, for the shell. Empty: a login shell.")
    ] = ""
    default_shell: Annotated[
        str,
        about(
            "Absolute path of the shell. Empty: `$SHELL`, else the login shell, else `/bin/sh`.",
            pattern=r"^($|/)",
        ),
    ] = ""
    history_limit: Annotated[
        int,
        about(
            "Lines of scrollback of a new pane (the option `history-limit`).",
            unit="lines",
            ge=0,
            le=2**31 - 1,
        ),
    ] = 10_000
    frame_rate_hz: Annotated[
        int,
        about("Most redraws per second of an attached client.", unit="per second", ge=1, le=240),
    ] = 60
    outbox_max_kb: Annotated[
        int,
        about(
            "An attached client that has this much unread is dropped with a message; it may attach again.",
            unit="KiB",
            ge=8_192,
            le=1_048_576,
        ),
    ] = 8_192


class Client(Section, frozen=True):
    """What attached clients are told when they attach."""

    reconnect_timeout_secs: Annotated[
        int,
        about(
            "How long a client waits for a server that went away to come back.",
            unit="seconds",
            ge=0,
            le=86_400,
        ),
    ] = 30


class Logging(Section, frozen=True):
    """Diagnostics of the server. They never hold pane content, arguments or environment."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        about("The least severe level that is written."),
    ] = "info"
    max_size_mb: Annotated[
        int, about("The file is rotated at this size.", unit="MiB", ge=1, le=1_024)
    ] = 10
    keep_files: Annotated[
        int, about("Rotated files kept beside the current one.", unit="files", ge=0, le=100)
    ] = 3


class Keys(Section, frozen=True):
    """Keys that have a meaning before any binding is looked up."""

    prefix: Annotated[
        str,
        about(
            "The prefix key, as tmux writes keys: `C-a`, `M-Space`, `F12`.",
            pattern=r"^((C|M|S)-)*([!-~]|F[1-9]|F1[0-2]|Space|Tab|Enter|Escape|BSpace|Up|Down|Left|Right|Home|End|PPage|NPage|IC|DC)$",
        ),
    ] = "C-b"


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All options. Defaults alone make a valid configuration."""

    persistence: Persistence = Persistence()
    server: Server = Server()
    client: Client = Client()
    logging: Logging = Logging()
    keys: Keys = Keys()
