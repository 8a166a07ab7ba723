"""Receives logind's announcement of a shutdown by D-Bus: org.freedesktop.login1(5), `PrepareForShutdown` and a delay
lock.

All work with the bus is done by a thread, which begins when the server already serves. So a missing, slow or broken bus
delays nothing. While the delay lock is held, logind waits (5 s by default) before it ends processes. In that time the
server writes a checkpoint and then releases the lock.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from fuguemux.observe.diagnostics import channel
from fuguemux.server.work.threads import started

ADDRESS_VARIABLE: Final = "DBUS_SYSTEM_BUS_ADDRESS"
SOCKETS: Final = ("/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket")
PATH: Final = "/org/freedesktop/login1"
NAME: Final = "org.freedesktop.login1"
INTERFACE: Final = "org.freedesktop.login1.Manager"
ANSWER_SECONDS_MAX: Final = 10.0
SIGNALS_WAITING_MAX: Final = 16

diagnostics = channel("logind")


def bus_address(environment: Mapping[str, str]) -> str:
    """The address of the system bus. Empty if there is none."""
    address = environment.get(ADDRESS_VARIABLE, "")
    if address:
        return address
    found = next((path for path in SOCKETS if os.path.exists(path)), "")
    return f"unix:path={found}" if found else ""


async def watch(environment: Mapping[str, str], changed: Callable[[bool], Awaitable[None]]) -> None:
    """Await `changed` each time that a shutdown is announced (True) or called off (False), until cancelled.

    logind delays the shutdown until `changed` returns. Returns at once if there is no bus.
    """
    address = bus_address(environment)
    if not address:
        return
    announced: asyncio.Queue[bool] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell(near: bool) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(announced.put_nowait, near)

    bus = Bus(address, tell)
    try:
        while True:
            near = await announced.get()
            diagnostics.info("shutdown_announced" if near else "shutdown_called_off")
            await changed(near)
            if near:
                bus.release()
    finally:
        bus.close()


class Bus:
    """A connection in a thread of its own. `told` is called there with the argument of every PrepareForShutdown."""

    def __init__(self, address: str, told: Callable[[bool], None]) -> None:
        self._address = address
        self._told = told
        self._lock = threading.Lock()
        self._delay = -1
        """The delay lock: logind waits as long as this file descriptor is open."""
        self._connection: Any = None
        self._closed = False
        started(threading.Thread(target=self._run, name="logind", daemon=True))

    def release(self) -> None:
        """Let the shutdown go on. May be called from any thread, and more than once."""
        with self._lock:
            if self._delay >= 0:
                os.close(self._delay)
                self._delay = -1

    def close(self) -> None:
        """End the connection; the thread ends afterwards."""
        self.release()
        with self._lock:
            self._closed = True
            if self._connection is not None:
                with contextlib.suppress(OSError):
                    self._connection.sock.shutdown(2)

    def _run(self) -> None:
        try:
            self._listen()
        except Exception as problem:  # noqa: BLE001  # whatever a bus does, it is only a bus
            if not self._closed:
                diagnostics.info("bus_not_used", reason=str(problem) or type(problem).__name__)
        finally:
            self.release()

    def _listen(self) -> None:
        # Imported here because it takes some 40 ms, and few servers have a bus.
        from jeepney import HeaderFields, MatchRule, message_bus
        from jeepney.io.blocking import open_dbus_connection
        from jeepney.wrappers import unwrap_msg

        with open_dbus_connection(self._address, enable_fds=True) as connection:
            with self._lock:
                if self._closed:
                    return
                self._connection = connection
            rule = MatchRule(
                type="signal",
                sender=NAME,
                interface=INTERFACE,
                member="PrepareForShutdown",
                path=PATH,
            )
            unwrap_msg(
                connection.send_and_get_reply(
                    message_bus.AddMatch(rule), timeout=ANSWER_SECONDS_MAX
                )
            )
            heard = MatchRule(
                type="signal", interface=INTERFACE, member="PrepareForShutdown", path=PATH
            )
            with connection.filter(heard, bufsize=SIGNALS_WAITING_MAX) as signals:
                self._take_lock(connection)
                while True:
                    message = connection.recv_until_filtered(signals)
                    if message.header.fields.get(HeaderFields.signature) != "b":
                        continue
                    (near,) = message.body
                    self._told(bool(near))
                    if not near:
                        self._take_lock(connection)

    def _take_lock(self, connection: Any) -> None:
        """Make logind wait for this server at a shutdown. Without the right to do so, or without logind, nothing happens."""
        from jeepney import DBusAddress, DBusErrorResponse, new_method_call
        from jeepney.wrappers import unwrap_msg

        manager = DBusAddress(PATH, NAME, INTERFACE)
        words = ("shutdown", "fugue", "saving terminal sessions", "delay")
        self.release()
        try:
            (lock,) = unwrap_msg(
                connection.send_and_get_reply(
                    new_method_call(manager, "Inhibit", "ssss", words), timeout=ANSWER_SECONDS_MAX
                )
            )
        except (DBusErrorResponse, TimeoutError) as refused:
            diagnostics.info("no_delay_lock", reason=str(refused))
            return
        with self._lock:
            self._delay = lock.to_raw_fd()
            os.set_inheritable(self._delay, False)
        diagnostics.info("delay_lock_taken")
