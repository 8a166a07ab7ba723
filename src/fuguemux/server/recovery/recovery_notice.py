"""What users are told of a recovery without asking: a segment of the status line for a while, and a notice on the
first attach."""

from __future__ import annotations

from typing import Final

from fuguemux.keeper.machine_boot import machine_boot
from fuguemux.observe.clock import NS_PER_S
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery.helper_files import BOOT_FILE, helper_or_nothing
from fuguemux.persistence.recovery.recovery import RECOVERIES
from fuguemux.persistence.report.files import untold_losses
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.small_file import write_small

SEGMENT_SECONDS: Final = 60
PROGRAMS_NAMED_MAX: Final = 2
CALM_STYLE: Final = "#[fg=black,bg=cyan]"

diagnostics = channel("recovery")


def worth_telling(report: RecoveryReport) -> bool:
    """Whether users need to know of the recovery. False after the first start, and if everything continued as before."""
    if report.cause == "first start":
        return False
    if report.untold:
        return True
    if not report.panes:
        return not report.complete
    moved = any(pane.status != "live" for pane in report.panes)
    return moved or not (report.clean and report.complete)


def ran_on(report: RecoveryReport) -> bool:
    """Whether this start only replaced the server on request, and every program still runs."""
    return report.clean and all(pane.status == "live" for pane in report.panes)


def segment(report: RecoveryReport, age_ns: int) -> str:
    """The segment for the status line during the first minutes after a recovery. Red if something is missing, as all
    alerts are."""
    if age_ns >= SEGMENT_SECONDS * NS_PER_S or not worth_telling(report):
        return ""
    failed = any(pane.status in ("failed", "partial") for pane in report.panes)
    return ("" if failed or not report.complete else CALM_STYLE) + report.segment


def greeting(report: RecoveryReport) -> str:
    """One line for the first client that attaches. The important part comes first, since a narrow terminal cuts the
    rest off."""
    headline = f"{report.headline(PROGRAMS_NAMED_MAX)} (see fugue recovery)"
    if not report.untold:
        return f"fugue: {headline}"
    more = f" ({len(report.untold)} earlier starts)" if len(report.untold) > 1 else ""
    return f"fugue: lost earlier{more}, and no client has attached since: {report.untold[0]} Now: {headline}"


def find_untold(report: RecoveryReport, storage: Storage, directory: str) -> None:
    """Add to the report what earlier starts from the state in `directory` lost without telling any user. Blocks."""
    report.told_nobody(untold_losses(storage, f"{directory}/{RECOVERIES}", report.started_ms))


def unknown_loss(report: RecoveryReport) -> str:
    """A warning for the command that started the server if unknown content is lost; else empty."""
    return f"{greeting(report)}\n" if report.loss_unknown or report.untold else ""


def find_cause(
    report: RecoveryReport,
    storage: Storage,
    directory: str,
    *,
    keeper_lived: bool,
    flush_interval_ms: int,
) -> None:
    """Note in the report what ended the previous server, and store which boot of the machine this is. Blocks.

    `flush_interval_ms`: the time after which logged data are durable.
    """
    now = machine_boot()
    before = helper_or_nothing(storage, directory, BOOT_FILE).decode("ascii", "replace").strip()
    if not report.clean and report.cause != "first start":
        if now and before and now != before:
            report.presume("the machine went down", unsynced_ms_max=flush_interval_ms)
        elif keeper_lived:
            report.presume("the server crashed or was killed")
        else:
            report.presume("server and keeper crashed or were killed")
    if now != before:
        note_boot(storage, directory)


def note_boot(storage: Storage, directory: str) -> None:
    """Store in a state directory which boot of the machine this is. Durable, because without it a lost log may look
    like no loss."""
    now = machine_boot()
    if not now:
        return
    try:
        write_small(storage, directory, BOOT_FILE, now.encode())
    except OSError as error:
        diagnostics.debug("boot_not_noted", error=error.strerror or str(error))
