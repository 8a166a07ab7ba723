"""Names that do not exist: tmux's message with a suggestion after it; called as tmux, only tmux's message."""

import os

import pytest

from tests.support import running
from tests.support.running import Running


def test_commands_and_options_that_may_have_been_meant(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    assert fugue.refused("nwe-window") == "unknown command: nwe-window; did you mean new-window?"
    assert fugue.refused("list-keys", ";", "nwe-window").endswith("did you mean new-window?")
    meant = "invalid option: statsu-left; did you mean status-left?"
    assert fugue.refused("set-option", "-g", "statsu-left", "x") == meant
    assert fugue.refused("show-options", "-g", "statsu-left") == meant
    assert fugue.refused("if-shell", "-F", "1", "nwe-window").endswith("did you mean new-window?")
    file = fugue.directory / "commands"
    file.write_text("set -g status on\nset -g statsu-left x\nnwe-window\n")
    done = fugue.run("source-file", str(file))
    assert f"{file}:3: unknown command: nwe-window; did you mean new-window?" in done.stdout


def test_without_a_server_too(fugue: Running) -> None:
    assert fugue.refused("nwe-window").endswith(
        "/run/fugue/default (No such file or directory); unknown command: nwe-window; did you mean new-window?"
    )
    assert fugue.refused("docter").endswith("did you mean doctor?")
    assert fugue.refused("kill-server").endswith("(No such file or directory)")
    assert fugue.refused("frobnicate").endswith("(No such file or directory)")


def test_called_as_tmux_nothing_is_added(fugue: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    tmux = fugue.directory / "tmux"
    os.symlink(running.PROGRAM, tmux)
    monkeypatch.setattr(running, "PROGRAM", str(tmux))
    assert fugue.refused("nwe-window").endswith("(No such file or directory)")
    fugue("new-session", "-d", "-s", "work", "cat")
    assert fugue.refused("nwe-window") == "unknown command: nwe-window"
    assert fugue.refused("list-keys", ";", "nwe-window") == "unknown command: nwe-window"
    assert fugue.refused("set-option", "-g", "statsu-left", "x") == "invalid option: statsu-left"
    assert fugue.refused("if-shell", "-F", "1", "nwe-window") == "unknown command: nwe-window"
