"""The content of a wheel: every installer makes the command executable. `make install-check` installs one for real."""

import re
import shutil
import stat
import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
SOURCES = (
    "pyproject.toml",
    "hatch_build.py",
    "README.md",
    "LICENSE",
    "scripts",
    "docs",
    "src/fuguemux/__init__.py",
)
REPOSITORY = "https://github.com/fuguemux/fugue"
SCRIPT = "fuguemux-0.1.0.data/scripts/fugue"


def built(tmp_path: Path, mode: int, kind: str = "standard") -> zipfile.ZipFile:
    """The wheel of a source tree whose files all have `mode`."""
    tree = tmp_path / "tree"
    for name in SOURCES:
        source, target = ROOT / name, tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    for path in tree.rglob("*"):
        if path.is_file():
            path.chmod(mode)
    [wheel] = WheelBuilder(str(tree)).build(directory=str(tmp_path / "dist"), versions=[kind])
    return zipfile.ZipFile(wheel)


def test_the_command_is_executable_whatever_modes_the_sources_have(tmp_path: Path) -> None:
    with built(tmp_path, 0o644) as wheel:
        entry = wheel.getinfo(SCRIPT)
        assert stat.S_IMODE(entry.external_attr >> 16) == 0o755
        assert wheel.read(entry).startswith(b"#!python\n"), "installers put their interpreter there"


def test_the_manual_page_is_where_man_finds_it(tmp_path: Path) -> None:
    with built(tmp_path, 0o644) as wheel:
        page = wheel.read("fuguemux-0.1.0.data/data/share/man/man1/fugue.1")
    assert page == (ROOT / "docs/fugue.1").read_bytes()


def test_links_and_pictures_of_the_description_work_on_a_package_index(tmp_path: Path) -> None:
    with built(tmp_path, 0o644) as wheel:
        text = wheel.read("fuguemux-0.1.0.dist-info/METADATA").decode()
    links = re.findall(r"(!?)\[[^\]]*\]\(([^)#]+)[^)]*\)", text)
    assert any(picture for picture, _ in links)
    for picture, address in links:
        base = f"{REPOSITORY}/{'raw' if picture else 'blob'}/main/"
        assert address.startswith(base), address
        assert (ROOT / address.removeprefix(base)).exists(), address


def test_an_editable_installation_has_the_same_command(tmp_path: Path) -> None:
    with built(tmp_path, 0o600, kind="editable") as wheel:
        assert stat.S_IMODE(wheel.getinfo(SCRIPT).external_attr >> 16) == 0o755
