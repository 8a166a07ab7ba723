"""A logind with the interface that fugue uses, on the bus at argv[1]: delay locks, and the announcement of a shutdown
on request.

It prints `ready`, `locked` for each lock that it hands out, and `released` when the lock is closed. The line
`shutdown` or `cancelled` on stdin makes it send that signal; it prints a line when the signal is sent.
"""

import os
import selectors
import sys

from jeepney import (
    DBusAddress,
    HeaderFields,
    MessageType,
    message_bus,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import open_dbus_connection

NAME, PATH = "org.freedesktop.login1", "/org/freedesktop/login1"


def say(word: str) -> None:
    print(word, flush=True)


def main() -> None:
    with open_dbus_connection(sys.argv[1], enable_fds=True) as connection:
        connection.send_and_get_reply(message_bus.RequestName(NAME))
        manager = DBusAddress(PATH, NAME, f"{NAME}.Manager")
        selector = selectors.DefaultSelector()
        selector.register(connection.sock, selectors.EVENT_READ, "bus")
        selector.register(0, selectors.EVENT_READ, "stdin")
        say("ready")
        while True:
            for key, _ in selector.select():
                if key.data == "bus":
                    message = connection.receive()
                    if (
                        message.header.message_type is MessageType.method_call
                        and message.header.fields.get(HeaderFields.member) == "Inhibit"
                    ):
                        reading, writing = os.pipe()
                        connection.send(new_method_return(message, "h", (writing,)))
                        os.close(writing)
                        selector.register(reading, selectors.EVENT_READ, "lock")
                        say("locked")
                elif key.data == "lock":
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    say("released")
                else:
                    line = os.read(0, 64).decode().strip()
                    if not line:
                        return
                    near = line == "shutdown"
                    connection.send(new_signal(manager, "PrepareForShutdown", "b", (near,)))
                    say(line)


if __name__ == "__main__":
    main()
