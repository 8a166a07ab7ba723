"""Where the server is found: its socket, the lock that names it, and the landing zone. All are made again when they go.

At a log-out the system removes the whole runtime directory while the server lives on. It then listens at the fallback
of `config.paths` until the directory is there again. Whoever finds nobody asks by SIGUSR1.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fuguemux.config import paths
from fuguemux.config.paths import PathRefused
from fuguemux.keeper.lock_file import ENDING, KEEPER_LOCK, SERVER_LOCK
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery.whereabouts import PARTS
from fuguemux.persistence.storage.state_lock import StateLocked
from fuguemux.server.clients.handler import Handler
from fuguemux.server.clients.listener import Listener, ListenError, bind_private
from fuguemux.server.output.pane_output import PaneOutput
from fuguemux.server.output.precedence import Precedence
from fuguemux.server.output.zone_place import ZoneKept
from fuguemux.server.work.directory_watch import COMES, GONE, DirectoryWatch

if TYPE_CHECKING:
    from fuguemux.server.recovery.boot import Booted

SETTLE_SECONDS: Final = 0.2
"""After the last change: whoever removes a directory is not to find new files in it meanwhile."""
LOOK_SECONDS: Final = 5.0
"""Between two looks where the system tells of no changes."""
ARM_MAX: Final = 5

diagnostics = channel("server")


class ServingAddress:
    """The server's. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        booted: Booted,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        output: PaneOutput,
        store: str,
    ) -> None:
        self._loop = loop
        self._booted = booted
        self._spawn = spawn
        self._precedence = Precedence(loop, output.floods)
        self.zone = ZoneKept(output, booted.state_directory, store=store, lock=booted.lock)
        self._listener: Listener | None = None
        self._keeper_listens: Callable[[bool], Coroutine[Any, Any, None]] | None = None
        self._watch: DirectoryWatch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._moving = self._closed = False
        self._lock_identity = (0, 0) if booted.lock is None else booted.lock.identity
        self.path = ""
        """Where the server listens now."""
        self._facts: os.stat_result | None = None
        self._looked: list[Callable[[], None]] = []

    def open(self, handler: Handler, tasks: asyncio.TaskGroup) -> Listener:
        """A listener that is bound and does not accept yet. Raises ListenError."""
        self._listener = Listener(
            self._bound(),
            handler,
            tasks,
            came=self._precedence.came,
            served=self._precedence.answered,
        )
        return self._listener

    def _bound(self) -> socket.socket:
        problem: ListenError | None = None
        for path, prepare in self._candidates():
            try:
                prepare()
                sock = bind_private(path)
            except PathRefused as error:  # the directory is gone, or boot would have refused it
                problem = problem or ListenError(str(error))
            except ListenError as error:
                if problem is None:  # something else is there: a person is to know
                    raise
                problem = error
            else:
                self._settle_on(path)
                return sock
        assert problem is not None
        raise problem

    def begin(self, keeper_listens: Callable[[bool], Coroutine[Any, Any, None]]) -> None:
        """The listener accepts: say where, and see to it from now on. `keeper_listens` has the keeper do the same, in
        another state directory as well if its argument says that there is one."""
        self._keeper_listens = keeper_listens
        self._tell(self.path)
        self._watch = DirectoryWatch(self._loop, self._happened)
        self._arm()
        signal.signal(signal.SIGUSR1, self._asked)

    def also_look(self, looked: Callable[[], None]) -> None:
        """Call `looked` after each look: what happened may have happened to the state directory."""
        self._looked.append(looked)

    def close(self) -> None:
        """Nobody is let in any more, and nothing made again: this server ends. May be called again."""
        self._closed = True
        self._tell(ENDING)
        if self._watch is not None:
            self._watch.close()
        if self._timer is not None:
            self._timer.cancel()
        if self._listener is not None:
            self._listener.close()

    def look(self) -> None:
        """Make again what is gone."""
        self._timer = None
        if self._closed:
            return
        lock = self._booted.lock
        if lock is not None:
            with contextlib.suppress(
                StateLocked
            ):  # server/state/place.py says so, and goes on trying
                lock.renew()
        self.zone.look()
        for looked in self._looked:
            looked()
        if not self._moving:
            self._moving = True
            self._spawn(self._move())

    async def _move(self) -> None:
        """Listen at the first place that can be had, if that is not the one where we listen."""
        try:
            for path, prepare in self._candidates():
                if path == self.path and self._listens():
                    break
                with contextlib.suppress(PathRefused, ListenError):
                    prepare()
                    await self._listen_on(path, bind_private(path))
                    break
            else:
                diagnostics.warning("listens_nowhere", path=self.path)
            if self._keeper_listens is not None:
                await self._keeper_listens(self._lock_moved())
        finally:
            self._moving = False
            self._arm()

    async def _listen_on(self, path: str, sock: socket.socket) -> None:
        assert self._listener is not None
        if self._closed:
            sock.close()
            return
        before, leave = self.path, self._listens()
        await self._listener.move(sock)
        if leave:
            with contextlib.suppress(OSError):
                os.unlink(before)
        self._settle_on(path)
        self._tell(path)
        diagnostics.warning("listens_again", path=path, before=before)

    def _settle_on(self, path: str) -> None:
        self.path, self._facts = path, os.stat(path)

    def _listens(self) -> bool:
        """Whether whoever opens the path meets our socket."""
        try:
            return self._facts is not None and os.path.samestat(os.stat(self.path), self._facts)
        except OSError:
            return False

    def _lock_moved(self) -> bool:
        """Whether the state has been in another directory since this was asked last."""
        lock = self._booted.lock
        if lock is None or lock.identity == self._lock_identity:
            return False
        self._lock_identity = lock.identity
        return True

    def _tell(self, place: str) -> None:
        if self._booted.lock is not None:
            self._booted.lock.tell(place)

    def _candidates(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Where to listen, best first, each with what makes or checks its directory."""
        places, uid = self._booted.places, os.getuid()
        yield places.socket, lambda: paths.prepare_if_there(places, uid)
        for path in paths.fallback_sockets(places, uid, self._booted.home):
            directory = os.path.dirname(path)
            yield path, partial(paths.make_private_directory, directory, uid)

    # Being told

    def _asked(self, _signal: int, _frame: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self.look)

    def _happened(self, directory: str, name: str) -> None:
        if name and name not in self._names():
            return
        if not name or name.endswith("landing"):
            self.zone.look()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(SETTLE_SECONDS, self.look)

    def _names(self) -> set[str]:
        """Entries whose coming or going means something."""
        names = {os.path.basename(path) for path in (self.path, self._booted.landing_path)}
        names |= {os.path.basename(path) for path in self._ancestors()}
        socket_name = os.path.basename(self.path)
        return names | {
            f"{socket_name}.keeper",
            f"{socket_name}.keeper.lock",
            SERVER_LOCK,
            KEEPER_LOCK,
            *PARTS,
        }

    def _ancestors(self) -> list[str]:
        """The directory that we want to listen in, whether it is there or not, and all above it."""
        directory = self._booted.places.directory
        found = []
        while directory not in ("", "/"):
            found.append(directory)
            directory = os.path.dirname(directory)
        return found

    def _arm(self) -> None:
        """Watch what is there; directories that are missing are heard of when they come."""
        if self._watch is None or self._closed:
            return
        if not self._watch.works:
            self._timer = self._timer or self._loop.call_later(LOOK_SECONDS, self.look)
            return
        watched = None
        for _ in range(ARM_MAX):  # again if something came in between
            wanted = self._wanted()
            if wanted == watched:
                break
            self._watch.watch(wanted)
            watched = wanted

    def _wanted(self) -> dict[str, int]:
        wanted = {os.path.dirname(self.path): GONE}
        if self._booted.lock is not None:
            wanted[self._booted.home] = GONE
        if self._booted.landing_path:
            wanted[os.path.dirname(self._booted.landing_path)] = GONE
        for directory in self._ancestors():
            if os.path.isdir(directory):
                wanted[directory] = wanted.get(directory, 0) | (
                    GONE if directory == self._ancestors()[0] else COMES
                )
                break
        return wanted
