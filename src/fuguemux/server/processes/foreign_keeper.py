"""Takes over a keeper whose programs belong to another state: the state directory was moved, removed or replaced, and the
server ended.

The keeper starts the next server at once. This server finds no state, or another one, and rescues the programs into a
session of that state. So people can reach the programs, and are told why they are there. A server that the keeper did not
start is refused as always, because it may have been given the wrong directory.
"""

import asyncio
import os
import socket
from typing import Final, NamedTuple

from fuguemux.keeper.channel import ChannelBroke, MessageChannel, PeerGone
from fuguemux.keeper.protocol import PROTOCOL_VERSION, ROLE_CONTROL, integer, text
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery.helper_files import KEEPER_STORE_FILE, helper_or_nothing
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.small_file import write_small
from fuguemux.server.processes.keeper_client import KeeperClient, KeeperRefused, KeeperUnreachable

ANSWER_SECONDS: Final = 5.0
GONE: Final = "the state directory was gone"

diagnostics = channel("server")


class TakenOver(NamedTuple):
    """A keeper that was refused at first. `known`: this state has had the keeper's programs before."""

    client: KeeperClient
    store: str
    known: bool


class ForeignKeeper(NamedTuple):
    """What a keeper tells every process that asks."""

    pid: int
    store: str


async def connect(path: str, refused: KeeperRefused, storage: Storage, directory: str) -> TakenOver:
    """Connect to a keeper that refused the state in `directory`, under the name of the keeper's own state.

    Raises `refused` again unless the keeper has started this process, or the state has had its programs before.
    """
    if refused.reason != "store":
        raise refused
    try:
        keeper = await _asked(path)
    except (OSError, ChannelBroke, PeerGone, TimeoutError) as problem:
        raise refused from problem
    known = _taken_before(storage, directory) == keeper.store
    if keeper.pid != os.getppid() and not known:
        raise refused
    try:
        client = await KeeperClient.connect(path, store=keeper.store)
    except (KeeperRefused, KeeperUnreachable) as problem:
        raise refused from problem
    if not known:
        diagnostics.warning("keeper.of_another_state", store=keeper.store)
        try:
            data = keeper.store.encode() + b"\n"
            await asyncio.to_thread(write_small, storage, directory, KEEPER_STORE_FILE, data)
        except OSError as error:  # the programs are worth more than the note
            diagnostics.warning("keeper.not_noted", error=str(error))
    return TakenOver(client, keeper.store, known)


def tell(report: RecoveryReport, directory: str) -> None:
    """Say in the report that the programs were started from another state than this one."""
    report.miss(
        f"the programs that are still running belong to another state directory than {directory}, which was moved, removed, "
        "replaced or not mounted; they are in the session rescued"
    )
    if report.cause == "first start":
        report.presume(GONE)


def _taken_before(storage: Storage, directory: str) -> str:
    data = helper_or_nothing(storage, directory, KEEPER_STORE_FILE)
    return data.decode("ascii", "replace").strip()


async def _asked(path: str) -> ForeignKeeper:
    """Ask the keeper who it is. Raises OSError, TimeoutError, PeerGone, and ChannelBroke if it does not say."""
    loop = asyncio.get_running_loop()
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    talk = MessageChannel(connection)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await loop.sock_connect(connection, path)
            talk.send(
                {
                    "type": "hello",
                    "protocol": PROTOCOL_VERSION,
                    "role": ROLE_CONTROL,
                    "pid": os.getpid(),
                }
            )
            while True:
                readable = asyncio.Event()
                loop.add_reader(connection, readable.set)
                try:
                    await readable.wait()
                finally:
                    loop.remove_reader(connection)
                for message, descriptors in talk.receive():
                    for descriptor in descriptors:
                        os.close(descriptor)
                    return ForeignKeeper(integer(message, "keeper_pid"), text(message, "store"))
    finally:
        talk.close()
