"""Programs that a user started are distinguished from those that a loop starts, by means of process tables that the
tests write."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fuguemux.model.ids import PaneId
from fuguemux.model.state import Pane, Ran
from fuguemux.reactions.foreground_changed import Programs, Words
from fuguemux.server.processes.foreground import LASTING_TICKS, Foregrounds, as_started
from fuguemux.server.processes.process_table import Process
from tests.support.builders import session, state, window

SHELL = 100
PANE = replace(state(session("a", window())).panes[PaneId(0)], pid=SHELL, generation=1)


class FakeTable:
    """A process table, and the machine's clock."""

    def __init__(self) -> None:
        self.now = 10_000
        self.all: dict[int, tuple[Process, Words, str]] = {}
        self.add(SHELL, b"bash", parent=1, age=5000)

    def add(
        self, pid: int, *words: bytes, parent: int = SHELL, group: int = 0, age: int = LASTING_TICKS
    ) -> int:
        name = words[0].rpartition(b"/")[2][:15]
        group = group or pid
        process = Process(pid, name, parent, group, SHELL, self.now - age)
        self.all[pid] = (process, words, "")
        return pid

    def end(self, pid: int) -> None:
        del self.all[pid]

    def rewrite(self, pid: int, *words: bytes, executable: str = "") -> None:
        self.all[pid] = (self.all[pid][0], words, executable)

    def process(self, pid: int) -> Process | None:
        return self.all[pid][0] if pid in self.all else None

    def children(self, pid: int) -> list[int]:
        return [each for each, (process, _, _) in self.all.items() if process.parent == pid]

    def arguments(self, pid: int) -> Words:
        return self.all[pid][1] if pid in self.all else ()

    def invoked_as(self, pid: int) -> bytes:
        return b""

    def executable(self, pid: int) -> str:
        return self.all[pid][2] if pid in self.all else ""

    def up_ticks(self) -> int:
        return self.now


class Stage:
    """A pane, looked at again and again."""

    def __init__(self, pane: Pane = PANE) -> None:
        self.table = FakeTable()
        self.pane = pane
        self.entered = 1
        self.foregrounds = Foregrounds(self.table)
        self.again = False
        self.watched: frozenset[int] = frozenset()

    def look(self, group: int = SHELL, *, last: bool = False) -> Programs:
        look = self.foregrounds.look(self.pane, group, self.entered, last=last)
        self.again, self.watched = look.again, look.watched
        return look.programs


@pytest.fixture
def stage() -> Stage:
    return Stage()


LOOP = Programs((b"bash",), ran=Ran.LOOP)


def test_a_shell_at_its_prompt_runs_nothing(stage: Stage) -> None:
    assert stage.look() == Programs()
    assert (stage.again, stage.watched) == (False, frozenset())


def test_what_leads_its_group_was_started_by_a_person(stage: Stage) -> None:
    stage.table.add(5, b"vim", b"my notes.md")
    stage.table.add(6, b"ctags", parent=5, group=5)
    assert stage.look(5) == Programs((b"vim", b"my notes.md"))
    assert (stage.again, stage.watched) == (False, frozenset({5}))


def test_a_pipeline_is_named_whole_also_when_its_first_program_has_ended(stage: Stage) -> None:
    stage.table.add(6, b"tee", b"log", group=5)
    stage.table.add(5, b"make", b"-j4")
    stage.table.add(7, b"cc", parent=5, group=5)
    wanted = Programs((b"make", b"-j4"), ((b"tee", b"log"),))
    assert stage.look(5) == wanted
    stage.table.end(5)
    assert stage.look(5) == wanted


def test_a_pipeline_whose_first_program_was_never_seen(stage: Stage) -> None:
    stage.table.add(6, b"less", group=5)
    assert stage.look(5) == Programs((b"less",))


def test_a_part_of_a_command_line_that_a_copy_of_the_shell_runs_is_named_by_what_it_runs(
    stage: Stage,
) -> None:
    stage.table.add(5, b"bash")
    stage.table.add(6, b"make", parent=5, group=5)
    assert stage.look(5) == Programs((b"make",))


def test_a_shell_in_a_shell_is_one_and_what_is_started_in_it_is_found(stage: Stage) -> None:
    stage.table.add(5, b"zsh")
    assert stage.look(5) == Programs((b"zsh",))
    stage.table.add(6, b"top", parent=5)
    assert stage.look(6) == Programs((b"top",))


def test_a_loop_of_short_programs_is_never_called_by_one_of_them(stage: Stage) -> None:
    seen = []
    for pid in range(5, 9):
        stage.table.add(pid, b"sleep", b"0.05", age=1)
        seen.append(stage.look(pid))
        stage.table.end(pid)
        stage.table.now += 50
    assert seen == [Programs(), LOOP, LOOP, LOOP]
    assert not stage.again


def test_a_loop_of_different_short_programs_is_one_too(stage: Stage) -> None:
    for pid in (5, 6):
        stage.table.add(pid, b"cc", b"%d.c" % pid, age=1)
        stage.look(pid)
        stage.table.end(pid)
    stage.table.add(7, b"cc", b"7.c", age=1)
    assert stage.look(7) == LOOP


def test_a_loop_of_long_programs_is_known_by_the_second_of_the_same(stage: Stage) -> None:
    stage.table.add(5, b"sleep", b"5")
    assert stage.look(5) == Programs((b"sleep", b"5"))
    assert stage.watched == {5}, "so that the next one is seen"
    stage.table.end(5)
    stage.table.add(6, b"sleep", b"5")
    assert stage.look(6) == LOOP
    stage.entered += 1  # a person pressed Enter meanwhile
    stage.table.end(6)
    stage.table.add(7, b"sleep", b"5")
    assert stage.look(7) == LOOP


def test_a_loop_is_one_also_in_the_moment_between_two_programs(stage: Stage) -> None:
    for pid in (5, 6):
        stage.table.add(pid, b"sleep", b"0.05", age=1)
        stage.look(pid)
    assert stage.look() == LOOP
    assert stage.again
    assert stage.look() == Programs()


def test_a_list_of_commands_is_called_by_the_one_that_lasts(stage: Stage) -> None:
    stage.table.add(5, b"make", age=1)
    assert stage.look(5) == Programs()
    assert stage.again
    stage.table.end(5)
    stage.table.add(6, b"./server", age=1)
    stage.look(6)
    stage.table.now += LASTING_TICKS
    assert stage.look(6) == Programs((b"./server",))


def test_the_same_program_entered_twice_is_no_loop(stage: Stage) -> None:
    for pid in (5, 6):
        stage.entered += 1
        stage.table.add(pid, b"make")
        assert stage.look(pid) == Programs((b"make",))
        stage.table.end(pid)


def test_a_program_that_has_only_begun_counts_if_there_is_no_other_look(stage: Stage) -> None:
    stage.table.add(5, b"make", age=0)
    assert stage.look(5) == Programs()
    assert stage.again
    assert stage.look(5, last=True) == stage.look(5) == Programs((b"make",))


def test_a_program_keeps_the_words_it_was_started_with(stage: Stage) -> None:
    stage.table.add(5, b"npm", b"run", b"dev")
    assert stage.look(5) == Programs((b"npm", b"run", b"dev"))
    stage.table.rewrite(5, b"npm run dev: 12 % done")
    assert stage.look(5) == Programs((b"npm", b"run", b"dev"))
    stage.table.rewrite(5, b"top", executable="/bin/top")
    assert stage.look(5) == Programs((b"top",)), "it has executed another one"


def test_a_shell_that_became_another_program(stage: Stage) -> None:
    stage.table.rewrite(SHELL, b"sleep", b"1000")
    assert stage.look() == Programs((b"sleep", b"1000"))
    stage.table.rewrite(SHELL, b"-zsh")
    assert stage.look() == Programs()
    stage.table.rewrite(SHELL, b"sh", b"-c", b"the default command")
    assert stage.look() == Programs()


def test_a_panes_own_program_is_known_already() -> None:
    stage = Stage(replace(PANE, argv=(b"make -j4 && make test",)))
    stage.table.rewrite(SHELL, b"sh", b"-c", b"make -j4 && make test")
    stage.table.add(5, b"make", group=SHELL)
    assert stage.look() == Programs()


def test_jobs_in_the_background_and_stopped_ones(stage: Stage) -> None:
    stage.table.add(7, b"sleep", b"1000")
    stage.table.add(5, b"vim", b"x")
    stage.table.add(6, b"tee", group=5)
    stage.table.add(8, b"zsh")
    stage.table.add(9, b"helper", group=SHELL)
    jobs = ((b"vim", b"x"), (b"sleep", b"1000"))
    assert stage.look() == Programs(jobs=jobs)
    assert stage.watched == {5, 7}
    stage.table.add(10, b"top")
    assert stage.look(10) == Programs((b"top",), jobs=jobs)
    stage.table.add(11, b"brief", age=0)
    assert stage.look(10).jobs == jobs
    assert stage.again


def test_jobs_of_a_shell_in_a_shell(stage: Stage) -> None:
    stage.table.add(5, b"bash")
    stage.table.add(6, b"vim", b"x", parent=5)
    stage.table.add(7, b"sleep", b"9")
    jobs = ((b"vim", b"x"), (b"sleep", b"9"))
    assert stage.look(5) == Programs((b"bash",), jobs=jobs)
    stage.table.add(8, b"top", parent=5)
    assert stage.look(8) == Programs((b"top",), jobs=jobs)


def test_another_process_of_the_pane_is_another_story(stage: Stage) -> None:
    stage.table.add(5, b"sleep", b"5")
    stage.look(5)
    stage.table.end(5)
    stage.pane = replace(PANE, generation=2)
    stage.table.add(6, b"sleep", b"5")
    assert stage.look(6) == Programs((b"sleep", b"5"))


@pytest.mark.parametrize(
    ("argv", "command", "words"),
    [
        ((b"vim", b"x"), b"vim", (b"vim", b"x")),
        ((b"/bin/bash", b"./build.sh", b"-x"), b"build.sh", (b"./build.sh", b"-x")),
        ((b"/bin/sh", b"-e", b"/opt/tool"), b"tool", (b"/opt/tool",)),
        ((b"bash", b"./build.sh"), b"bash", (b"bash", b"./build.sh")),
        (
            (b"/usr/bin/python3", b"a-very-long-name-of-a-script"),
            b"a-very-long-nam",
            (b"a-very-long-name-of-a-script",),
        ),
        ((b"-bash",), b"bash", (b"-bash",)),
        ((b"npm run dev", b"", b"", b""), b"node", (b"npm run dev",)),
        ((b"grep", b""), b"grep", (b"grep", b"")),
        ((), b"x", ()),
    ],
)
def test_the_words_as_they_were_typed_tell_a_script_from_its_interpreter(
    argv: Words, command: bytes, words: Words
) -> None:
    assert as_started(argv, command) == words


def test_only_the_shell_knows_of_a_script_whose_interpreter_was_looked_for() -> None:
    argv = (b"python3", b"./tool", b"x")
    assert as_started(argv, b"python3", b"./tool") == (b"./tool", b"x")
    assert as_started(argv, b"python3", b"/usr/bin/python3") == argv
    assert as_started((b"man", b"make"), b"man", b"/usr/bin/make") == (b"man", b"make")
    assert as_started((b"grep", b""), b"grep") == (b"grep", b"")
