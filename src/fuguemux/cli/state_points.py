"""`fugue state list | save | delete | restore`: the moments that are kept, and going back to them.

`list` and a dry run only read, whether a server runs or not. If a server runs, it carries out `save`, `delete` and the
`restore` of a session. To restore the whole state it must be stopped.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from fuguemux.cli.verbs import VerbParser
from fuguemux.keeper.helper_record import STOPPED_FILE
from fuguemux.keeper.lock_file import LOG_DIRECTORY
from fuguemux.model.ids import WindowId
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import panes_in
from fuguemux.observe.clock import SystemClock
from fuguemux.persistence.checkpoint.manifest import Manifest
from fuguemux.persistence.checkpoint.saves import delete_save, has_files
from fuguemux.persistence.recovery.point_in_time import (
    NotReachable,
    TargetMoment,
    moment_among,
    newest_lsn,
    newest_with,
    part_of,
    session_called,
)
from fuguemux.persistence.recovery.recovery import CHECKPOINTS, Recovered
from fuguemux.persistence.recovery.unread_parts import damaged_saves
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.small_file import remove_small
from fuguemux.persistence.storage.state_lock import StateLocked, lock_state_directory
from fuguemux.server.recovery.history_reader import points, recovered_at
from fuguemux.server.recovery.offline import go_back, save_present
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator

Ask = Callable[[Sequence[str]], int]


class Impossible(Exception):
    """The request cannot be met now; the message is one line that says what to do. Nothing has changed."""


def add_verbs(parser: VerbParser) -> None:
    """Declare the verbs of `fugue state`."""
    listed = parser.add("list", "list the checkpoints and saves, with their sessions")
    listed.add_argument("--json", action="store_true", help="as JSON")
    save = parser.add("save", "save the present state under a name")
    save.add_argument("name")
    delete = parser.add("delete", "delete a save")
    delete.add_argument("name")
    parser.add(
        "here",
        "save everything in a new state directory, after the old one was moved or removed",
    )
    restore = parser.add("restore", "go back to an earlier point in time, or bring back a session")
    restore.add_argument("--at", metavar="TIME|LSN|NAME", help="14:05, 2026-11-23T14:05:00, 10m, …")
    restore.add_argument("--session", help="restore only this session, beside the running ones")
    restore.add_argument("--dry-run", action="store_true", help="only say what would come back")
    restore.add_argument("--json", action="store_true", help="with --dry-run: as JSON")
    for verb in (listed, save, delete, restore):
        verb.add_argument(
            "--directory", help="default: the state directory of the server that -L or -S name"
        )


def run(arguments: argparse.Namespace, directory: str, ask: Ask) -> int:
    """Carry out one of the verbs. Returns the exit code. Raises Impossible, NotReachable, OSError, and the errors for
    data of other versions.
    """
    match arguments.verb:
        case "list":
            return _list(directory, as_json=arguments.json)
        case "save":
            return _save(arguments, directory, ask)
        case "delete":
            return _delete(arguments, directory, ask)
        case _:
            return _restore(arguments, directory, ask)


# -- list -------------------------------------------------------------------------------------


def _list(directory: str, *, as_json: bool) -> int:
    found = points(RealStorage(), directory)
    bad = damaged_saves(RealStorage(), directory, found)
    unreadable = [*found.damaged, *((f"save {name}", reason) for name, reason in bad.items())]
    named = {save.number for save in found.saves}
    others = [manifest for manifest in found.manifests if manifest.number not in named]
    everything = sorted([*others, *found.saves], key=lambda m: (m.number, m.name))
    if as_json:
        value = {
            "v": 1,
            "directory": directory,
            "points": [
                {**_plain(manifest), "self_contained": manifest.name in found.own}
                for manifest in everything
            ],
            "unreadable": [{"file": name, "reason": reason} for name, reason in unreadable],
        }
        print(msgspec.json.encode(value).decode())
        return 0
    rows = [("LSN", "TIME", "NAME", "REASON", "SIZE", "NEW", "PANES", "SESSIONS")]
    rows += [
        (
            str(newest_lsn(manifest)),
            local(manifest.created_ms),
            manifest.name or "-",
            manifest.reason + (" (damaged)" if manifest.name in bad else ""),
            size(sum(pack.size_bytes for pack in manifest.packs)),
            size(manifest.new_bytes),
            str(len(manifest.panes)),
            ", ".join(manifest.sessions) or "-",
        )
        for manifest in everything
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    if found.own:
        taken = sum(save.new_bytes for save in found.saves if save.name in found.own)
        many = counted(len(found.own), "self-contained save")
        print(f"{many}: {size(taken)} on disk, in addition to the checkpoints")
    for name, reason in unreadable:
        print(f"unreadable: {name}: {reason}", file=sys.stderr)
    return 0


def _plain(manifest: Manifest) -> dict[str, object]:
    return {
        "number": manifest.number,
        "name": manifest.name,
        "lsn": newest_lsn(manifest),
        "time_ms": manifest.created_ms,
        "reason": manifest.reason,
        "program": manifest.program,
        "engine": manifest.engine,
        "bytes": sum(pack.size_bytes for pack in manifest.packs),
        "new_bytes": manifest.new_bytes,
        "panes": len(manifest.panes),
        "sessions": list(manifest.sessions),
    }


def local(time_ms: int) -> str:
    """A time in the form that `--at` accepts."""
    return datetime.fromtimestamp(time_ms / 1000).isoformat(sep=" ", timespec="seconds")


def size(count: float) -> str:
    """A number of bytes, for people."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


# -- save and delete --------------------------------------------------------------------------


@contextlib.contextmanager
def _locked(directory: str) -> Iterator[bool]:
    """A context that keeps servers from starting. Its value is False if one runs."""
    try:
        lock = lock_state_directory(directory)
    except StateLocked:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _theirs(arguments: argparse.Namespace) -> None:
    if arguments.directory:
        raise Impossible(
            f"a server uses {arguments.directory}: name it with -L or -S instead of --directory"
        )


def _save(arguments: argparse.Namespace, directory: str, ask: Ask) -> int:
    with _locked(directory) as stopped:
        if stopped:
            _has_state(directory)
            if not arguments.name or arguments.name[0].isdigit() or arguments.name[0] == "-":
                raise Impossible(
                    f"not a name for a save: {arguments.name!r}: begin it with a letter"
                )
            storage, clock = RealStorage(), SystemClock()
            manifest = save_present(storage, directory, clock, GhosttyEmulator, arguments.name)
            print(f"saved as {arguments.name}: LSN {newest_lsn(manifest)}")
            return 0
    _theirs(arguments)
    return ask(["checkpoint", "-s", arguments.name])


def _delete(arguments: argparse.Namespace, directory: str, ask: Ask) -> int:
    with _locked(directory) as stopped:
        if stopped:
            found = points(RealStorage(), directory)
            known = any(save.name == arguments.name for save in found.saves)
            if not (known or has_files(RealStorage(), directory, arguments.name)):
                raise NotReachable(f"no save called {arguments.name!r}: see fugue state list")
            delete_save(RealStorage(), directory, arguments.name)
            return 0
    _theirs(arguments)
    return ask(["checkpoint", "-d", arguments.name])


def _has_state(directory: str) -> None:
    if not any(os.path.isdir(f"{directory}/{name}") for name in (LOG_DIRECTORY, CHECKPOINTS)):
        raise Impossible(f"{directory} holds no state")


# -- restore ----------------------------------------------------------------------------------


def _restore(arguments: argparse.Namespace, directory: str, ask: Ask) -> int:
    _has_state(directory)
    if arguments.dry_run:
        return _dry_run(arguments, directory)
    if arguments.session:
        _theirs(arguments)
        at = ["-a", arguments.at] if arguments.at else []
        return ask(["restore-session", *at, "--", arguments.session])
    if not arguments.at:
        raise Impossible("give a point in time with --at, or a session with --session")
    moment = _moment(arguments.at, directory)
    with _locked(directory) as stopped:
        if not stopped:
            raise Impossible(
                "a server runs here: stop it first (kill $(fugue display-message -p '#{pid}') keeps everything), "
                "or bring single sessions back with --session"
            )
        went = go_back(RealStorage(), directory, SystemClock(), GhosttyEmulator, moment)
        remove_small(RealStorage(), directory, STOPPED_FILE)
    names = ", ".join(sorted(session.name for session in went.state.sessions.values())) or "none"
    print(f"the next start brings back: {names} ({len(went.state.panes)} panes)")
    print(f"the state before that is saved as {went.saved}")
    for note in went.past.notes:
        print(f"note: {note}")
    for missing in went.missing:
        print(f"missing: {missing}")
    return 0


def _moment(text: str, directory: str) -> TargetMoment:
    return moment_among(points(RealStorage(), directory), text, SystemClock().wall_ms())


def _dry_run(arguments: argparse.Namespace, directory: str) -> int:
    if arguments.at:
        moment: TargetMoment | None = _moment(arguments.at, directory)
    elif arguments.session:
        moment = newest_with(points(RealStorage(), directory), arguments.session)
    else:
        moment = None
    recovered = recovered_at(RealStorage(), directory, SystemClock(), moment)
    state = recovered.state
    if arguments.session:
        state = part_of(state, session_called(state, arguments.session))
    report = recovered.report
    as_of = max(report.last_record_ms if report.records_replayed else 0, report.checkpoint_ms)
    if moment is not None and moment.time_ms is not None:
        as_of = min(as_of, moment.time_ms) or moment.time_ms
    if arguments.json:
        value = {
            "v": 1,
            "time_ms": as_of,
            "checkpoint": report.checkpoint,
            "records_replayed": report.records_replayed,
            "notes": report.notes,
            "sessions": _plain_sessions(recovered, state),
        }
        print(msgspec.json.encode(value).decode())
        return 0
    checkpoint = "the log alone" if report.checkpoint is None else f"checkpoint {report.checkpoint}"
    print(
        f"as of {local(as_of)}: {checkpoint} and {report.records_replayed} records of the log after it"
    )
    _print_sessions(recovered, state)
    for note in report.notes:
        print(f"note: {note}")
    return 0


def _print_sessions(recovered: Recovered, state: ServerState) -> None:
    for _, session in sorted(state.sessions.items()):
        print(f"session {session.name}")
        for link in session.links:
            window = state.windows[link.window]
            print(f"  window {link.index}: {window.name}")
            for pane in panes_in(window):
                lines = len(recovered.store.pane(pane))
                title = state.panes[pane].title
                print(
                    f"    %{pane} {lines} lines of scrollback" + (f", {title!r}" if title else "")
                )
    if not state.sessions:
        print("no sessions")


def _plain_sessions(recovered: Recovered, state: ServerState) -> list[dict[str, object]]:
    def window(number: WindowId) -> dict[str, object]:
        panes = panes_in(state.windows[number])
        lines = [{"id": p, "scrollback_lines": len(recovered.store.pane(p))} for p in panes]
        return {"name": state.windows[number].name, "panes": lines}

    return [
        {
            "name": session.name,
            "windows": [{"index": link.index, **window(link.window)} for link in session.links],
        }
        for _, session in sorted(state.sessions.items())
    ]
