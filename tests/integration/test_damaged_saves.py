"""Restoring a damaged save: the command reports what is missing, and so does the next start."""

from pathlib import Path

import pytest

from fuguemux.persistence.checkpoint.manifest import Entry, Manifest, save_name
from fuguemux.persistence.checkpoint.saves import find_all, save_pack_name
from fuguemux.persistence.scrollback.packs import pack_name
from fuguemux.persistence.storage.files import RealStorage
from tests.integration.test_point_in_time import stop
from tests.support.running import Running, until

pytestmark = pytest.mark.real

SCREEN_LOST = "%0: the screen (24 lines) could not be read"


def filled(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "seq 1 3000; exec sleep 1000")
    fugue.wait_for("3000", "work")


def save(directory: Path, name: str) -> Manifest:
    saves = find_all(RealStorage(), str(directory)).saves
    return next(manifest for manifest in saves if manifest.name == name)


def flip(directory: Path, name: str, entry: Entry) -> None:
    """Change a byte in the middle of an entry of a save's pack."""
    pack = directory / "saves" / save_pack_name(name)
    if not pack.exists():  # that of a closed session
        manifest = save(directory, name)
        pack = directory / "checkpoints" / pack_name(manifest.packs[entry.pack].digest)
    data = bytearray(pack.read_bytes())
    data[entry.offset + entry.length // 2] ^= 0xFF
    pack.write_bytes(data)


def test_going_back_to_a_save_with_a_damaged_screen(fugue: Running) -> None:
    filled(fugue)
    fugue("state", "save", "named1")
    stop(fugue)
    directory = fugue.state
    flip(directory, "named1", save(directory, "named1").panes[0].screen)
    assert "(damaged)" in fugue("state", "list")
    assert SCREEN_LOST in fugue("state", "restore", "--at", "named1")
    fugue("start-server")
    told = fugue("recovery", "-v")
    assert SCREEN_LOST in told
    assert "complete" not in told
    assert "nothing lost" not in told


def test_a_session_of_a_damaged_save(fugue: Running) -> None:
    filled(fugue)
    fugue("state", "save", "named1")
    directory = fugue.state
    manifest = save(directory, "named1")
    flip(directory, "named1", manifest.panes[0].screen)
    told = fugue("state", "restore", "--session", "work", "--at", "named1")
    assert "is back" in told
    assert SCREEN_LOST in told
    flip(directory, "named1", manifest.structure)
    refused = fugue.refused("state", "restore", "--session", "work", "--at", "named1")
    assert "the save 'named1' is damaged or may not be read" in refused
    assert "older than everything" not in refused
    (directory / "saves" / save_name("named1")).write_bytes(b"nothing of the kind")
    refused = fugue.refused("state", "restore", "--session", "work", "--at", "named1")
    assert "the save 'named1' is damaged or may not be read" in refused


def test_a_closed_session_whose_pack_is_damaged(fugue: Running) -> None:
    filled(fugue)
    fugue("kill-session", "-t", "work")
    directory = fugue.state

    def closed() -> list[Manifest]:
        return find_all(RealStorage(), str(directory)).saves

    until("the save of the closed session", lambda: bool(closed()))
    name = closed()[0].name
    flip(directory, name, closed()[0].panes[0].screen)
    told = fugue("restore-session", "work")
    assert "is back" in told
    assert SCREEN_LOST in told


def test_damaged_blocks_are_counted(fugue: Running) -> None:
    filled(fugue)
    fugue("state", "save", "named1")
    directory = fugue.state
    screen = save(directory, "named1").panes[0].screen
    # Blocks lie behind the screens.
    flip(directory, "named1", Entry(0, screen.offset + screen.length + 200, 2))
    told = fugue("state", "restore", "--session", "work", "--at", "named1")
    assert "1024 lines of scrollback" in told
    assert "could not be read" in told


def test_a_closed_session_whose_pack_was_emptied_is_told_and_an_older_checkpoint_serves(
    fugue: Running,
) -> None:
    filled(fugue)
    fugue("new-session", "-d", "-s", "stays", "exec sleep 1000")
    fugue("checkpoint")
    fugue("kill-session", "-t", "work")
    directory = fugue.state

    def closed() -> list[Manifest]:
        found = find_all(RealStorage(), str(directory)).saves
        return [each for each in found if each.name.startswith("closed-")]

    until("the save of the closed session", closed)
    (save_of_it,) = closed()
    stop(fugue)
    assert fugue("state", "verify").endswith("\nclean")
    pack = directory / "checkpoints" / pack_name(save_of_it.packs[0].digest)
    pack.write_bytes(b"")
    told = fugue.run("state", "verify")
    assert told.returncode == 1
    assert f"damaged: closed session work, kept as {save_of_it.name}: " in told.stdout
    fugue("start-server")
    told_at_start = fugue("recovery", "-v")
    assert "closed session work" in told_at_start
    assert "complete" not in told_at_start
    back = fugue("restore-session", "work")
    assert "is back" in back
    assert f"an older one: at '{save_of_it.name}' it cannot be read" in back
    assert "3000" in fugue.history("work")
