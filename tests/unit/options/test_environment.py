"""The environment and the arguments of a pane's process."""

import pytest
from msgspec.structs import replace

from fuguemux.config.secrets import MARK
from fuguemux.model.ids import PaneId, SessionId
from fuguemux.model.state import Environment, Pane, ServerState
from fuguemux.options.environment import (
    SpawnEnvironment,
    job_environment,
    process_argv,
    process_environment,
)
from fuguemux.options.options import NO_DEFAULTS, Defaults
from tests.support.builders import session, state

HERE = SpawnEnvironment(b"/run/fugue/default", 77, "0.1.0", b"/home/user")


def with_pane(
    on: ServerState | None = None,
    *,
    argv: tuple[bytes, ...] = (),
    environment: Environment | None = None,
) -> tuple[ServerState, Defaults, Pane]:
    on = on or state(session("a", options={"default-shell": "/bin/bash"}))
    pane = replace(on.panes[PaneId(0)], argv=argv, environment=environment or {})
    return replace(on, panes={**on.panes, pane.id: pane}), NO_DEFAULTS, pane


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ((), (b"/bin/bash", (b"-bash",))),
        ((b"ls -l",), (b"/bin/bash", (b"bash", b"-c", b"ls -l"))),
        ((b"vim", b"a b"), (b"vim", (b"vim", b"a b"))),
        ((b"",), (b"/bin/bash", (b"bash", b"-c", b""))),
        ((f"mysql -p{MARK}".encode(),), (b"/bin/bash", (b"-bash",))),
        ((b"mysql", f"-p{MARK}".encode()), (b"/bin/bash", (b"-bash",))),
    ],
)
def test_what_is_run(argv: tuple[bytes, ...], expected: tuple[bytes, tuple[bytes, ...]]) -> None:
    assert process_argv(*with_pane(argv=argv), HERE) == expected


def test_the_default_command_and_a_shell_that_is_no_program() -> None:
    on = state(session("a", options={"default-shell": "/nowhere/zsh", "default-command": "top"}))
    without = HERE._replace(is_program=lambda path: path == b"/bin/sh")
    assert process_argv(*with_pane(on), without) == (b"/bin/sh", (b"sh", b"-c", b"top"))


def test_the_shim_gives_programs_what_they_know_tmux_by() -> None:
    on = state(session("a", options={"tmux-shim": "on"}))
    tmux = {b"TMUX": b"/run/fugue/default,77,0", b"TERM_PROGRAM": b"tmux", b"TMUX_PANE": b"%0"}
    assert process_environment(*with_pane(on), HERE).items() >= tmux.items()
    pane = on.panes[PaneId(0)]
    assert job_environment(on, NO_DEFAULTS, HERE, pane).items() >= tmux.items()
    plain = state(session("a"))
    assert b"TMUX" not in process_environment(*with_pane(plain), HERE)
    assert b"TMUX" not in job_environment(plain, NO_DEFAULTS, HERE)


def test_commands_of_a_server_that_tmux_started_know_tmux_before_there_is_a_session() -> None:
    as_tmux = HERE._replace(as_tmux=True)
    assert job_environment(ServerState(), NO_DEFAULTS, as_tmux)[b"TMUX"].startswith(b"/run/fugue")
    off = replace(ServerState(), session_options={"tmux-shim": "off"})
    assert b"TMUX" not in job_environment(off, NO_DEFAULTS, as_tmux)


def test_its_own_variables() -> None:
    assert process_environment(*with_pane(), HERE) == {
        b"TERM": b"xterm-256color",
        b"COLORTERM": b"truecolor",
        b"TERM_PROGRAM": b"fugue",
        b"TERM_PROGRAM_VERSION": b"0.1.0",
        b"FUGUE": b"/run/fugue/default,77,0",
        b"FUGUE_PANE": b"%0",
        b"SHELL": b"/bin/bash",
        b"PWD": b"/home/user",
        b"PATH": b"/usr/local/bin:/usr/bin:/bin",
    }
    elsewhere = process_environment(*with_pane(), HERE, b"/home")
    assert elsewhere[b"PWD"] == b"/home"


def test_layers() -> None:
    on = state(session("a"))
    first = on.sessions[SessionId(0)]
    first = replace(first, environment={b"B": b"session", b"C": b"session", b"GONE": None})
    everywhere: Environment = {b"A": b"global", b"B": b"global", b"GONE": b"x", b"PATH": b"/p"}
    on = replace(on, environment=everywhere, sessions={first.id: first})
    environment = process_environment(*with_pane(on, environment={b"C": b"pane"}), HERE)
    assert [environment[name] for name in (b"A", b"B", b"C", b"PATH")] == [
        b"global",
        b"session",
        b"pane",
        b"/p",
    ]
    assert b"GONE" not in environment


def test_what_the_server_was_started_in_does_not_reach_panes_unless_asked() -> None:
    on = replace(
        state(session("a")), environment={b"TMUX": b"x", b"TMUX_PANE": b"%1", b"NO_COLOR": b"1"}
    )
    environment = process_environment(*with_pane(on), HERE)
    assert not {b"TMUX", b"TMUX_PANE", b"NO_COLOR"} & environment.keys()
    asked = process_environment(*with_pane(on, environment={b"NO_COLOR": b"1"}), HERE)
    assert asked[b"NO_COLOR"] == b"1"


def test_hidden_variables_reach_no_process_and_hide_what_lies_below() -> None:
    on = state(session("a"))
    first = replace(on.sessions[SessionId(0)], hidden={b"BOTH": b"hidden", b"ONLY": b"hidden"})
    on = replace(
        on,
        environment={b"BOTH": b"global"},
        hidden={b"H": b"hidden"},
        sessions={first.id: first},
    )
    assert not {b"BOTH", b"ONLY", b"H"} & process_environment(*with_pane(on), HERE).keys()
    asked = process_environment(*with_pane(on, environment={b"BOTH": b"pane"}), HERE)
    assert asked[b"BOTH"] == b"pane"
