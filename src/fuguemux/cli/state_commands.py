"""`fugue state …`: tools for the stored state. verify, dump and salvage need no server and change nothing; see also
state_points.py (list, save, delete, restore) and state_export.py (export).

Exit codes: 0 clean, 1 something that was durable is damaged or lost, 2 the state cannot be read at all (or bad usage).
"""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from fuguemux.cli import state_export, state_points
from fuguemux.cli.verbs import VerbParser
from fuguemux.client.arguments import ClientOptions
from fuguemux.client.start import state_directory
from fuguemux.config.paths import PathRefused
from fuguemux.keeper.lock_file import LOG_DIRECTORY
from fuguemux.observe.clock import SystemClock
from fuguemux.persistence.checkpoint import save_reading
from fuguemux.persistence.checkpoint.manifest import ManifestUnsupported
from fuguemux.persistence.checkpoint.save_check import told_as
from fuguemux.persistence.recovery import inspect
from fuguemux.persistence.recovery.inspect import (
    EXIT_CLEAN,
    EXIT_DAMAGED,
    EXIT_UNREADABLE,
    CannotRead,
)
from fuguemux.persistence.recovery.point_in_time import NotReachable
from fuguemux.persistence.recovery.recovery import Recovered, recover
from fuguemux.persistence.recovery.state_directories import ALWAYS
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback import scrollback_check
from fuguemux.persistence.storage.files import LinkedDirectory, RealStorage
from fuguemux.persistence.storage.serialization import VersionUnknown
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.mark_copy import find_mark_copy
from fuguemux.persistence.wal.segment import UnsupportedLog

EXIT_REFUSED = 1
"""The exit code of list, save, delete, restore and export if they fail."""
TEXT_BYTES_MAX = 64
"""How much of a record's data is printed in a line."""


def main(argv: Sequence[str], options: ClientOptions, ask: state_points.Ask) -> int:
    """Run `fugue state` with the words after `state`. Returns the exit code. `ask` sends a command to the server.

    Raises SystemExit(2) for bad usage, as argparse does.
    """
    arguments = _parser().parse(argv)
    try:
        if arguments.verb == "here":
            return ask(["checkpoint", "-n"])
        named = arguments.directory or state_directory(options)
        directory = _existing(named)
        match arguments.verb:
            case "list" | "save" | "delete" | "restore":
                return state_points.run(arguments, directory, ask)
            case "export":
                return state_export.run(arguments, directory)
            case "verify":
                beside = find_mark_copy(
                    options.places.socket, (named, directory, os.path.realpath(directory))
                )
                return _verify(directory, beside, as_json=arguments.json)
            case "dump":
                return _dump(directory, arguments.lsn, as_json=arguments.json)
            case _:
                return _salvage(
                    directory, os.path.abspath(arguments.output), as_json=arguments.json
                )
    except (state_points.Impossible, NotReachable) as error:
        print(f"fugue state: {error}", file=sys.stderr)
        return EXIT_REFUSED
    except (CannotRead, PathRefused, UnsupportedLog, ManifestUnsupported, VersionUnknown) as error:
        print(f"fugue state: {error}", file=sys.stderr)
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"fugue state: {error.filename}: {error.strerror}", file=sys.stderr)
    return EXIT_UNREADABLE


def _existing(directory: str) -> str:
    if not os.path.isdir(directory):
        raise CannotRead(f"there is no state directory {directory}")
    return os.path.abspath(directory)


def _parser() -> VerbParser:
    parser = VerbParser(
        "fugue state",
        "Inspect, verify and salvage what is on disk, and go back to earlier checkpoints.",
        "list|save|delete|here|restore|export|verify|dump|salvage",
    )
    state_points.add_verbs(parser)
    state_export.add_verb(parser)
    verify = parser.add("verify", "read everything, and say what would come back")
    dump = parser.add("dump", "print the records of the log")
    dump.add_argument("--lsn", type=int, default=0, help="begin with this record")
    salvage = parser.add("salvage", "write all that can be read into a new directory")
    salvage.add_argument(
        "--output", required=True, metavar="DIRECTORY", help="is made, and must not exist"
    )
    for verb in (verify, dump, salvage):
        verb.add_argument("--json", action="store_true", help="as JSON")
        verb.add_argument(
            "directory",
            nargs="?",
            help="default: the state directory of the server that -L or -S name",
        )
    return parser


def _recovered(directory: str, beside: Mark | None = None) -> Recovered:
    """What a start of the server would recover, found out without writing."""
    clock = SystemClock()
    return recover(
        RealStorage(),
        directory,
        now_ms=clock.wall_ms,
        monotonic=lambda: clock.monotonic_ns() / 1e9,
        new_store_id=bytes(16),
        read_only=True,
        beside=beside,
    )


def _needed_lsn(report: RecoveryReport) -> int:
    """The first record that is still needed. Those before it are in a checkpoint, and may be gone from the log."""
    return max(report.replay_from_lsn, 1)


class _Progress:
    """A progress line on stderr during long work, if that is a terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = sys.stderr.isatty()

    def __call__(self, share: float) -> None:
        if self._shown:
            end = "\r\x1b[K" if share >= 1.0 else ""
            sys.stderr.write(f"\r{self._what} {share:.0%}{end}")
            sys.stderr.flush()


def _refuse_links(directory: str) -> None:
    """Raise LinkedDirectory in the cases in which a start does. Changes nothing."""
    for name in ALWAYS:
        path = f"{directory}/{name}"
        if os.path.islink(path) and os.path.isdir(path):
            raise LinkedDirectory(path)


def _verify(directory: str, beside: Mark | None, *, as_json: bool) -> int:
    _refuse_links(directory)
    recovered = _recovered(directory, beside)
    report = recovered.report
    if beside is not None and beside.store_id != recovered.store_id:
        beside = None
    log = inspect.verify(
        f"{directory}/{LOG_DIRECTORY}",
        from_lsn=_needed_lsn(report),
        progress=_Progress("reading the log"),
        expected=report.cause != "first start",
        beside=beside,
    )
    scrollback_bytes = scrollback_check.read_all(
        recovered.store, report, _Progress("reading the scrollback")
    )
    bad_saves = save_reading.damaged(RealStorage(), directory)
    damaged = not report.complete or log.exit_code != EXIT_CLEAN or bool(bad_saves)
    code = EXIT_DAMAGED if damaged else EXIT_CLEAN
    if as_json:
        value = {
            "v": 1,
            "directory": directory,
            "exit_code": code,
            "recovery": msgspec.to_builtins(report),
            "log": log.to_dict(),
            "damaged_saves": [{"name": name, "reason": reason} for name, reason in bad_saves],
            "scrollback": {
                "read_bytes": scrollback_bytes,
                "unread_bytes": report.scrollback_unread_bytes,
                "lost_lines": sum(lost.lines for lost in report.scrollback_lost),
                "lost_before_lines": report.scrollback_lost_before,
            },
        }
        print(msgspec.json.encode(value).decode())
        return code
    print(f"state directory: {directory}")
    _print_log(report, log, beside)
    print(f"scrollback: {scrollback_bytes} bytes were read")
    _print_damages(report, bad_saves)
    if log.report.tail is not None and not report.missing:
        print("the last write had not finished and was never acknowledged: no damage")
    print(f"a server would say: {report.summary}")
    print("damage found" if damaged else "clean")
    return code


def _print_log(report: RecoveryReport, log: inspect.Verification, beside: Mark | None) -> None:
    scan = log.report
    print(f"checkpoint: {_checkpoint(report)}")
    records = (
        f"records {scan.from_lsn} to {scan.last_lsn}, {_span(log)}"
        if scan.segments and scan.last_lsn >= scan.from_lsn
        else "no record that can be read"
    )
    print(f"log: {records}, {log.bytes_total} bytes on disk")
    print(f"watermark: {_watermark(log, beside)}")
    for line in report.missing:
        print(f"missing: {line}")
    for lost in scan.lost:
        what = inspect.lost_words(lost.first_lsn, lost)
        print(f"lost: {what}; {lost.damaged_bytes} bytes of the log")
    if log.undecodable_lsns:
        print(f"damaged: {len(log.undecodable_lsns)} records of output cannot be unpacked")


def _print_damages(report: RecoveryReport, bad_saves: Sequence[tuple[str, str]]) -> None:
    for missing in report.scrollback_lost:
        print(
            f"lost: lines {missing.first} to {missing.last} of the scrollback of %{missing.pane} "
            f"({missing.size_bytes} bytes): {missing.reason}"
        )
    if report.scrollback_lost_before:
        print(f"reported as lost before: {report.scrollback_lost_before} lines of scrollback")
    if report.scrollback_unread_bytes:
        print(f"could not be read now: {report.scrollback_unread_bytes} bytes of scrollback")
    for name, reason in bad_saves:
        print(f"damaged: {told_as(name)}: {reason}")
    told = {told_as(name) for name, _reason in bad_saves}
    for damage in report.damages:
        if damage.what in told:
            continue  # its content was read, which is a better check
        print(f"damaged: {damage.what}: {damage.detail}")
    for note in report.notes:
        print(f"note: {note}")


def _checkpoint(report: RecoveryReport) -> str:
    known = report.checkpoint is not None
    return f"{report.checkpoint} ({report.checkpoint_reason})" if known else "none"


def _watermark(log: inspect.Verification, beside: Mark | None) -> str:
    if log.mark is None:
        return "none that can be read"
    closed = ", where it was closed" if log.mark.clean else ""
    copy = " (according to its copy in the runtime directory)" if log.mark is beside else ""
    return f"records up to {log.mark.durable_lsn} were durable at {_time(log.mark.wall_ms)}{closed}{copy}"


def _span(log: inspect.Verification) -> str:
    if not log.first_ms:
        return "empty"
    return f"from {_time(log.first_ms)} to {_time(log.last_ms)}"


def _time(milliseconds: int) -> str:
    return (
        datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    )


def _dump(directory: str, lsn: int, *, as_json: bool) -> int:
    needed = _needed_lsn(_recovered(directory).report)
    code = EXIT_CLEAN
    records = inspect.dump(
        f"{directory}/{LOG_DIRECTORY}", from_lsn=max(lsn or needed, 1), needed_lsn=needed
    )
    for record in records:
        if record.problem:
            code = EXIT_DAMAGED
        if as_json:
            print(msgspec.json.encode(record.to_dict()).decode())
            continue
        where = "" if record.pane is None else f" %{record.pane} at {record.pane_offset}"
        what = record.problem or _short(record.data)
        print(
            f"{record.lsn} {_time(record.time_ms)} {record.kind}{where} {record.size} bytes {what}"
        )
    return code


def _short(data: bytes) -> str:
    """The beginning of the data, safe to print: a program's output must not control the terminal of the reader."""
    return ascii(data[:TEXT_BYTES_MAX])[2:-1] + ("…" if len(data) > TEXT_BYTES_MAX else "")


def _salvage(directory: str, output: str, *, as_json: bool) -> int:
    report = _recovered(directory).report
    saved = inspect.salvage(
        f"{directory}/{LOG_DIRECTORY}",
        output,
        from_lsn=_needed_lsn(report),
        progress=_Progress("saving"),
    )
    code = max(saved.verification.exit_code, EXIT_CLEAN if report.complete else EXIT_DAMAGED)
    if as_json:
        print(msgspec.json.encode({"v": 1, "exit_code": code, **saved.to_dict()}).decode())
        return code
    print(
        f"saved {saved.structure_records} structure records and {saved.output_bytes} bytes of output in {output}:"
    )
    for path in saved.files:
        print(f"  {path}")
    if saved.gaps:
        print(f"{saved.gaps} gaps: some output is missing there")
    return code
