"""Where the keeper is found: the locks that say so, and its listening socket. Both are made again when somebody removes them.

At a log-out the whole directory of the socket goes away, while the keeper and what it holds live on. Nothing here waits.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat

from fuguemux.keeper.listener import listen
from fuguemux.keeper.lock_file import Lock, LockHolder, holder_of

LOCK_SUFFIX = ".lock"
_OTHERS_WRITE = 0o022


class KeeperAddress:
    """The keeper's. `take` it first; whoever has it is the keeper."""

    def __init__(
        self, path: str, *, lock: str = "", fallbacks: tuple[str, ...] = (), private: bool
    ) -> None:
        """`path` is where the keeper is to listen, `fallbacks` where it does as long as that is impossible.

        `lock` is in the state directory; empty: nothing is kept there, and the one beside the socket decides.
        `private`: the socket's directory is fugue's own, and may be made.
        """
        self.place = path
        """The path on which it listens, or would."""
        self._paths = (path, *fallbacks)
        self._lock_path = lock
        self._private = private
        self._locks: list[Lock] = []
        self._beside: dict[str, Lock] = {}
        self._listener: socket.socket | None = None

    @property
    def listener(self) -> socket.socket:
        """The socket on which to accept: another one after `look` said so."""
        assert self._listener is not None
        return self._listener

    def take(self) -> bool:
        """Take the locks and listen; False: a living keeper has them. Raises OSError."""
        if self._lock_path:
            lock = Lock(self._lock_path, os.path.dirname(self._lock_path))
            if not lock.take(file_required=False):
                return False
            self._locks = [lock]
        try:
            if self._listen_somewhere():
                return True
        except OSError:
            self._give_up()
            raise
        self._give_up()
        return False

    def _listen_somewhere(self) -> bool:
        """Listen where it is possible first; False: another keeper does. Raises OSError, of the place it should be."""
        first: OSError | None = None
        for path in self._paths:
            try:
                self._prepare(path)
                if self._take_beside(path):
                    self._move(path, listen(path))
                    return True
                if (
                    path == self._paths[0]
                ):  # it may be of an earlier version, which knows this lock only
                    return False
            except OSError as error:
                first = first or error
        raise first or OSError(f"nowhere to listen in place of {self._paths[0]}")

    def held(self) -> tuple[str, LockHolder] | None:
        """Return the first of the locks that somebody has, and who; None: nobody has any."""
        locks = [(self._paths[0] + LOCK_SUFFIX, "")]
        if self._lock_path:
            locks.insert(0, (self._lock_path, os.path.dirname(self._lock_path)))
        for lock, guard in locks:
            holder = holder_of(lock, guard)
            if holder is not None:
                return lock, holder
        return None

    def look(self, *, anew: bool = False) -> bool:
        """Make again what is gone. Return whether there is another socket to accept on. Never raises.

        `anew`: the state is in another directory at the same path from now on, which is locked as well.
        """
        if self._locks and not self._locks[-1].renew() and anew:
            self._lock_anew()
        for path in self._paths:
            if path == self.place and self._listens():
                beside = self._beside[path]
                if not beside.renew():
                    beside.release()
                    self._take_beside(path)
                return False
            try:
                self._prepare(path)
                if self._take_beside(path):
                    self._move(path, listen(path))
                    return True
            except OSError:
                continue
        return False

    def descriptors(self) -> set[int]:
        """Return what must stay open in the process that is the keeper."""
        found = {self.listener.fileno()}
        return found.union(*(lock.descriptors() for lock in self._all_locks()))

    def tell(self) -> None:
        """Write who we are into the locks."""
        for lock in self._all_locks():
            lock.tell(self.place)

    def close(self) -> None:
        """Remove the socket; the locks are given up with the process."""
        if self._listens():
            with contextlib.suppress(OSError):
                os.unlink(self.place)

    def _lock_anew(self) -> None:
        other = Lock(self._lock_path, os.path.dirname(self._lock_path))
        with contextlib.suppress(OSError):
            if other.take():
                other.tell(self.place)
                self._locks.append(other)

    def _take_beside(self, path: str) -> bool:
        """Lock the file beside a socket: nobody else listens on it, and we remove nobody's."""
        known = self._beside.get(path)
        if known is not None and known.whole():
            return True
        lock = Lock(path + LOCK_SUFFIX)
        if not lock.take():
            return False
        if known is not None:
            known.release()
        self._beside[path] = lock
        return True

    def _move(self, path: str, listener: socket.socket) -> None:
        if self._listener is not None:
            if path != self.place:
                self.close()
                beside = self._beside.pop(self.place)
                if self.place != self._paths[0]:
                    with contextlib.suppress(OSError):
                        os.unlink(beside.path)
                beside.release()
            self._listener.close()
        self.place, self._listener = path, listener
        self._facts = os.stat(path)
        self.tell()

    def _listens(self) -> bool:
        try:
            return self._listener is not None and os.path.samestat(os.stat(self.place), self._facts)
        except OSError:
            return False

    def _prepare(self, path: str) -> None:
        """Make the directory of a socket, or see that nobody else can change it. Raises OSError."""
        directory = os.path.dirname(path)
        if self._private or path != self._paths[0]:
            with contextlib.suppress(FileExistsError):
                os.mkdir(directory, 0o700)
            facts = os.lstat(directory)
            ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid()
            if not ours or facts.st_mode & _OTHERS_WRITE:
                raise PermissionError(f"{directory} is not ours alone")

    def _give_up(self) -> None:
        for lock in self._all_locks():
            lock.release()
        self._locks, self._beside = [], {}

    def _all_locks(self) -> list[Lock]:
        return [*self._locks, *self._beside.values()]
