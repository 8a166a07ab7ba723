"""A checkpoint, a crash and a recovery on real files."""

import os
from pathlib import Path

import pytest

from fuguemux.model import events as ev
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.persistence.recovery.recovery import recover
from fuguemux.persistence.report.text import report_lines
from fuguemux.persistence.storage.files import RealStorage
from tests.support.small_server import (
    SmallServer,
    Truth,
    differences,
    new_session,
    remove_pane,
    resize_window,
    split_window,
)


@pytest.fixture
def directory(tmp_path: Path) -> str:
    return str(tmp_path / "state")


def start(directory: str, truth: Truth) -> SmallServer:
    return SmallServer(RealStorage(), directory, truth, entropy=os.urandom)


def lines(first: int, count: int) -> bytes:
    return b"".join(b"line %d of some text\n" % number for number in range(first, first + count))


def busy_server(directory: str, truth: Truth) -> SmallServer:
    server = start(directory, truth)
    server.commit(*new_session(server.state))
    server.commit(*split_window(server.state, WindowId(0)))
    server.output(PaneId(0), lines(0, 300))
    server.output(PaneId(1), b"x" * 500)
    return server


def test_a_first_start_finds_nothing_and_loses_nothing(directory: str) -> None:
    server = start(directory, Truth())
    report = server.recovered.report
    assert (report.complete, report.cause, report.panes) == (True, "first start", [])
    assert server.recovered.next_lsn == 1


def test_without_a_checkpoint_everything_comes_from_the_log(directory: str) -> None:
    truth = Truth()
    busy_server(directory, truth)
    again = start(directory, truth)
    assert differences(again) == []
    assert again.recovered.report.complete


def test_checkpoint_and_log_tail_come_together(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    server.checkpoint()
    server.output(PaneId(0), lines(300, 50))
    server.commit(*resize_window(server.state, WindowId(0), 33, 9))
    server.output(PaneId(1), b"y" * 100 + b"\n" * 12)
    server.commit(*new_session(server.state))
    server.commit(ev.ZoomChanged(WindowId(0), True))
    server.output(PaneId(0), lines(350, 3))
    again = start(directory, truth)
    assert differences(again) == []
    assert again.recovered.report.complete
    assert again.recovered.report.checkpoint == 1


def test_many_lives_with_checkpoints_in_between(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    for life in range(6):
        server.checkpoint()
        server.output(PaneId(0), lines(life * 1000, 400))
        if life % 2:
            server.checkpoint()
        server.output(PaneId(1), b"%d" % life * 30)
        if life == 3:
            server.commit(*remove_pane(server.state, PaneId(1)))
            server.commit(*split_window(server.state, WindowId(0)))
            server.output(PaneId(2), b"third\n" * 20)
            server.output(PaneId(0), b"end\n")
            truth_panes = truth.rebuilt()[1]
            assert set(truth_panes) == {0, 2}
            break
        server = start(directory, truth)
        assert differences(server) == []
    again = start(directory, truth)
    assert differences(again) == []


def test_an_unchanged_pane_is_not_written_again(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    server.checkpoint()
    server.output(PaneId(0), b"more\n")
    result = server.checkpoint()
    assert result.panes_written == 1
    again = start(directory, truth)
    assert differences(again) == []


def test_a_checkpoint_while_panes_are_still_being_rebuilt(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    server.checkpoint()
    server.output(PaneId(1), lines(0, 40))
    server.commit(*split_window(server.state, WindowId(0)))
    server.output(PaneId(2), lines(0, 40))
    lazy = SmallServer(RealStorage(), directory, truth, entropy=os.urandom, lazy=True)
    lazy.rebuild(PaneId(0))
    lazy.output(PaneId(0), lines(900, 20))
    lazy.checkpoint()
    lazy.checkpoint()
    lazy.checkpoint()
    again = start(directory, truth)
    assert differences(again) == []
    assert again.recovered.report.complete


def test_a_pane_that_was_held_back_goes_through_the_sizes_it_had(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    server.commit(ev.ZoomChanged(WindowId(0), True))
    server.output(server.state.windows[WindowId(0)].active, lines(0, 6))
    server.checkpoint()
    # While zoomed, the pane's size does not follow from the layout alone.
    server.commit(*resize_window(server.state, WindowId(0), 20, 5))
    lazy = SmallServer(RealStorage(), directory, truth, entropy=os.urandom, lazy=True)
    lazy.commit(ev.WindowRenamed(WindowId(0), "other"))
    for _ in range(3):  # until the checkpoint with the older structure is gone
        lazy.checkpoint()
    again = start(directory, truth)
    assert differences(again) == []


@pytest.mark.parametrize("checkpoints", [1, 2, 3])
def test_a_pane_that_no_checkpoint_knew_before_goes_through_the_sizes_it_had(
    directory: str, checkpoints: int
) -> None:
    truth = Truth()
    server = start(directory, truth)
    for _ in range(2):
        server.commit(*new_session(server.state))
    server.commit(*split_window(server.state, WindowId(1)))
    server.commit(ev.ZoomChanged(WindowId(1), True))
    server.output(server.state.windows[WindowId(1)].active, lines(0, 40))
    lazy = SmallServer(RealStorage(), directory, truth, entropy=os.urandom, lazy=True)
    lazy.rebuild(PaneId(0))  # all that still wait came to be behind the first record
    for _ in range(checkpoints):
        lazy.checkpoint()
    again = start(directory, truth)
    assert differences(again) == []


def test_clear_history_removes_the_bytes(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    secret = b"geheim-4711"
    server.output(PaneId(0), secret + b"\n" * 30)
    server.checkpoint()
    server.output(PaneId(0), b"more\n")
    server.checkpoint()
    server.commit(ev.HistoryCleared(PaneId(0)))
    result = server.checkpoint()
    assert result.purge
    packs = b""
    for path in (Path(directory) / "checkpoints").iterdir():
        packs += path.read_bytes()
    assert len(list((Path(directory) / "checkpoints").glob("MANIFEST-*"))) == 2
    again = start(directory, truth)
    assert differences(again) == []
    assert again.store.pane(PaneId(0)).read(0, 10_000) == []


# -- damage -------------------------------------------------------------------------------------


def checkpoints(directory: str) -> Path:
    return Path(directory) / "checkpoints"


def damage(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x20
    path.write_bytes(data)


def two_generations(directory: str, truth: Truth) -> SmallServer:
    server = busy_server(directory, truth)
    server.checkpoint()
    server.output(PaneId(0), lines(300, 50))
    server.output(PaneId(1), b"z" * 70)
    server.commit(*resize_window(server.state, WindowId(0), 30, 9))
    server.checkpoint()
    server.output(PaneId(0), lines(350, 5))
    return server


def test_a_damaged_manifest_costs_nothing(directory: str) -> None:
    truth = Truth()
    two_generations(directory, truth)
    damage(checkpoints(directory) / "MANIFEST-0000000000000002", 40)
    again = start(directory, truth)
    report = again.recovered.report
    assert differences(again) == []
    assert report.checkpoint == 1
    assert [d.what for d in report.damages] == ["MANIFEST-0000000000000002"]
    assert (Path(directory) / report.damages[0].set_aside).exists()
    again.checkpoint()
    assert start(directory, truth).recovered.report.complete


def test_a_damaged_structure_costs_nothing(directory: str) -> None:
    truth = Truth()
    server = two_generations(directory, truth)
    newest = server.series.generations[0]
    pack = newest.packs[newest.structure.pack].digest.hex()
    damage(checkpoints(directory) / f"pack-{pack}", newest.structure.offset + 20)
    again = start(directory, truth)
    assert differences(again) == []
    assert again.recovered.report.checkpoint == 1


def test_a_damaged_screen_costs_nothing(directory: str) -> None:
    truth = Truth()
    server = two_generations(directory, truth)
    newest = server.series.generations[0]
    screen = newest.panes[1].screen
    pack = newest.packs[screen.pack].digest.hex()
    damage(checkpoints(directory) / f"pack-{pack}", screen.offset + 20)
    again = start(directory, truth)
    assert differences(again) == []
    report = again.recovered.report
    assert [d.what for d in report.damages] == ["%1 in checkpoint 2"]


def test_a_lost_pack_costs_what_was_only_in_it(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    server.commit(*new_session(server.state))
    server.output(PaneId(2), b"\n".join(os.urandom(20).hex().encode() for _ in range(3000)))
    server.checkpoint()
    server.output(PaneId(0), lines(300, 5))
    server.checkpoint()
    server.output(PaneId(0), lines(305, 5))
    server.checkpoint()
    newest = server.series.generations[0]
    screen = next(p for p in newest.panes if p.pane == 2).screen
    (checkpoints(directory) / f"pack-{newest.packs[screen.pack].digest.hex()}").unlink()
    again = start(directory, truth)
    report = again.recovered.report
    found = differences(again)
    assert found
    assert all("%2" in line or "%1" in line for line in found), found
    assert not report.complete
    assert {d.what for d in report.damages} >= {"%2 in checkpoint 3", "%1 in checkpoint 3"}
    assert next(p for p in report.panes if p.pane == 2).reason


def test_packs_whose_size_has_rotted_are_told_and_cost_nothing(directory: str) -> None:
    truth = Truth()
    two_generations(directory, truth)
    packs = {path.name: path.stat().st_size for path in checkpoints(directory).glob("pack-*")}
    for name in packs:
        os.truncate(checkpoints(directory) / name, 1 << 40)
    again = start(directory, truth)
    assert differences(again) == []
    report = again.recovered.report
    assert report.complete
    assert report.notes == [
        f"{name} has {1 << 40} bytes instead of {size}: the bytes after them are not read"
        for name, size in sorted(packs.items())
    ]
    for _ in range(3):
        again.output(PaneId(0), lines(0, 300))
        again.checkpoint()
    gone = {name for name in packs if not (checkpoints(directory) / name).exists()}
    assert gone
    assert gone == set(os.listdir(Path(directory, "quarantine")))
    assert differences(start(directory, truth)) == []


def test_without_any_checkpoint_the_log_is_salvaged(directory: str) -> None:
    truth = Truth()
    server = two_generations(directory, truth)
    for path in checkpoints(directory).iterdir():
        path.write_bytes(b"garbage")
    server.commit(*new_session(server.state))
    again = start(directory, truth)
    assert "no checkpoint is whole" in again.recovered.report.notes[0]
    assert len(again.recovered.report.damages) == 2
    assert differences(again) == []  # the first segments are still there
    again.checkpoint()
    assert start(directory, truth).recovered.report.complete


@pytest.mark.parametrize("rest", [b"", b"garbage"])
def test_a_start_with_nothing_that_can_be_read_is_not_taken_for_the_first(
    directory: str, rest: bytes
) -> None:
    truth = Truth()
    two_generations(directory, truth)
    for place in ("checkpoints", "wal"):
        for path in (Path(directory) / place).iterdir():
            path.write_bytes(rest)
    report = start(directory, Truth()).recovered.report
    assert (report.complete, report.cause) == (False, "no clean stop")
    assert (
        "  output and changes lost: not known: nothing that is stored can be read; "
        "the log has no record that can be read, but LSN 7 was durable"
        in report_lines(report, when="")
    )


def test_every_flipped_byte_of_the_checkpoint_files_is_survived(directory: str) -> None:
    truth = Truth()
    two_generations(directory, truth)
    files = sorted(checkpoints(directory).iterdir())
    for path in files:
        whole = path.read_bytes()
        for offset in range(0, len(whole), max(1, len(whole) // 12)):
            data = bytearray(whole)
            data[offset] ^= 0x41
            path.write_bytes(data)
            recovered = recover(
                RealStorage(),
                directory,
                now_ms=lambda: 1,
                monotonic=lambda: 0.0,
                new_store_id=bytes(16),
                read_only=True,
            )
            assert set(recovered.panes) == {0, 1}, (path, offset)
        path.write_bytes(whole)


def test_read_only_writes_nothing(directory: str) -> None:
    truth = Truth()
    two_generations(directory, truth)
    damage(checkpoints(directory) / "MANIFEST-0000000000000002", 40)
    before = sorted((p, p.stat().st_mtime_ns) for p in Path(directory).rglob("*"))
    recovered = recover(
        RealStorage(),
        directory,
        now_ms=lambda: 1,
        monotonic=lambda: 0.0,
        new_store_id=bytes(16),
        read_only=True,
    )
    assert recovered.report.checkpoint == 1
    assert sorted((p, p.stat().st_mtime_ns) for p in Path(directory).rglob("*")) == before


def test_what_was_there_before_a_lossy_recovery_is_preserved(directory: str) -> None:
    truth = Truth()
    server = two_generations(directory, truth)
    newest = server.series.generations[0]
    index = newest.panes[0].index
    assert index is not None
    for manifest in server.series.generations:
        entry = manifest.panes[0].index
        assert entry is not None
        name = f"pack-{manifest.packs[entry.pack].digest.hex()}"
        damage(checkpoints(directory) / name, entry.offset + 20)
    again = start(directory, truth)
    (save,) = again.recovered.saves
    assert save.name.startswith("before-recovery-")
    assert any(save.name in note for note in again.recovered.report.notes)
    for _ in range(4):
        again.output(PaneId(1), b"x")
        again.checkpoint()
    assert all((checkpoints(directory) / f"pack-{p.digest.hex()}").exists() for p in save.packs)


def test_withheld_variables_are_named(directory: str) -> None:
    truth = Truth()
    server = start(directory, truth)
    server.commit(*new_session(server.state))
    server.series.withhold = lambda name, _value: name == b"TOKEN"
    server.commit(ev.EnvironmentSet(None, b"TOKEN", b"hunter2"))
    server.checkpoint()
    again = start(directory, truth)
    assert again.recovered.report.withheld == ["TOKEN"]
    assert b"TOKEN" not in again.state.environment


def test_lost_output_is_counted_per_pane(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    server.terminals[PaneId(1)].offset += 77  # the log refused these
    server.output(PaneId(1), b"after")
    again = start(directory, Truth())
    report = again.recovered.report
    pane = next(pane for pane in report.panes if pane.pane == 1)
    assert (pane.lost_bytes, pane.lost_from, pane.lost_to) == (77, 500, 577)
    assert pane.lost_lines == 0, "there is no line around"
    assert report.lost_bytes == 77
    assert not report.complete


def test_lost_lines_are_told_by_those_around_them(directory: str) -> None:
    server = busy_server(directory, Truth())
    server.output(PaneId(1), b"ten bytes\n" * 50)
    server.terminals[PaneId(1)].offset += 100
    server.output(PaneId(1), b"ten bytes\n" * 50)
    pane = next(p for p in start(directory, Truth()).recovered.report.panes if p.pane == 1)
    assert (pane.lost_bytes, pane.lost_lines) == (100, 7)  # 500 bytes of it are no lines
