"""CRC-32 as zlib computes it, by the quickest code at hand: `crc32(data, value=0)`, going on from `value`.

zlib-ng multiplies without carry where the processor can. Should its wheel be missing, the standard
library gives the same numbers: a recovery never fails for want of a wheel.
"""

try:
    from zlib_ng.zlib_ng import crc32
except ImportError:
    from zlib import crc32

__all__ = ["crc32"]
