"""Finds out from the process table what a person started in a pane's shell.

A shell that reads commands gives each one a process group of its own. A pipeline is one group, whose processes are
children of the shell. So the foreground group is what was started, and the other groups are jobs that are in the
background or stopped. But programs that a loop starts look the same. They are recognised by time: a program that existed
only for a moment was not started by a person, and neither was one that ran twice after a single Enter.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from fuguemux.model.ids import PaneId
from fuguemux.model.state import Pane, Ran
from fuguemux.reactions.foreground_changed import Programs, Words
from fuguemux.server.panes.program_names import SHELLS, is_shell, runs_again
from fuguemux.server.processes.process_table import TICKS_PER_SECOND, Process

LASTING_TICKS: Final = TICKS_PER_SECOND * 3 // 10
"""A program that runs this long is one that a person may miss."""
JOBS_MAX: Final = 16
PIPELINE_MAX: Final = 16
SEEN_MAX: Final = 64
NESTING_MAX: Final = 4
COMMAND_BYTES: Final = 15
"""The length of a program's name in the kernel."""


Key = tuple[int, int]
"""Pid and start time: no two processes have the same of both."""


class Table(Protocol):
    """The process table; see process_table.py."""

    def process(self, pid: int) -> Process | None: ...

    def children(self, pid: int) -> list[int]: ...

    def arguments(self, pid: int) -> Words: ...

    def invoked_as(self, pid: int) -> bytes: ...

    def executable(self, pid: int) -> str: ...

    def up_ticks(self) -> int: ...


class Look(NamedTuple):
    """The result of one look at a pane."""

    programs: Programs
    again: bool = False
    """Whether a process has only just begun, so that another look in a moment knows more."""
    watched: frozenset[int] = frozenset()
    """The processes whose exit changes the result."""
    leader: int = 0
    """The foreground process whose directory is the pane's; 0 for the pane's own process."""


class _Command:
    """What is known of the command that was entered last in one pane."""

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.entered = 0
        self.seen: dict[Words, Key] = {}
        """Programs that have run since Enter was last pressed, by their argument lists."""
        self.repeated: set[Words] = set()
        """Those of them that ran twice."""
        self.fleeting: Key | None = None
        """A process that had only just begun when it was seen."""
        self.named: Key | None = None
        """The process that was named; it stays named."""
        self.own: Words = ()
        """The argument list of the shell itself."""
        self.jobs: dict[Key, Words] = {}
        """For each job of the shell, the argument list that it was started with."""
        self.loop: Words = ()
        """The argument list of the shell that was running a loop at the last look."""
        self.key: Key = (0, 0)
        self.executable = ""
        self.words: tuple[Words, ...] = ()
        """The argument lists of the pipeline that was named last. A program may overwrite its arguments later."""

    def began(self, entered: int) -> None:
        """Something else was entered."""
        self.entered, self.seen, self.fleeting = entered, {}, None
        self.repeated = set()

    def rests(self) -> None:
        """The shell is waiting for a command."""
        self.fleeting, self.key, self.repeated = None, (0, 0), set()


class _Once:
    """The process table during one look, cached, because each file of /proc costs more than all the work with its
    content.
    """

    def __init__(self, table: Table) -> None:
        self.arguments, self.executable, self.invoked_as = (
            table.arguments,
            table.executable,
            table.invoked_as,
        )
        self.process = functools.cache(table.process)
        self.children = functools.cache(table.children)
        self.up_ticks = functools.cache(table.up_ticks)


class Foregrounds:
    """Finds foreground programs, and remembers results from look to look. Quick: reads some small files of /proc."""

    def __init__(self, table: Table) -> None:
        self._real = table
        self._table: Table = _Once(table)
        self._commands: dict[PaneId, _Command] = {}

    def keep(self, panes: Sequence[PaneId]) -> None:
        """Forget all panes but these."""
        if len(self._commands) > len(panes):
            self._commands = {
                pane: self._commands[pane] for pane in panes if pane in self._commands
            }

    def look(self, pane: Pane, group: int, entered: int, *, last: bool = False) -> Look:
        """Return what runs in a pane whose terminal has `group` in the foreground, and where Enter was pressed `entered`
        times.

        With `last` there may be no other look, so that a program counts that has only just begun.
        """
        command = self._commands.get(pane.id)
        if command is None or command.generation != pane.generation:
            command = self._commands[pane.id] = _Command(pane.generation)
        self._table = _Once(self._real)
        members = [] if group in (0, pane.pid) else self._members(pane.pid, group)
        if not members or not command.own:  # a shell that waits for a job executes nothing else
            command.own = self._table.arguments(pane.pid)
        own = command.own
        jobs, young = self._jobs(pane, command, members, last=last)
        words = tuple(job for _, job in jobs)
        watched = frozenset(pid for pid, _ in jobs)
        if not members:
            if command.loop:  # this may be the moment between two programs of the loop
                programs = Programs(command.loop, (), Ran.LOOP, words)
                command.loop = ()
                return Look(programs, True, watched)
            command.rests()
            return Look(Programs(_exchanged(pane, own), jobs=words), young, watched)
        leader, argvs = members[0], self._argvs(command, members, group)
        kind = self._judged(command, argvs, leader, entered, last=last)
        command.loop = (self._table.arguments(leader.parent) or own) if kind is Ran.LOOP else ()
        if kind is None:
            return Look(Programs(jobs=words), True, watched, leader.pid)
        if kind is Ran.LOOP:
            return Look(Programs(command.loop, (), kind, words), young, watched, leader.pid)
        programs = Programs(argvs[0], argvs[1:], kind, words)
        return Look(programs, young, watched | {leader.pid}, leader.pid)

    # The foreground

    def _members(self, shell: int, group: int) -> list[Process]:
        """The processes of a job in the order of the pipeline: those that the shell started, the leader first if it is
        there.
        """
        first = self._table.process(group)
        parent = shell if first is None else first.parent
        found = [self._table.process(child) for child in self._table.children(parent)]
        others = [each for each in found if each is not None and each.group == group]
        others = sorted((each for each in others if each.pid != group), key=_age)
        return ([] if first is None else [first]) + others[: PIPELINE_MAX - 1]

    def _argvs(
        self, command: _Command, members: Sequence[Process], group: int
    ) -> tuple[Words, ...]:
        """The argument list of every process of a job, as they were when it was first named."""
        first = members[0]
        if first.pid != group and command.key[0] == group:
            return command.words  # the first process of a pipeline may exit before the others
        executable = self._table.executable(first.pid)
        if (command.key, command.executable) == (_key(first), executable):
            return command.words
        shell = self._table.arguments(first.parent)
        found = (self._argv(each, shell) for each in members)
        command.words = tuple(argv for argv in found if argv) or ((first.command,),)
        command.key, command.executable = _key(first), executable
        return command.words

    def _argv(self, process: Process, shell: Words) -> Words:
        """The argument list of a process. For a copy of the shell, which runs a part of a command line, that of the
        program in it.
        """
        argv = self._table.arguments(process.pid)
        for _ in range(NESTING_MAX):
            if argv != shell:
                break
            found = [self._table.process(child) for child in self._table.children(process.pid)]
            inside = [each for each in found if each is not None and each.group == process.group]
            if not inside:
                break
            process = inside[-1]
            argv = self._table.arguments(process.pid)
        return as_started(argv, process.command, self._table.invoked_as(process.pid))

    def _judged(
        self,
        command: _Command,
        argvs: tuple[Words, ...],
        leader: Process,
        entered: int,
        *,
        last: bool,
    ) -> Ran | None:
        """Whether a person or a loop started this. None if it is too early to say."""
        words = tuple(word for argv in argvs for word in (*argv, b"|"))
        if entered != command.entered and words not in command.repeated:
            command.began(entered)
        if command.seen.setdefault(words, command.key) != command.key:
            command.repeated.add(words)
        if len(command.seen) > SEEN_MAX:
            command.seen = {words: command.key}
        if words in command.repeated:
            return Ran.LOOP
        if command.named == command.key:
            return Ran.COMMAND
        if last or self._table.up_ticks() - leader.start_ticks >= LASTING_TICKS:
            command.named = command.key
            return Ran.COMMAND
        if command.fleeting not in (None, command.key):
            return Ran.LOOP
        command.fleeting = command.key
        return None

    # Beside it

    def _jobs(
        self, pane: Pane, command: _Command, members: Sequence[Process], *, last: bool
    ) -> tuple[list[tuple[int, Words]], bool]:
        """The jobs that shells have in the background or stopped, by their leaders, and whether one has only just begun."""
        known, command.jobs = command.jobs, {}
        found: dict[int, tuple[int, Words]] = {}
        young = False
        for shell, words in self._shells(pane, command, members):
            for process in map(self._table.process, self._table.children(shell)):
                if process is None or process.session != pane.pid or process.group in found:
                    continue
                in_front = bool(members) and process.group == members[0].group
                if in_front or process.group == shell or len(found) == JOBS_MAX:
                    continue
                key = _key(process)
                if key not in known:
                    if self._table.up_ticks() - process.start_ticks < LASTING_TICKS and not last:
                        young = True
                        continue
                    known[key] = self._argv(process, words)
                argv = command.jobs[key] = known[key]
                if argv and not is_shell(argv):
                    found[process.group] = (process.pid, argv)
        return sorted(found.values()), young

    def _shells(
        self, pane: Pane, command: _Command, members: Sequence[Process]
    ) -> Iterator[tuple[int, Words]]:
        """The pane's own process, the parent of the foreground process, and that process itself, as far as they are
        shells.
        """
        pids = [pane.pid]
        if members and members[0].parent != pane.pid:
            pids.append(members[0].parent)
        if members and members[0].command in SHELLS:
            pids.append(members[0].pid)
        for pid in pids:
            words = command.own if pid == pane.pid else self._table.arguments(pid)
            if words and is_shell(words):
                yield pid, words


def as_started(argv: Words, command: bytes, invoked_as: bytes = b"") -> Words:
    """Return the words that a person typed to start a process with the arguments `argv`.

    The kernel puts the interpreter of a script before its path, and names the process (`command`) after the script. If
    env(1) finds the interpreter, only the shell still knows the path: `invoked_as`. A program that wrote a title over its
    arguments has left nothing after the first one.
    """
    if len(argv) > 1 and b" " in argv[0] and not any(argv[1:]):
        argv = (argv[0].rstrip(),)
    if invoked_as and invoked_as in argv[1:3]:
        return argv[argv.index(invoked_as, 1) :]
    if argv and _base(argv[0]) != command:
        for place in (1, 2):
            if len(argv) > place and _base(argv[place]) == command:
                return argv[place:]
    return argv


def _base(path: bytes) -> bytes:
    return path.rpartition(b"/")[2][:COMMAND_BYTES]


def _exchanged(pane: Pane, own: Words) -> Words:
    """The argument list of the pane's own process, if it was a shell and became another program (`exec`)."""
    if not own or not runs_again(pane) or is_shell(own) or own[1:2] == (b"-c",):
        return ()
    return own


def _key(process: Process) -> Key:
    return process.pid, process.start_ticks


def _age(process: Process) -> tuple[int, int]:
    return process.start_ticks, process.pid
