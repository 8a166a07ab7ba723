"""CRC-32 as zlib computes it, by the fastest code that is installed: `crc32(data, value=0)` continues from `value`.

zlib-ng uses carry-less multiplication where the processor has it. If its wheel is missing, the standard library
computes the same numbers, so a missing wheel prevents no recovery.
"""

try:
    from zlib_ng.zlib_ng import crc32
except ImportError:
    from zlib import crc32

__all__ = ["crc32"]
