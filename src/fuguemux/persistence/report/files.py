"""Recovery reports on disk: the newest hundred, each a helper file (small_file.py) with JSON as its payload.

Files of early versions are plain JSON without a checksum, and are read as such.
"""

import contextlib
from datetime import UTC, datetime
from typing import Final

import msgspec

from fuguemux.keeper.helper_record import HelperDamaged, encode
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import Storage, reason_of
from fuguemux.persistence.storage.small_file import read_small
from fuguemux.persistence.storage.whole_files import write_atomically

RECOVERIES: Final = "recoveries"
"""The directory of reports, in the state directory."""
REPORTS_MAX: Final = 100
SUFFIX: Final = ".json"
UNTOLD_STARTS_MAX: Final = 20
"""How many earlier starts are searched for losses of which no user was told."""

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(RecoveryReport)


def encode_report(report: RecoveryReport) -> bytes:
    """Return the report as JSON, with its summary."""
    fields = msgspec.to_builtins(report)
    return _encoder.encode(
        {
            **fields,
            "complete": report.complete,
            "proven": report.proven,
            "lost_bytes": report.lost_bytes,
            "lost_ms": report.lost_ms,
            "summary": report.summary,
            "programs_ended": msgspec.to_builtins(report.programs_ended),
        }
    )


def decode_report(data: bytes) -> RecoveryReport:
    """Undo `encode_report`. Raises ValueError."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a recovery report: {error}") from error


def save_report(storage: Storage, directory: str, report: RecoveryReport) -> str:
    """Store the report in `directory`, durably. The oldest reports beyond `REPORTS_MAX` are removed. Saving a report
    again replaces it.

    Returns the path. Raises OSError.
    """
    name = f"{report.started_ms:015d}{SUFFIX}"
    path = write_atomically(storage, directory, name, [encode(name, encode_report(report))])
    for old in report_names(storage, directory)[REPORTS_MAX:]:
        # An unreadable report stays: the next start sets it aside.
        if not report_problem(storage, directory, old):
            with contextlib.suppress(OSError):
                storage.unlink(f"{directory}/{old}")
    return path


def read_report(storage: Storage, directory: str, name: str) -> RecoveryReport:
    """Read one stored report. Raises OSError, HelperDamaged and ValueError."""
    return decode_report(read_small(storage, directory, name, lambda data: data[:1] == b"{"))


def report_problem(storage: Storage, directory: str, name: str) -> str:
    """Why a stored report cannot be read. Empty if it can, or if it is gone. Raises nothing."""
    try:
        read_report(storage, directory, name)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return reason_of(error).partition(";")[0]
    except (HelperDamaged, ValueError) as damaged:
        return str(damaged)
    return ""


def untold_losses(storage: Storage, directory: str, before_ms: int) -> list[str]:
    """Losses of earlier starts of which no user was told, newest first: the time, and the losses. Blocks; raises
    nothing.
    """
    lines: list[str] = []
    with contextlib.suppress(OSError):
        for name in report_names(storage, directory)[:UNTOLD_STARTS_MAX]:
            with contextlib.suppress(OSError, HelperDamaged, ValueError):
                report = read_report(storage, directory, name)
                if report.started_ms >= before_ms:
                    continue
                if report.told:
                    break
                if not report.complete:
                    when = datetime.fromtimestamp(report.started_ms / 1000, UTC)
                    lines.append(f"{when:%Y-%m-%d %H:%M} UTC: {report.losses}")
    return lines


def report_names(storage: Storage, directory: str) -> list[str]:
    """File names of the stored reports, newest first."""
    names = [name for name in storage.list(directory) if name.endswith(SUFFIX)]
    return sorted((name for name in names if name[: -len(SUFFIX)].isdigit()), reverse=True)


def load_reports(storage: Storage, directory: str) -> list[RecoveryReport]:
    """The stored reports, newest first. Unreadable ones are left out."""
    reports = []
    for name in report_names(storage, directory):
        with contextlib.suppress(OSError, HelperDamaged, ValueError):
            reports.append(read_report(storage, directory, name))
    return reports
