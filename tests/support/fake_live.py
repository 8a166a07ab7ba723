"""A LiveView made of plain fields, for tests of commands and formats."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.live import (
    CaptureRequest,
    ClientFacts,
    LiveView,
    MarkedPane,
    PaneFacts,
    ServerFacts,
    ShellAsked,
    TextAt,
)
from fuguemux.options.options import NO_DEFAULTS

NOW_MS = 1_700_000_100_000


@dataclass
class FakeLive:
    """Returns the given facts. Facts that are not given have the port's defaults."""

    now: int = NOW_MS
    facts: ServerFacts = field(
        default_factory=lambda: ServerFacts(
            pid=77,
            socket_path="/run/fugue/default",
            version="3.3a",
            started_s=1_700_000_000,
            host="box.example",
        )
    )
    attached: tuple[ClientFacts, ...] = ()
    panes: dict[PaneId, PaneFacts] = field(default_factory=dict)
    captured: dict[PaneId, bytes] = field(default_factory=dict)
    captures: list[tuple[PaneId, CaptureRequest]] = field(default_factory=list)
    session_activity_s: dict[SessionId, int] = field(default_factory=dict)
    window_activity_s: dict[WindowId, int] = field(default_factory=dict)
    attached_s: dict[SessionId, int] = field(default_factory=dict)
    back: tuple[SessionId, ...] = ()
    missing_directories: set[bytes] = field(default_factory=set)
    marks: dict[tuple[SessionId, WindowId], str] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)
    shells_asked: list[ShellAsked] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    marked: MarkedPane | None = None
    defaults: Mapping[str, str] = field(default_factory=lambda: NO_DEFAULTS)
    """Of options, by the configuration."""

    def now_ms(self) -> int:
        return self.now

    def local_time(self, seconds: int) -> tuple[int, ...]:
        """UTC, so that tests do not depend on the machine's time zone."""
        return tuple(time.gmtime(seconds))[:8]

    def server(self) -> ServerFacts:
        return self.facts

    def clients(self) -> tuple[ClientFacts, ...]:
        return self.attached

    def pane(self, pane: PaneId) -> PaneFacts:
        return self.panes.get(pane, PaneFacts())

    def capture(self, pane: PaneId, request: CaptureRequest) -> bytes:
        self.captures.append((pane, request))
        return self.captured.get(pane, b"")

    def text_at(self, pane: PaneId, column: int, row: int) -> TextAt:
        text = self.captured.get(pane, b"").decode().splitlines()
        return TextAt(text[row], text[row], column) if row < len(text) else TextAt()

    def activity_s(self, of: SessionId | WindowId, kind: Literal["session", "window"]) -> int:
        if kind == "session":
            return self.session_activity_s.get(SessionId(of), 0)
        return self.window_activity_s.get(WindowId(of), 0)

    def last_attached_s(self, session: SessionId) -> int:
        return self.attached_s.get(session, 0)

    def seen(self) -> tuple[SessionId, ...]:
        return tuple(sorted(self.attached_s, key=lambda session: self.attached_s[session]))

    def came_back(self) -> tuple[SessionId, ...]:
        return self.back

    def directory_exists(self, path: bytes) -> bool:
        return path not in self.missing_directories

    def variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def mark(self) -> MarkedPane | None:
        return self.marked

    def alerts(self, session: SessionId, window: WindowId) -> str:
        return self.marks.get((session, window), "")

    def shell_line(self, asked: ShellAsked) -> str:
        self.shells_asked.append(asked)
        return self.printed.get(asked.command, "")

    def option_defaults(self) -> Mapping[str, str]:
        return self.defaults

    def messages(self) -> Sequence[tuple[int, str]]:
        return tuple(self.documents.get("messages", ()))

    def panes_with_last_screens(self) -> Sequence[PaneId]:
        return tuple(self.documents.get("panes-with-last-screens", ()))

    def files(self, directory: str, pattern: str) -> Sequence[Mapping[str, Any]] | None:
        return self.documents.get("files")

    def recoveries(self) -> Sequence[Mapping[str, Any]] | None:
        return self.documents.get("recovery")

    def status(self) -> Mapping[str, Any] | None:
        return self.documents.get("status")

    def last_screens(self) -> Mapping[str, Any] | None:
        return self.documents.get("last-screens")

    def last_screen(
        self, pane: PaneId, recovery_ms: int | None, *, styled: bool
    ) -> Mapping[str, Any] | None:
        return self.documents.get("last-screen")


def _implements_the_port(fake: FakeLive) -> LiveView:
    return fake
