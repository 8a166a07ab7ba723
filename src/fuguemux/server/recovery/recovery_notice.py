"""What people are told of a recovery without asking: a segment of the status line for a while, a message on the first attach."""

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
    """Whether anybody needs to know: not after the first start, and not if everything runs on as it was."""
    if report.cause == "first start":
        return False
    if report.untold:
        return True
    if not report.panes:
        return not report.complete
    moved = any(pane.status != "live" for pane in report.panes)
    return moved or not (report.clean and report.complete)


def ran_on(report: RecoveryReport) -> bool:
    """Whether this start was only a change of servers: asked for, and with every program as it was."""
    return report.clean and all(pane.status == "live" for pane in report.panes)


def segment(report: RecoveryReport, age_ns: int) -> str:
    """For the status line, while the recovery is young. Red if something is missing, as all alerts are."""
    if age_ns >= SEGMENT_SECONDS * NS_PER_S or not worth_telling(report):
        return ""
    failed = any(pane.status in ("failed", "partial") for pane in report.panes)
    return ("" if failed or not report.complete else CALM_STYLE) + report.segment


def greeting(report: RecoveryReport) -> str:
    """One line for the first client that attaches; a terminal may have room for no more than its beginning."""
    headline = f"{report.headline(PROGRAMS_NAMED_MAX)} (see fugue recovery)"
    if not report.untold:
        return f"fugue: {headline}"
    more = f" ({len(report.untold)} earlier starts)" if len(report.untold) > 1 else ""
    return f"fugue: lost earlier{more}, and no client has attached since: {report.untold[0]} Now: {headline}"


def find_untold(report: RecoveryReport, storage: Storage, directory: str) -> None:
    """Add to the report what earlier starts from the state in `directory` lost and nobody was told of. Blocks."""
    report.told_nobody(untold_losses(storage, f"{directory}/{RECOVERIES}", report.started_ms))


def unknown_loss(report: RecoveryReport) -> str:
    """For the command that started the server: that something is lost with unknown content; else empty."""
    return f"{greeting(report)}\n" if report.loss_unknown or report.untold else ""


def find_cause(
    report: RecoveryReport,
    storage: Storage,
    directory: str,
    *,
    keeper_lived: bool,
    flush_interval_ms: int,
) -> None:
    """Say in the report what ended the server before, and note which boot of the machine this is. Blocks.

    `flush_interval_ms`: after so long what is logged is with the disk.
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
    """Note in a state directory which boot of the machine this is. Durable: without it a lost log may look like none."""
    now = machine_boot()
    if not now:
        return
    try:
        write_small(storage, directory, BOOT_FILE, now.encode())
    except OSError as error:
        diagnostics.debug("boot_not_noted", error=error.strerror or str(error))
