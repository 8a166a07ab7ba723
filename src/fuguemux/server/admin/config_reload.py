"""Keeps the running configuration equal to its file: watches it, checks it, swaps it as one value, and tells.

A valid change is applied within a second, or two where the system does not report it; an invalid one changes nothing.
What needs a restart is told and keeps its running value. The file may be replaced (as most editors do), be a symbolic
link, or not exist yet.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Final

import msgspec

from fuguemux.config.changes import Change, announcement, applied, changes
from fuguemux.config.load import ConfigError, Loaded, Problem, load
from fuguemux.config.schema import Configuration
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.server.work import threads
from fuguemux.server.work.file_threads import beside
from fuguemux.server.work.plain_files import LINKS_MAX

DEBOUNCE_MS: Final = 400
"""Longest time that changes which follow one another are collected for."""
QUIET_MS: Final = 200
"""Changes are over when nothing happened for so long: an editor has finished writing."""
LOOK_ANYWAY_MS: Final = 1_000
"""The file is looked at this often even if the system reports nothing (network file systems, replaced directories)."""
WATCHER_THREADS: Final = 4
"""More than the watcher starts: where it cannot start one, it ends the process."""
assert DEBOUNCE_MS + QUIET_MS < 1_000, "a change holds within a second"

_diagnostics = channel("config")
_Signature = tuple[int, int, int, int] | None
_Directory = tuple[str, int, int]


class Reload(msgspec.Struct, frozen=True):
    """What came of one look at the file. With `problems`, nothing was changed."""

    changes: tuple[Change, ...] = ()
    """Against the running configuration: applied where the option is live."""
    problems: tuple[Problem, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """For people: one line that announces the changes, or one line per problem and what holds now."""
        if self.problems:
            return (*map(str, self.problems), "configuration not changed")
        return (announcement(self.changes),)


class ConfigReload:
    """Owns the running configuration. Belongs to the loop; files are looked at on a thread, one look after the other.

    `apply` is called with (the whole new running configuration, the live changes) when something live changed;
    `tell` with every outcome that people should hear of: changes, problems, and that the problems are gone.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        required: bool,
        environment: Mapping[str, str],
        apply: Callable[[Configuration, tuple[Change, ...]], None],
        tell: Callable[[Reload], None],
    ) -> None:
        """Start from what was `loaded`; `required` and `environment` as they were given to load it."""
        self.path = loaded.path
        self.running = loaded.configuration
        """What holds now."""
        self.file = loaded
        """The last valid look at the file; differs from `running` where a restart is needed."""
        self.problems: tuple[Problem, ...] = ()
        """What keeps the file from being used; empty if it is in use."""
        self._required = required
        self._environment = dict(environment)
        self._apply = apply
        self._tell = tell
        self._seen = self._glimpsed = _signature(self.path)
        self._looking = asyncio.Lock()

    @property
    def gone(self) -> bool:
        """There was a file when it was last read, and now there is none. Looks for it, on any thread."""
        return self._seen is not None and _signature(self.path) is None

    @property
    def restart_needed(self) -> tuple[Change, ...]:
        """Options whose value in the file waits for a restart."""
        return changes(self.running, self.file.configuration)

    async def reload_now(self) -> Reload:
        """Read the file and use it if it is valid (SIGHUP, `fugue config reload`).

        Always tells, even that nothing changed. Never raises for what the file holds.
        """
        return await self._reload(asked=True)

    async def _reload(self, *, asked: bool) -> Reload:
        async with self._looking:
            try:
                self._seen, loaded = await beside("configuration", self._read)
            except OSError as error:
                problem = Problem(self.path, error.strerror or str(error))
                return self._refuse((problem,), asked=asked)
            if isinstance(loaded, ConfigError):
                return self._refuse(loaded.problems, asked=asked)
            return self._use(loaded, asked=asked)

    def _read(self) -> tuple[_Signature, Loaded | ConfigError]:
        """The file as it is now, on any thread; its signature is from before that."""
        reach("configuration.reading")
        signature = _signature(self.path)
        try:
            return signature, load(self.path, self._environment, required=self._required)
        except ConfigError as error:
            return signature, error

    def _use(self, loaded: Loaded, *, asked: bool) -> Reload:
        found = changes(self.running, loaded.configuration)
        waiting = {change.option.key: change.new for change in self.restart_needed}
        news = tuple(
            change for change in found if asked or waiting.get(change.option.key) != change.new
        )
        live = tuple(change for change in found if change.option.live)
        mended, self.problems = bool(self.problems), ()
        self.file = loaded
        if live:
            self.running = applied(self.running, loaded.configuration)
            self._apply(self.running, live)
        outcome = Reload(changes=news)
        if news or mended or asked:
            _diagnostics.info("config.reloaded", path=self.path, changes=announcement(news))
            self._tell(outcome)
        return outcome

    def _refuse(self, problems: tuple[Problem, ...], *, asked: bool) -> Reload:
        outcome = Reload(problems=problems)
        if asked or problems != self.problems:
            for problem in problems:
                _diagnostics.error("config.refused", problem=str(problem))
            self._tell(outcome)
        self.problems = problems
        return outcome

    async def watch(self) -> None:
        """Watch the file until cancelled. If the system cannot watch, says so once and returns: `reload_now` remains.

        A file that disappears keeps the configuration as it is: it may be in the middle of being replaced.
        """
        try:
            awatch = await asyncio.to_thread(_import_awatch)
            while True:
                directories = await beside("configuration", _directories, self.path)
                _check_threads()
                watcher = awatch(
                    *(path for path, _, _ in directories),
                    watch_filter=None,
                    recursive=False,
                    debounce=DEBOUNCE_MS,
                    step=QUIET_MS,
                    rust_timeout=LOOK_ANYWAY_MS,
                    yield_on_timeout=True,
                )
                async with contextlib.aclosing(watcher):
                    async for events in watcher:
                        await self._look(quiet=bool(events))
                        if await beside("configuration", _directories, self.path) != directories:
                            break  # one on the way to the file came, went, or is another one now
        except (OSError, RuntimeError, ImportError, ExceptionGroup) as problem:
            error: Exception = problem
            while isinstance(error, ExceptionGroup):  # the watcher runs in a group of its own
                error = error.exceptions[0]
            _diagnostics.failure("config.not_watched", error, path=self.path)
            message = f"cannot be watched ({error}); after a change run: fugue config reload"
            self._tell(Reload(problems=(Problem(self.path, message),)))

    async def _look(self, *, quiet: bool) -> None:
        """Read the file if it is another one. `quiet`: writing is over. Else that is so if it looked the same last time."""
        signature = await beside("configuration", _signature, self.path)
        if signature not in (self._seen, None) and (quiet or signature == self._glimpsed):
            await self._reload(asked=False)
        self._glimpsed = signature


def _check_threads() -> None:
    """Raises RuntimeError where the watcher could not start its threads."""
    if not threads.can_start(WATCHER_THREADS):
        raise RuntimeError("no thread can be started for it")


def _import_awatch() -> Callable[..., AsyncGenerator[object, None]]:
    """Takes some 60 ms, which the start of a server should not wait for."""
    from watchfiles import awatch

    return awatch


def _signature(path: str) -> _Signature:
    """What tells one version of the file from the next; None without a file."""
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _directories(path: str) -> list[_Directory]:
    """Where a change to `path` shows: the directory of the file and of every symbolic link on the way to it.

    Of one that does not exist, the nearest above it that does. Each with its identity.
    """
    found: dict[str, _Directory] = {}
    for _ in range(LINKS_MAX):
        parent = os.path.realpath(os.path.dirname(path) or ".")
        while not os.path.isdir(parent):
            parent = os.path.dirname(parent)
        facts = os.stat(parent)
        found[parent] = (parent, facts.st_dev, facts.st_ino)
        try:
            path = os.path.join(os.path.dirname(path), os.readlink(path))
        except OSError:
            break
    return sorted(found.values())
