"""Lines that a checkpoint leaves out are not on disk any more, but can still be read."""

from pathlib import Path

from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from tests.unit.persistence.scrollback.test_scrollback import PANE, numbered, stored, text


def test_lines_beyond_the_depth_outlive_their_pack(tmp_path: Path) -> None:
    store = ScrollbackStore(PackReader(RealStorage(), str(tmp_path)))
    pane = store.pane(PANE)
    pane.append(numbered(0, 5000))
    digest, _ = stored(store, tmp_path)
    assert pane.sizes().disk_bytes > 0
    cut = pane.cut(100)
    assert sum(block.count for block in cut.blocks) + len(cut.open_lines) < 2000
    store.reader.forget(digest)
    for file in tmp_path.iterdir():
        file.unlink()
    assert text(pane, 0, 3000) == numbered(0, 3000)
    assert store.damages == []


def test_another_depth_is_a_change(tmp_path: Path) -> None:
    store = ScrollbackStore(PackReader(RealStorage(), str(tmp_path)))
    pane = store.pane(PANE)
    pane.append(numbered(0, 10))
    before = pane.version
    pane.cut_anew()
    assert pane.version > before
