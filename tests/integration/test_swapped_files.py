"""Another file in the place of each file that a server overwrites, appends to or removes is kept, because it may be
the only copy."""

from pathlib import Path

from tests.support.running import Running

PARTS = ("wal", "checkpoints", "saves", "quarantine")
"""What recovery reads: the damage run sees to those."""


def replaced(fugue: Running) -> dict[Path, bytes]:
    """Put something else in the place of every file outside of `PARTS`, and of the ballast; what is where now."""
    found = {}
    for root in (fugue.state, fugue.runtime / "fugue"):
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root).parts
            if path.is_file() and (inside[0] not in PARTS or path.name == "ballast"):
                found[path] = b"\0\1the only copy of a pack, in place of %s" % path.name.encode()
                path.write_bytes(found[path])
    return found


def test_whatever_is_in_the_place_of_a_file_is_kept_and_told(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-n", "kept", "cat")
    fugue("pipe-pane", "-t", "work", "cat > /dev/null")
    fugue("checkpoint")
    fugue.kill_everything()
    (fugue.state / "wal" / "ballast").touch()  # made when there is time
    put = replaced(fugue)
    names = {path.name for path in put}
    assert {"LOCK", "keeper.lock", "STORE", "server.log", "keeper.log", "ballast"} <= names
    assert {"watermark", "default.landing", "default.keeper.lock"} <= names
    assert any(name.endswith(".durable") for name in names)

    assert fugue("list-windows", "-a", "-F", "#{window_name}") == "kept"
    told = fugue("recovery")
    for _ in range(2):
        fugue("checkpoint")
    fugue("kill-server")

    aside = fugue.state / "quarantine"
    kept = {path.read_bytes(): path.name for path in aside.iterdir()}
    missing = [str(path) for path, content in put.items() if content not in kept]
    assert missing == []
    untold = [name for name in kept.values() if f"quarantine/{name}" not in told]
    assert [
        name for name in untold if not name.endswith("-watermark")
    ] == []  # moved once it serves
    assert "the watermark" in told
