"""The identifier of the machine's boot. It is empty if the kernel has none."""

from pathlib import Path

import pytest

from fuguemux.keeper import machine_boot


@pytest.mark.parametrize(
    ("content", "expected"), [(b"a-b-c\n", "a-b-c"), (b"", ""), (b"\xff\n", ""), (None, "")]
)
def test_it_is_what_the_kernel_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, expected: str
) -> None:
    if content is not None:
        (tmp_path / "boot_id").write_bytes(content)
    monkeypatch.setattr(machine_boot, "_PATH", str(tmp_path / "boot_id"))
    assert machine_boot.machine_boot() == expected
