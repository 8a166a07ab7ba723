"""A decision depends on its arguments alone: a configuration that is loaded in between makes no difference."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.commands import table
from fuguemux.config.schema import Configuration, Keys, Persistence, Server
from fuguemux.model.decision import Refused
from fuguemux.model.effects import AnyEffect, PrintLines
from fuguemux.model.live import CaptureRequest
from fuguemux.model.state import ServerState
from fuguemux.options.options import Defaults
from fuguemux.server.recovery.configured import option_defaults
from tests.support.builders import request, session, state, window
from tests.support.fake_live import FakeLive
from tests.support.folding import folded
from tests.support.viewers import viewer
from tests.support.walks import some_command

CONFIGURATIONS = (
    Configuration(),
    Configuration(
        persistence=Persistence(restore_policy="none"),
        server=Server(default_command="top", default_shell="/bin/other", history_limit=77),
        keys=Keys(prefix="C-a"),
    ),
)
WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "bind-key": (("x", "kill-pane"),),
    "choose-tree": ((),),
    "command-prompt": (("-p", "#{prefix}", "kill-pane"),),
    "confirm-before": (("-p", "#{prefix}", "kill-pane"),),
    "display-message": (
        ("-p", "#{history_limit} #{prefix} #{default-shell} #{restore-policy}"),
        ("-a", "-p"),
    ),
    "if-shell": (("-F", "#{==:#{prefix},C-a}", "kill-pane"), ("#{default-command}", "kill-pane")),
    "list-keys": ((), ("-N",)),
    "list-panes": (("-a",), ("-a", "-f", "#{==:#{prefix},C-a}")),
    "list-windows": (("-a", "-F", "#{default-command}"),),
    "new-session": (("-d", "-s", "new"), ("-d", "-n", "#{prefix}")),
    "new-window": ((), ("-n", "#{default-command}")),
    "rename-window": (("#{prefix}",),),
    "run-shell": (("echo #{history-limit}",),),
    "set-hook": (("-g", "after-new-window", "kill-pane"),),
    "set-option": (
        ("-g", "prefix", "C-x"),
        ("-ag", "default-command", "more"),
        ("-gF", "@mine", "#{default-shell}"),
    ),
    "show-options": (("-g",), ("-A", "prefix"), ("-gv", "history-limit")),
    "show-window-options": (("-g",), ("restore-policy",)),
    "set-buffer": (("text",),),
    "source-file": (("/some/file",),),
    "split-window": ((), ("-c", "/#{default-command}")),
}
"""Words for commands that read options; of other commands those of ANY are tried."""
ANY: tuple[tuple[str, ...], ...] = ((), ("a",), ("a", "b"), ("-t", "first"), ("-t", "first", "a"))


class SomeFiles(FakeLive):
    """A FakeLive with one file, whatever is asked for, and with rows in every pane."""

    def files(self, directory: str, pattern: str) -> list[dict[str, str]]:
        return [{"path": "/f", "text": "new-window\n"}]

    def capture(self, pane: int, request: CaptureRequest) -> bytes:
        return b"row\n"


def plain(effect: AnyEffect) -> object:
    """The effect with the lines that it would print."""
    if isinstance(effect, PrintLines):
        return tuple(effect.lines)
    return effect


def decided(before: ServerState, live: FakeLive, argv: tuple[str, ...]) -> object:
    """What one command answers, in a form that can be compared."""
    try:
        decision = table.decide(before, live, request(*argv))
    except Refused as refused:
        return refused.told()
    return decision.events, [plain(effect) for effect in decision.effects], decision.reply


def loaded(configuration: Configuration) -> Defaults:
    """Load a configuration as a start and a reload of the server do."""
    return option_defaults(configuration, {"SHELL": "/bin/sh"})


def walked(pick: random.Random) -> ServerState:
    """Some state, a few commands away from the first one."""
    before = state(session("first", window(panes=3), window("other", panes=2)), session("second"))
    for _ in range(pick.randrange(8)):
        try:
            decision = table.decide(before, FakeLive(), request(*some_command(before, pick)))
        except Refused:
            continue
        before = folded(before, decision).state
        if not before.sessions:
            return state(session("first"))
    return before


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_every_command_decides_by_its_arguments_alone(pick: random.Random) -> None:
    before = walked(pick)
    first, other = pick.sample(CONFIGURATIONS, 2)
    live = SomeFiles(attached=(viewer(columns=100, rows=30),), defaults=loaded(first))
    for row in table.COMMANDS:
        for words in WORDS.get(row.name, ANY):
            argv = (row.name, *words)
            once = decided(before, live, argv)
            loaded(other)
            again = decided(before, live, argv)
            assert once == again, argv
            loaded(first)


def test_the_configuration_is_an_argument() -> None:
    """Else the test above would hold of commands that do not look at it."""
    before = state(session("first"))
    answers = [
        decided(before, FakeLive(defaults=loaded(each)), ("show-options", "-gv", "history-limit"))
        for each in CONFIGURATIONS
    ]
    assert answers[0] != answers[1]
