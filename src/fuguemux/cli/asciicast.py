"""Writes a pane's output as an asciicast, version 2 or 3: https://docs.asciinema.org/manual/asciicast/v3/."""

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class CastEvent(NamedTuple):
    """Output (or with `size` a new size) at a wall time."""

    time_ms: int
    data: bytes = b""
    size: tuple[int, int] | None = None


def lines(
    events: Iterable[CastEvent],
    columns: int,
    rows: int,
    started_ms: int,
    *,
    version: int = 3,
    title: str = "",
) -> Iterator[str]:
    """Yield the file's lines, each a JSON text without line end. A character that is split between two outputs is written
    with the second.
    """
    head: dict[str, object] = {"version": version}
    if version == 2:
        head |= {"width": columns, "height": rows}
    else:
        head["term"] = {"cols": columns, "rows": rows, "type": "xterm-256color"}
    head["timestamp"] = started_ms // 1000
    if title:
        head["title"] = title
    yield json.dumps(head, ensure_ascii=False)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    last_ms = started_ms
    for event in events:
        at_ms = max(event.time_ms, last_ms)  # the wall clock may have been set back
        if event.size is not None:
            code, text = "r", f"{event.size[0]}x{event.size[1]}"
        else:
            code, text = "o", decoder.decode(event.data)
        if text:
            since = started_ms if version == 2 else last_ms
            yield json.dumps([round((at_ms - since) / 1000, 3), code, text], ensure_ascii=False)
            last_ms = at_ms
    rest = decoder.decode(b"", final=True)
    if rest:
        since = started_ms if version == 2 else last_ms
        yield json.dumps([round((last_ms - since) / 1000, 3), "o", rest], ensure_ascii=False)
