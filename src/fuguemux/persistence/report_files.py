"""Recovery reports on disk: JSON, the newest hundred of them."""

import contextlib
from datetime import UTC, datetime
from typing import Final

import msgspec

from fuguemux.persistence.files import Storage, read_all, write_atomically
from fuguemux.persistence.report import RecoveryReport

REPORTS_MAX: Final = 100
SUFFIX: Final = ".json"
UNTOLD_STARTS_MAX: Final = 20
"""So many starts back is looked for what nobody was told of."""

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(RecoveryReport)


def encode_report(report: RecoveryReport) -> bytes:
    """The report as JSON, with its summary."""
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
    """What `encode_report` made. Raises ValueError."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a recovery report: {error}") from error


def save_report(storage: Storage, directory: str, report: RecoveryReport) -> str:
    """Store the report in `directory`, durable; the oldest beyond `REPORTS_MAX` go. Saving it again replaces it.

    Returns the path. Raises OSError.
    """
    name = f"{report.started_ms:015d}{SUFFIX}"
    path = write_atomically(storage, directory, name, [encode_report(report)])
    for old in report_names(storage, directory)[REPORTS_MAX:]:
        with contextlib.suppress(OSError):
            storage.unlink(f"{directory}/{old}")
    return path


def untold_losses(storage: Storage, directory: str, before_ms: int) -> list[str]:
    """What earlier starts lost and nobody was told of, newest first: the time, and the losses. Blocks; raises nothing.

    Only starts before `before_ms` count. Ends at the first start after which somebody was told.
    """
    lines: list[str] = []
    with contextlib.suppress(OSError):
        for name in report_names(storage, directory)[:UNTOLD_STARTS_MAX]:
            with contextlib.suppress(OSError, ValueError):
                report = decode_report(read_all(storage, f"{directory}/{name}"))
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
    """The stored reports, newest first; unreadable ones are left out."""
    reports = []
    for name in report_names(storage, directory):
        with contextlib.suppress(OSError, ValueError):
            reports.append(decode_report(read_all(storage, f"{directory}/{name}")))
    return reports
