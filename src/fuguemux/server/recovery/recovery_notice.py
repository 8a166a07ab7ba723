"""What people are told of a recovery without asking: a segment of the status line for a while, a message on the first attach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuguemux.keeper.machine_boot import machine_boot
from fuguemux.observe.clock import NS_PER_S
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery.helper_files import BOOT_FILE, helper_or_nothing
from fuguemux.persistence.recovery.recovery import RECOVERIES
from fuguemux.persistence.report.files import untold_losses
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.small_file import write_small

if TYPE_CHECKING:
    from fuguemux.server.main import Server

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


def segment(server: Server) -> str:
    """For the status line, while the recovery is young. Red if something is missing, as all alerts are."""
    if server.booted.safe is not None:
        return "safe mode"
    report = server.report
    age_ns = server.clock.monotonic_ns() - server.view.started_ns
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


def find_untold(server: Server) -> None:
    """Add to the report what earlier starts lost and nobody was told of. Blocks."""
    directory = f"{server.booted.state_directory}/{RECOVERIES}"
    report = server.report
    report.untold = untold_losses(server.booted.storage, directory, report.started_ms)


def unknown_loss(report: RecoveryReport) -> str:
    """For the command that started the server: that something is lost with unknown content; else empty."""
    return f"{greeting(report)}\n" if report.loss_unknown or report.untold else ""


def find_cause(server: Server, *, keeper_lived: bool) -> None:
    """Say in the report what ended the server before, and note which boot of the machine this is."""
    report = server.report
    if server.booted.log_path is None:
        return
    storage, directory = server.booted.storage, server.booted.state_directory
    now = machine_boot()
    before = helper_or_nothing(storage, directory, BOOT_FILE).decode("ascii", "replace").strip()
    if not report.clean and report.cause != "first start":
        if now and before and now != before:
            report.cause = "the machine went down"
            report.unsynced_ms_max = server.configuration.persistence.wal_flush_interval_ms
        elif keeper_lived:
            report.cause = "the server crashed or was killed"
        else:
            report.cause = "server and keeper crashed or were killed"
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
