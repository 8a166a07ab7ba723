"""The checksum of everything on disk: every implementation gives zlib's numbers."""

import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.persistence.storage import checksum


@given(st.binary(max_size=5000), st.integers(0, 0xFFFF_FFFF))
def test_it_is_zlibs_from_any_start(data: bytes, start: int) -> None:
    assert checksum.crc32(data, start) == zlib.crc32(data, start)
    assert checksum.crc32(memoryview(data), start) == zlib.crc32(data, start)


@pytest.mark.parametrize("size", [1 << 16, (1 << 20) + 3])
def test_large_buffers_agree(size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    assert checksum.crc32(data[:size], 7) == zlib.crc32(data[:size], 7)


def test_without_the_wheel_the_standard_library_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zlib_ng", None)
    monkeypatch.setitem(sys.modules, "zlib_ng.zlib_ng", None)
    monkeypatch.delitem(sys.modules, "fuguemux.persistence.storage.checksum")
    import fuguemux.persistence.storage.checksum as anew

    assert anew.crc32 is zlib.crc32
