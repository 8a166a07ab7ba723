"""Puts OSC 8 links back into formatted rows.

The engine's ANSI formatter leaves links out, its HTML formatter does not. Both write the same text. So the beginnings and
ends of links are read from the HTML, and the links are inserted at the same characters of the ANSI. Spaces at the end of
a link are left out of it, because the HTML does not distinguish them from cells that were never written.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from fuguemux.terminal.ghostty.repeat import ESCAPE

LINK_BEGIN: Final = b"<a href="
TOKEN: Final = re.compile(r'<a href="([^"]*)">|(</a>)|<[^<>]*>|&([^&;]+);|([^<&]+)')
ENTITY: Final = re.compile(r"&([^&;]+);")
NAMED_ENTITIES: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": "\xa0"}
SGR: Final = re.compile(rb"(\x1b\[[0-9;:]*m)")
CLOSE: Final = b"\x1b]8;;\x1b\\"


class LinkRun(NamedTuple):
    """The characters from `start` up to `stop`, which are linked to `url`."""

    start: int
    stop: int
    url: str


def insert(lines: list[bytes], html: bytes) -> list[bytes]:
    """Return the ANSI lines with the links of `html`, which was made of the same cells."""
    if LINK_BEGIN not in html:
        return lines
    runs, total = _runs(html.decode("utf-8", "replace"))
    sizes = [_characters(line) for line in lines]
    if total != sum(sizes):
        return lines  # the two texts differ: no link is better than one in a wrong place
    result = list(lines)
    start = index = 0
    for number, size in enumerate(sizes):
        stop = start + size
        first = index
        while index < len(runs) and runs[index].start < stop:
            index += 1
        if index > first:
            here = [
                LinkRun(max(run.start - start, 0), min(run.stop, stop) - start, run.url)
                for run in runs[first:index]
            ]
            result[number] = _with_links(lines[number], here)
            if runs[index - 1].stop > stop:
                index -= 1  # it continues in the next line
        start = stop
    return result


def _characters(line: bytes) -> int:
    text = SGR.sub(b"", line) if ESCAPE in line else line
    return len(text) if text.isascii() else len(text.decode("utf-8", "replace"))


def _runs(html: str) -> tuple[list[LinkRun], int]:
    """Return the links, counted in characters without line ends, and the number of characters.

    Lines are not counted, because the HTML of a selection loses a line end wherever the engine begins a page.
    """
    runs: list[LinkRun] = []
    url = ""
    at = 0
    same = False  # whether the last run belongs to the open link
    for token in TOKEN.finditer(html):
        opened, closed, entity, text = token.groups()
        if text:
            size = len(text) - text.count("\n")
            linked = size - (len(text) - len(text.rstrip(" \n")) - _line_ends_at_end(text))
        elif entity:
            size = linked = 1
        else:
            if opened is not None:
                url = ENTITY.sub(lambda found: _entity(found.group(1)), opened)
                same = bool(runs) and runs[-1].url == url and runs[-1].stop == at
            elif closed:
                url = ""
            continue
        if url and linked:
            if same:
                runs[-1] = runs[-1]._replace(stop=at + linked)
            else:
                runs.append(LinkRun(at, at + linked, url))
            same = True
        at += size
    return runs, at


def _line_ends_at_end(text: str) -> int:
    return text.count("\n", len(text.rstrip(" \n")))


def _entity(name: str) -> str:
    if name.startswith("#"):
        return chr(int("0" + name[1:] if name[1] == "x" else name[1:], 0))
    return NAMED_ENTITIES.get(name, "?")


def _with_links(line: bytes, runs: list[LinkRun]) -> bytes:
    """Insert links into one ANSI line. Counts the characters between its SGR sequences."""
    parts: list[bytes] = []
    at = 0
    edges = [edge for run in runs for edge in ((run.start, run.url), (run.stop, ""))]
    open_link = False
    next_edge = 0
    for index, piece in enumerate(SGR.split(line)):
        if index % 2:
            parts.append(piece)
            continue
        text = piece.decode("utf-8", "replace")
        done = 0
        while next_edge < len(edges) and edges[next_edge][0] <= at + len(text):
            place, url = edges[next_edge]
            if url and place == at + len(text):
                break  # it begins with the next piece, after that piece's style
            parts.append(text[done : place - at].encode())
            done = place - at
            parts.append(b"\x1b]8;;%b\x1b\\" % url.encode() if url else CLOSE)
            open_link = bool(url)
            next_edge += 1
        parts.append(text[done:].encode())
        at += len(text)
    if open_link:
        parts.append(CLOSE)
    return b"".join(parts)
