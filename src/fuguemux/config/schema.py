"""The declaration of every option: type, range, unit, default, help, and whether a change takes effect in a running
server.

The loader, the error messages, `fugue config`, docs/configuration.md and the announcements of a reload all use it
(options.py reads it). To add an option, add one field.
"""

from typing import Annotated, Literal

import msgspec

from fuguemux.config.secret_names import DEFAULT_PATTERNS

RestorePolicy = Literal["shell", "suspended", "rerun", "none"]
"""What is started in a pane whose process is gone. The option `restore_policy` says what each of them means."""


def about(
    text: str,
    *,
    unit: str = "",
    live: bool = True,
    ge: int | None = None,
    le: int | None = None,
    pattern: str | None = None,
) -> msgspec.Meta:
    """The declaration of a field: help, unit, inclusive range, and `live=False` if a change needs a restart."""
    extra: dict[str, object] = {"unit": unit, "live": live}
    seen = {"x-live": live, **({"x-unit": unit} if unit else {})}
    if pattern is not None:
        return msgspec.Meta(description=text, pattern=pattern, extra=extra, extra_json_schema=seen)
    return msgspec.Meta(description=text, ge=ge, le=le, extra=extra, extra_json_schema=seen)


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base class of all sections. Values are immutable, so a reload replaces the whole configuration at once."""


class Persistence(Section, frozen=True):
    """What is written to disk, how often it is synced, and how a start uses it."""

    enabled: Annotated[
        bool,
        about(
            "Keep state on disk. If false, nothing is written, and `fugue status` says so.",
            live=False,
        ),
    ] = True
    state_dir: Annotated[
        str,
        about(
            "The directory that holds one state directory per server name. Empty: `$XDG_STATE_HOME/fugue`. "
            "It must be absolute or begin with `~/`.",
            live=False,
            pattern=r"^($|/|~/)",
        ),
    ] = ""
    checkpoint_interval_secs: Annotated[
        int,
        about(
            "Time between checkpoints, if something has changed.", unit="seconds", ge=1, le=86_400
        ),
    ] = 30
    wal_flush_interval_ms: Annotated[
        int,
        about(
            "How often pane output is synced to disk. A power failure loses at most the output of this time.",
            unit="milliseconds",
            ge=1,
            le=60_000,
        ),
    ] = 100
    sync: Annotated[
        Literal["always", "interval", "os"],
        about(
            "When the log is synced to disk. `always`: output is synced, too, before it is shown. `interval`: "
            "changes of structure are synced before the reply, output every `wal_flush_interval_ms`. `os`: the "
            "kernel decides; then a power failure may lose acknowledged changes."
        ),
    ] = "interval"
    max_wal_size_mb: Annotated[
        int,
        about(
            "A checkpoint is taken when the log since the last one has grown to this size.",
            unit="MiB",
            ge=1,
            le=65_536,
        ),
    ] = 64
    wal_segment_mb: Annotated[
        int,
        about(
            "Size of a log file; applies to the next file that is created.",
            unit="MiB",
            ge=1,
            le=1_024,
        ),
    ] = 16
    scrollback_persistence: Annotated[
        bool,
        about(
            "Keep scrollback on disk. If false, a checkpoint holds only the screens. The log holds "
            "recent output in either case; see the pane option `persist`."
        ),
    ] = True
    scrollback_persistence_lines: Annotated[
        int,
        about(
            "Lines of scrollback kept on disk per pane. A lower value frees disk space at the next checkpoint.",
            unit="lines",
            ge=0,
            le=2**31 - 1,
        ),
    ] = 100_000
    scrollback_hot_lines: Annotated[
        int,
        about(
            "How many of the newest lines of a pane's scrollback are kept unpacked in memory while the pane is in "
            "use. Copy mode, capture-pane, search and export read them without the disk. Older lines are "
            "compressed, are on disk after the next checkpoint, and are read when needed. A pane that shows "
            "nothing for five seconds frees this memory until its lines are read again.",
            unit="lines",
            ge=0,
            le=1_000_000,
        ),
    ] = 2_000
    compression_level: Annotated[
        int, about("The zstd compression level of scrollback and snapshots.", ge=1, le=19)
    ] = 3
    scrub_interval_days: Annotated[
        int,
        about(
            "How often all stored scrollback is read, slowly and in the background, to check whether it is "
            "damaged. If there is too much to read it during a start, it is also read after that start. 0: only at "
            "starts.",
            unit="days",
            ge=0,
            le=3_650,
        ),
    ] = 7
    keep_checkpoints: Annotated[
        int,
        about(
            "How many generations of checkpoints are kept, for `fugue state restore`.",
            unit="checkpoints",
            ge=2,
            le=1_000,
        ),
    ] = 5
    keep_closed_days: Annotated[
        int,
        about(
            "How long closed sessions are kept, so that they can be brought back, and the last screens of programs "
            "that ended with the machine. 0: not at all.",
            unit="days",
            ge=0,
            le=3_650,
        ),
    ] = 7
    restore_policy: Annotated[
        RestorePolicy,
        about(
            "What is started in a pane whose process is gone. `shell`: a shell. `suspended`: a shell in which the "
            "command line of the program is typed, and Enter runs it. `rerun`: programs of `restore_commands` are "
            "run again. `none`: nothing."
        ),
    ] = "shell"
    restore_commands: Annotated[
        tuple[str, ...],
        about(
            "Programs that `suspended` types and `rerun` runs; the pane of any other program gets a plain shell."
        ),
    ] = ("vim", "nvim", "less", "man", "tail", "top", "htop", "watch", "ssh")
    environment_deny: Annotated[
        tuple[str, ...],
        about(
            "Patterns of names of environment variables whose values are never written to disk. Upper and lower "
            "case are the same, and a pattern that begins with `!` is an exception. Unless the list is empty, "
            "values that contain a URL with a password or a key in a known form are not written either, whatever "
            "their names."
        ),
    ] = DEFAULT_PATTERNS


class Server(Section, frozen=True):
    """The server: new panes, and how it draws attached clients."""

    default_command: Annotated[
        str, about("The command of a new pane, run by the shell. Empty: a login shell.")
    ] = ""
    default_shell: Annotated[
        str,
        about(
            "The absolute path of the shell. Empty: `$SHELL`, else the login shell, else `/bin/sh`.",
            pattern=r"^($|/)",
        ),
    ] = ""
    history_limit: Annotated[
        int,
        about(
            "Lines of scrollback of a pane (the default of the option `history-limit`).",
            unit="lines",
            ge=0,
            le=2**31 - 1,
        ),
    ] = 10_000
    frame_rate_hz: Annotated[
        int,
        about(
            "The maximum number of redraws per second of an attached client.",
            unit="per second",
            ge=1,
            le=240,
        ),
    ] = 60
    outbox_max_kb: Annotated[
        int,
        about(
            "If an attached client has this much unread, it is dropped with a message; it may attach again.",
            unit="KiB",
            ge=8_192,
            le=1_048_576,
        ),
    ] = 8_192


class Client(Section, frozen=True):
    """Settings that the server sends to clients when they attach."""

    reconnect_timeout_secs: Annotated[
        int,
        about(
            "How long an attached client waits for a server that went away to come back.",
            unit="seconds",
            ge=0,
            le=86_400,
        ),
    ] = 30


class Logging(Section, frozen=True):
    """Diagnostics of the server. They never contain pane content, arguments or environment."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        about("The lowest level of severity that is written."),
    ] = "info"
    max_size_mb: Annotated[
        int, about("The size at which the file is rotated.", unit="MiB", ge=1, le=1_024)
    ] = 10
    keep_files: Annotated[
        int,
        about(
            "How many rotated files are kept beside the current one.", unit="files", ge=0, le=100
        ),
    ] = 3


class Keys(Section, frozen=True):
    """Keys that are handled before any binding is looked up."""

    prefix: Annotated[
        str,
        about(
            "The prefix key, in tmux's notation: `C-a`, `M-Space`, `F12`.",
            pattern=r"^((C|M|S)-)*([!-~]|F[1-9]|F1[0-2]|Space|Tab|Enter|Escape|BSpace|Up|Down|Left|Right|Home|End|PPage|NPage|IC|DC)$",
        ),
    ] = "C-b"


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All options. The defaults alone are a valid configuration."""

    persistence: Persistence = Persistence()
    server: Server = Server()
    client: Client = Client()
    logging: Logging = Logging()
    keys: Keys = Keys()
