"""Files to print: made anew each time from a fixed seed, so that every run prints the same."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

WORDS = (  # noqa: SIM905  # words, not a list of strings, are what one reads here
    "accepted broken cache client closed connection database deadline degraded disk durable error "
    "fetch handler index kernel latency limit listener memory packet page queue ready refused "
    "request response retry route segment session signal socket started stopped stream sync table "
    "timeout token transaction upstream user value worker"
).split()
CJK = "日本語テスト中文字符漢字仮名交じり文章表示幅二倍確認"
CYRILLIC = "быстрая проверка кириллицы в терминале"
EMOJI = "🚀🎉🔥✅❌📦🧪💾"


def log_lines(chance: random.Random) -> Iterator[bytes]:
    """Like a server's log: time, level, module, words, numbers; 40 to 140 characters, some wrap at 80."""
    second = 0
    while True:
        second += chance.random() < 0.05
        hour, minute = second // 3600 % 24, second // 60 % 60
        clock = f"2024-05-{1 + second // 86400 % 28:02}T{hour:02}:{minute:02}:{second % 60:02}"
        level = chance.choice(("INFO ", "INFO ", "INFO ", "DEBUG", "WARN ", "ERROR"))
        words = " ".join(chance.choices(WORDS, k=chance.randint(2, 10)))
        source, number = f"{chance.choice(WORDS)}-{chance.randrange(64)}", chance.getrandbits(32)
        millisecond = chance.randrange(1000)
        yield f"{clock}.{millisecond:03}Z {level} [{source}] {words} id={number:08x}\n".encode()


def ls_lines(chance: random.Random) -> Iterator[bytes]:
    """Like `ls -l --color`."""
    while True:
        name = f"{chance.choice(WORDS)}_{chance.randrange(1000)}"
        kind, colour = chance.choice((("d", "01;34"), ("-", "01;32"), ("-", "0"), ("l", "01;36")))
        yield (
            f"{kind}rwxr-xr-x {chance.randrange(1, 9)} root root {chance.randrange(1 << 24):>9} "
            f"May {chance.randrange(1, 29):>2} 12:{chance.randrange(60):02} \x1b[0m\x1b[{colour}m{name}\x1b[0m\n"
        ).encode()


def utf8_lines(chance: random.Random) -> Iterator[bytes]:
    """Wide characters, Cyrillic, emoji and a little ASCII."""
    while True:
        parts = (
            "".join(chance.choices(CJK, k=chance.randint(4, 14))),
            CYRILLIC[: chance.randint(8, 38)],
            "".join(chance.choices(EMOJI, k=2)),
            chance.choice(WORDS),
        )
        yield (" ".join(chance.sample(parts, 4)) + "\n").encode()


def truecolor_lines(chance: random.Random) -> Iterator[bytes]:
    """Every cell with a foreground and a background of its own."""
    while True:
        red, green = chance.randrange(256), chance.randrange(256)
        yield (
            "".join(
                f"\x1b[38;2;{red};{green};{cell * 3}m\x1b[48;2;{cell * 3};{red};{green}m{chr(65 + cell % 26)}"
                for cell in range(79)
            )
            + "\x1b[0m\n"
        ).encode()


MATERIALS: dict[str, Callable[[random.Random], Iterator[bytes]]] = {
    "log": log_lines,
    "ls": ls_lines,
    "utf8": utf8_lines,
    "truecolor": truecolor_lines,
}


def write(directory: Path, material: str, size: int) -> Path:
    """A file of about `size` bytes; some MB of lines, repeated."""
    path = directory / f"{material}.{size}"
    block: list[bytes] = []
    made = 0
    for line in MATERIALS[material](random.Random(1)):
        block.append(line)
        made += len(line)
        if made >= min(size, 4 << 20):
            break
    text = b"".join(block)
    with path.open("wb") as file:
        for _ in range(max(1, round(size / made))):
            file.write(text)
    return path
