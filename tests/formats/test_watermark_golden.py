"""Golden watermarks: the watermark of every released version is read as it was written."""

import json
import shutil
from pathlib import Path

import pytest

from tests.formats.make_watermark import describe, make

GOLDEN = sorted(path for path in Path(__file__).parent.glob("watermark-*") if path.is_dir())


@pytest.mark.parametrize("directory", GOLDEN, ids=lambda path: path.name)
def test_a_golden_watermark_is_read_as_it_was_written(directory: Path, tmp_path: Path) -> None:
    shutil.copy(directory / "watermark", tmp_path)
    (tmp_path / "watermark").chmod(0o600)
    assert describe(tmp_path) == json.loads((directory / "mark.json").read_text())


def test_the_present_version_is_among_them(tmp_path: Path) -> None:
    make(tmp_path)
    written = (tmp_path / "watermark").read_bytes()
    assert written in [(directory / "watermark").read_bytes() for directory in GOLDEN]
