"""A file system that keeps exactly its promises: everything that was not synced can be discarded at any moment.

Bytes become durable by fsync or fdatasync of the file, names by fsync of the directory. Everything is in memory.
`python -m tests.support.lazy_fs MOUNTPOINT CONTROL` serves it in the foreground. A connection to the Unix socket
CONTROL controls it. `drop` gets one byte when the tree is again what was durable, as after a power failure. After
`short` every second write takes only a part of its data, as write(2) may. After `hold` every sync waits until `go`,
as on a slow disk. `held` is answered when a sync waits.

Needs root or fusermount3, and mfusepy with libfuse.
"""

import errno
import itertools
import os
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

CREATED_MODE: Final = 0o600


class File:
    """The bytes now, and the durable bytes."""

    def __init__(self, mode: int) -> None:
        self.mode = mode
        self.data = bytearray()
        self.durable = b""


class Directory:
    """The names now, and the durable names."""

    def __init__(self, mode: int) -> None:
        self.mode = mode
        self.names: dict[str, File | Directory] = {}
        self.durable: dict[str, File | Directory] = {}


Node = File | Directory


class Tree:
    """The file system without FUSE. Every method raises OSError as the system call would."""

    def __init__(self) -> None:
        self.root = Directory(0o700)
        self.short = False
        self._writes = 0
        self.lock = threading.RLock()
        self.flowing = threading.Event()
        self.flowing.set()
        self.held = threading.Event()

    def find(self, path: str) -> Node:
        node: Node = self.root
        for name in filter(None, path.split("/")):
            if not isinstance(node, Directory):
                raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            if name not in node.names:
                raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
            node = node.names[name]
        return node

    def parent(self, path: str) -> tuple[Directory, str]:
        directory, _, name = path.rpartition("/")
        node = self.find(directory)
        assert isinstance(node, Directory)
        return node, name

    def write(self, file: File, data: bytes, offset: int) -> int:
        self._writes += 1
        if self.short and self._writes % 2 and len(data) > 1:
            data = data[: len(data) // 2]
        if len(file.data) < offset:
            file.data.extend(bytes(offset - len(file.data)))
        file.data[offset : offset + len(data)] = data
        return len(data)

    def sync(self, node: Node) -> None:
        if isinstance(node, File):
            node.durable = bytes(node.data)
        else:
            node.durable = dict(node.names)

    def wait_for_disk(self) -> None:
        """Called before a sync, by a caller without the lock."""
        if not self.flowing.is_set():
            self.held.set()
            self.flowing.wait()

    def drop(self) -> None:
        """A power failure: discard what was not synced."""
        self._drop(self.root)

    def _drop(self, node: Node) -> None:
        if isinstance(node, File):
            node.data = bytearray(node.durable)
            return
        node.names = dict(node.durable)
        for child in node.names.values():
            self._drop(child)


def operations(tree: Tree) -> Any:  # noqa: C901  # one short method per system call
    """The tree as mfusepy needs it. The import is here, so that only a process that mounts it needs the library."""
    import mfusepy

    class LazyOperations(mfusepy.Operations):  # type: ignore[misc]  # the library has no types for us to see
        """Files are named by the path at their opening, but handled by numbers, so that a rename does not confuse
        them."""

        use_ns = True

        def __init__(self) -> None:
            self._handles: dict[int, Node] = {}
            self._numbers = itertools.count(1)

        def _handle(self, node: Node) -> int:
            number = next(self._numbers)
            self._handles[number] = node
            return number

        def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
            with tree.lock:
                node = self._handles[fh] if fh in self._handles else tree.find(path)
                folder = isinstance(node, Directory)
                return {
                    "st_mode": node.mode | (stat.S_IFDIR if folder else stat.S_IFREG),
                    "st_nlink": 2 if folder else 1,
                    "st_size": 0 if isinstance(node, Directory) else len(node.data),
                    "st_uid": os.getuid(),
                    "st_gid": os.getgid(),
                }

        def readdir(self, path: str, fh: int) -> list[str]:
            with tree.lock:
                node = tree.find(path)
                assert isinstance(node, Directory)
                return [".", "..", *node.names]

        def create(self, path: str, mode: int, fi: Any = None) -> int:
            with tree.lock:
                directory, name = tree.parent(path)
                node = directory.names[name] = File(mode & 0o777)
                return self._handle(node)

        def open(self, path: str, flags: int) -> int:
            with tree.lock:
                return self._handle(tree.find(path))

        def opendir(self, path: str) -> int:
            with tree.lock:
                return self._handle(tree.find(path))

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
            with tree.lock:
                node = self._handles[fh]
                assert isinstance(node, File)
                return bytes(node.data[offset : offset + size])

        def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
            with tree.lock:
                node = self._handles[fh]
                assert isinstance(node, File)
                return tree.write(node, data, offset)

        def truncate(self, path: str, length: int, fh: int | None = None) -> int:
            with tree.lock:
                node = self._handles[fh] if fh in self._handles else tree.find(path)
                assert isinstance(node, File)
                del node.data[length:]
                node.data.extend(bytes(length - len(node.data)))
                return 0

        def fsync(self, path: str, datasync: int, fh: int) -> int:
            tree.wait_for_disk()
            with tree.lock:
                tree.sync(self._handles[fh])
                return 0

        def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
            with tree.lock:
                tree.sync(self._handles[fh])
                return 0

        def release(self, path: str, fh: int) -> int:
            with tree.lock:
                self._handles.pop(fh, None)
                return 0

        def releasedir(self, path: str, fh: int) -> int:
            return self.release(path, fh)

        def chmod(self, path: str, mode: int) -> int:
            with tree.lock:
                tree.find(path).mode = mode & 0o777
                return 0

        def chown(self, path: str, uid: int, gid: int) -> int:
            return 0

        def utimens(self, path: str, times: Any = None) -> int:
            return 0

        def mkdir(self, path: str, mode: int) -> int:
            with tree.lock:
                directory, name = tree.parent(path)
                if name in directory.names:
                    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
                directory.names[name] = Directory(mode & 0o777)
                return 0

        def rmdir(self, path: str) -> int:
            return self.unlink(path)

        def unlink(self, path: str) -> int:
            with tree.lock:
                directory, name = tree.parent(path)
                if name not in directory.names:
                    raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
                del directory.names[name]
                return 0

        def rename(self, old: str, new: str) -> int:
            with tree.lock:
                source, name = tree.parent(old)
                target, new_name = tree.parent(new)
                target.names[new_name] = source.names.pop(name)
                return 0

        def statfs(self, path: str) -> dict[str, int]:
            blocks = 1 << 20
            return {
                "f_bsize": 4096,
                "f_blocks": blocks,
                "f_bfree": blocks,
                "f_bavail": blocks,
                "f_namemax": 255,
            }

    return LazyOperations()


def _obey(tree: Tree, listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        with connection:
            word = connection.recv(16)
            if word == b"hold":
                tree.held.clear()
                tree.flowing.clear()
            elif word == b"held":
                tree.held.wait()
            elif word == b"go":
                tree.flowing.set()
            with tree.lock:
                if word == b"drop":
                    tree.drop()
                elif word == b"short":
                    tree.short = True
            connection.sendall(b".")


def main(mountpoint: str, control: str) -> None:
    """Serve until unmounted."""
    import mfusepy

    tree = Tree()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(control)
    listener.listen()
    threading.Thread(target=_obey, args=(tree, listener), daemon=True).start()
    # direct_io: nothing is kept in the kernel's page cache, so that a discarded byte is really gone.
    mfusepy.FUSE(
        operations(tree),
        mountpoint,
        foreground=True,
        direct_io=True,
        hard_remove=True,
    )


class Control:
    """The client's side of the control socket."""

    def __init__(self, path: str) -> None:
        self._path = path

    def say(self, word: str) -> None:
        """Send a word, and wait until it is obeyed."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(self._path)
            connection.sendall(word.encode())
            assert connection.recv(1) == b"."


@contextmanager
def lazy_file_system(mountpoint: str, control: str) -> Iterator[Control]:
    """A context in which the file system is mounted. Its content is discarded afterwards."""
    import subprocess

    from tests.support.running import until

    os.makedirs(mountpoint, mode=0o700, exist_ok=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.lazy_fs", mountpoint, control],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until("mount", lambda: os.path.ismount(mountpoint) or server.poll() is not None)
        assert server.poll() is None, server.stderr.read() if server.stderr else ""
        yield Control(control)
    finally:
        subprocess.run(["umount", "-l", mountpoint], check=False, stderr=subprocess.DEVNULL)
        server.terminate()
        server.communicate()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
