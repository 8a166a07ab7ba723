"""`fugue service`: the files that it writes and the commands that it runs, without running any of them."""

import plistlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from fuguemux.cli import service
from fuguemux.cli.finding import Host


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "bin dir" / "fugue"
    path.parent.mkdir()
    path.write_text("")
    path.chmod(0o755)
    monkeypatch.setattr(service.sys, "executable", str(path.with_name("python")))  # type: ignore[attr-defined]  # its own sys
    return path


class Runner:
    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.commands: list[str] = []

    def __call__(self, argv: Sequence[str]) -> int:
        self.commands.append(" ".join(argv))
        return self.codes.pop(0) if self.codes else 0


def linux(tmp_path: Path) -> Host:
    (tmp_path / "root/run/systemd/system").mkdir(parents=True, exist_ok=True)
    return Host({"HOME": str(tmp_path)}, 1000, root=str(tmp_path / "root"), platform="linux")


def mac(tmp_path: Path) -> Host:
    return Host({"HOME": str(tmp_path)}, 501, platform="darwin")


def test_print_shows_the_unit(
    tmp_path: Path, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert service.main(["print"], linux(tmp_path), Runner()) == 0
    text = capsys.readouterr().out
    assert (
        f'\nExecStart="{program}" -L default start-server ";" set-option -s exit-empty off\n'
        in text
    )
    assert "\nOOMPolicy=continue\n" in text
    assert "\nManagedOOMPreference=avoid\n" in text


def test_a_unit_names_a_command_that_can_be_executed(
    tmp_path: Path,
    program: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program.chmod(0o644)
    called = tmp_path / "local" / "fugue"
    called.parent.mkdir()
    called.write_text("")
    monkeypatch.setattr(service.sys, "argv", [str(called), "service"])  # type: ignore[attr-defined]  # its own sys
    monkeypatch.setenv("PATH", str(tmp_path))
    assert service.main(["install"], linux(tmp_path), Runner()) == 1
    assert "no command fugue that can be executed" in capsys.readouterr().err
    assert not (tmp_path / ".config").exists()
    called.chmod(0o755)
    assert service.main(["print"], linux(tmp_path), Runner()) == 0
    assert f"\nExecStart={called} -L" in capsys.readouterr().out.replace('"', "")


def test_install_and_uninstall_on_linux(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Runner()
    path = tmp_path / ".config/systemd/user/fugue-work.service"
    assert service.main(["-L", "work", "install"], linux(tmp_path), run) == 0
    assert " -L work start-server " in path.read_text()
    assert service.main(["-L", "work", "uninstall"], linux(tmp_path), run) == 0
    assert not path.exists()
    assert run.commands == [
        "systemctl --user daemon-reload",
        "systemctl --user enable --now fugue-work.service",
        "loginctl enable-linger",
        "systemctl --user disable --now fugue-work.service",
    ]
    assert service.main(["-L", "work", "uninstall"], linux(tmp_path), run) == 0
    assert capsys.readouterr().out.endswith("is not there: nothing to do\n")


def test_install_and_uninstall_on_macos(tmp_path: Path, program: Path) -> None:
    run = Runner()
    path = tmp_path / "Library/LaunchAgents/fuguemux.plist"
    assert service.main(["install"], mac(tmp_path), run) == 0
    facts = plistlib.loads(path.read_bytes())
    assert facts["ProgramArguments"][:3] == [str(program), "-L", "default"]
    assert facts["AbandonProcessGroup"] is True
    assert service.main(["uninstall"], mac(tmp_path), run) == 0
    assert run.commands == [
        f"launchctl bootstrap gui/501 {path}",
        "launchctl bootout gui/501/fuguemux",
    ]


def test_an_installation_that_fails_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Runner(0, 1)
    assert service.main(["install"], linux(tmp_path), run) == 1
    assert run.commands[-1] == "systemctl --user disable fugue.service"
    assert not list((tmp_path / ".config").rglob("fugue*"))
    out, err = capsys.readouterr()
    assert out == ""
    named, told = err.splitlines()
    assert named == "fugue service: systemctl --user enable --now fugue.service: exit code 1"
    assert told.endswith(f"run: '{tmp_path}/bin dir/fugue' -L default start-server")


def test_without_systemd_one_sentence_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Runner()
    host = Host({"HOME": str(tmp_path)}, 1000, root=str(tmp_path / "none"), platform="linux")
    assert service.main(["-L", "work", "install"], host, run) == 1
    assert run.commands == []
    assert not (tmp_path / ".config").exists()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("fugue service: systemd does not run here, so nothing was installed: ")
    assert err.endswith(" -L work start-server\n")
    assert err.count("\n") == 1


def test_lingering_that_cannot_be_enabled_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert service.main(["install"], linux(tmp_path), Runner(0, 0, 127)) == 1
    assert capsys.readouterr().err == "fugue service: loginctl enable-linger: no such command\n"
    assert (tmp_path / ".config/systemd/user/fugue.service").exists()


def test_a_bad_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert service.main(["-L", "a/b", "print"], linux(tmp_path), Runner()) == 1
    assert "contains a slash" in capsys.readouterr().err


def test_words_are_quoted_for_systemd() -> None:
    assert [service._unit_word(word) for word in ("plain", "-L", "a b", "50%", "$x", 'q"', ";")] == [
        "plain", "-L", '"a b"', '"50%%"', '"$$x"', '"q\\""', '";"',
    ]  # fmt: skip
