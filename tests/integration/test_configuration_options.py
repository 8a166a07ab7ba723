"""Every configuration option works: changing it changes behaviour, in the running server if the option is live."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from fuguemux.config.options import OPTIONS
from fuguemux.terminal.compose import SYNC_BEGIN
from tests.support.running import Running, until
from tests.support.state_bytes import holders

pytestmark = pytest.mark.real

Test = Callable[[Running], None]
TESTS: dict[str, Test] = {}
CHANGED_LIVE: set[str] = set()
"""The options that the tests that ran so far have changed while a server ran."""


def option(key: str) -> Callable[[Test], Test]:
    """The test of one option."""

    def noted(test: Test) -> Test:
        TESTS[key] = test
        return test

    return noted


def configure(fugue: Running, key: str, value: str, **others: object) -> None:
    """Write the file with this one option, and perhaps others of its section, and have it read."""
    section, _, name = key.partition(".")
    lines = [f"{name} = {value}", *(f"{other} = {given}" for other, given in others.items())]
    fugue.config.write_text("\n".join((f"[{section}]", *lines, "")))
    if fugue.run("-N", "list-sessions").returncode == 0:
        fugue("config", "reload")
        CHANGED_LIVE.add(key)


def begin(fugue: Running, *command: str) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", *command)


def status(fugue: Running) -> Any:
    return json.loads(fugue("status", "--json"))["status"]


def disk(fugue: Running, directory: str) -> int:
    return sum(file.stat().st_size for file in (fugue.state / directory).glob("pack-*"))


def print_lines(fugue: Running, count: int, target: str = "work") -> None:
    """Lines that do not compress well."""
    fugue("send-keys", "-t", target, f"seq 1 {count} | md5sum >/dev/null; clear", "Enter")
    script = fugue.directory / "lines.py"
    script.write_text(
        "import random, sys\nr = random.Random(1)\n"
        "for n in range(int(sys.argv[1])): print('%064x' % r.getrandbits(256))\nprint('all', 'there')\n"
    )
    fugue("send-keys", "-t", target, f"python3 {script} {count}", "Enter")
    fugue.wait_for("all there", target)


@option("persistence.enabled")
def nothing_is_written(fugue: Running) -> None:
    configure(fugue, "persistence.enabled", "false")
    begin(fugue)
    print_lines(fugue, 3_000)
    fugue("checkpoint")
    fugue("set-buffer", "text")
    assert list(fugue.state_home.rglob("*")) == []
    found = status(fugue)
    assert (found["durability"], found["state"]["enabled"]) == ("off", False)
    assert "nothing is written to disk" in fugue("status")
    assert len(fugue.history("work").splitlines()) > 3_000
    with fugue.attached() as client:
        client.wait_for("nothing is saved")


@option("persistence.state_dir")
def the_state_is_elsewhere(fugue: Running) -> None:
    elsewhere = fugue.directory / "elsewhere"
    configure(fugue, "persistence.state_dir", f'"{elsewhere}"')
    begin(fugue)
    assert status(fugue)["state"]["directory"] == f"{elsewhere}/default"
    assert list((elsewhere / "default" / "wal").iterdir())
    assert not fugue.state.exists()


@option("persistence.checkpoint_interval_secs")
def checkpoints_come_at_the_interval(fugue: Running) -> None:
    begin(fugue)
    assert status(fugue)["checkpoint"]["reason"] is None
    configure(fugue, "persistence.checkpoint_interval_secs", "1")
    fugue("rename-session", "-t", "work", "other")
    until("checkpoint", lambda: status(fugue)["checkpoint"]["reason"] == "interval")


@option("persistence.wal_flush_interval_ms")
def output_is_synced_later(fugue: Running) -> None:
    begin(fugue, "sh", "-c", "read go; echo shown; exec cat")
    configure(fugue, "persistence.wal_flush_interval_ms", "60000", checkpoint_interval_secs=3600)
    # Synced by itself, with all that the old interval was to bring; and no new name of the window follows the output.
    fugue("set-option", "-g", "automatic-rename", "off")
    before = status(fugue)["log"]
    fugue("send-keys", "-t", "work", "Enter")
    fugue.wait_for("shown", "work")
    after = status(fugue)["log"]
    assert after["last_lsn"] > before["last_lsn"]
    assert after["durable_lsn"] < after["last_lsn"], "output waits for the interval"
    configure(fugue, "persistence.wal_flush_interval_ms", "1")
    fugue("send-keys", "-t", "work", "again", "Enter")
    until("sync", lambda: (log := status(fugue)["log"])["durable_lsn"] == log["last_lsn"])


@option("persistence.sync")
def nothing_is_synced_by_the_system_alone(fugue: Running) -> None:
    begin(fugue)
    configure(fugue, "persistence.sync", '"os"')
    before = status(fugue)["log"]["syncs"]
    fugue("rename-session", "-t", "work", "other")
    fugue("rename-session", "-t", "other", "third")
    after = status(fugue)["log"]
    assert after["sync"] == "os"
    assert after["syncs"] <= before + 1, "no reply waits for a sync"
    configure(fugue, "persistence.sync", '"always"')
    fugue("rename-session", "-t", "third", "fourth")
    log = status(fugue)["log"]
    assert log["syncs"] > after["syncs"]


@option("persistence.max_wal_size_mb")
def a_large_log_causes_a_checkpoint(fugue: Running) -> None:
    begin(fugue)
    configure(fugue, "persistence.max_wal_size_mb", "1")
    script = fugue.directory / "noise.py"
    script.write_text(
        "import random\nr = random.Random(1)\nfor n in range(40000): print('%064x' % r.getrandbits(256))\n"
    )
    fugue("send-keys", "-t", "work", f"python3 {script}", "Enter")
    until("checkpoint", lambda: status(fugue)["checkpoint"]["reason"] == "log size")


@option("persistence.wal_segment_mb")
def the_next_log_file_has_the_size(fugue: Running) -> None:
    begin(fugue)
    configure(fugue, "persistence.wal_segment_mb", "2")
    script = fugue.directory / "noise.py"
    script.write_text(
        "import random\nr = random.Random(1)\nfor n in range(60000): print('%064x' % r.getrandbits(256))\n"
    )
    fugue("send-keys", "-t", "work", f"python3 {script}", "Enter")

    def sizes() -> Iterator[int]:
        for file in (fugue.state / "wal").glob("*.wal"):
            with suppress(FileNotFoundError):  # a checkpoint has no more need of it
                yield file.stat().st_size

    until("segment of 2 MiB", lambda: 2 << 20 in sizes())


@option("persistence.scrollback_persistence")
def no_scrollback_on_disk(fugue: Running) -> None:
    begin(fugue)
    configure(fugue, "persistence.keep_checkpoints", "2")
    print_lines(fugue, 3_000)
    fugue("checkpoint")
    with_it = disk(fugue, "checkpoints")
    configure(fugue, "persistence.scrollback_persistence", "false", keep_checkpoints=2)
    for name in "abc":
        fugue("rename-session", "-t", fugue.format("#{session_id}", "%0"), name)
        fugue("checkpoint")
    assert disk(fugue, "checkpoints") < with_it
    assert len(fugue.history("%0").splitlines()) > 3_000, "it is still there to be read"


@option("persistence.scrollback_persistence_lines")
def fewer_lines_free_disk(fugue: Running) -> None:
    begin(fugue)
    configure(fugue, "persistence.keep_checkpoints", "2")
    print_lines(fugue, 8_000)
    fugue("checkpoint")
    before = disk(fugue, "checkpoints")
    configure(fugue, "persistence.scrollback_persistence_lines", "100", keep_checkpoints=2)
    for name in "abcd":
        fugue("rename-session", "-t", fugue.format("#{session_id}", "%0"), name)
        fugue("checkpoint")
    assert disk(fugue, "checkpoints") < before / 2
    assert len(fugue.history("%0").splitlines()) > 8_000, "it is still there to be read"
    assert "damaged on disk" not in fugue.history("%0")


@option("persistence.scrollback_hot_lines")
def newest_lines_are_in_memory(fugue: Running) -> None:
    begin(fugue)
    fugue("set-option", "-g", "history-limit", "50000")

    def hot_after_output() -> int:
        """An idle pane gives the memory back; new lines are in it again."""
        print_lines(fugue, 6_000)
        found = status(fugue)["memory"]["scrollback_hot_bytes"]
        assert isinstance(found, int)
        return found

    line = 65
    until("2,000 lines in memory", lambda: 1_000 * line < hot_after_output() < 4_000 * line)
    configure(fugue, "persistence.scrollback_hot_lines", "5_000")
    until("more lines in memory", lambda: 4_000 * line < hot_after_output() < 6_100 * line)
    configure(fugue, "persistence.scrollback_hot_lines", "0")
    assert status(fugue)["memory"]["scrollback_hot_bytes"] == 0
    assert hot_after_output() == 0
    assert len(fugue.history("work").splitlines()) > 2_000


@option("persistence.scrub_interval_days")
def scrollback_is_read_at_intervals(fugue: Running) -> None:
    """Days do not pass in a test: tests/unit/server/storage/test_scrubber.py lets them. Here the server takes the number."""
    begin(fugue)
    configure(fugue, "persistence.scrub_interval_days", "30")
    assert "scrub_interval_days = 30" in fugue("config", "show")


@option("persistence.compression_level")
def a_higher_level_packs_tighter(fugue: Running) -> None:
    text = fugue.directory / "text"
    text.write_text(
        "".join(f"/usr/share/doc/package-{n % 97}/copyright-{n * n}\n" for n in range(30_000))
    )
    begin(fugue)
    fugue("set-option", "-g", "history-limit", "50000")
    fugue("checkpoint")
    sizes = [disk(fugue, "checkpoints")]
    for window, level in ((1, 1), (2, 19)):
        configure(fugue, "persistence.compression_level", str(level))
        command = f"cat {text}; echo all there; exec sleep 1000"
        fugue("new-window", "-d", "-t", f"work:{window}", command)
        fugue.wait_for("all there", f"work:{window}")
        fugue("checkpoint")
        sizes.append(disk(fugue, "checkpoints"))
    loosely, tightly = sizes[1] - sizes[0], sizes[2] - sizes[1]
    assert 0 < tightly < 0.9 * loosely


@option("persistence.keep_checkpoints")
def older_checkpoints_go(fugue: Running) -> None:
    begin(fugue)

    def manifests() -> int:
        return len(list((fugue.state / "checkpoints").glob("MANIFEST-*")))

    for number in range(7):
        fugue("rename-session", "-t", "%0", f"name{number}")
        fugue("checkpoint")
    many = manifests()
    configure(fugue, "persistence.keep_checkpoints", "2")
    fugue("rename-session", "-t", "%0", "last")
    fugue("checkpoint")
    assert manifests() < many


@option("persistence.restore_policy")
def a_lost_process_gets_what_the_policy_says(fugue: Running) -> None:
    begin(fugue)
    assert fugue("show-options", "-gwv", "restore-policy") == "shell"
    configure(fugue, "persistence.restore_policy", '"none"')
    assert fugue("show-options", "-gwv", "restore-policy") == "none"
    fugue.kill_everything()
    fugue("list-sessions")
    assert (
        fugue.format("#{pane_pid}", "work") in ("", "0")
        or fugue.format("#{pane_dead}", "work") == "1"
    )


@option("persistence.environment_deny")
def values_are_withheld(fugue: Running) -> None:
    begin(fugue)
    configure(fugue, "persistence.environment_deny", '["PRIVATE_*"]')
    fugue("set-environment", "-t", "work", "PRIVATE_THING", "marker-of-a-value")
    fugue("set-environment", "-t", "work", "OTHER_TOKEN", "marker-that-is-stored")
    fugue("checkpoint")
    assert not holders(fugue.state / "wal", b"marker-of-a-value")
    assert holders(fugue.state / "wal", b"marker-that-is-stored")


@option("server.default_command")
def new_panes_run_it(fugue: Running) -> None:
    begin(fugue)
    configure(fugue, "server.default_command", '"echo from the default; exec cat"')
    fugue("new-window", "-t", "work:5")
    fugue.wait_for("from the default", "work:5")


@option("server.default_shell")
def new_panes_have_it(fugue: Running) -> None:
    begin(fugue)
    configure(fugue, "server.default_shell", '"/bin/sh"')
    fugue("new-window", "-t", "work:5")
    fugue("send-keys", "-t", "work:5", "echo shell=$0", "Enter")
    fugue.wait_for("shell=-sh", "work:5")


@option("server.history_limit")
def lines_beyond_it_go(fugue: Running) -> None:
    begin(fugue)
    print_lines(fugue, 3_000)
    configure(fugue, "server.history_limit", "100")
    assert fugue("show-options", "-gv", "history-limit") == "100"
    until("shorter history", lambda: len(fugue.history("work").splitlines()) < 200)


@option("server.frame_rate_hz")
def fewer_frames_are_drawn(fugue: Running) -> None:
    loop = "for n in $(seq 40); do echo line $n; sleep 0.02; done; echo the end"
    begin(fugue, "sh", "-c", f"read go; {loop}; exec cat")
    configure(fugue, "server.frame_rate_hz", "1")

    with fugue.attached() as client:
        client.wait_for("[work]")
        client.read()
        before, began = len(client.raw), time.monotonic()
        fugue("send-keys", "-t", "work", "Enter")
        client.wait_for("the end")
        seconds = time.monotonic() - began
        frames = client.raw[before:].count(SYNC_BEGIN)
    assert 0 < frames < seconds + 3, "40 lines in a second or more, and a frame for each second"


@option("client.reconnect_timeout_secs")
def a_client_gives_up_after_it(fugue: Running) -> None:
    begin(fugue)
    configure(fugue, "client.reconnect_timeout_secs", "1")
    with fugue.attached() as client:
        client.wait_for("[work]")
        fugue.kill_everything()
        os.chmod(fugue.runtime / "fugue", 0o500)
        (fugue.runtime / "fugue" / "default").unlink(missing_ok=True)
        assert client.wait_exit() == 1
        assert "for 1 seconds" in client.text()


@option("logging.level")
def less_is_logged(fugue: Running) -> None:
    begin(fugue)
    configure(fugue, "logging.level", '"error"')
    log = fugue.state / "server.log"
    size = log.stat().st_size
    fugue("checkpoint")
    assert log.stat().st_size == size
    configure(fugue, "logging.level", '"info"')
    fugue("rename-session", "-t", "work", "other")
    fugue("checkpoint")
    until("line", lambda: 'reason="asked for"' in log.read_text()[size:])


@option("logging.max_size_mb")
def a_large_log_is_rotated(fugue: Running) -> None:
    begin(fugue)
    log = fugue.state / "server.log"
    with log.open("a") as file:
        file.write("x" * ((1 << 20) + 1))
    fugue("checkpoint")
    assert not log.with_name("server.log.1").exists()
    configure(fugue, "logging.max_size_mb", "1")
    fugue("rename-session", "-t", "work", "other")
    fugue("checkpoint")
    assert log.with_name("server.log.1").exists()


@option("logging.keep_files")
def no_rotated_file_is_kept(fugue: Running) -> None:
    begin(fugue)
    configure(fugue, "logging.keep_files", "0", max_size_mb=1)
    log = fugue.state / "server.log"
    with log.open("a") as file:
        file.write("x" * ((1 << 20) + 1))
    fugue("checkpoint")
    assert log.stat().st_size < 1 << 20
    assert not log.with_name("server.log.1").exists()


@option("server.outbox_max_kb")
def a_slow_client_may_have_more_unread(fugue: Running) -> None:
    script = fugue.directory / "clipboard.py"
    script.write_text(
        "import sys\nfor line in sys.stdin:\n"
        "    sys.stdout.write(('\\033]52;c;' + 'QUJD' * 240_000 + '\\007') * int(line) + 'set ' + line)\n"
        "    sys.stdout.flush()\n"
    )
    begin(fugue, "python3", str(script))
    configure(fugue, "server.outbox_max_kb", "16384")
    with fugue.attached() as slow:
        slow.wait_for("[work]")
        slow.process.send_signal(signal.SIGSTOP)
        fugue("send-keys", "-t", "work", "12", "Enter")  # more than the 8 MiB of the default
        fugue.wait_for("set 12", "work")
        slow.process.send_signal(signal.SIGCONT)

        def got_all() -> bool:
            slow.read()
            return slow.raw.count(b"\033]52;c;") == 12

        until("all of it", got_all)
        configure(fugue, "server.outbox_max_kb", "8192")
        slow.process.send_signal(signal.SIGSTOP)
        fugue("send-keys", "-t", "work", "13", "Enter")
        fugue.wait_for("set 13", "work")
        until("it dropped", lambda: not fugue("list-clients"))


@option("keys.prefix")
def another_key_is_the_prefix(fugue: Running) -> None:
    begin(fugue)
    with fugue.attached() as client:
        client.wait_for("[work]")
        configure(fugue, "keys.prefix", '"C-a"')
        client.type(b"\x01c")
        client.wait_for("1:bash*")


@option("persistence.keep_closed_days")
def closed_sessions_are_not_kept(fugue: Running) -> None:
    begin(fugue)
    for name in ("before", "while-off", "after"):
        fugue("new-session", "-d", "-s", name, "cat")

    def closed() -> list[str]:
        points = json.loads(fugue("state", "list", "--json"))["points"]
        names = [point["name"] for point in points if point["name"].startswith("closed-")]
        return sorted(name.removeprefix("closed-").rsplit("-", 2)[0] for name in names)

    fugue("kill-session", "-t", "before")
    until("save", lambda: closed() == ["before"])
    configure(fugue, "persistence.keep_closed_days", "0")
    fugue("kill-session", "-t", "while-off")
    configure(fugue, "persistence.keep_closed_days", "1")
    fugue("kill-session", "-t", "after")
    until("save", lambda: "after" in closed())
    assert "while-off" not in closed()


@option("persistence.restore_commands")
def listed_programs_run_again(fugue: Running) -> None:
    program, started = fugue.directory / "mine", fugue.directory / "started"
    program.write_text(f"#!/bin/sh\necho started >> {started}\nexec cat\n")
    program.chmod(0o700)
    begin(fugue)
    fugue("set-option", "-g", "restore-policy", "rerun")
    configure(fugue, "persistence.restore_commands", '["mine"]')
    fugue("new-window", "-t", "work:5", str(program), "words")
    until("start", lambda: started.exists() and started.read_text() == "started\n")
    fugue.kill_everything()
    fugue("list-sessions")
    until("second start", lambda: started.read_text() == "started\n" * 2)


LIVE = {option.key for option in OPTIONS if option.live}


@pytest.mark.parametrize("key", sorted(TESTS))
def test_option(fugue: Running, key: str) -> None:
    TESTS[key](fugue)
    assert key not in LIVE or key in CHANGED_LIVE, "no test while a server runs"


def test_no_option_is_forgotten() -> None:
    assert {option.key for option in OPTIONS} == set(TESTS)
