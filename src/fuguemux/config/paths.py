"""The paths of everything: sockets, landing zone, state, diagnostics and the configuration file.

The client's fast path uses this module, so it imports only `sys` and `posix`: no `os`, `pathlib` or `typing`. Whatever it
creates is private (directories have mode 0700) whatever the umask, and it refuses what other users could have put there.
"""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NAME_DEFAULT = "default"
NAME_BYTES_MAX = 64
SOCKET_PATH_BYTES_MAX = 103 if sys.platform == "darwin" else 107
"""The size of `sun_path` of unix(7) without its final NUL."""
FILE_NAME_BYTES_MAX = 200

KEEPER_SUFFIX = ".keeper"
_LANDING_SUFFIX = ".landing"
_PROGRESS_SUFFIX = ".progress"
_LOCK_SUFFIX = ".lock"
_SUFFIXES_RESERVED = (KEEPER_SUFFIX, _LANDING_SUFFIX, _LOCK_SUFFIX)

_TYPE_MASK, _DIRECTORY, _LINK = 0o170000, 0o040000, 0o120000
_OTHERS_WRITE = 0o022


class PathRefused(Exception):
    """A name or directory cannot be used. The message names it and the fix; nothing has changed."""


class Places:
    """Paths of one server in its runtime directory. All are absolute.

    `name` is also the name of its state directory.
    """

    __slots__ = (
        "directory",
        "keeper_socket",
        "name",
        "private",
        "progress",
        "socket",
    )

    def __init__(self, name: str, socket: str, private: bool) -> None:
        """Derive the other paths from the path of the server's socket."""
        self.name = name
        self.socket = socket
        self.directory = socket.rpartition("/")[0] or "/"
        self.private = private
        """Whether the directory is fugue's own, created and checked by `prepare`. With `-S` it is the caller's."""
        self.keeper_socket = socket + KEEPER_SUFFIX
        self.progress = socket + _PROGRESS_SUFFIX
        """A file that shows the server's progress while it reads the log."""


def decoded(environment: "Mapping[bytes, bytes]") -> dict[str, str]:
    """Return `posix.environ` as text. Bytes that are not UTF-8 are kept by the error handler surrogateescape."""
    return {
        name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
        for name, value in environment.items()
    }


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def check_name(name: str) -> str:
    """Return `name` if it is allowed for `-L`. Raises PathRefused."""
    if not name:
        problem = "is empty"
    elif len(_bytes(name)) > NAME_BYTES_MAX:
        problem = f"is longer than {NAME_BYTES_MAX} bytes"
    elif "/" in name:
        problem = "contains a slash (a path is given by -S)"
    elif name[0] in ".%-":
        problem = f"begins with {name[0]!r}"
    elif not name.isprintable():
        problem = "contains characters that cannot be printed"
    elif name.endswith(_SUFFIXES_RESERVED):
        problem = f"ends with {name[name.rindex('.') :]!r}, which fugue uses for its own files"
    else:
        return name
    raise PathRefused(f"server name {name!r} {problem}")


def home(environment: "Mapping[str, str]", uid: int) -> str:
    """The home directory: $HOME if absolute, else that of the password database, else `/`, as in login(1)."""
    given = environment.get("HOME", "")
    if given.startswith("/"):
        return given.rstrip("/") or "/"
    import pwd

    try:
        return pwd.getpwuid(uid).pw_dir or "/"
    except KeyError:
        return "/"


def user_name(uid: int) -> str:
    """The name in the password database. Empty for a number without an entry, which is common in containers."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def shell(environment: "Mapping[str, str]", uid: int) -> str:
    """The shell of a new pane, chosen as in tmux: $SHELL, else that of the password database, else `/bin/sh`.

    A shell that is not an absolute path, or cannot be executed, is skipped.
    """
    given = environment.get("SHELL", "")
    if _can_be_shell(given):
        return given
    import pwd

    try:
        entered = pwd.getpwuid(uid).pw_shell
    except KeyError:
        entered = ""
    return entered if _can_be_shell(entered) else "/bin/sh"


def _can_be_shell(path: str) -> bool:
    try:
        return path.startswith("/") and posix.access(_bytes(path), posix.X_OK)
    except ValueError:  # contains a NUL
        return False


def runtime_directory(environment: "Mapping[str, str]", uid: int) -> tuple[str, bool]:
    """Return (directory of sockets, whether it is below $XDG_RUNTIME_DIR).

    `$XDG_RUNTIME_DIR/fugue` if that variable names a directory of this user, else `/tmp/fugue-UID`. Creates nothing.
    """
    given = environment.get("XDG_RUNTIME_DIR", "").rstrip("/")
    if given.startswith("/"):
        try:
            facts = posix.stat(_bytes(given))
        except (OSError, ValueError):
            facts = None
        if facts is not None and facts.st_uid == uid and facts.st_mode & _TYPE_MASK == _DIRECTORY:
            return given + "/fugue", True
    return f"/tmp/fugue-{uid}", False


def places(
    environment: "Mapping[str, str]", uid: int, name: str | None = None, socket: str | None = None
) -> Places:
    """Where the server called `name` (`-L`), or the one at the path `socket` (`-S`), listens. Creates nothing.

    Raises PathRefused for a bad name and for a path that the system cannot bind.
    """
    if socket is not None:
        if not socket:
            raise PathRefused("the socket path given by -S is empty")
        if not socket.startswith("/"):
            socket = posix.getcwd().rstrip("/") + "/" + socket
        found = Places(_name_of_path(socket), socket, private=False)
    else:
        checked = check_name(NAME_DEFAULT if name is None else name)
        directory, _ = runtime_directory(environment, uid)
        found = Places(checked, f"{directory}/{checked}", private=True)
    length = len(_bytes(found.keeper_socket))
    if length > SOCKET_PATH_BYTES_MAX:
        raise PathRefused(
            f"socket path {found.keeper_socket} has {length} bytes, the system allows {SOCKET_PATH_BYTES_MAX}: "
            + ("choose a shorter path" if socket is not None else "choose a shorter name with -L")
        )
    return found


def server_places(
    environment: "Mapping[str, str]", uid: int, name: str | None = None, socket: str | None = None
) -> Places:
    """As `places`, but a server keeps its place while $XDG_RUNTIME_DIR is gone. See `fallback_sockets`."""
    found = places(environment, uid, name, socket)
    given = environment.get("XDG_RUNTIME_DIR", "").rstrip("/")
    if found.private and given.startswith("/") and not _is_there(given):
        return Places(found.name, f"{given}/fugue/{found.name}", private=True)
    return found


def prepare_if_there(found: Places, uid: int) -> None:
    """Do as `prepare`, but do not create a runtime directory that the system has removed. Raises PathRefused."""
    parent = found.directory.rpartition("/")[0]
    if found.private and found.directory != f"/tmp/fugue-{uid}" and not _is_there(parent):
        raise PathRefused(f"{parent} is gone")
    prepare(found, uid)


def _is_there(path: str) -> bool:
    try:
        posix.stat(_bytes(path))
    except (OSError, ValueError):
        return False
    return True


def fallback_sockets(found: Places, uid: int, state: str) -> list[str]:
    """Where the server of `found` listens while the directory of its socket is gone, best path first.

    At the last logout the system removes $XDG_RUNTIME_DIR, and users cannot create it again. The path where every client
    looks then is for the one server of a name whose state directory (`state`) is the usual one. Others are found only by
    their lock. Their path contains the checksum of `state`, and as much of the name as fits into a socket's path.
    """
    import pwd
    import zlib

    directory = f"/tmp/fugue-{uid}"
    usual = f"{directory}/{found.name}"
    try:
        whole = state == f"{pwd.getpwuid(uid).pw_dir.rstrip('/')}/.local/state/fugue/{found.name}"
    except KeyError:
        whole = False
    tail = f"-{zlib.crc32(_bytes(state)):08x}"
    room = SOCKET_PATH_BYTES_MAX - len(f"{directory}/{tail}{KEEPER_SUFFIX}")
    own = f"{directory}/{_bytes(found.name)[:room].decode('utf-8', 'ignore')}{tail}"
    return [
        path
        for path in ((usual, own) if whole else (own,))
        if path != found.socket and len(_bytes(path + KEEPER_SUFFIX)) <= SOCKET_PATH_BYTES_MAX
    ]


def _name_of_path(socket: str) -> str:
    """The state directory's name for `-S`: the whole path, so that two sockets never share state."""
    name = socket.replace("%", "%25").replace("/", "%")
    if len(_bytes(name)) <= FILE_NAME_BYTES_MAX:
        return name
    import hashlib

    digest = hashlib.blake2b(_bytes(socket), digest_size=16).hexdigest()
    return "%" + digest


def xdg(environment: "Mapping[str, str]", uid: int, variable: str, below_home: str) -> str:
    """The directory that an XDG variable names, else the one below the home directory."""
    given = environment.get(variable, "").rstrip("/")
    if given.startswith("/"):  # the XDG specification says that relative paths are to be ignored
        return given
    return home(environment, uid).rstrip("/") + below_home


def state_directory(
    environment: "Mapping[str, str]", uid: int, name: str = NAME_DEFAULT, configured: str = ""
) -> str:
    """The state directory of server `name`: below `configured` (persistence.state_dir), else below
    `$XDG_STATE_HOME/fugue`, else below `~/.local/state/fugue`. Creates nothing.

    For a user without a home directory (`docker run -u 12345` makes it `/`) it is in /tmp, beside the sockets.
    """
    if configured.startswith("~/"):
        configured = home(environment, uid).rstrip("/") + configured[1:]
    base = (configured.rstrip("/") or "/") if configured else ""
    if not base:
        base = xdg(environment, uid, "XDG_STATE_HOME", "/.local/state") + "/fugue"
        if base == "/.local/state/fugue" and not posix.access("/", posix.W_OK):
            # One level, so that all of it is checked to belong to the user.
            return f"/tmp/fugue-{uid}-state-{name}"
    return base.rstrip("/") + "/" + name


def landing_file(environment: "Mapping[str, str]", uid: int, name: str, state: str) -> str:
    """The landing zone: in the runtime directory if that is the user's tmpfs, else in the state directory."""
    directory, private_tmpfs = runtime_directory(environment, uid)
    if private_tmpfs:
        return f"{directory}/{name}{_LANDING_SUFFIX}"
    return f"{state}/landing"


def log_file(state: str) -> str:
    """Diagnostics of the server with the state directory `state`."""
    return state + "/server.log"


def config_file(
    environment: "Mapping[str, str]", uid: int, given: str | None = None
) -> tuple[str, bool]:
    """Return (configuration file, whether this file was named explicitly, so that it must exist).

    `--config` before `FUGUE_CONFIG` before `$XDG_CONFIG_HOME/fugue/config.toml`.
    """
    for path in (given, environment.get("FUGUE_CONFIG")):
        if path:
            return (path if path.startswith("/") else posix.getcwd().rstrip("/") + "/" + path), True
    return xdg(environment, uid, "XDG_CONFIG_HOME", "/.config") + "/fugue/config.toml", False


def make_private_directory(path: str, uid: int, *, state: bool = False) -> None:
    """Create `path` and its missing parents, each with mode 0700 whatever the umask.

    Existing parents are not checked. An existing `path` must be a directory of `uid`, not a symbolic link, and not
    writable by other users; their permission to read is removed. `state`: it is the state directory, which no message
    suggests to remove. Raises PathRefused.
    """
    missing = []
    probe = path.rstrip("/") or "/"
    while True:
        try:
            posix.lstat(_bytes(probe))
            break
        except FileNotFoundError:
            missing.append(probe)
            probe = probe.rpartition("/")[0] or "/"
        except (OSError, ValueError) as error:
            raise PathRefused(f"cannot use {path}: {_reason(error)}") from None
    for directory in reversed(missing):
        try:
            posix.mkdir(_bytes(directory), 0o700)
        except FileExistsError:
            continue  # another fugue created it first; it is checked below like any other
        except OSError as error:
            raise PathRefused(f"cannot make directory {directory}: {_reason(error)}") from None
        _tighten(directory, uid)
    _tighten(path.rstrip("/") or "/", uid, state=state)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _tighten(path: str, uid: int, *, state: bool = False) -> None:
    try:
        if posix.lstat(_bytes(path)).st_mode & _TYPE_MASK == _LINK:
            raise PathRefused(f"{path} is a symbolic link: remove it, or name its target instead")
        descriptor = posix.open(
            _bytes(path), posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC
        )
    except NotADirectoryError:
        raise PathRefused(f"{path} is not a directory: remove it") from None
    except PermissionError as error:
        _refuse_foreign(path, posix.lstat(_bytes(path)).st_uid, uid, state=state)
        _open_up(path, error)
        return
    except OSError as error:
        raise PathRefused(f"cannot use {path}: {_reason(error)}") from None
    try:
        facts = posix.fstat(descriptor)
        _refuse_foreign(path, facts.st_uid, uid, state=state)
        if facts.st_mode & _OTHERS_WRITE:
            raise PathRefused(
                f"{path} can be written by others (mode {facts.st_mode & 0o7777:04o}): "
                f"see what is in it, then chmod 700 {path}"
            )
        if facts.st_mode & 0o777 != 0o700:
            posix.fchmod(descriptor, 0o700)
    except OSError as error:
        raise PathRefused(f"cannot make {path} private: {_reason(error)}") from None
    finally:
        posix.close(descriptor)


def _open_up(path: str, error: PermissionError) -> None:
    """Restore permissions on a directory of this user that a umask removed when it was created."""
    mode = posix.lstat(_bytes(path)).st_mode
    if mode & 0o077:
        raise PathRefused(f"cannot use {path}: {_reason(error)}")
    try:
        posix.chmod(_bytes(path), 0o700)
    except OSError as inner:
        raise PathRefused(f"cannot make {path} private: {_reason(inner)}") from None


def _refuse_foreign(path: str, owner: int, uid: int, *, state: bool) -> None:
    if owner == uid:
        return
    fix = (
        f"nothing was touched; to fix it: sudo chown -R $(id -u) {path}; or set XDG_STATE_HOME"
        if state
        else "remove it, or set XDG_RUNTIME_DIR"
    )
    raise PathRefused(f"{path} belongs to user {owner}, not to you ({uid}): {fix}")


def prepare(found: Places, uid: int) -> None:
    """Create the directory of the sockets, or check it. With `-S` it must only exist. Raises PathRefused."""
    if found.private:
        make_private_directory(found.directory, uid)
        return
    try:
        facts = posix.stat(_bytes(found.directory))
    except (OSError, ValueError) as error:
        raise PathRefused(f"cannot use {found.directory}: {_reason(error)}") from None
    if facts.st_mode & _TYPE_MASK != _DIRECTORY:
        raise PathRefused(f"{found.directory} is not a directory")
