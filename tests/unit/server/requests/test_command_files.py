"""Files of commands are found by path and by pattern, and errors are reported with the file."""

from pathlib import Path

from fuguemux.server.requests.command_files import FILE_BYTES_MAX, command_files


def test_a_path_is_relative_to_the_directory_of_the_requester(tmp_path: Path) -> None:
    (tmp_path / "one.conf").write_bytes(b"set -g @a \xff\n")
    (entry,) = command_files(str(tmp_path), "one.conf")
    assert entry == {"path": f"{tmp_path}/one.conf", "text": "set -g @a \udcff\n"}


def test_a_pattern_names_several_in_order(tmp_path: Path) -> None:
    for name in ("b.conf", "a.conf", "c.txt"):
        (tmp_path / name).write_text(name)
    found = command_files("/", f"{tmp_path}/*.conf")
    assert [entry["text"] for entry in found] == ["a.conf", "b.conf"]
    assert command_files("/", f"{tmp_path}/*.none") == []


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    assert command_files(str(tmp_path), "nope")[0]["error"] == "No such file or directory"
    assert command_files(str(tmp_path), ".")[0]["error"] == "Is a directory"
    assert "longer than" in command_files(str(tmp_path), "long")[0]["error"]
    assert "name a file" in command_files(str(tmp_path), "-")[0]["error"]
