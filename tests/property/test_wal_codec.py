"""Properties of the log's codecs and of a log as a whole."""

from random import Random
from zlib import crc32

from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.persistence.wal.record import (
    CRCS,
    HEADER,
    HEADER_BYTES,
    RecordType,
    decode_output,
    encode_output,
    record_bytes,
    record_header,
)
from fuguemux.persistence.wal.segment import (
    RECORDS_OFFSET,
    SegmentHeader,
    decode_header,
    encode_header,
    seed_of,
    segment_id_of,
    segment_name,
)
from tests.unit.persistence.wal.logs import new_disk, read, start, sync

u32 = st.integers(0, 2**32 - 1)
u64 = st.integers(0, 2**64 - 1)


@given(st.integers(0, 255), st.integers(0, 255), u64, u32, u32, st.binary(max_size=300), u32)
def test_a_frame_verifies_with_its_seed_and_no_other(
    kind: int, flags: int, lsn: int, lag: int, delta: int, payload: bytes, seed: int
) -> None:
    header = record_header(kind, flags, lsn, lag, delta, payload, seed)
    assert len(header) == HEADER_BYTES
    fields = HEADER.unpack(header)
    assert fields[1:7] == (kind, flags, len(payload), lsn, lag, delta)
    header_crc, payload_crc = CRCS.unpack_from(header, 24)
    assert crc32(header[:24], seed) == header_crc
    assert crc32(payload, header_crc) == payload_crc
    assert crc32(header[:24], seed ^ 1) != header_crc


@given(st.integers(0, 100_000))
def test_frames_keep_to_multiples_of_eight(size: int) -> None:
    assert record_bytes(size) % 8 == 0
    assert 0 <= record_bytes(size) - size - HEADER_BYTES < 8


@given(u32, u64, st.binary(max_size=100), st.integers(0, 200))
def test_output_round_trip(pane: int, offset: int, data: bytes, times: int) -> None:
    flags, payload = encode_output(pane, offset, memoryview(data * times))
    assert decode_output(flags, payload) == (pane, offset, data * times)


@given(st.binary(min_size=16, max_size=16), st.lists(u64, min_size=10, max_size=10))
def test_segment_header_round_trip(store_id: bytes, fields: list[int]) -> None:
    header = SegmentHeader(store_id, *fields)
    blocks = encode_header(header)
    assert len(blocks) == RECORDS_OFFSET
    assert decode_header(blocks) == header
    assert decode_header(bytes(4096) + blocks[4096:]) == header
    assert decode_header(blocks[:4096]) == header
    assert decode_header(bytes(RECORDS_OFFSET)) is None


@given(u64, u64)
def test_salts_give_seeds(one: int, other: int) -> None:
    assert (seed_of(one) == seed_of(other)) is (one == other) or one != other


@given(u64, st.text(max_size=20))
def test_names(number: int, other: str) -> None:
    assert segment_id_of(segment_name(number)) == number
    found = segment_id_of(other)
    assert found is None or segment_name(found) == other


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.binary(max_size=6000), st.sampled_from(["sync", "write", "restart"])),
        max_size=30,
    )
)
def test_what_was_appended_comes_back(steps: list[bytes | str]) -> None:
    disk = new_disk()
    rng = Random(5)
    writer = start(disk, entropy=rng.randbytes)
    wanted: dict[int, bytes] = {}
    for step in steps:
        if isinstance(step, bytes):
            wanted[writer.append(RecordType.STRUCTURE, step)] = step
        elif step == "sync":
            sync(writer)
        elif step == "write":
            writer.write()
        else:
            writer.write()
            writer = start(disk, entropy=rng.randbytes)
    writer.write()
    records, log = read(disk)
    assert {record.lsn: record.payload for record in records} == wanted
    assert not log.report.damaged
    assert log.report.tail is None
