"""`fugue import`: each command of a file, and those inside of it, judged by the parser and the tables of the server."""

import json
from pathlib import Path

import pytest

from fuguemux.cli import import_file
from fuguemux.cli.exit_codes import EXIT_FAILURE, EXIT_OK
from fuguemux.cli.import_file import DIFFERS, EFFECT, UNKNOWN
from fuguemux.options.table import OPTIONS
from fuguemux.options.without_effect import WITHOUT_EFFECT

FILE = """# comment
set -g mouse on
set -s command-alias[100] 'hello=set -g @hello'
bind x hello 1
bind y {
  if-shell true "bogus"
}
set -g bogus-option 1
set -g base-index abc
%if #{==:1,1}
set -g history-limit 5000
%else
kill-windw
%endif
if-shell 'tmux display -p 1' { source-file DIRECTORY/inner.conf }
set -g @z } 1
set -g @last 1
"""


def test_a_file_is_judged_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, inner = tmp_path / "tmux.conf", tmp_path / "inner.conf"
    path.write_text(FILE.replace("DIRECTORY", str(tmp_path)))
    inner.write_text("set -g @a 1\nnew-nothing\n")
    assert import_file.main(["--json", str(path)]) == EXIT_FAILURE
    report = json.loads(capsys.readouterr().out)
    found = {
        (Path(one["file"]).name, one["line"], one["result"], one["why"])
        for one in report["commands"]
        if one["result"] != EFFECT
    }
    assert found == {
        ("tmux.conf", 5, UNKNOWN, "unknown command: bogus"),
        ("tmux.conf", 8, UNKNOWN, "invalid option: bogus-option"),
        ("tmux.conf", 9, UNKNOWN, "value is invalid: abc"),
        ("tmux.conf", 11, DIFFERS, "takes effect on panes that exist, too"),
        ("tmux.conf", 13, UNKNOWN, "unknown command: kill-windw"),
        ("tmux.conf", 15, DIFFERS, "calls tmux: fugue shim install makes that fugue"),
        ("tmux.conf", 16, UNKNOWN, "syntax error: } without {"),
        ("inner.conf", 2, UNKNOWN, "unknown command: new-nothing"),
    }
    assert (report[EFFECT], report[DIFFERS], report[UNKNOWN]) == (9, 2, 6)


def test_a_file_without_unknown_commands_is_all_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tmux.conf"
    path.write_text("set -g mouse on\nbind r source-file ~/none.conf\n")
    assert import_file.main([str(path)]) == EXIT_OK
    assert capsys.readouterr().out.splitlines() == [
        f"{path}:1: effect   set -g mouse on",
        f"{path}:2: effect   bind r source-file {Path.home()}/none.conf",
        f"{path}:2: effect   source-file {Path.home()}/none.conf",
        "commands with effect: 3, different: 0, unknown: 0",
    ]


def test_a_line_that_cannot_be_read_takes_the_file_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the server reads files, and tmux. A bad value costs its own line alone."""
    path = tmp_path / "tmux.conf"
    path.write_text("set -g mouse on\nbogus \x1b[31m\n")
    assert import_file.main([str(path)]) == EXIT_FAILURE
    assert capsys.readouterr().out.splitlines() == [
        f"{path}:1: effect   set -g mouse on",
        f"{path}:2: unknown  bogus \\033[31m  (unknown command: bogus)",
        f"{path}: because of a line that cannot be read, nothing of this file has effect",
        "commands with effect: 1, different: 0, unknown: 1",
    ]
    path.write_text("set -g mouse on\nset -g base-index x\n")
    import_file.main(["--json", str(path)])
    assert json.loads(capsys.readouterr().out)["without_effect"] == []


def test_a_file_that_is_missing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert import_file.main(["/nonexistent/tmux.conf"]) == EXIT_FAILURE
    assert "No such file or directory" in capsys.readouterr().err


def test_only_the_options_without_effect_are_told_to_have_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An option whose name the code puts together, like status-left, has its effect."""
    path = tmp_path / "tmux.conf"
    names = sorted(
        option.name
        for option in OPTIONS
        if not option.hook and option.kind in ("string", "style") and option.array is None
    )
    path.write_text("".join(f"set -g {name} default\n" for name in names))
    import_file.main(["--json", str(path)])
    commands = json.loads(capsys.readouterr().out)["commands"]
    without = {one["command"].split()[2] for one in commands if "no effect" in one["why"]}
    assert without == set(names) & set(WITHOUT_EFFECT)
    assert {"status-left", "status-right"} <= set(names) - without
