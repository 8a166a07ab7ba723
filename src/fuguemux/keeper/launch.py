"""The command lines that start a keeper and the server's programs. Imports only `sys`, so that the thin client can use
it.
"""

from __future__ import annotations

import sys

WAIT_SECONDS_DEFAULT = 15


def module_argv(module: str, python: str = "") -> tuple[str, ...]:
    """Return the argv (argv[0] is an absolute path) that runs a module of this installation, by `python` or this
    interpreter.

    Neither PYTHON… variables nor the current directory decide which code is run. The user's own site directory is used
    only if fugue is installed there (`pip install --user`), since it could not be found otherwise.
    """
    site = sys.modules.get("site")
    isolated: tuple[str, ...] = ("-I",)
    if site is not None and site.ENABLE_USER_SITE:
        installed_in = __file__.rsplit("/", 3)[0]
        if installed_in not in site.getsitepackages():
            isolated = ("-E", "-P")
    return (python or sys.executable, *isolated, "-m", module)


def keeper_argv(
    socket_path: str,
    *,
    server_argv: tuple[str, ...] = (),
    log_path: str = "",
    store: str = "",
    lock_path: str = "",
    fallbacks: tuple[str, ...] = (),
    private: bool = False,
    adopt: bool = False,
    wait_seconds: int = WAIT_SECONDS_DEFAULT,
    python: str = "",
) -> tuple[str, ...]:
    """Return the argv to execute (argv[0] is an absolute path) so that a keeper listens on `socket_path`.

    The started process is short-lived and may be waited for. It exits with 0 once a keeper runs and, if `server_argv` is
    given and `adopt` is not set, its server has said that it serves. If a keeper runs there already, that one is asked to
    start its server if it has none. Otherwise it exits with 1 and one line on stderr. Its standard output is not used. It
    leaves no process behind that has the caller's terminal open.

    `lock_path` is the lock in the state directory; if empty, nothing is stored there. While the directory of
    `socket_path` is gone, the keeper listens on one of `fallbacks`; with `private` it may create that directory.

    The keeper's program is named by its file and run with `-I -S`: neither PYTHONPATH nor the current directory, a user
    site or an editable installation decide which code the keeper is made of.
    """
    program = __file__.rpartition("/")[0] + "/__main__.py"
    argv = [python or sys.executable, "-I", "-S", program, "--socket", socket_path]
    if log_path:
        argv += ["--log", log_path]
    if store:
        argv += ["--store", store]
    if lock_path:
        argv += ["--lock", lock_path]
    for fallback in fallbacks:
        argv += ["--fallback", fallback]
    if private:
        argv += ["--private"]
    if adopt:
        argv += ["--adopt"]
    argv += ["--wait", str(wait_seconds)]
    if server_argv:
        argv += ["--", *server_argv]
    return tuple(argv)
