"""The end of the log, compared with what the watermark and the newest checkpoint say about it."""

from pathlib import Path
from typing import NamedTuple

import pytest

from fuguemux.keeper.machine_boot import machine_boot
from fuguemux.persistence.recovery.helper_files import BOOT_FILE
from fuguemux.persistence.recovery.log_missing import tell_damaged_end
from fuguemux.persistence.recovery.recovery import Recovered, recover
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.report.text import report_lines
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.small_file import write_small
from fuguemux.persistence.wal.mark import SLOT_BYTES, SLOTS, Mark, decode, encode_slot
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.watermark import WATERMARK, Watermark, read_watermark
from tests.support.small_server import SmallServer, Truth, new_session
from tests.unit.persistence.recovery.test_recovery import start
from tests.unit.persistence.wal.test_watermark import in_its_place


@pytest.fixture
def directory(tmp_path: Path) -> str:
    return str(tmp_path / "state")


def two_lives(directory: str) -> SmallServer:
    """A session of a first life, and a checkpoint and more sessions of a second one."""
    truth = Truth()
    server = start(directory, truth)
    server.commit(*new_session(server.state))
    server.sync()
    server = start(directory, truth)
    server.commit(*new_session(server.state))
    server.checkpoint()
    return server


def newest(directory: str) -> Path:
    segments = sorted((Path(directory) / "wal").glob("*.wal"))
    return [path for path in segments if path.read_bytes().strip(b"\0")][-1]


def look(directory: str) -> Recovered:
    return recover(
        RealStorage(),
        directory,
        now_ms=lambda: 1,
        monotonic=lambda: 0.0,
        new_store_id=bytes(16),
        read_only=True,
    )


def test_a_log_that_ends_before_its_checkpoint_is_not_called_whole(directory: str) -> None:
    two_lives(directory)
    newest(directory).unlink()
    (Path(directory) / WATERMARK).unlink()
    report = look(directory).report
    assert report.log_end_lsn < 2
    assert not report.complete
    assert "was made at LSN 2" in report.missing[0]


def test_what_is_lost_behind_the_checkpoint_has_its_numbers(directory: str) -> None:
    server = two_lives(directory)
    for _ in range(3):
        server.commit(*new_session(server.state))
        server.sync()
    durable = server.writer.state.durable_lsn
    newest(directory).unlink()
    recovered = look(directory)
    (lost,) = recovered.report.lost
    assert (lost.first_lsn, lost.last_lsn) == (3, durable)
    assert recovered.next_lsn == durable + 1, "no number is given twice"
    text = "\n".join(report_lines(recovered.report, when="", verbose=True))
    assert f"LSN {durable} was durable" in text
    assert f"LSN 3-{durable}" in text


def test_nothing_is_lost_with_a_log_that_was_closed_behind_its_checkpoint(directory: str) -> None:
    server = two_lives(directory)
    assert server.writer.close()
    newest(directory).unlink()
    report = look(directory).report
    assert report.complete
    assert any("nothing is lost with it" in note for note in report.notes)


def test_a_whole_log_is_no_alarm(directory: str) -> None:
    server = two_lives(directory)
    server.commit(*new_session(server.state))
    server.sync()
    report = look(directory).report
    assert report.complete
    assert report.notes == []
    assert report.log_end_lsn == report.durable_lsn == server.writer.state.durable_lsn


def test_checkpoints_of_a_server_that_logged_nothing_leave_a_log_with_its_end(
    directory: str,
) -> None:
    two_lives(directory)
    server = start(directory, Truth())
    for _ in range(4):
        server.checkpoint()
    report = look(directory).report
    assert (report.complete, report.notes) == (True, [])
    assert report.log_end_lsn == server.writer.state.durable_lsn


def half_zeroed(directory: str) -> None:
    """Zeros over the second half of the last record of the log."""
    path = newest(directory)
    data = bytearray(path.read_bytes())
    end = len(data.rstrip(b"\0"))
    data[end - 8 : end] = bytes(8)
    path.write_bytes(data)


def served(directory: str) -> None:
    write_small(RealStorage(), directory, BOOT_FILE, b"0" * 8)


@pytest.mark.parametrize("checkpoints", [False, True])
def test_a_last_record_that_is_not_whole_is_not_called_unfinished_without_the_watermark(
    directory: str, *, checkpoints: bool
) -> None:
    server = start(directory, Truth())
    server.commit(*new_session(server.state))
    server.sync()
    if checkpoints:
        server.checkpoint()
    server.commit(*new_session(server.state))
    server.sync()
    served(directory)
    durable = server.writer.state.durable_lsn
    half_zeroed(directory)
    (lost,) = look(directory).report.lost
    assert lost.last_lsn == durable, "the watermark tells"
    (Path(directory) / WATERMARK).unlink()
    report = look(directory).report
    assert not report.complete
    assert f"behind LSN {durable - 1} that is not whole" in report.missing[0]
    assert "what is lost is not known" in report.summary
    damaged = newest(directory)
    content = damaged.read_bytes()
    start(directory, Truth())
    assert (Path(directory) / "quarantine" / damaged.name).read_bytes() == content


def test_an_unfinished_write_beside_an_untouched_watermark_is_no_loss(directory: str) -> None:
    """The machine went down within the first seconds of a state."""
    server = start(directory, Truth())
    server.commit(*new_session(server.state))
    server.commit(*new_session(server.state))
    served(directory)
    half_zeroed(directory)
    (Path(directory) / WATERMARK).write_bytes(bytes(SLOTS * SLOT_BYTES))
    assert look(directory).report.complete


def test_a_watermark_is_there_before_the_first_record(directory: str) -> None:
    storage = RealStorage()
    storage.make_directory(directory)
    Watermark.prepared(storage, directory)
    found = read_watermark(storage, directory)
    assert (found.mark, found.unwritten) == (None, True)
    mark = Mark(b"s" * 16, 7, 1)
    Watermark(storage, directory).renew(mark)
    Watermark.prepared(storage, directory)
    assert read_watermark(storage, directory).mark == mark


class Rotten(NamedTuple):
    """A segment with a record that was synced, up to LSN `durable`, and three that are with the kernel; the first is damaged."""

    path: Path
    data: bytes
    undamaged: bytes
    durable: int


def rotten_behind_the_last_sync(directory: str) -> Rotten:
    """Of a server that was killed."""
    server = start(directory, Truth())
    server.commit(*new_session(server.state))
    server.sync()
    path, end = newest(directory), len(newest(directory).read_bytes().rstrip(b"\0"))
    durable = server.writer.state.durable_lsn
    for _ in range(3):
        server.commit(*new_session(server.state))
    undamaged = path.read_bytes()
    begin = end + len(undamaged[end:]) - len(undamaged[end:].lstrip(b"\0"))
    data = bytearray(undamaged)
    data[begin + 40] ^= 1
    path.write_bytes(data)
    return Rotten(path, bytes(data), undamaged, durable)


def begin_again(directory: str) -> Recovered:
    return recover(
        RealStorage(), directory, now_ms=lambda: 1, monotonic=lambda: 0.0, new_store_id=bytes(16)
    )


@pytest.mark.parametrize("boot", [b"", b"0" * 8])
def test_records_behind_a_write_that_was_never_finished_are_kept_and_told(
    directory: str, boot: bytes
) -> None:
    path, data, *_ = rotten_behind_the_last_sync(directory)
    if boot:
        write_small(RealStorage(), directory, BOOT_FILE, boot)
    report = begin_again(directory).report
    [note] = [each for each in report.notes if "never finished" in each]
    assert f"a copy is quarantine/{path.name}" in note
    assert (Path(directory) / "quarantine" / path.name).read_bytes() == data
    assert report.unfinished_records > 0
    assert report.complete


def test_records_behind_a_damaged_end_are_a_loss_while_the_machine_was_up(directory: str) -> None:
    path, data, _undamaged, durable = rotten_behind_the_last_sync(directory)
    write_small(RealStorage(), directory, BOOT_FILE, machine_boot().encode())
    report = begin_again(directory).report
    assert not report.complete
    [missing] = report.missing
    assert f"damaged behind LSN {durable}, and 2 whole records" in missing
    assert report.loss_unknown
    [damage] = report.damages
    assert damage.set_aside == f"quarantine/{path.name}"
    assert (Path(directory) / "quarantine" / path.name).read_bytes() == data
    assert not any("never finished" in note for note in report.notes)
    assert report.unfinished_records == 0


@pytest.mark.parametrize("watermark", [True, False])
def test_a_last_write_that_was_torn_by_a_kill_is_no_loss(
    directory: str, *, watermark: bool
) -> None:
    server = start(directory, Truth())
    server.commit(*new_session(server.state))
    server.sync()
    server.commit(*new_session(server.state))
    half_zeroed(directory)
    write_small(RealStorage(), directory, BOOT_FILE, machine_boot().encode())
    if not watermark:
        (Path(directory) / WATERMARK).write_bytes(bytes(SLOTS * SLOT_BYTES))
    report = look(directory).report
    assert report.complete
    assert report.unfinished_records == 0


def test_a_log_that_is_written_while_it_is_read_is_not_called_damaged(directory: str) -> None:
    path, data, undamaged, durable = rotten_behind_the_last_sync(directory)
    mark = read_watermark(RealStorage(), directory).mark
    wal, report = str(path.parent), RecoveryReport(started_ms=0)
    log = scan(RealStorage(), wal, mark=mark)
    tail = log.finish().tail
    assert tail is not None
    assert (tail.after_lsn, tail.records) == (durable, 2)
    path.write_bytes(undamaged)
    assert not tell_damaged_end(RealStorage(), wal, report, log)
    assert (report.missing, log.report.tail, log.report.findings) == ([], tail, [])
    path.write_bytes(data)
    assert tell_damaged_end(RealStorage(), wal, report, log)


@pytest.mark.parametrize(
    "what", ["directory", "link", "fifo", "garbage", "another store's", "half another's"]
)
def test_the_note_on_what_is_no_watermark_says_where_it_is(directory: str, what: str) -> None:
    two_lives(directory)
    path = Path(directory) / WATERMARK
    if what == "half another's":
        data = bytearray(path.read_bytes())
        serials = [slot[0] if slot is not None else -1 for slot in decode(bytes(data)).slots]
        older = serials.index(min(serials)) * SLOT_BYTES
        slot = encode_slot(Mark(b"x" * 16, 9, 9), 0)
        data[older : older + len(slot)] = slot
        path.write_bytes(data)
    else:
        in_its_place(path, what)
    [note] = look(directory).report.notes
    assert note.startswith("the file watermark: ")
    assert note.endswith("; a start sets it aside in quarantine")
    assert list((Path(directory) / "quarantine").iterdir()) == []
    report = begin_again(directory).report
    [note] = report.notes
    assert note.endswith("; it is set aside as quarantine/1-watermark")
    assert [each.name for each in (Path(directory) / "quarantine").iterdir()] == ["1-watermark"]
    assert report.complete


def test_a_watermark_that_can_be_used_stays_where_it_is(directory: str) -> None:
    two_lives(directory)
    data = (Path(directory) / WATERMARK).read_bytes()
    assert begin_again(directory).report.notes == []
    assert (Path(directory) / WATERMARK).read_bytes() == data
