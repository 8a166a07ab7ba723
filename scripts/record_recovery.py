"""Record a kill, a restart and the report: `python scripts/record_recovery.py` writes docs/recovery.svg and .cast.

Everything in the recording happens, in a private fugue. Needs vim, htop and tmux, and takes some seconds.
"""

import contextlib
import itertools
import json
import os
import signal
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text
from stage import FUGUE, Stage, staged

COLUMNS, ROWS = 132, 30
SECONDS = 4.5
"""How long each picture stays."""
DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTES = "# Release\n\n- [x] tag\n- [x] build\n- [ ] upload\n- [ ] tell everybody\n"
TESTS = (
    r"""i=0; while :; do i=$((i+1)); printf '\033[32mok\033[0m   test_%03d\n' $i; sleep 0.2; done"""
)
PICTURE = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {char_height}px;
line-height: {line_height}px; }} .{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}</defs>{chrome}<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix" xml:space="preserve">{matrix}</g></g></svg>"""


class Recording:
    """Screens with a caption each, as they are taken."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._pictures: list[tuple[str, str]] = []

    def take(self, caption: str) -> None:
        """Keep what the person sees now."""
        self._pictures.append((caption, self._stage.screen(styled=True).rstrip("\n")))

    def svg(self) -> str:
        """One picture after the other, for ever."""
        whole = SECONDS * len(self._pictures)
        share = 100 / len(self._pictures)
        drawn, sizes = [], []
        for number, (caption, screen) in enumerate(self._pictures):
            picture = self._draw(f"p{number}", caption, screen)
            sizes.append(picture.split('viewBox="')[1].split('"')[0])
            first = "" if number else "visibility: visible; "  # for those that animate nothing
            drawn.append(
                f'<g class="picture" style="{first}animation-delay: {number * SECONDS}s">{picture}</g>'
            )
        style = (
            f".picture {{ visibility: hidden; animation: shown {whole}s step-end infinite; }} "
            f"@keyframes shown {{ 0% {{ visibility: visible; }} {share:.3f}% {{ visibility: hidden; }} }}"
        )
        return (
            f'<svg viewBox="{sizes[0]}" xmlns="http://www.w3.org/2000/svg"><style>{style}</style>\n'
            + "\n".join(drawn)
            + "\n</svg>\n"
        )

    def _draw(self, name: str, caption: str, screen: str) -> str:
        with open(os.devnull, "w") as nowhere:
            console = Console(
                record=True, width=COLUMNS, file=nowhere, force_terminal=True,
                color_system="truecolor", legacy_windows=False,
            )  # fmt: skip
            for line in screen.split("\n"):
                console.print(Text.from_ansi(line), no_wrap=True, overflow="crop", crop=True)
            return console.export_svg(title=caption, code_format=PICTURE, unique_id=name)

    def cast(self) -> str:
        """The same as an asciicast v2."""
        header = {
            "version": 2,
            "width": COLUMNS,
            "height": ROWS + 1,
            "title": "fugue: kill, restart, report",
        }
        lines = [json.dumps(header)]
        for number, (caption, screen) in enumerate(self._pictures):
            shown = screen.replace("\n", "\r\n")
            text = f"\x1b[H\x1b[2J{shown}\x1b[0m\x1b[{ROWS + 1};1H\x1b[7m {caption} \x1b[0m"
            lines.append(json.dumps([number * SECONDS, "o", text]))
        lines.append(json.dumps([len(self._pictures) * SECONDS, "o", ""]))
        return "\n".join(lines) + "\n"


def descendants(pid: int) -> list[int]:
    """The processes that `pid` started, directly or not, and itself."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *itertools.chain.from_iterable(descendants(int(child)) for child in children)]


def kill_everything(stage: Stage) -> None:
    """SIGKILL for the server, its keeper and all programs in panes: what a power cut does to processes."""
    server = int(stage.run(FUGUE, "display-message", "-p", "#{pid}"))
    status = Path(f"/proc/{server}/status").read_text()
    keeper = int(status.split("PPid:")[1].split()[0])
    for pid in descendants(keeper):
        with contextlib.suppress(ProcessLookupError):  # a `sleep` that was over just then
            os.kill(pid, signal.SIGKILL)


def at_prompt(stage: Stage) -> None:
    """Wait until the lower right pane waits for a command."""
    stage.until(lambda: f"[{lower(stage)}]", "[$]")


def lower(stage: Stage) -> str:
    """The last line in the lower right pane."""
    right = [row.partition("│")[2].strip() for row in stage.screen().split("\n") if "│" in row]
    return next((row for row in reversed(right) if row), "")


def record(stage: Stage) -> Recording:
    """The story itself."""
    recording = Recording(stage)
    (stage.home / "notes.md").write_text(NOTES)
    (stage.home / "tests.sh").write_text(TESTS)
    shell = "bash --norc"
    stage.open(COLUMNS, ROWS, f"{FUGUE} new-session -s work -n editor '{shell}'")
    stage.wait("[work]")
    stage.run(FUGUE, "split-window", "-h", "-t", "work:0", shell)
    stage.run(FUGUE, "split-window", "-v", "-t", "work:0.1", shell)
    for pane, line in (("0.0", "vim -u NONE notes.md"), ("0.1", "bash tests.sh")):
        stage.run(FUGUE, "send-keys", "-t", f"work:{pane}", line, "Enter")
    stage.wait("tell everybody")
    stage.wait("test_009")
    list_panes = "fugue list-panes -F '#{pane_pid} #{pane_current_command}'"
    stage.type("PS1='$ '; clear", "Enter")
    at_prompt(stage)
    stage.type(list_panes, "Enter")
    stage.until(lambda: str(stage.screen().count(" python")), "1")
    recording.take("1. vim, a test run and a shell")

    stage.type("kill -9 $(fugue display-message -p '#{pid}')", "Enter")
    stage.wait("nothing lost")
    stage.type(list_panes, "Enter")
    stage.until(lambda: str(stage.screen().count(" python")), "2")
    recording.take(
        "2. The server is killed with -9: same processes, no byte lost, the client stayed"
    )

    kill_everything(stage)
    stage.wait("press Enter to run: vim")
    stage.until(lambda: str(stage.screen().count("── restored")), "3")
    stage.until(lambda: str(stage.screen().count("# vim -u NONE")), "2")
    recording.take(
        "3. Everything is killed with -9: layout, text, directories are back, programs wait for Enter"
    )

    stage.type("C-b", "R")
    stage.wait("%0")
    recording.take("4. C-b R: what became of every pane")
    stage.type("q")
    stage.type("C-b", "Left")
    stage.type("Enter")
    stage.wait("tell everybody")
    stage.type("C-b", "Right")
    stage.type("C-b", "z")
    stage.type("fugue recovery", "Enter")
    stage.wait("%2    work:0")
    recording.take("5. fugue recovery: what came back, what did not, and why")
    return recording


def main() -> None:
    """Write both files."""
    with staged('[persistence]\nrestore_policy = "suspended"\n') as stage:
        recording = record(stage)
    (DOCS / "recovery.svg").write_text(recording.svg())
    (DOCS / "recovery.cast").write_text(recording.cast())
    print("docs/recovery.svg, docs/recovery.cast", file=sys.stderr)


if __name__ == "__main__":
    main()
