"""`fugue config`: what it prints and its exit codes."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from fuguemux.cli.config_commands import main
from fuguemux.config.load import parse
from fuguemux.config.options import OPTIONS
from fuguemux.config.schema import Configuration

GOOD = "[persistence]\nkeep_checkpoints = 9\n"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("FUGUE_CONFIG", raising=False)
    path = tmp_path / "fugue" / "config.toml"
    path.parent.mkdir()
    return path


def test_check_of_a_good_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().out == f"{file}: no such file; the defaults apply\n"
    file.write_text(GOOD)
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: good (1 option set)\n"


def test_check_tells_every_mistake(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("[persistence]\nkeep_checkpoints = 0\nsync = 1\n")
    assert main(["check"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(": ")[0] for line in err.splitlines()] == [f"{file}:2", f"{file}:3"]
    assert main(["check", "/no/such/file"]) == 1
    assert capsys.readouterr().err == "/no/such/file: no such file\n"


def test_show_is_toml_that_loads_again(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show"]) == 0
    assert parse(capsys.readouterr().out, "shown", {}).configuration == Configuration()


def test_show_tells_origins(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(GOOD)
    monkeypatch.setenv("FUGUE_KEYS_PREFIX", "C-a")
    assert main(["show", "--origin"]) == 0
    out = capsys.readouterr().out
    assert f"keep_checkpoints = 9  # {file} line 2\n" in out
    assert 'prefix = "C-a"  # FUGUE_KEYS_PREFIX\n' in out
    assert 'sync = "interval"  # default\n' in out
    assert len(parse(out, "shown", {}).origins) == len(OPTIONS)


def test_show_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD)
    assert main(["show", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["v"] == 1
    assert report["options"]["persistence.keep_checkpoints"] == {
        "value": 9, "origin": f"{file} line 2", "default": 5, "unit": "checkpoints", "live": True,
    }  # fmt: skip


def test_show_of_a_bad_file_and_of_one_given(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("x")
    assert main(["show"]) == 1
    out, err = capsys.readouterr()
    assert parse(out, "shown", {}).configuration == Configuration(), "what is in force"
    mistake, consequence = err.splitlines()
    assert mistake.startswith(f"{file}:1: not TOML")
    assert "until that is fixed" in consequence
    assert main(["show", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["problems"] == [mistake]
    assert report["exists"] is False
    (tmp_path / "other.toml").write_text(GOOD)
    assert main(["show"], config=str(tmp_path / "other.toml")) == 0
    assert "keep_checkpoints = 9" in capsys.readouterr().out


def test_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert "Persistence" in json.loads(capsys.readouterr().out)["$defs"]


def test_reload_asks_the_server(capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Sequence[str]] = []

    def ask(argv: Sequence[str]) -> int:
        asked.append(argv)
        return 7

    assert main(["reload"], ask) == 7
    assert asked == [("reload-configuration",)]
    assert main(["reload"]) == 3
    assert capsys.readouterr().err == "no server running\n"


def test_bad_usage_is_exit_code_2() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["explode"])
    assert caught.value.code == 2
