"""Where the keeper is found: its locks, which name the place, and its listening socket. Both are created again when
removed.

At a logout the socket's whole directory is removed, while the keeper and its panes live on. Nothing here blocks.
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
    """The address of this keeper. Call `take` first: the process that has the locks is the keeper."""

    def __init__(
        self, path: str, *, lock: str = "", fallbacks: tuple[str, ...] = (), private: bool
    ) -> None:
        """`path` is where the keeper is to listen, `fallbacks` are the paths to use while that is impossible.

        `lock` is in the state directory. If it is empty, nothing is stored there, and the lock beside the socket decides.
        `private`: the socket's directory belongs to fugue, and may be created.
        """
        self.place = path
        """The path on which it listens, or would listen."""
        self._paths = (path, *fallbacks)
        self._lock_path = lock
        self._private = private
        self._locks: list[Lock] = []
        self._beside: dict[str, Lock] = {}
        self._listener: socket.socket | None = None

    @property
    def listener(self) -> socket.socket:
        """The socket on which to accept. It is a new one after `look` returned True."""
        assert self._listener is not None
        return self._listener

    def take(self) -> bool:
        """Take the locks and listen. Returns False if a running keeper has them. Raises OSError."""
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
        """Listen on the first possible path. Returns False if another keeper does. Raises the OSError of the preferred
        path.
        """
        first: OSError | None = None
        for path in self._paths:
            try:
                self._prepare(path)
                if self._take_beside(path):
                    self._move(path, listen(path))
                    return True
                # It may be of an earlier version, which knows only this lock.
                if path == self._paths[0]:
                    return False
            except OSError as error:
                first = first or error
        raise first or OSError(f"nowhere to listen in place of {self._paths[0]}")

    def held(self) -> tuple[str, LockHolder] | None:
        """Return the first lock that is held, and its holder. None if none is held."""
        locks = [(self._paths[0] + LOCK_SUFFIX, "")]
        if self._lock_path:
            locks.insert(0, (self._lock_path, os.path.dirname(self._lock_path)))
        for lock, guard in locks:
            holder = holder_of(lock, guard)
            if holder is not None:
                return lock, holder
        return None

    def look(self, *, anew: bool = False) -> bool:
        """Create removed files again. Returns whether there is a new socket to accept on. Never raises.

        `anew`: the state is now in another directory at the same path, which is locked as well.
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
        """Return the file descriptors that must stay open in the keeper's process."""
        found = {self.listener.fileno()}
        return found.union(*(lock.descriptors() for lock in self._all_locks()))

    def tell(self) -> None:
        """Write the keeper's pid and place into the locks."""
        for lock in self._all_locks():
            lock.tell(self.place)

    def close(self) -> None:
        """Remove the socket. The locks are released with the process."""
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
        """Lock the file beside a socket, so that no other keeper listens on it, and no foreign socket is removed."""
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
        """Create the directory of a socket, or check that no other user can change it. Raises OSError."""
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
