"""Manifests: what is written is read back, and damage is reported."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.manifest import (
    Entry,
    Manifest,
    ManifestDamaged,
    ManifestUnsupported,
    PackFile,
    PaneEntry,
    decode_manifest,
    encode_manifest,
    manifest_name,
    manifest_number,
    save_name,
    saved_name,
    stored_pane,
)
from fuguemux.persistence.scrollback.packs import PackPlace

A, B = bytes(16), bytes(range(16))
MANIFEST = Manifest(
    number=7,
    store_id=b"s" * 16,
    created_ms=1_764_000_000_000,
    reason="interval",
    program="fugue 0.1",
    engine="fake 1/1",
    structure_lsn=40,
    wal_start_lsn=31,
    next_lsn=45,
    previous=6,
    packs=(PackFile(A, 100), PackFile(B, 200)),
    structure=Entry(1, 32, 20),
    panes=(PaneEntry(PaneId(3), 31, 999, 80, 24, Entry(0, 32, 10), Entry(1, 60, 9), (0, 1)),),
)


def test_a_manifest_comes_back() -> None:
    assert decode_manifest(encode_manifest(MANIFEST)) == MANIFEST


def test_every_flipped_byte_and_every_cut_is_noticed() -> None:
    data = encode_manifest(MANIFEST)
    for offset in range(len(data)):
        with pytest.raises(ManifestDamaged):
            decode_manifest(data[:offset] + bytes((data[offset] ^ 0x10,)) + data[offset + 1 :])
        with pytest.raises(ManifestDamaged):
            decode_manifest(data[:offset])
    with pytest.raises(ManifestDamaged):
        decode_manifest(data + b"\0")


@given(st.binary(max_size=100))
def test_garbage_is_damage(data: bytes) -> None:
    with pytest.raises(ManifestDamaged):
        decode_manifest(data)


def test_another_major_version_is_not_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("fuguemux.persistence.checkpoint.manifest.MAJOR", 9)
        data = encode_manifest(MANIFEST)
    with pytest.raises(ManifestUnsupported, match="format 9"):
        decode_manifest(data)


def test_one_that_is_too_large_is_neither_written_nor_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode_manifest(MANIFEST)
    limit = "fuguemux.persistence.checkpoint.manifest.MANIFEST_BYTES_MAX"
    monkeypatch.setattr(limit, len(data))
    assert decode_manifest(encode_manifest(MANIFEST)) == MANIFEST
    monkeypatch.setattr(limit, len(data) - 1)
    with pytest.raises(OSError, match="too large"):
        encode_manifest(MANIFEST)
    with pytest.raises(ManifestDamaged, match="too many"):
        decode_manifest(data)


def test_an_entry_in_a_pack_that_is_not_named_is_damage() -> None:
    bad = msgspec.structs.replace(MANIFEST, structure=Entry(2, 0, 1))
    with pytest.raises(ManifestDamaged, match="does not name"):
        decode_manifest(encode_manifest(bad))


def test_places_are_resolved() -> None:
    stored = stored_pane(MANIFEST, MANIFEST.panes[0])
    assert stored.screen == PackPlace(A, 32, 10)
    assert stored.scrollback == PackPlace(B, 60, 9)
    assert stored.digests() == {A, B}


@pytest.mark.parametrize(
    "name",
    ["MANIFEST-", "MANIFEST-7", "MANIFEST-000000000000000g", "manifest", "MANIFEST-" + "0" * 17],
)
def test_other_names_mean_nothing(name: str) -> None:
    assert manifest_number(name) is None


def test_names() -> None:
    assert manifest_number(manifest_name(255)) == 255
    assert saved_name(save_name("vor/dem ../Umbau")) == "vor/dem ../Umbau"
    assert "/" not in save_name("vor/dem ../Umbau")
    assert saved_name("SAVE-zz") is None
