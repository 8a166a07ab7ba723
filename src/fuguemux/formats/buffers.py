"""The format variables of a paste buffer."""

from typing import Final

from fuguemux.model.state import Buffer

_SAMPLE_CHARACTERS_MAX: Final = 200
_ESCAPES: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\x07": "\\a", "\\": "\\\\"}


def variables_of(buffer: Buffer) -> dict[str, str]:
    """The format variables of a buffer."""
    return {
        "buffer_name": buffer.name,
        "buffer_size": str(len(buffer.data)),
        "buffer_sample": sample(buffer.data),
        "buffer_created": str(buffer.created_ms // 1000),
    }


def sample(data: bytes) -> str:
    """The beginning of a buffer as one line. Control characters are made visible as tmux does."""
    start = data[: 4 * _SAMPLE_CHARACTERS_MAX].decode("utf-8", "replace")
    shown = "".join(map(_visible, start[:_SAMPLE_CHARACTERS_MAX]))
    if len(shown) > _SAMPLE_CHARACTERS_MAX or len(start) > _SAMPLE_CHARACTERS_MAX:
        return shown[:_SAMPLE_CHARACTERS_MAX] + "..."
    return shown


def _visible(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if ord(char) < 0x20 or ord(char) == 0x7F:
        return "^" + chr(ord(char) ^ 0x40)
    return char
