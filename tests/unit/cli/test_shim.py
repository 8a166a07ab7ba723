"""`fugue shim`: a link called tmux, which never replaces what is not fugue's."""

from pathlib import Path

import pytest

from fuguemux.cli import shim
from fuguemux.cli.exit_codes import EXIT_FAILURE, EXIT_OK


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "venv/bin/fugue"
    path.parent.mkdir(parents=True)
    path.touch(mode=0o700)
    return str(path)


def test_a_link_is_made_again_and_removed(
    tmp_path: Path, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    link = tmp_path / "bin/tmux"
    for _ in range(2):
        assert shim.main(["install", str(link.parent)], program) == EXIT_OK
        assert link.resolve() == Path(program)
    assert f"PATH={link.parent}:$PATH" in capsys.readouterr().out
    assert shim.main(["uninstall", str(link.parent)]) == EXIT_OK
    assert not link.is_symlink()
    assert shim.main(["uninstall", str(link.parent)]) == EXIT_FAILURE


def test_a_foreign_tmux_stays(
    tmp_path: Path, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = tmp_path / "tmux"
    foreign.write_text("tmux")
    for verb in ("install", "uninstall"):
        assert shim.main([verb, str(tmp_path)], program) == EXIT_FAILURE
        assert "is not from fugue" in capsys.readouterr().err
    assert foreign.read_text() == "tmux"
    foreign.unlink()
    foreign.symlink_to("/usr/bin/something")
    assert shim.main(["install", str(tmp_path)], program) == EXIT_FAILURE
