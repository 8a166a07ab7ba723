"""Which store a state directory contains, whatever is in the file STORE."""

import os
from pathlib import Path

import msgspec
import pytest

from fuguemux.keeper.helper_record import encode
from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.manifest import (
    decode_manifest,
    encode_manifest,
    manifest_name,
    save_name,
)
from fuguemux.persistence.recovery.store_identity import Said, decided, read_store_file
from fuguemux.persistence.scrollback.packs import pack_name
from fuguemux.persistence.storage.files import RealStorage
from tests.support.small_server import STORE_ID, SmallServer, Truth, differences, new_session

A, B = b"A" * 16, b"B" * 16
NEW = b"N" * 16


def start(directory: Path, truth: Truth) -> SmallServer:
    return SmallServer(RealStorage(), str(directory), truth, entropy=os.urandom)


@pytest.fixture
def truth() -> Truth:
    return Truth()


@pytest.fixture
def state(tmp_path: Path, truth: Truth) -> Path:
    """Two checkpoints, a save, and a log behind them."""
    directory = tmp_path / "state"
    server = start(directory, truth)
    server.commit(*new_session(server.state))
    server.output(PaneId(0), b"line\n" * 100)
    server.checkpoint()
    server.checkpoint(name="saved")
    server.output(PaneId(0), b"behind\n")
    server.sync()
    return directory


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()} if directory.exists() else set()


def damage(store: Path, how: str) -> None:
    content = store.read_bytes()
    store.unlink()
    match how:
        case "old format":
            store.write_bytes(STORE_ID.hex().encode() + b"\n")
        case "old format, one digit":
            store.write_bytes(b"f" + STORE_ID.hex().encode()[1:] + b"\n")
        case "flip":
            store.write_bytes(content[:30] + bytes([content[30] ^ 1]) + content[31:])
        case "another's":
            store.write_bytes(encode("STORE", b"ff" * 16 + b"\n"))
        case "another file":
            store.write_bytes(encode("boot", STORE_ID.hex().encode() + b"\n"))
        case "empty":
            store.write_bytes(b"")
        case "NULs":
            store.write_bytes(bytes(4096))
        case "garbage":
            store.write_bytes(os.urandom(500))
        case "directory":
            store.mkdir()
            (store / "within").write_text("somebody's")
        case "link":
            store.symlink_to("/etc/passwd")
        case "gone":
            pass


HOWS = (
    "old format, one digit",
    "flip",
    "another's",
    "another file",
    "empty",
    "NULs",
    "garbage",
    "directory",
    "link",
    "gone",
)


@pytest.mark.parametrize("how", HOWS)
def test_whatever_is_in_the_file_everything_comes_back(state: Path, truth: Truth, how: str) -> None:
    damage(state / "STORE", how)
    before = names(state / "saves")
    server = start(state, truth)
    assert differences(server) == []
    report = server.recovered.report
    assert (report.complete, report.damages) == (True, [])
    note, *moved = report.notes
    assert note.startswith("STORE: ")
    assert note.endswith("and STORE is written again")
    assert "3 checkpoints and 1 log segment are of one store" in note
    for _ in range(3):
        server.checkpoint()
    assert save_name("saved") in before & names(state / "saves")
    kept = names(state / "quarantine")
    assert moved == [f"STORE: it is set aside as quarantine/{name}" for name in kept]
    assert bool(kept) == (how not in ("old format, one digit", "another's", "gone"))
    assert read_store_file(RealStorage(), str(state)) == Said(STORE_ID, "", True)
    again = start(state, truth)
    assert (differences(again), again.recovered.report.notes) == ([], [])


def test_the_old_format_is_read_and_replaced_without_a_word(state: Path, truth: Truth) -> None:
    damage(state / "STORE", "old format")
    server = start(state, truth)
    assert (differences(server), server.recovered.report.notes) == ([], [])
    assert (state / "STORE").read_bytes() == encode("STORE", STORE_ID.hex().encode() + b"\n")


def test_a_log_without_checkpoints_names_its_store(tmp_path: Path, truth: Truth) -> None:
    server = start(tmp_path / "state", truth)
    server.commit(*new_session(server.state))
    server.sync()
    damage(tmp_path / "state" / "STORE", "another's")
    assert differences(start(tmp_path / "state", truth)) == []


def test_the_minority_of_two_stores_is_set_aside_and_told(state: Path, truth: Truth) -> None:
    checkpoints = state / "checkpoints"
    stranger = msgspec.structs.replace(
        decode_manifest((checkpoints / manifest_name(1)).read_bytes()), store_id=B, number=9
    )
    theirs = msgspec.structs.replace(
        stranger, packs=tuple(msgspec.structs.replace(p, digest=b"P" * 16) for p in stranger.packs)
    )
    (checkpoints / manifest_name(9)).write_bytes(encode_manifest(theirs))
    named = msgspec.structs.replace(theirs, name="theirs")
    (checkpoints / save_name("theirs")).write_bytes(encode_manifest(named))
    (checkpoints / pack_name(b"P" * 16)).write_bytes(b"their pack")
    damage(state / "STORE", "another's")
    server = start(state, truth)
    assert differences(server) == []
    aside = {name.partition("-")[2] for name in names(state / "quarantine")}
    assert aside == {manifest_name(9), save_name("theirs"), pack_name(b"P" * 16)}
    report = server.recovered.report
    assert [damage.what for damage in report.damages] == ["checkpoint 9", "save theirs"]
    assert "1 pack that no readable checkpoint names: moved to quarantine" in report.notes


def test_a_draw_is_settled_by_the_file_then_by_the_newest_checkpoint() -> None:
    assert decided(Said(B, ""), [A], [B], NEW).store_id == B
    assert decided(Said(None, "it is gone"), [A], [B], NEW).store_id == A
    assert decided(Said(NEW, ""), [A, B], [], NEW).store_id == A
    assert decided(Said(None, "it is gone"), [], [A, B], NEW).store_id == B


def test_without_any_file_it_is_a_new_store() -> None:
    assert decided(Said(None, "it is gone"), [], [], NEW) == (NEW, False, "")
    assert decided(Said(A, ""), [], [], NEW) == (A, True, "")
    assert "it is empty" in decided(Said(None, "it is empty"), [], [], NEW).note
