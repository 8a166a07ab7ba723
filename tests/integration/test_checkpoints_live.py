"""Checkpoints of a running server: when they are taken, and the effects of limits, of clearing a history and of
damage."""

import json
import os
from pathlib import Path

import pytest

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.recovery import history_reader
from tests.support.running import Running, kill, until
from tests.support.state_bytes import holders

pytestmark = pytest.mark.real


def reasons(fugue: Running) -> list[str]:
    """Of the generations, oldest first."""
    found = history_reader.points(RealStorage(), str(fugue.state)).manifests
    return [manifest.reason for manifest in reversed(found)]


def newest(fugue: Running) -> int:
    """The number of the newest checkpoint; 0: there is none."""
    return history_reader.points(RealStorage(), str(fugue.state)).highest_number


def numbers(text: str) -> list[int]:
    return [int(line) for line in text.splitlines() if line.isdigit()]


def print_numbers(fugue: Running, target: str, first: int, last: int) -> None:
    fugue("send-keys", "-t", target, f"seq {first} {last}; echo end-{last}-$((1))", "Enter")
    fugue.wait_for(f"end-{last}-1", target)


def test_checkpoints_come_by_themselves_and_only_when_something_changed(fugue: Running) -> None:
    fugue.config.write_text("[persistence]\ncheckpoint_interval_secs = 1\nkeep_checkpoints = 3\n")
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    for turn in range(5):
        before = newest(fugue)
        print_numbers(fugue, "work", turn * 10, turn * 10 + 9)
        until("checkpoint", lambda before=before: newest(fugue) > before)  # type: ignore[misc]  # bound now
    until("older ones gone", lambda: reasons(fugue) == ["interval"] * 3)


def test_the_size_of_the_log_asks_for_one(fugue: Running) -> None:
    fugue.config.write_text(
        "[persistence]\ncheckpoint_interval_secs = 3600\nmax_wal_size_mb = 1\nwal_segment_mb = 1\n"
    )
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue(
        "send-keys", "-t", "work", "head -c 3000000 /dev/urandom | base64; echo the-$((1))", "Enter"
    )
    fugue.wait_for("the-1", "work")
    until("checkpoint", lambda: "log size" in reasons(fugue))


def test_a_history_limit_holds_at_once(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    print_numbers(fugue, "work", 1, 2000)
    fugue("set-option", "-t", "work", "history-limit", "100")
    left = numbers(fugue.history("work"))
    assert 100 <= len(left) <= 124
    assert left[-1] == 2000
    fugue("set-option", "-t", "work", "history-limit", "1000")
    print_numbers(fugue, "work", 2001, 5000)
    assert 1000 <= len(numbers(fugue.history("work"))) <= 1024


def test_cleared_history_is_not_on_the_disk_any_more(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue(
        "send-keys",
        "-t",
        "work",
        "for i in $(seq 200); do echo top-sec''ret-$i; done; clear; echo cleared-$((1))",
        "Enter",
    )
    fugue.wait_for("cleared-1", "work")
    assert "ret-" not in fugue.screen("work")
    fugue("checkpoint")
    assert holders(fugue.state, b"top-secret-17")
    fugue("clear-history", "-t", "work")
    fugue("checkpoint")
    until("erased log", lambda: not holders(fugue.state, b"top-secret-"))


def test_old_lines_wrap_anew_at_another_width(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue(
        "send-keys",
        "-t",
        "work",
        "for i in $(seq 100); do printf '%0100d\\n' $i; done; echo end-$((1))",
        "Enter",
    )
    fugue.wait_for("end-1", "work")
    fugue("checkpoint")
    for width in (40, 120, 30):
        fugue("resize-window", "-t", "work", "-x", str(width), "-y", "24")
        rows = fugue("capture-pane", "-p", "-S", "-", "-t", "work").splitlines()
        assert max(map(len, rows)) == min(width, 100)
        joined = fugue.history("work").splitlines()
        assert [line for line in joined if line.isdigit()] == [f"{n:0100}" for n in range(1, 101)]


def test_a_damaged_pack_never_costs_the_others(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue("new-session", "-d", "-s", "other", "-x", "80", "-y", "24")
    print_numbers(fugue, "work", 1, 3000)
    fugue("checkpoint")
    first = packs(fugue)
    print_numbers(fugue, "other", 1, 3000)
    fugue("checkpoint")
    second = packs(fugue) - first
    fugue.kill_everything()
    for path in second:
        data = bytearray(path.read_bytes())
        data[60 : len(data) - 60 : 97] = b"\0" * len(data[60 : len(data) - 60 : 97])
        path.write_bytes(data)
    assert set(fugue("list-sessions", "-F", "#{session_name}").split()) == {"work", "other"}
    assert numbers(fugue.history("work")) == list(range(1, 3001))
    report = json.loads(fugue("recovery", "--json"))["recovery"]
    assert report["damages"] or report["scrollback_lost"]
    print_numbers(fugue, "other", 7000, 7010)


def packs(fugue: Running) -> set[Path]:
    return set((fugue.state / "checkpoints").glob("pack-*"))


def test_a_checkpoint_is_taken_at_a_graceful_stop_and_after_a_recovery(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    print_numbers(fugue, "work", 1, 50)
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    kill(server)
    fugue.wait_for_server(other_than=server)
    until("checkpoint", lambda: "recovery" in reasons(fugue))
    print_numbers(fugue, "work", 51, 60)
    os.kill(fugue.server_pid(), 15)
    until("stop", lambda: "stop" in reasons(fugue))
    assert keeper
