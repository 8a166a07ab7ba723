"""Reports of the server as tables with aligned columns, as indented `name: value` lines, and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from fuguemux.model.decision import Refused
from fuguemux.model.live import LiveView

Found = TypeVar("Found")

JSON_VERSION: Final = 1
_GAP: Final = "  "


def required(found: Found | None, name: str) -> Found:
    """The server's report called `name`, if it was found. Raises Refused if there is none."""
    if found is None:
        raise Refused(f"no {name} report: this server keeps none")
    return found


def json_line(name: str, value: Any) -> str:
    """`value` as one line of JSON, with the version of its schema."""
    return msgspec.json.encode({"v": JSON_VERSION, name: value}).decode()


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Rows as lines with aligned columns, without trailing blanks."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = []
    for row in (headings, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(_GAP.join(cells).rstrip())
    return tuple(lines)


def outline(value: Any, depth: int = 0) -> Iterator[str]:
    """Plain data as indented `name: value` lines."""
    indent = _GAP * depth
    if not isinstance(value, Mapping):
        yield f"{indent}{scalar(value)}"
        return
    for name, inner in value.items():
        label = f"{indent}{str(name).replace('_', ' ')}:"
        if isinstance(inner, Mapping) and inner:
            yield label
            yield from outline(inner, depth + 1)
        elif isinstance(inner, list | tuple) and any(isinstance(i, Mapping) for i in inner):
            yield label
            for item in inner:
                lines = list(outline(item, depth + 2))
                yield f"{_GAP * (depth + 1)}- {lines[0].lstrip()}" if lines else f"{indent}-"
                yield from lines[1:]
        else:
            yield f"{label} {scalar(inner)}"


def scalar(value: Any) -> str:
    """A value as text for people."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        return ", ".join(map(scalar, value)) or "-"
    return str(value)


def local_date(live: LiveView, wall_ms: int) -> str:
    """A wall clock time in the time zone of the server: `2026-11-22 18:40:03`."""
    year, month, day, hour, minute, second, *_ = live.local_time(wall_ms // 1000)
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
