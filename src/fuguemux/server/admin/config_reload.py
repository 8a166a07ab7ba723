"""Keeps the running configuration equal to its file: watches the file, checks it, replaces the configuration as one
value, and reports.

A valid change is applied within a second, or within two if the system does not report it. An invalid one changes
nothing. An option that needs a restart keeps its running value, which is reported. The file may be replaced (as most
editors do), be a symbolic link, or not exist yet.
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
"""Changes that follow each other within this time are read together."""
QUIET_MS: Final = 200
"""A series of changes has ended if nothing happened for this long: an editor has finished writing."""
LOOK_ANYWAY_MS: Final = 1_000
"""The file is looked at this often even if the system reports nothing (network file systems, replaced directories)."""
WATCHER_THREADS: Final = 4
"""More threads than the watcher starts. If the watcher cannot start one, it ends the whole process."""
assert DEBOUNCE_MS + QUIET_MS < 1_000, "a change holds within a second"

_diagnostics = channel("config")
_Signature = tuple[int, int, int, int] | None
_Directory = tuple[str, int, int]


class Reload(msgspec.Struct, frozen=True):
    """The result of one check of the file. If there are `problems`, nothing was changed."""

    changes: tuple[Change, ...] = ()
    """Differences from the running configuration. Those of live options are applied."""
    problems: tuple[Problem, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Lines for people: one that announces the changes, or one per problem and one that says which values are in
        effect."""
        if self.problems:
            return (*map(str, self.problems), "configuration not changed")
        return (announcement(self.changes),)


class ConfigReload:
    """Owns the running configuration. Belongs to the loop. The file is read on a thread, one reading after the other.

    `apply` is called with the whole new configuration and the live changes if a live option has changed. `tell` is
    called with every result that users should know: changes, problems, and the end of problems.
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
        """Start with what was `loaded`. `required` and `environment` are the arguments with which it was loaded."""
        self.path = loaded.path
        self.running = loaded.configuration
        """The configuration in effect."""
        self.file = loaded
        """The last valid content of the file. It differs from `running` in options that need a restart."""
        self.problems: tuple[Problem, ...] = ()
        """Why the file is not used. Empty if it is in use."""
        self._required = required
        self._environment = dict(environment)
        self._apply = apply
        self._tell = tell
        self._seen = self._glimpsed = _signature(self.path)
        self._looking = asyncio.Lock()

    @property
    def gone(self) -> bool:
        """Whether the file existed when it was last read and is missing now. Reads the disk; call it on any thread."""
        return self._seen is not None and _signature(self.path) is None

    @property
    def restart_needed(self) -> tuple[Change, ...]:
        """Options whose value in the file takes effect after a restart."""
        return changes(self.running, self.file.configuration)

    async def reload_now(self) -> Reload:
        """Read the file and use it if it is valid (SIGHUP, `fugue config reload`).

        Always reports, even if nothing has changed. No content of the file makes it raise.
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
        """The content of the file, and its signature from before the reading. Runs on any thread."""
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
        """Watch the file until cancelled. If the system cannot watch, reports this once and returns; `reload_now`
        still works.

        A file that disappears leaves the configuration as it is, because the file may be about to be replaced.
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
                            break  # a directory or link on the path to the file was created, removed or replaced
        except (OSError, RuntimeError, ImportError, ExceptionGroup) as problem:
            error: Exception = problem
            while isinstance(error, ExceptionGroup):  # the watcher runs in a task group of its own
                error = error.exceptions[0]
            _diagnostics.failure("config.not_watched", error, path=self.path)
            message = f"cannot be watched ({error}); after a change run: fugue config reload"
            self._tell(Reload(problems=(Problem(self.path, message),)))

    async def _look(self, *, quiet: bool) -> None:
        """Read the file if it has changed and is complete. `quiet` says that the writer has finished. Otherwise the
        file is complete if it was the same at the last check."""
        signature = await beside("configuration", _signature, self.path)
        if signature not in (self._seen, None) and (quiet or signature == self._glimpsed):
            await self._reload(asked=False)
        self._glimpsed = signature


def _check_threads() -> None:
    """Raise RuntimeError if the watcher could not start its threads."""
    if not threads.can_start(WATCHER_THREADS):
        raise RuntimeError("no thread can be started for it")


def _import_awatch() -> Callable[..., AsyncGenerator[object, None]]:
    """Import watchfiles. This takes about 60 ms, for which the start of a server should not wait."""
    from watchfiles import awatch

    return awatch


def _signature(path: str) -> _Signature:
    """A value that differs between versions of the file. None: there is no file."""
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return None
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _directories(path: str) -> list[_Directory]:
    """The directories to watch for a change to `path`: that of the file, and that of every symbolic link on the path
    to it.

    Instead of a directory that does not exist, the nearest existing one above it. Each with its identity.
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
