"""Starts a keeper from its server: the first one, or another in place of one that died."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from fuguemux.keeper.link import VARIABLE, named
from fuguemux.keeper.protocol import explained
from fuguemux.server.processes.keeper_client import KeeperClient
from fuguemux.server.processes.keeper_values import HeldPane, KeeperUnreachable

EXIT_USAGE: Final = 2
NEW_OPTIONS_WITH_VALUE: Final = frozenset({"--lock", "--fallback"})
NEW_OPTIONS: Final = frozenset({"--private"})
"""Options that keepers of the first releases do not know."""


async def start_keeper(argv: Sequence[str], link: socket.socket | None = None) -> None:
    """Run the program of `keeper.protocol.keeper_argv` and wait until a keeper listens. The keeper inherits `link`.

    Raises KeeperUnreachable with the line that the program wrote for people. Does not block the loop.
    """
    try:
        result = await asyncio.to_thread(
            subprocess.run,
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            pass_fds=[] if link is None else [link.fileno()],
            env=None if link is None else {**os.environ, VARIABLE: named(link, os.getpid())},
        )
    except OSError as error:
        raise KeeperUnreachable(f"cannot start a keeper: {explained(error.errno or 0)}") from error
    if result.returncode == EXIT_USAGE and (older := for_an_earlier_version(argv)) != tuple(argv):
        await start_keeper(older, link)
    elif result.returncode != 0:
        lines = result.stderr.decode("utf-8", "replace").strip().splitlines()
        raise KeeperUnreachable(
            lines[-1] if lines else f"the keeper ended with code {result.returncode}"
        )


def for_an_earlier_version(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the same command line without the options that a keeper of an earlier version does not know.

    The files on the disk may have been replaced by an earlier version since this server was started.
    """
    kept: list[str] = []
    rest = iter(argv)
    for word in rest:
        if word == "--":
            kept += [word, *rest]
        elif word in NEW_OPTIONS_WITH_VALUE:
            next(rest, None)
        elif word not in NEW_OPTIONS:
            kept.append(word)
    return tuple(kept)


async def linked_keeper(
    argv: Sequence[str], path: Callable[[], str], *, store: str
) -> KeeperClient:
    """Start a keeper that is connected to this server from the start. If one runs already, connect to that one by `path`.

    Raises KeeperUnreachable and KeeperRefused.
    """
    try:
        ours, theirs = socket.socketpair()
    except OSError as error:
        raise KeeperUnreachable(f"cannot start a keeper: {explained(error.errno or 0)}") from error
    with theirs:
        try:
            await start_keeper(argv, theirs)
        except BaseException:
            ours.close()
            raise
    try:
        return await KeeperClient.over(ours, store=store)
    except KeeperUnreachable:
        # A keeper runs already, or it is of an earlier version: our end of the link has no peer.
        return await KeeperClient.connect(path(), store=store)


async def replace_keeper(
    argv: Sequence[str],
    path: Callable[[], str],
    *,
    store: str,
    panes: Sequence[HeldPane],
    descriptors: Mapping[str, int],
) -> KeeperClient:
    """After KeeperLost, start another keeper (`argv` from `keeper_argv(…, adopt=True)`) and give it everything.

    `path` returns where it listens then. `panes` are the running ones, and those whose exit status the state does not
    have yet. `descriptors` are the named file descriptors to keep. If the keeper holds a pane already, because only the
    connection had broken, the pane is left as it is and the duplicate of its master is closed. Raises KeeperUnreachable,
    KeeperRefused, RequestFailed.
    """
    client = await linked_keeper(argv, path, store=store)
    try:
        known = {pane.key for pane in client.held}
        for pane in client.held:
            os.close(pane.master_fd)
        for descriptor in client.descriptors.values():
            os.close(descriptor)
        for pane in panes:
            if pane.key not in known:
                await client.adopt(pane)
        for name, descriptor in descriptors.items():
            await client.store(name, descriptor)
    except BaseException:
        client.close()
        raise
    return client
