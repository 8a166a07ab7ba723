"""A real control client: its input and output, its end, and what happens if it or the server goes away."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.control_pair import Client
from tests.support.running import PROGRAM, Running, kill, until

pytestmark = pytest.mark.real


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path, SHELL="/bin/sh")
    running("new-session", "-d", "-s", "work", "exec cat")
    yield running
    running.end()


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    made = Client([str(PROGRAM)], server.environment, ["attach-session", "-t", "work"])
    made.opened()
    made.settled()
    yield made
    made.close()


def outputs(client: Client, text: str) -> str:
    """Send lines, and return the output of panes that came, with `text` at its end."""
    found = ""
    lines = client.step(text)

    def come() -> bool:
        nonlocal found, lines
        for line in lines:
            if line.startswith("%output "):
                found += line.split(" ", 2)[2]
        lines = client.settled()
        return found.endswith(END)

    until(END, come)
    return found


def quoted(program: str) -> str:
    """A shell command as one word of a line."""
    return '"' + program.replace("\\", "\\\\").replace('"', '\\"') + '"'


END = "end\\015\\012"


def test_output_comes_with_octal_numbers_and_unchanged_letters(client: Client) -> None:
    program = r"printf 'h\303\251\t\134\033[1mend\n'; exec cat"
    found = outputs(client, f"respawn-pane -k {quoted(program)}")
    assert found.endswith("hé\\011\\134\\033[1mend\\015\\012")


def test_without_output_there_is_none(client: Client) -> None:
    client.step("refresh-client -f no-output")
    assert client.step("respawn-pane -k 'echo x; exec cat'")[-1].startswith("%end")
    client.step("refresh-client -f '!no-output'")
    found = outputs(client, "respawn-pane -k 'echo end; exec cat'")
    assert found.endswith(END)


def test_a_killed_server_ends_the_client_with_a_reason(server: Running, client: Client) -> None:
    kill(server.server_pid())
    *_, last, code = client.ended()
    assert (last, code) == ("%exit server exited unexpectedly", "exit code 1")


def test_a_restarted_server_ends_the_client_with_a_reason(server: Running, client: Client) -> None:
    server("restart-server")
    *_, last, code = client.ended()
    assert (last, code) == ("%exit server restarted", "exit code 0")


def test_a_killed_client_is_gone(server: Running, client: Client) -> None:
    assert server("list-clients", "-F", "#{client_control_mode}") == "1"
    client.process.send_signal(signal.SIGKILL)
    until("no client", lambda: server("list-clients") == "")


def test_a_signal_ends_the_client_as_in_tmux(client: Client) -> None:
    client.process.send_signal(signal.SIGTERM)
    assert client.ended()[-2:] == ["%exit", "exit code 0"]


def test_the_end_of_input_comes_after_the_lines_before_it(server: Running, client: Client) -> None:
    client.send("new-window -n one 'exec cat'\nnew-window -n two 'exec cat'")
    assert client.ended()[-2:] == ["%exit", "exit code 0"]
    assert server("list-windows", "-F", "#{window_name}").endswith("one\ntwo")


def test_the_end_of_input_does_not_wait_for_a_channel(client: Client) -> None:
    client.send("wait-for never")
    assert client.ended()[-2:] == ["%exit", "exit code 0"]


def test_a_line_of_more_than_a_mebibyte_is_refused(client: Client) -> None:
    assert "parse error: command too long" in client.step("display-message -p " + "x" * (1 << 20))


def test_with_wait_exit_the_client_reads_an_empty_line_first(client: Client) -> None:
    client.step("refresh-client -f wait-exit")
    client.send("detach-client")
    while client.line() != "%exit":
        pass
    client.send("nonsense")
    client.send("")
    client.process.wait(30)
    assert client.process.returncode == 0


def test_a_slow_client_does_not_hold_up_panes(server: Running, client: Client) -> None:
    """The pane writes more than the limit of 16 MiB, the sockets, and the client's memory and pipe take together."""
    program = r"head -c 19000000 /dev/zero | tr '\0' x; echo 'all written'; exec cat"
    client.send(f"respawn-pane -k {quoted(program)}")
    until("all written", lambda: "all written" in server("capture-pane", "-p", "-t", "work"))
    assert "%exit too far behind" in client.ended()


def test_a_device_string_wraps_everything_for_a_terminal(server: Running) -> None:
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [PROGRAM, "-CC", "attach-session", "-t", "work"],
        env=server.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    data = b""
    try:
        while b"%session-changed" not in data:
            data += os.read(ours, 4096)
        os.write(ours, b"\n")
        while not data.endswith(b"\x1b\\"):
            data += os.read(ours, 4096)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert data.startswith(b"\x1bP1000p%begin ")
    assert data.endswith(b"%exit\r\n\x1b\\")


def test_without_a_terminal_a_device_string_is_refused(server: Running) -> None:
    done = server.run("-CC", "attach-session", "-t", "work")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("tcgetattr failed: ")
