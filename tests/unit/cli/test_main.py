"""The offline commands: each one can be called, and help and completions contain the whole table of commands."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fuguemux import __main__ as entry
from fuguemux import __version__
from fuguemux.cli import completions, manual
from fuguemux.client import fast
from fuguemux.commands.table import COMMANDS, WITHOUT_SERVER


def run(*words: str) -> int:
    return fast.main(entry.run_offline, ["fugue", *words])


def test_every_offline_word_has_its_line_in_the_manual() -> None:
    assert {name for name, _, _ in manual.OWN} == set(fast.OFFLINE_WORDS) == set(WITHOUT_SERVER)


def test_an_offline_word_hides_no_command() -> None:
    for word in fast.OFFLINE_WORDS:
        assert not any(
            command.name.startswith(word) or command.alias == word for command in COMMANDS
        )


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_the_version(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 0
    assert capsys.readouterr().out == f"fugue {__version__}\n"


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_as_a_flag_shows_the_first_steps(
    flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(flag) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("usage: fugue [")
    for step in ("fugue new -s NAME", "fugue attach", "fugue recovery", "C-b d", "C-b ?"):
        assert f"\n  {step}" in shown
    assert max(map(len, shown.splitlines())) <= 100
    assert run(flag, "killw") == 0
    assert capsys.readouterr().out.startswith("usage: fugue kill-window (killw)")


def test_the_first_steps_name_commands_that_exist() -> None:
    known = {name for command in COMMANDS for name in (command.name, command.alias)}
    for step, _ in manual.FIRST_STEPS:
        word = [*step.split(), ""][1]
        assert word in known | set(fast.OFFLINE_WORDS), step


@pytest.mark.parametrize("word", ["state", "config", "service"])
def test_a_command_with_verbs_explains_itself(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(word) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"usage: fugue {word}")
    assert err == ""
    assert run(word, "--frobnicate") == 2
    assert "unrecognized arguments: --frobnicate" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["help"]])
def test_help_has_a_line_for_every_command(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 0
    shown = capsys.readouterr().out
    lines, told = shown.splitlines(), " ".join(shown.split())
    names = [line for line in lines if not line.startswith("   ")]
    for command in COMMANDS:
        assert sum(line.split(",")[0].split()[:1] == [command.name] for line in names) == 1, (
            command.name
        )
        assert command.help in told
    for name in fast.OFFLINE_WORDS:
        assert any(line.startswith(f"  {name} ") for line in lines)
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("word", ["killw", "status", "help", "completions", "version"])
def test_a_command_asked_for_help_explains_itself(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(word, "--help") == 0
    shown = capsys.readouterr().out
    assert run("help", word) == 0
    assert shown == capsys.readouterr().out


def test_words_too_many_are_answered_with_how_the_verb_is_used(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("state", "restore", "yesterday") == 2
    shown = capsys.readouterr().err
    assert "fugue state restore: error: unrecognized arguments: yesterday" in shown
    assert "--at TIME|LSN|NAME" in shown


def test_help_of_a_command_shows_its_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("help", "kill-w") == 0
    assert capsys.readouterr().out == (
        "usage: fugue kill-window (killw) [-a] [-t target-window]\n\nClose a window and end its programs.\n"
    )
    assert run("help", "doctor") == 0
    assert capsys.readouterr().out.startswith("usage: fugue doctor [--json]\n")


def test_help_of_what_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("help", "frobnicate") == 1
    assert capsys.readouterr().err == "unknown command: frobnicate\n"
    assert run("help", "slect-pane") == 1
    assert capsys.readouterr().err == "unknown command: slect-pane; did you mean select-pane?\n"


@pytest.mark.parametrize(
    "words",
    [
        ["config", "frobnicate"],
        ["service", "x"],
        ["doctor", "--frobnicate"],
        ["completions", "tcsh"],
    ],
)
def test_bad_usage_has_exit_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 2
    assert "usage: fugue " in capsys.readouterr().err


def test_doctor_looks_at_the_server_and_the_file_given_before_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    run("-L", "other", "--config", str(tmp_path / "none.toml"), "doctor")
    told = capsys.readouterr().out
    assert f"state directory: {tmp_path}/fugue/other\n" in told
    assert f"{tmp_path}/none.toml" in told


def test_config_uses_the_file_given_before_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.toml"
    file.write_text("[persistence]\ncheckpoint_interval_secs = 17\n")
    assert run("--config", str(file), "config", "show") == 0
    assert "checkpoint_interval_secs = 17" in capsys.readouterr().out


def test_config_reload_starts_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert run("-S", str(tmp_path / "s"), "config", "reload") == 1
    assert (
        capfd.readouterr().err == f"error connecting to {tmp_path}/s (No such file or directory)\n"
    )


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "fuguemux", "help"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        timeout=30,
        check=False,
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (1, b"")


# Completions.


def complete(tmp_path: Path, *words: str) -> list[str]:
    """What bash offers for the last of `words`, with a fugue that lists two sessions."""
    stub = tmp_path / "bin" / "fugue"
    stub.parent.mkdir(exist_ok=True)
    stub.write_text('#!/bin/sh\n[ "$1 $2" = "-N list-sessions" ] && printf "work\\nmy notes\\n"\n')
    stub.chmod(0o755)
    script = f'{completions.bash()}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _fugue; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", "fugue", *words],
        capture_output=True,
        text=True,
        env={"PATH": f"{stub.parent}:{os.environ['PATH']}"},
        cwd=tmp_path,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["kill-se"], ["kill-server", "kill-session"]),
        (["-L", "x", "att"], ["attach-session", "attach"]),
        (["doc"], ["doctor"]),
        (["--co"], ["--config"]),
        (["kill-session", "-"], ["-a", "-C", "-t"]),
        (["attach", "-t", ""], ["work", "my notes"]),
        (["attach", "-t", "w"], ["work"]),
        (["new", "-t", "my"], ["my notes"]),
        (["-2", "kill-window", "-t", ""], [""]),
        (["config", "s"], ["show", "schema"]),
        (["recovery", "--"], ["--json"]),
        (["source-file", "b"], ["bin"]),
    ],
)
def test_bash_is_offered(tmp_path: Path, words: list[str], offered: list[str]) -> None:
    assert complete(tmp_path, *words) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_script_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("completions", shell) == 0
    script = capsys.readouterr().out
    for command in COMMANDS:
        assert command.name in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script.encode(), check=True, timeout=30)
