"""The server's part of `fugue search`, without a socket."""

import json
from typing import Any, cast

import pytest

from fuguemux.model.effects import SearchedPane, SearchPanes
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.scrollback.blocks import BLOCK_LINES_MAX
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.requesters import ConnectionRequester, InternalRequester
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.ports import EffectFailed, EffectResult
from fuguemux.server.requests.search import STEP_NS, Searcher, searchable
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.fake_clock import FakeClock

PANE = PaneId(0)
PLACE = SearchedPane(PANE, "work:0.0")


class Client:
    """A connection that keeps what it is sent, and goes away after so many pieces of output."""

    client = ClientId(7)
    is_attached = False

    def __init__(self, leaves_after: int = 1_000_000) -> None:
        self.output = b""
        self.pieces = 0
        self.told: list[str] = []
        self._leaves_after = leaves_after

    @property
    def is_open(self) -> bool:
        return self.pieces < self._leaves_after

    def stdout(self, data: bytes) -> None:
        self.output += data
        self.pieces += 1

    def progress(self, text: str) -> None:
        self.told.append(text)

    async def wait_taken(self) -> None:
        """It reads all the time."""

    def requester(self) -> ConnectionRequester:
        return ConnectionRequester(
            cast("Connection", self), CommandMessage((b"search",), b"/", {}), ServerState, b""
        )


class BusyClock(FakeClock):
    """Every look at it takes so long that a step of a search is one run of lines."""

    looks = 0

    def monotonic_ns(self) -> int:
        self.looks += 1
        self.advance_ms(STEP_NS // 1_000_000 + 1)
        return super().monotonic_ns()


def one_pane(columns: int = 80) -> tuple[Panes, PaneTerminal]:
    store = ScrollbackStore(PackReader(RealStorage(), "nowhere"))
    panes = Panes(GhosttyEmulator, store, lambda _terminal: None, lambda _state, _pane: 10_000)
    terminal = PaneTerminal(PANE, GhosttyEmulator(columns, 5), store.pane(PANE), lsn=1)
    panes.add(terminal)
    return panes, terminal


async def searched(panes: Panes, client: Client, pattern: str, **how: Any) -> EffectResult:
    effect = SearchPanes((PLACE,), pattern, **how)
    return await Searcher(panes, FakeClock()).search_panes(effect, client.requester())


async def test_scrollback_and_screen_are_searched_in_order() -> None:
    panes, terminal = one_pane()
    terminal.emulator.feed(b"".join(b"line \x1b[31m%d\x1b[m\r\n" % n for n in range(20)))
    client = Client()
    assert await searched(panes, client, "line 1?[07]$") == EffectResult(exit_code=0)
    assert client.output.decode().splitlines() == [
        "work:0.0 0: line 0",
        "work:0.0 7: line 7",
        "work:0.0 10: line 10",
        "work:0.0 17: line 17",
    ]


async def test_a_line_that_is_half_on_the_screen_is_found_once() -> None:
    panes, terminal = one_pane(columns=10)
    terminal.emulator.feed(b"first\r\n" + b"x" * 33 + b"needle" + b"y" * 30 + b"\r\nlast")
    client = Client()
    await searched(panes, client, "x+needley+$")
    assert client.output == b"work:0.0 1: " + b"x" * 33 + b"needle" + b"y" * 30 + b"\n"
    assert sum(part.size for part in searchable(terminal)) >= 3


async def test_counts_limits_and_json() -> None:
    panes, terminal = one_pane()
    terminal.emulator.feed("a 漢b\r\nb b\r\nc\r\nb".encode())
    counted, limited, told = Client(), Client(), Client()
    await searched(panes, counted, "b", count=True)
    assert counted.output == b"work:0.0: 3\n"
    await searched(panes, limited, "b", lines_max=2)
    assert limited.output.count(b"\n") == 2
    await searched(panes, told, "b", as_json=True)
    assert [json.loads(line) for line in told.output.splitlines()] == [
        {"pane": "%0", "target": "work:0.0", "line": 0, "text": "a 漢b", "spans": [[3, 4]]},
        {"pane": "%0", "target": "work:0.0", "line": 1, "text": "b b", "spans": [[0, 1], [2, 3]]},
        {"pane": "%0", "target": "work:0.0", "line": 3, "text": "b", "spans": [[0, 1]]},
    ]


async def test_nothing_found_is_exit_code_1_and_no_word() -> None:
    panes, _ = one_pane()
    client = Client()
    assert await searched(panes, client, "nothing") == EffectResult(exit_code=1)
    assert client.output == b""
    gone = SearchPanes((SearchedPane(PaneId(9), "gone:0.0"),), "x")
    assert (
        await Searcher(panes, FakeClock()).search_panes(gone, client.requester())
    ).exit_code == 1


async def test_a_bad_expression_is_one_line() -> None:
    panes, _ = one_pane()
    with pytest.raises(EffectFailed, match=r"search: not a regular expression: \(: missing \)"):
        await searched(panes, Client(), "(")


async def test_a_client_that_is_gone_costs_nothing_more() -> None:
    panes, terminal = one_pane()
    terminal.scrollback.append([b"line"] * (50 * BLOCK_LINES_MAX))
    clock, client = BusyClock(), Client(leaves_after=3)
    effect = SearchPanes((PLACE, PLACE), "line")
    await Searcher(panes, clock).search_panes(effect, client.requester())
    assert client.output.count(b"\n") == 3 * BLOCK_LINES_MAX
    assert clock.looks < 20


async def test_long_work_tells_how_far_it_is() -> None:
    panes, terminal = one_pane()
    terminal.scrollback.append([b"line"] * (40 * BLOCK_LINES_MAX))
    client = Client()
    await Searcher(panes, BusyClock()).search_panes(
        SearchPanes((PLACE,), "nothing"), client.requester()
    )
    assert "of 40,960 lines of work:0.0, 0 found" in client.told[0]
    done = [int(text.split()[1].replace(",", "")) for text in client.told]
    assert done == sorted(done)
    assert 0 < done[0] < 40 * BLOCK_LINES_MAX


async def test_keys_that_search_are_told_when_nothing_is_found() -> None:
    panes, _ = one_pane()
    requester = InternalRequester({}, b"/")
    await Searcher(panes, FakeClock()).search_panes(SearchPanes((PLACE,), "x"), requester)
    assert requester.errors == ["search: not found"]
