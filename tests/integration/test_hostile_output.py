"""Programs that write anything to their terminal: no crash, no unbounded memory, and the other panes and clients
continue."""

import base64
import os
import random
import signal
from pathlib import Path

import pytest

from tests.support.running import Running, until

pytestmark = pytest.mark.real

MIB = 1 << 20
GROWTH_BYTES_MAX = 96 * MIB

FLOODS = {
    "an OSC without end": b"printf '\\033]0;'; head -c 60000000 /dev/zero | tr '\\0' x; printf '\\033\\\\'",
    "a DCS without end": b"printf '\\033P1;2q'; head -c 60000000 /dev/zero | tr '\\0' x; printf '\\033\\\\'",
    "an APC without end": b"printf '\\033_G'; head -c 10000000 /dev/zero | tr '\\0' A; printf '\\033\\\\'",
    "a CSI without end": b"printf '\\033['; head -c 5000000 /dev/zero | tr '\\0' ';'; printf m",
    "invalid UTF-8": b"head -c 1000000 /dev/urandom | tr -d '\\000-\\177'",
    "random bytes": b"head -c 2000000 /dev/urandom",
    "bells": b"head -c 500000 /dev/zero | tr '\\0' '\\007'",
    "nested sequences": b"yes \"$(printf '\\033]0;a\\033P\\033[\\033]52;c;\\033_')\" | head -c 1000000",
    "synchronized output left open": b"printf '\\033[?2026h'; yes hidden | head -c 1000000",
}


def memory_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def begin(fugue: Running) -> int:
    # None while a flood goes on, however slow the machine: a checkpoint may end a sequence that is too long to be kept,
    # and the rest of it is text then.
    fugue.environment["FUGUE_PERSISTENCE_CHECKPOINT_INTERVAL_SECS"] = "3600"
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "cat")
    fugue("set-option", "-g", "remain-on-exit", "on")
    fugue("split-window", "-t", "work", "cat")
    return fugue.server_pid()


def others_go_on(fugue: Running, word: str) -> None:
    fugue("send-keys", "-t", "work:0.0", word, "Enter")
    fugue.wait_for(f"{word}\n{word}", "work:0.0")


@pytest.mark.parametrize("what", sorted(FLOODS))
def test_floods(fugue: Running, what: str) -> None:
    pid = begin(fugue)
    script = fugue.directory / "flood.sh"
    script.write_bytes(
        FLOODS[what] + b"\nprintf '\\033\\\\\\033[?2026l\\033c'\necho the e''nd of it\n"
    )
    with fugue.attached() as client:
        client.wait_for("[work]")
        before = memory_bytes(pid)
        fugue("respawn-pane", "-k", "-t", "work:0.1", "bash", str(script))
        others_go_on(fugue, "meanwhile")
        peak = 0

        def ended() -> bool:
            nonlocal peak
            peak = max(peak, memory_bytes(pid))
            return "the end of it" in client.text()

        until("end of the flood", ended, 100)
        others_go_on(fugue, "afterwards")
    assert max(peak, memory_bytes(pid)) - before < GROWTH_BYTES_MAX // 2, (
        "less than the largest flood"
    )
    assert fugue.server_pid() == pid
    fugue.kill_server()
    assert "the end of it" in fugue.history("work:0.1")


def test_a_flood_for_the_clipboard_of_a_client_that_does_not_read(fugue: Running) -> None:
    """What waits for it is bounded: it is dropped, is told so when it reads again, and may attach again."""
    pid = begin(fugue)
    script = fugue.directory / "flood.py"
    script.write_text(
        "import os\nfor _ in range(150):\n"
        "    data = b'\\033]52;c;' + b'QUJD' * 240_000 + b'\\007'\n"
        "    while data:\n        data = data[os.write(1, data):]\n"
        "os.write(1, b'the end of it\\n')\n"
    )
    with fugue.attached() as slow:
        slow.wait_for("[work]")
        slow.process.send_signal(signal.SIGSTOP)
        before = peak = memory_bytes(pid)
        fugue("respawn-pane", "-k", "-t", "work:0.1", "python3", str(script))
        others_go_on(fugue, "meanwhile")

        def ended() -> bool:
            nonlocal peak
            peak = max(peak, memory_bytes(pid))
            return "the end of it" in fugue.screen("work:0.1")

        until("end of the flood", ended, 120)
        assert peak - before < GROWTH_BYTES_MAX
        until("it dropped", lambda: not fugue("list-clients"))
        others_go_on(fugue, "afterwards")
        slow.process.send_signal(signal.SIGCONT)

        def told_or_back() -> bool:
            slow.read()
            return slow.process.poll() is not None or slow.tty in fugue("list-clients")

        until("word of the slow one", told_or_back)
        assert slow.process.poll() is None or b"did not keep up; attach again" in slow.raw
    with fugue.attached() as again:
        again.wait_for("the end of it")
    assert fugue.server_pid() == pid


def test_a_seeded_fuzzer(fugue: Running) -> None:
    """Sequences that terminals know, cut, nested and mixed with noise."""
    pid = begin(fugue)
    rng = random.Random(20)
    pieces = [
        b"\x1b[", b"\x1b]", b"\x1bP", b"\x1b\\", b"\x07", b"\x18", b"\x1b", b"?", b";", b"0", b"9999999999", b"2026", b"1049",
        b"h", b"l", b"m", b"J", b"K", b"H", b"r", b"S", b"T", b"c", b"q", b"52;c;", b"8;;http://x", b"4;1;rgb:ff/ff/ff",
        b"\r", b"\n", b"\t", b"\x0e", b"\x0f", "漢字".encode(), "👩‍👩‍👧".encode(), b"\xff\xfe", b"\xc3", b"text",
        b"\x1b#8", b"\x9b",
    ]  # fmt: skip
    data = b"".join(rng.choice(pieces) for _ in range(60_000))
    file = fugue.directory / "fuzz"
    file.write_bytes(data + b"\x18\x1b\\\x1bc\nthe end of it\n")
    with fugue.attached() as client:
        client.wait_for("[work]")
        before = memory_bytes(pid)
        # Answers to queries come when the server gets to it: echoed, they might follow the end and push it out of sight.
        command = f"stty -echo; cat {file}"
        fugue("respawn-pane", "-k", "-t", "work:0.1", "sh", "-c", command)
        fugue.wait_for("the end of it", "work:0.1")
        client.wait_for("the end of it")
        others_go_on(fugue, "afterwards")
    assert memory_bytes(pid) - before < GROWTH_BYTES_MAX
    assert fugue.server_pid() == pid


def test_a_storm_of_resizes(fugue: Running) -> None:
    pid = begin(fugue)
    rng = random.Random(3)
    with fugue.attached() as client:
        client.wait_for("[work]")
        fugue(
            "respawn-pane",
            "-k",
            "-t",
            "work:0.1",
            "sh",
            "-c",
            "yes 'a line that is wrapped' | head -c 20000000",
        )
        for _ in range(200):
            client.resize(rng.randrange(1, 300), rng.randrange(1, 100))
            client.read()
        client.resize(80, 24)
        until("last size", lambda: fugue.format("#{window_width}x#{window_height}") == "80x23")
        others_go_on(fugue, "afterwards")
        client.wait_for("afterwards")
    assert fugue.server_pid() == pid


def test_titles_and_the_clipboard_are_no_way_out(fugue: Running) -> None:
    """What a pane writes reaches neither another shell's input nor, as it is, the client's terminal."""
    pid = begin(fugue)
    bad = base64.b64encode(b"x" * (2 * MIB)).decode()
    file = fugue.directory / "injection"
    file.write_bytes(
        b"\x1b]2;ti\x01\x1b[21ttle\x07"  # a title with control characters, and the request to type it back
        b"\x1b[21t\x1b[20t"
        b"\x1b]52;c;?\x07"  # asks for the clipboard
        + b"\x1b]52;c;" + bad.encode() + b"\x07"  # more than may be set
        b"\x1bPtmux;\x1b\x1b[5;77;5t\x1b\\"  # what would reach the outer terminal as it is
        b"the end of it\n"
    )  # fmt: skip
    with fugue.attached() as client:
        client.wait_for("[work]")
        before = len(client.raw)
        fugue("respawn-pane", "-k", "-t", "work:0.1", "sh", "-c", f"cat {file}; exec cat -v")
        client.wait_for("the end of it")
        others_go_on(fugue, "afterwards")
        drawn = client.raw[before:]
    assert b"\x1b]52;c;?" not in drawn
    assert b"5;77;5t" not in drawn
    assert bad[:1000].encode() not in drawn
    assert "\x1b" not in fugue.format("#{pane_title}", "work:0.1")
    typed = fugue.screen("work:0.1").partition("the end of it")[2]
    assert typed.strip() in ("", "Pane is dead"), typed
    assert fugue.server_pid() == pid
