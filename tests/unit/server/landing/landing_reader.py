"""A reader of a PTY that appends to a plain file, and is killed by a test: `landing_reader.py MODE MASTER LOG ZONE
SEED [STAGE]`.

MODE is `zone` or `memory`. STAGE names where the reader kills itself, at a read that SEED chooses. Without STAGE it
runs until it is killed or the terminal ends. Ticks are as in the server: several reads, one write to the log.
"""

import os
import random
import select
import signal
import sys
from collections.abc import Callable

from fuguemux.server.landing.zone import Landed, LandingZone, NoBytes, recover

PANE = 7
READS_PER_TICK = 3


def main(mode: str, master: str, log_path: str, zone_path: str, seed: str, stage: str = "") -> None:
    numbers = random.Random(seed)
    countdown = [1 if stage == "recovering" else numbers.randrange(1, 4)]

    def at(name: str) -> None:
        if name == stage:
            countdown[0] -= 1
            if countdown[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    log = os.open(log_path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    poll = select.poll()
    poll.register(int(master), select.POLLIN)
    if mode == "memory":
        read_into_memory(int(master), log, poll, at)
        return
    for chunk in recover(zone_path, store="test").salvaged:
        assert chunk.pane == PANE
        logged = os.fstat(log).st_size
        assert chunk.offset <= logged, f"hole: {chunk.offset} behind {logged}"
        os.write(log, chunk.data[logged - chunk.offset :])
        at("recovering")
    zone = LandingZone.open(zone_path, store="test", discard=True)
    read_through_zone(zone, int(master), log, poll, at)


def read_into_memory(master: int, log: int, poll: select.poll, at: Callable[[str], None]) -> None:
    while True:
        poll.poll()
        parts = []
        for _ in range(READS_PER_TICK):
            try:
                parts.append(os.read(master, 65536))
            except BlockingIOError:
                break
            except OSError:
                os.write(log, b"".join(parts))
                return
            at("read")
        os.write(log, b"".join(parts))


def read_through_zone(
    zone: LandingZone, master: int, log: int, poll: select.poll, at: Callable[[str], None]
) -> None:
    offset = os.fstat(log).st_size
    while True:
        poll.poll()
        tick: list[Landed] = []
        ended = False
        while len(tick) < READS_PER_TICK:
            landed = zone.read(master, PANE, offset)
            if isinstance(landed, NoBytes):
                ended = landed is NoBytes.ENDED
                break
            tick.append(landed)
            offset += len(landed.data)
            at("read")
        os.writev(log, [landed.data for landed in tick])
        at("logged")
        zone.logged(tick)
        for landed in tick:
            at("answering")
            zone.answering(landed)
        zone.release(tick[:1])
        at("released")
        zone.release(tick[1:])
        if ended:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
