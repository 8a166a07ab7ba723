"""What is started in a pane whose process has ended, by options, command lines and a list of programs. Nothing is
started here."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fuguemux.config.secrets import MARK
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.state import Life, Options, Ran, ServerState
from fuguemux.server.panes.program_names import command_line, shown
from fuguemux.server.panes.restore_policy import (
    Plan,
    awakened,
    note,
    plan,
    policy_of,
    safe,
)
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive

LISTED = ("vim", "less")
PANE = PaneId(0)


def made(
    *,
    argv: tuple[bytes, ...] = (),
    foreground: tuple[bytes, ...] = (),
    pane_options: Options | None = None,
    window_options: Options | None = None,
    session_options: Options | None = None,
    global_options: Options | None = None,
) -> ServerState:
    built = state(session("a", window()))
    pane = replace(built.panes[PANE], argv=argv, foreground=foreground, options=pane_options or {})
    first = replace(built.windows[WindowId(0)], options=window_options or {})
    owner = replace(built.sessions[SessionId(0)], options=session_options or {})
    return replace(
        built,
        panes={PANE: pane},
        windows={WindowId(0): first},
        sessions={SessionId(0): owner},
        window_options=global_options or {},
    )


def planned(built: ServerState) -> Plan:
    return plan(built, FakeLive(), built.panes[PANE], LISTED)


def with_policy(
    policy: str, argv: tuple[bytes, ...] = (), foreground: tuple[bytes, ...] = ()
) -> Plan:
    options = {"restore-policy": policy}
    return planned(made(global_options=options, argv=argv, foreground=foreground))


@pytest.mark.parametrize("policy", ["shell", "suspended", "rerun"])
def test_a_shell_in_which_nothing_ran_is_a_shell_again(policy: str) -> None:
    assert with_policy(policy) == Plan(True, None)
    assert with_policy(policy, argv=(b"/bin/zsh", b"-l")) == Plan(True, None)


@pytest.mark.parametrize("argv", [(b"vim", b"x"), (b"vim x",), (b"bash", b"-c", b"rm x")])
def test_by_default_a_command_of_the_panes_own_is_not_run_again(argv: tuple[bytes, ...]) -> None:
    decided = planned(made(argv=argv))
    assert (decided.start, decided.argv, decided.typed) == (True, (), b"")
    assert decided.line.startswith("was running: ")
    built = made(argv=argv)
    panes = {PANE: replace(built.panes[PANE], instead=())}
    assert planned(replace(built, panes=panes)).line == ""  # an earlier start put a shell there


@pytest.mark.parametrize("policy", ["shell", "suspended", "rerun", "none"])
@pytest.mark.parametrize("own", [True, False])
def test_a_program_whose_secret_is_not_stored_is_never_run(policy: str, *, own: bool) -> None:
    words = (b"vim", f"--token={MARK}".encode())
    decided = with_policy(policy, **{"argv" if own else "foreground": words})
    assert decided.start is (policy != "none")
    assert decided.argv == (() if own else None), "a shell"
    assert decided.typed == b""
    assert "not started again: a secret in its command line is not stored" in decided.line


def test_suspended_types_and_rerun_enters() -> None:
    words = (b"/usr/local/bin/vim", b"it's here", b"$HOME")
    typed = b"/usr/local/bin/vim 'it'\"'\"'s here' '$HOME'"
    assert with_policy("suspended", foreground=words)[:3] == (True, None, typed)
    assert with_policy("rerun", foreground=words)[:3] == (True, None, typed + b"\r")


def test_rerun_of_a_panes_own_program_keeps_its_words_as_a_list() -> None:
    assert with_policy("rerun", argv=(b"less", b"a b"))[:3] == (True, None, b"")


@pytest.mark.parametrize("policy", ["suspended", "rerun"])
@pytest.mark.parametrize(
    "words", [(b"rm", b"-rf", b"/"), (b"vim", b"a\nrm -rf /"), (b"vim", b"\x9b"), (b"vim", b"\x1b")]
)
def test_what_is_not_listed_or_not_harmless_is_never_typed(
    policy: str, words: tuple[bytes, ...]
) -> None:
    decided = with_policy(policy, foreground=words)
    assert (decided.argv, decided.typed) == (None, b"")
    assert decided.line.isprintable()


def test_a_process_cannot_pass_its_name_for_a_command_line() -> None:
    """The first word of a process is its own choice."""
    decided = with_policy("rerun", foreground=(b"vim $(touch gone)",))
    assert decided.typed == b""
    assert command_line((b"vim $(touch gone)",)) == "'vim $(touch gone)'"
    assert with_policy("suspended", argv=(b"vim a b",)).typed == b"vim a b"


def test_a_line_that_may_run_more_than_its_program_is_offered_and_not_run() -> None:
    assert with_policy("rerun", argv=(b"vim a && deploy",))[:3] == (True, (), b"vim a && deploy")
    assert with_policy("rerun", argv=(b"vim a",))[:3] == (True, None, b"")


def test_none_starts_nothing() -> None:
    decided = with_policy("none", foreground=(b"vim",))
    assert not decided.start
    assert decided.line == (
        "was running: vim; not started again (restore-policy none); press Enter to run: a shell"
    )
    assert with_policy("none", argv=(b"serve", b"a b")).line == (
        "not started again (restore-policy none); press Enter to run: serve 'a b'"
    )
    assert with_policy("none").line.endswith("press Enter to run: a shell")


def test_a_command_of_the_option_stands_above_all() -> None:
    built = made(pane_options={"restore-command": "echo #{session_name}", "restore-policy": "none"})
    assert planned(built)[:2] == (True, (b"echo a",))


def test_the_nearest_policy_holds() -> None:
    shell, none, rerun, suspended = (
        {"restore-policy": policy} for policy in ("shell", "none", "rerun", "suspended")
    )
    of_session = {"@restore-policy": "rerun"}
    assert policy_of(made(), FakeLive(), made().panes[PANE]) == "shell"
    for built, policy in [
        (made(global_options=none), "none"),
        (made(global_options=none, session_options=of_session), "rerun"),
        (made(global_options=none, session_options={"@restore-policy": "x"}), "none"),
        (made(session_options=of_session, window_options=suspended), "suspended"),
        (made(window_options=rerun, pane_options=shell), "shell"),
    ]:
        assert policy_of(built, FakeLive(), built.panes[PANE]) == policy


@given(st.lists(st.binary(min_size=1).filter(lambda word: b"\0" not in word), min_size=1))
def test_what_may_be_typed_means_the_same_words_and_nothing_else(words: list[bytes]) -> None:
    text = command_line(tuple(words))
    if safe(text):
        back = [word.encode("utf-8", "surrogateescape") for word in shlex.split(text)]
        assert back == words
        assert not any(byte < 0x20 or byte == 0x7F for byte in text.encode())
    assert shown(text).isprintable()
    assert note(shown(text)).count(b"\n") == 1


def test_enter_starts_a_suspended_pane_and_no_other() -> None:
    built = made()
    assert awakened(built, PANE) == ""
    assert awakened(built, None) == ""
    waiting = replace(built, panes={PANE: replace(built.panes[PANE], life=Life.SUSPENDED)})
    assert awakened(waiting, PANE) == "respawn-pane -t %0"


@pytest.mark.parametrize(
    ("argv", "plain"),
    [
        ((b"bash",), True),
        ((b"-zsh", b"-l"), True),
        ((b"bash", b"--norc", b"--rcfile", b"file", b"-i"), True),
        ((b"bash", b"-o", b"vi"), True),
        ((b"bash -l",), True),
        ((b"bash", b"deploy.sh"), False),
        ((b"bash deploy.sh",), False),
        ((b"bash", b"--", b"deploy.sh"), False),
        ((b"bash", b"-x", b"deploy.sh"), False),
        ((b"bash && deploy",), False),
        ((b"bash", b"-c", b"deploy"), False),
        ((b"bash", b"-xc", b"deploy"), False),
        ((b"vim",), False),
    ],
)
def test_a_shell_that_runs_a_script_is_not_started_again_unasked(
    argv: tuple[bytes, ...], plain: bool
) -> None:
    decided = planned(made(argv=argv))
    assert (decided.argv is None) == plain
    assert bool(decided.line) != plain


def test_a_pipeline_is_offered_as_a_whole_and_never_run_by_itself() -> None:
    built = made(global_options={"restore-policy": "rerun"}, foreground=(b"less", b"a b"))
    pane = replace(built.panes[PANE], pipeline=((b"tee", b"log"),))
    decided = plan(built, FakeLive(), pane, LISTED)
    assert (decided.typed, decided.line) == (
        b"less 'a b' | tee log",
        "press Enter to run: less 'a b' | tee log",
    )
    wrong = replace(built.panes[PANE], pipeline=((b"tee", b"a\nb"),))
    assert plan(built, FakeLive(), wrong, LISTED).typed == b""


@pytest.mark.parametrize("ran", [Ran.LOOP, Ran.BEGINNING])
@pytest.mark.parametrize("policy", ["suspended", "rerun"])
def test_what_is_no_whole_command_is_never_offered(ran: Ran, policy: str) -> None:
    built = made(global_options={"restore-policy": policy}, foreground=(b"vim", b"x"))
    decided = plan(built, FakeLive(), replace(built.panes[PANE], ran=ran), LISTED)
    assert (decided.start, decided.argv, decided.typed) == (True, None, b"")


def test_that_another_policy_might_offer_the_program_is_noted() -> None:
    assert with_policy("shell", foreground=(b"vim", b"a")).shell_only
    assert not with_policy("shell").shell_only
    assert not with_policy("suspended", foreground=(b"vim", b"a")).shell_only
