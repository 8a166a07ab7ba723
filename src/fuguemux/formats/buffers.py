"""The format variables of a paste buffer."""

from typing import Final

from fuguemux.model.state import Buffer

_SAMPLE_BYTES_MAX: Final = 200
_ESCAPES: Final = {
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\\": "\\\\",
    "\x07": "\\a",
    "\b": "\\b",
    "\v": "\\v",
    "\f": "\\f",
}


def variables_of(buffer: Buffer) -> dict[str, str]:
    """The format variables of a buffer."""
    return {
        "buffer_name": buffer.name,
        "buffer_size": str(len(buffer.data)),
        "buffer_sample": sample(buffer.data),
        "buffer_created": str(buffer.created_ms // 1000),
    }


def sample(data: bytes) -> str:
    """The beginning of a buffer as one line. What cannot be printed is made visible as tmux does."""
    shown = visible(data[:_SAMPLE_BYTES_MAX]).encode("utf-8", "replace")
    if len(data) > _SAMPLE_BYTES_MAX or len(shown) > _SAMPLE_BYTES_MAX:
        return shown[:_SAMPLE_BYTES_MAX].decode("utf-8", "ignore") + "..."
    return shown.decode()


def visible(data: bytes) -> str:
    """Bytes as text: control characters and what is not UTF-8 as in C, with octal numbers."""
    text = data.decode("utf-8", "surrogateescape")
    return "".join(_visible(char, after) for char, after in zip(text, [*text[1:], ""], strict=True))


def _visible(char: str, after: str) -> str:
    if char == "$" and ((after.isascii() and after.isalpha()) or after in ("_", "{")):
        return "\\$"
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char == "\0" and after not in tuple("01234567"):
        return "\\0"
    if ord(char) < 0x20 or ord(char) == 0x7F or 0xDC80 <= ord(char) <= 0xDCFF:
        return f"\\{ord(char) & 0xFF:03o}"
    return char
