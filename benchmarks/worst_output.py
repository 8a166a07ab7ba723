"""The worst output known, one kind for each of 20 panes: `python -I worst_output.py KIND` prints it until it is ended.

Each kind costs a terminal much more than its bytes cost the program that prints them. `block(KIND)` is what is printed again
and again, of at most some hundred KiB, but for the long line.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Final

ESC: Final = "\x1b"
LINE_CHARS: Final = 8 << 20
_KIB: Final = 1024


def _styles() -> str:
    return "".join(
        f"{ESC}[{i % 9};38;2;{i % 256};{i // 3 % 256};{i // 7 % 256};48;5;{i % 256}m{chr(97 + i % 26)}"
        for i in range(4_000)
    )


def _links() -> str:
    return "".join(
        f"{ESC}]8;id={i};https://example.org/{'a' * 200}/{i}{ESC}\\{i % 10}{ESC}]8;;{ESC}\\"
        for i in range(1_000)
    )


def _regions() -> str:
    return "".join(
        f"{ESC}[{1 + i % 5};{10 + i % 14}r{ESC}[{5 + i % 5};1H{ESC}[65535L{ESC}[65535M{ESC}[9999S{ESC}[9999T\n"
        for i in range(1_000)
    )


def _edits() -> str:
    return f"abc{ESC}[65535@{ESC}[65535P{ESC}[65535X{ESC}[65535Z{ESC}[65535I" * 1_000


def _titles() -> str:
    return "".join(f"{ESC}]2;{'t' * 1_000}{i}\a{ESC}]7;file://h/{i}\a" for i in range(200))


def _queries() -> str:
    return f"{ESC}[6n{ESC}[c{ESC}[5n{ESC}P$qm{ESC}\\{ESC}]11;?\a" * 2_000


BLOCKS: Final[Mapping[str, Callable[[], str]]] = {
    "repeat": lambda: f"x{ESC}[65535b" * 1_000,
    "repeat-wide": lambda: f"字{ESC}[65535b" * 1_000,
    "combining": lambda: ("a" + "\u0301" * 200) * 300,
    "joined": lambda: "👩\u200d👩\u200d👧\u200d👦" * 5_000,
    "styles": _styles,
    "links": _links,
    "osc": lambda: f"{ESC}]52;c;{'QUJD' * 30_000}\a",
    "title": _titles,
    "unfinished": lambda: f"{ESC}]2;" + "x" * (100 * _KIB),
    "alternate": lambda: f"{ESC}[?1049h{ESC}[2Jx{ESC}[?1049l" * 5_000,
    "columns": lambda: f"{ESC}[?40h{ESC}[?3h{ESC}[?3l" * 5_000,
    "regions": _regions,
    "edits": _edits,
    "erase": lambda: f"{ESC}[2J{ESC}[3J{ESC}[H{ESC}#8" * 5_000,
    "sixel": lambda: f"{ESC}Pq" + "#0;2;0;0;0!65535~$-" * 4_000 + f"{ESC}\\",
    "kitty": lambda: "".join(
        f"{ESC}_Ga=T,f=32,s=9999,v=9999,m=1;{'AAAA' * 1_000}{ESC}\\" for _ in range(20)
    ),
    "queries": _queries,
    "parameters": lambda: (ESC + "[" + ";".join(["65535"] * 500) + "m") * 40,
    "newlines": lambda: "\n" * (64 * _KIB),
    "long-line": lambda: "a" * LINE_CHARS,
}
"""Name of each kind, and what prints one block of it."""
KINDS: Final = tuple(BLOCKS)


def block(kind: str) -> bytes:
    """What is printed again and again."""
    return BLOCKS[kind]().encode()


def main() -> None:
    data = block(sys.argv[1])
    while True:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
