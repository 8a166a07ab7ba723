"""Files of the state that belong to another user, or that must not be read: a start refuses them and changes nothing.

In a user namespace the test's user is not root, and files can be given to another user.
"""

import os
from pathlib import Path

import pytest

from tests.support.faults import require
from tests.support.running import Running, until


def everything(state: Path) -> dict[str, bytes]:
    """What lies in the log, the checkpoints and the quarantine."""
    parts = [state / part for part in ("wal", "checkpoints", "quarantine")]
    return {str(path.relative_to(state)): path.read_bytes() for p in parts for path in p.iterdir()}


def one(state: Path, pattern: str) -> Path:
    return min(state.glob(pattern))


@pytest.mark.parametrize("how", ["owner", "mode"])
@pytest.mark.parametrize(
    "pattern", ["wal/*.wal", "checkpoints/MANIFEST-*", "checkpoints/SAVE-*", "checkpoints/pack-*"]
)
def test_a_start_names_the_file_and_the_fix_and_touches_nothing(
    anonymous: Running, pattern: str, how: str
) -> None:
    if how == "owner":
        require(root=True)
    fugue = anonymous
    fugue("new-session", "-d", "-s", "work", "-n", "kept", "cat")
    fugue("new-session", "-d", "-s", "closed", "cat")
    fugue("kill-session", "-t", "closed")
    until("save of the closed session", lambda: list(fugue.state.glob("checkpoints/SAVE-*")))
    fugue("checkpoint")
    fugue.kill_everything()
    path = one(fugue.state, pattern)
    if how == "owner":
        os.chown(path, 1000, 1000)
    else:
        path.chmod(0)
    before = everything(fugue.state)
    refused = fugue.run("list-windows", "-a", "-F", "#{window_name}")
    waiting = "fugue: waiting for the server"  # said on a slow machine
    [line] = [line for line in refused.stderr.splitlines() if not line.startswith(waiting)]
    assert (refused.returncode, refused.stdout) == (1, "")
    assert path.name in line
    assert "nothing was touched" in line
    assert f"chown -R $(id -u) {fugue.state}" in line
    assert everything(fugue.state) == before
    os.chown(path, os.getuid(), os.getgid())
    path.chmod(0o600)
    assert fugue("list-windows", "-a", "-F", "#{window_name}") == "kept"
    assert "complete" in fugue("recovery")


def test_a_save_of_somebody_else_is_told_and_left_alone(anonymous: Running) -> None:
    require(root=True)
    fugue = anonymous
    fugue("new-session", "-d", "-s", "work", "-n", "kept", "cat")
    fugue("checkpoint", "-s", "save")
    fugue.kill_everything()
    saves = list((fugue.state / "saves").iterdir())
    assert len(saves) == 2
    for path in saves:
        os.chown(path, 1000, 1000)
    assert fugue("list-windows", "-a", "-F", "#{window_name}") == "kept"
    told = fugue("recovery")
    assert "complete" in told
    assert f"note: saves/{min(path.name for path in saves if 'SAVE' in path.name)}: " in told
    assert [path.stat().st_uid for path in saves] == [1000, 1000]


@pytest.mark.parametrize("how", ["owner", "mode"])
def test_a_retired_manifest_of_somebody_else_keeps_no_start_away(
    anonymous: Running, how: str
) -> None:
    if how == "owner":
        require(root=True)
    fugue = anonymous
    fugue("new-session", "-d", "-s", "work", "-n", "kept", "cat")
    fugue("checkpoint")
    fugue.kill_everything()
    path = fugue.state / "checkpoints" / "MANIFEST-00000000000000ff.old"
    path.write_bytes(b"x")
    if how == "owner":
        os.chown(path, 1000, 1000)
    else:
        path.chmod(0)
    assert fugue("list-windows", "-a", "-F", "#{window_name}") == "kept"
    assert "complete" in fugue("recovery")
    fugue("checkpoint")
    assert not path.exists()
    assert (fugue.state / "quarantine" / path.name).exists()
