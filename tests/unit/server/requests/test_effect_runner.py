"""Every effect is carried out by its part, in order. An effect that fails prevents those after it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import get_args

import pytest

from fuguemux.model import effects as ef
from fuguemux.model.ids import ClientId, PaneId, SessionId, WindowId
from fuguemux.model.live import CaptureRequest, MarkedPane
from fuguemux.model.overlay_effects import (
    AnyOverlayEffect,
    ClosePopup,
    NumberPanes,
    OpenMenu,
    OpenPopup,
)
from fuguemux.model.pointing import Pointing
from fuguemux.model.state import ServerState
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.memory_files import MemoryStorage
from fuguemux.server.panes.pane_terminal import InputRefused, PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.ports import EffectFailed, EffectResult, Requester
from fuguemux.server.requests.effect_runner import EffectRunner
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.fake_requester import FakeRequester

PANE, CLIENT, SESSION = PaneId(1), ClientId(2), SessionId(3)
MOUSE = Pointing("MouseDown1Pane", 1, 2, 1, 2, SESSION)
CAPTURE = CaptureRequest(None, None)


class Ports:
    """All the parts in one: `calls` holds the names of what was called, in order; a call in `failures` raises."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.failures: dict[str, Exception] = {}
        self.ran_before = False
        """Whether panes had a process."""
        self.background = False
        """Whether nobody is to wait for shells."""

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.failures:
            raise self.failures[name]

    async def _later(self, name: str) -> EffectResult:
        self._call(name)
        return EffectResult(name.encode())

    async def _line(self, name: str) -> bytes:
        self._call(name)
        return name.encode()

    def set_for_client(
        self, effect: ef.SetClientFlags | ef.SetControlSize | ef.SetPaneFlow | ef.Subscribe
    ) -> None:
        self._call(type(effect).__name__)

    def open(
        self, effect: AnyOverlayEffect, requester: Requester
    ) -> Awaitable[EffectResult] | None:
        return self._later("open")

    # Processes

    async def start(self, pane: PaneId) -> None:
        self._call("start")

    def waits_for(self) -> str:
        return "a keeper"

    def give_up(self, pane: PaneId) -> None:
        self._call("give_up")

    def release(self, pane: PaneId) -> bool:
        self._call("release")
        return self.ran_before

    # Viewers

    def attach(self, requester: Requester, effect: ef.Attach) -> None:
        self._call("attach")

    def switch(self, client: ClientId, session: SessionId) -> None:
        assert (client, session) == (CLIENT, SESSION)
        self._call("switch")

    def detach(self, effect: ef.Detach) -> None:
        self._call("detach")

    def lend(self, effect: ef.SuspendClient | ef.LockClient) -> None:
        self._call(f"lend {type(effect).__name__}")

    def scroll_view(self, effect: ef.ScrollView) -> Awaitable[EffectResult]:
        return self._later("scroll_view")

    def refresh(self, client: ClientId | None) -> None:
        self._call("refresh")

    def set_key_table(self, client: ClientId, table: str) -> None:
        assert (client, table) == (CLIENT, "mine")
        self._call("set_key_table")

    def begin_drag(self, client: ClientId, command: str) -> None:
        assert (client, command) == (CLIENT, "resize-pane -M")
        self._call("begin_drag")

    def overlay(self, effect: ef.ShowMessage | ef.Choose | ef.ShowText) -> None:
        self._call(f"overlay {type(effect).__name__}")

    def enter(self, effect: ef.EnterMode) -> None:
        self._call(f"enter {effect.name}")

    def leave_all(self, pane: ef.LeaveModes) -> None:
        self._call(f"leave_all {pane.pane}")

    # Input

    def send_mouse(self, effect: ef.SendMouse) -> None:
        self._call("send_mouse")

    def send_keys(self, pane: PaneId, keys: Sequence[str], *, literal: bool, times: int) -> None:
        assert (tuple(keys), literal, times) == (("a", "b"), True, 2)
        self._call("send_keys")

    def send_bytes(self, pane: PaneId, data: bytes, *, paste: bool) -> None:
        assert (data, paste) == (b"x", True)
        self._call("send_bytes")

    def send_prefix(self, pane: PaneId, *, secondary: bool) -> None:
        assert secondary
        self._call("send_prefix")

    def reset_terminal(self, pane: PaneId) -> None:
        self._call("reset_terminal")

    def clear_screen(self, pane: PaneId) -> None:
        self._call("clear_screen")

    # Shells, pipes, commands

    def run_shell(
        self, effect: ef.RunShell, requester: Requester
    ) -> Awaitable[EffectResult] | None:
        if self.background:
            self._call("run_shell")
            return None
        return self._later("run_shell")

    def wait_for(self, effect: ef.WaitFor) -> Awaitable[EffectResult] | None:
        return self._later("wait_for")

    def pipe_pane(self, effect: ef.PipePane, terminal: PaneTerminal | None) -> None:
        assert terminal is None, "there is no such pane"
        self._call("pipe_pane")

    def run_commands(
        self, effect: ef.RunCommands, requester: Requester
    ) -> Awaitable[EffectResult] | None:
        return self._later("run_commands")

    def run_file_commands(
        self, effect: ef.RunFileCommands, requester: Requester
    ) -> Awaitable[EffectResult]:
        return self._later("run_file_commands")

    def run_long_texts(
        self, effect: ef.RunLongTexts, requester: Requester
    ) -> Awaitable[EffectResult]:
        return self._later("run_long_texts")

    def if_shell(self, effect: ef.IfShell, requester: Requester) -> Awaitable[EffectResult] | None:
        return self._later("if_shell")

    def load_buffer(self, effect: ef.LoadBuffer, requester: Requester) -> Awaitable[EffectResult]:
        return self._later("load_buffer")

    def capture_pane(self, effect: ef.CapturePane) -> Awaitable[EffectResult]:
        return self._later("capture_pane")

    def save_buffer(self, effect: ef.SaveBuffer) -> Awaitable[EffectResult]:
        return self._later("save_buffer")

    def search_panes(self, effect: ef.SearchPanes, requester: Requester) -> Awaitable[EffectResult]:
        return self._later("search_panes")

    # Copy mode

    def copy_mode(
        self, effect: ef.CopyModeCommand, requester: Requester
    ) -> Awaitable[EffectResult] | None:
        return self._later("copy_mode")

    def view_last_screen(self, effect: ef.ViewLastScreen) -> Awaitable[EffectResult]:
        return self._later("view_last_screen")

    # Prompts

    def prompt(self, effect: ef.Prompt, requester: Requester) -> Awaitable[EffectResult] | None:
        return self._later("prompt")

    def listed(self, effect: ef.PromptHistoryAsked) -> Awaitable[EffectResult]:
        return self._later("listed")

    # The server

    async def checkpoint(
        self, reason: str, name: str = "", tell: Callable[[str], None] = lambda _text: None
    ) -> bytes:
        assert (reason, name) == ("asked for", "mine")
        tell("half of it")
        return await self._line("checkpoint")

    async def save_here(self) -> bytes:
        return await self._line("save_here")

    async def delete_save(self, name: str) -> bytes:
        assert name == "mine"
        return await self._line("delete_save")

    async def restore_session(self, session: str, at: str) -> bytes:
        assert (session, at) == ("work", "yesterday")
        return await self._line("restore_session")

    async def reload_now(self) -> bytes:
        return await self._line("reload_now")

    async def purge(self, panes: Sequence[PaneId], *, everything: bool) -> bytes:
        assert (tuple(panes), everything) == ((PANE,), True)
        return await self._line("purge")

    def tell(self, text: str) -> None:
        assert text == "x"
        self._call("tell")

    def cleared(self, session: SessionId) -> None:
        assert session == SESSION
        self._call("cleared")

    def stop(self) -> None:
        self._call("stop")

    async def restart(self, requester: Requester) -> bytes:
        return await self._line("restart")


IMMEDIATE: dict[ef.AnyEffect, str] = {
    ef.SendKeys(PANE, ("a", "b"), literal=True, times=2): "send_keys",
    ef.SendBytes(PANE, b"x", paste=True): "send_bytes",
    ef.SendPrefixKey(PANE, secondary=True): "send_prefix",
    ef.SetKeyTable(CLIENT, "mine"): "set_key_table",
    ef.SendMouse(PANE, MOUSE): "send_mouse",
    ef.BeginDrag(CLIENT, "resize-pane -M"): "begin_drag",
    ef.ResetTerminal(PANE): "reset_terminal",
    ef.PipePane(PANE, None): "pipe_pane",
    ef.Attach(CLIENT, SESSION): "attach",
    ef.SwitchClient(CLIENT, SESSION): "switch",
    ef.Detach(CLIENT): "detach",
    ef.SuspendClient(CLIENT): "lend SuspendClient",
    ef.LockClient(CLIENT, "vlock"): "lend LockClient",
    ef.SetClientFlags(CLIENT, "read-only"): "SetClientFlags",
    ef.SetControlSize(CLIENT, 80, 24): "SetControlSize",
    ef.SetPaneFlow(CLIENT, PANE, "off"): "SetPaneFlow",
    ef.Subscribe(CLIENT, "x"): "Subscribe",
    ef.Refresh(): "refresh",
    ef.ClearAlerts(SESSION): "cleared",
    ef.ShowMessage(CLIENT, "x"): "overlay ShowMessage",
    ef.Tell("x"): "tell",
    ef.Choose(CLIENT, "x", ()): "overlay Choose",
    ef.ShowText(CLIENT, ()): "overlay ShowText",
    ef.EnterMode(PANE, "clock-mode"): "enter clock-mode",
    ef.LeaveModes(PANE): f"leave_all {PANE}",
    ef.StopServer(): "stop",
}
AWAITED: dict[ef.AnyEffect, str] = {
    ef.ScrollView(PANE): "scroll_view",
    ef.ViewLastScreen(PANE): "view_last_screen",
    ef.CopyModeCommand(PANE, "cancel"): "copy_mode",
    ef.Prompt(CLIENT, (), (), ""): "prompt",
    ef.PromptHistoryAsked(None): "listed",
    ef.Checkpoint("asked for", "mine"): "checkpoint",
    ef.SaveHere(): "save_here",
    ef.DeleteSave("mine"): "delete_save",
    ef.RestoreSession("work", "yesterday"): "restore_session",
    ef.ReloadConfiguration(): "reload_now",
    ef.Purge((PANE,), everything=True): "purge",
    ef.RestartServer(): "restart",
    ef.RunShell("x", False, b"/", None): "run_shell",
    ef.RunCommands("x"): "run_commands",
    ef.RunFileCommands(()): "run_file_commands",
    ef.RunLongTexts(()): "run_long_texts",
    ef.IfShell("x", "y", "z", False, b"/", None): "if_shell",
    ef.WaitFor("x", "wait"): "wait_for",
    OpenMenu(CLIENT, 0, 0, 1, "", (), SESSION, PANE): "open",
    NumberPanes(CLIENT, "", 0): "open",
    OpenPopup(CLIENT, 0, 0, 9, 9, "", "single", "", "", (b"sh",), b"/", (), SESSION, PANE): "open",
    ClosePopup(CLIENT): "open",
    ef.CapturePane(PANE, CAPTURE, True): "capture_pane",
    ef.LoadBuffer(b"/x"): "load_buffer",
    ef.SaveBuffer(b"/x", b""): "save_buffer",
    ef.SearchPanes((), "x"): "search_panes",
}
ELSEWHERE = {ef.StartProcess, ef.PrintLines, ef.MarkPane, ef.SwitchInput}
"""A test of its own each."""


class World:
    """A runner over the ports."""

    def __init__(self) -> None:
        self.ports = ports = Ports()
        store = ScrollbackStore(PackReader(MemoryStorage(), "nowhere"))
        panes = self.panes = Panes(GhosttyEmulator, store, PaneTerminal.close, _no_limit)
        self.runner = EffectRunner(panes, *[ports] * 15)
        self.requester = FakeRequester()

    async def run(self, *effects: ef.AnyEffect) -> Sequence[Awaitable[EffectResult]]:
        return await self.runner.run(effects, self.requester)


def _no_limit(_state: ServerState, _pane: PaneId) -> int:
    return 100


@pytest.fixture
async def here() -> World:
    return World()


async def test_a_mark_is_kept_and_drawn(here: World) -> None:
    mark = MarkedPane(SESSION, 0, WindowId(0), PANE)
    await here.run(ef.MarkPane(mark), ef.SwitchInput(PANE, off=True))
    assert here.panes.mark == mark
    assert here.ports.calls == ["refresh"]


def test_every_effect_is_tried_below() -> None:
    tried = {type(effect) for effect in (*IMMEDIATE, *AWAITED)}
    assert tried | ELSEWHERE == set(get_args(ef.AnyEffect))


async def test_immediate_effects_are_done_in_order_and_leave_nothing_to_await(
    here: World,
) -> None:
    assert await here.run(*IMMEDIATE) == []
    assert here.ports.calls == list(IMMEDIATE.values())


async def test_what_may_take_long_is_handed_back_in_order_and_not_awaited(here: World) -> None:
    later = await here.run(*AWAITED)
    assert here.ports.calls == []
    results = [await result for result in later]
    assert here.ports.calls == list(AWAITED.values())
    assert [result.stdout.decode() for result in results] == list(AWAITED.values())
    assert here.requester.told == ["… half of it"], "the checkpoint says how far it is"


async def test_lines_are_printed(here: World) -> None:
    (printed,) = await here.run(ef.PrintLines(iter(("a", None, "b"))))
    assert (await printed).stdout == b"a\nb\n"
    assert here.ports.calls == []


async def test_nobody_waits_for_what_runs_in_the_background(here: World) -> None:
    here.ports.background = True
    assert await here.run(ef.RunShell("x", True, b"/", None)) == []
    assert here.ports.calls == ["run_shell"]


@pytest.mark.parametrize("ran_before", [False, True])
async def test_a_process_is_started_before_what_follows(here: World, ran_before: bool) -> None:
    here.ports.ran_before = ran_before
    await here.run(ef.ResetTerminal(PANE), ef.StartProcess(PANE), ef.Refresh())
    cleared = ["clear_screen"] if ran_before else []
    assert here.ports.calls == ["reset_terminal", "release", *cleared, "start", "refresh"]


async def test_a_process_that_does_not_start_ends_the_rest(here: World) -> None:
    here.ports.failures["start"] = EffectFailed("create pane failed: no")
    with pytest.raises(EffectFailed, match=r"^create pane failed: no$"):
        await here.run(ef.Refresh(), ef.StartProcess(PANE), ef.Attach(CLIENT, SESSION))
    assert here.ports.calls == ["refresh", "release", "start"]


async def test_a_program_that_does_not_read_is_told_as_a_failure(here: World) -> None:
    here.ports.failures["send_bytes"] = InputRefused("16 MiB wait")
    with pytest.raises(EffectFailed, match=r"^the program in the pane does not read: 16 MiB wait$"):
        await here.run(ef.SendBytes(PANE, b"x", paste=True), ef.Refresh())
    assert here.ports.calls == ["send_bytes"]
