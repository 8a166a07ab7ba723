"""A program that speaks the keeper's protocol as a server does, and does nothing else: `keeper_fake_server.py SOCKET
JOURNAL BEHAVIOUR`.

For each start it writes one JSON line to JOURNAL, which says what it was handed. It starts the pane "p" if that does
not run, reports that it serves, and then obeys the file BEHAVIOUR: `serve` until it is killed, or exit with the
number in the file. SIGTERM makes it exit with EXIT_GRACEFUL. If the keeper ends, it starts another one.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from fuguemux.keeper.protocol import EXIT_GRACEFUL, keeper_argv
from fuguemux.server.processes.keeper_client import HeldPane, KeeperClient, KeeperLost
from fuguemux.server.processes.keeper_start import replace_keeper


def write_journal(journal: str, **facts: object) -> None:
    with open(journal, "a") as file:
        file.write(json.dumps({"server": os.getpid(), **facts}) + "\n")


def main(path: str, journal: str, behaviour: str) -> None:
    words = Path(behaviour).read_text().split()
    if words[0] == "fail":
        sys.stderr.write("something broke\n")
        sys.exit(int(words[1]))
    asyncio.run(serve(path, journal, words))


async def serve(path: str, journal: str, words: list[str]) -> None:
    client = await KeeperClient.connect(path, store="state")
    panes = {pane.key: pane for pane in client.held}
    if "p" not in panes:
        spawned = await client.spawn(
            "p", [b"sleep", b"1000"], b"/", {b"PATH": b"/usr/bin:/bin"}, 80, 24
        )
        panes["p"] = HeldPane(
            "p", spawned.pid, spawned.start_time, spawned.tty, (b"sleep",), spawned.master_fd, None
        )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: os._exit(EXIT_GRACEFUL))
    write_journal(journal, keeper=client.keeper_pid, pane=panes["p"].pid, held=len(client.held))
    await client.ready()  # only now: the launcher returns, and the test reads the journal
    if words[0] == "exit":
        os._exit(int(words[1]))
    while True:
        event = await client.events.get()
        if isinstance(event, KeeperLost):
            argv = keeper_argv(
                path, adopt=True, server_argv=(sys.executable, *sys.argv), python=sys.executable
            )
            client = await replace_keeper(
                argv, lambda: path, store="state", panes=list(panes.values()), descriptors={}
            )
            await client.ready()
            write_journal(journal, keeper=client.keeper_pid, pane=panes["p"].pid, held=-1)


if __name__ == "__main__":
    main(*sys.argv[1:])
