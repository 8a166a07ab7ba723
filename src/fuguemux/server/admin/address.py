"""Keeps the server reachable: its socket, the lock that names the socket, and the landing zone are created again if
they disappear.

When a user logs out, the system removes the whole runtime directory, although the server keeps running. The server
then listens at the fallback of `config.paths` until the directory exists again. A client that cannot connect asks for
this by SIGUSR1.
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
"""The time from the last change to the check. A program that removes a directory must not find new files in it
meanwhile."""
LOOK_SECONDS: Final = 5.0
"""The time between two checks if the system does not report changes."""
ARM_MAX: Final = 5

diagnostics = channel("server")


class ServingAddress:
    """The address of the server. Belongs to the loop."""

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
        """The path at which the server listens now."""
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
            except (
                PathRefused
            ) as error:  # the directory is gone, otherwise boot would have refused it
                problem = problem or ListenError(str(error))
            except ListenError as error:
                if problem is None:  # something else is at the path, which the user should know
                    raise
                problem = error
            else:
                self._settle_on(path)
                return sock
        assert problem is not None
        raise problem

    def begin(self, keeper_listens: Callable[[bool], Coroutine[Any, Any, None]]) -> None:
        """Call it when the listener accepts: writes the address into the lock, and watches it from now on.

        `keeper_listens` makes the keeper do the same. Its argument says whether the state directory is another one
        now."""
        self._keeper_listens = keeper_listens
        self._tell(self.path)
        self._watch = DirectoryWatch(self._loop, self._happened)
        self._arm()
        signal.signal(signal.SIGUSR1, self._asked)

    def also_look(self, looked: Callable[[], None]) -> None:
        """Call `looked` after each check, because the same change may concern the state directory."""
        self._looked.append(looked)

    def close(self) -> None:
        """Stop listening and creating things again, because this server ends. May be called again."""
        self._closed = True
        self._tell(ENDING)
        if self._watch is not None:
            self._watch.close()
        if self._timer is not None:
            self._timer.cancel()
        if self._listener is not None:
            self._listener.close()

    def look(self) -> None:
        """Create again what has disappeared."""
        self._timer = None
        if self._closed:
            return
        lock = self._booted.lock
        if lock is not None:
            with contextlib.suppress(
                StateLocked
            ):  # server/state/place.py reports it and tries again
                lock.renew()
        self.zone.look()
        for looked in self._looked:
            looked()
        if not self._moving:
            self._moving = True
            self._spawn(self._move())

    async def _move(self) -> None:
        """Listen at the best place that can be had, unless the server listens there already."""
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
        """Whether a client that opens the path reaches our socket."""
        try:
            return self._facts is not None and os.path.samestat(os.stat(self.path), self._facts)
        except OSError:
            return False

    def _lock_moved(self) -> bool:
        """Whether the state directory is another one than at the previous call."""
        lock = self._booted.lock
        if lock is None or lock.identity == self._lock_identity:
            return False
        self._lock_identity = lock.identity
        return True

    def _tell(self, place: str) -> None:
        if self._booted.lock is not None:
            self._booted.lock.tell(place)

    def _candidates(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Where to listen, best first. Each with the function that creates or checks its directory."""
        places, uid = self._booted.places, os.getuid()
        yield places.socket, lambda: paths.prepare_if_there(places, uid)
        for path in paths.fallback_sockets(places, uid, self._booted.home):
            directory = os.path.dirname(path)
            yield path, partial(paths.make_private_directory, directory, uid)

    # Notifications

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
        """Names of directory entries whose creation or removal matters."""
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
        """The preferred directory for the socket, whether it exists or not, and all directories above it."""
        directory = self._booted.places.directory
        found = []
        while directory not in ("", "/"):
            found.append(directory)
            directory = os.path.dirname(directory)
        return found

    def _arm(self) -> None:
        """Watch the directories that exist. The creation of a missing one is seen in the directory above it."""
        if self._watch is None or self._closed:
            return
        if not self._watch.works:
            self._timer = self._timer or self._loop.call_later(LOOK_SECONDS, self.look)
            return
        watched = None
        for _ in range(ARM_MAX):  # again if a directory was created meanwhile
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
