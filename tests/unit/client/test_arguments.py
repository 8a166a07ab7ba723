"""The arguments before the command: parsed as tmux does, and fugue's own."""

import os
from pathlib import Path

import pytest

from fuguemux.client.arguments import ClientOptions, UsageError, parse, unsafe_directory, usage
from fuguemux.config import paths


def read(*words: str, program: str = "fugue", **environment: str) -> ClientOptions:
    return parse(
        [program, *words], {name.encode(): value.encode() for name, value in environment.items()}
    )


def test_flags_end_where_the_command_begins() -> None:
    options = read("-2u", "new-session", "-d", "-L", "x")
    assert options.flags == {"2", "u"}
    assert options.argv == ["new-session", "-d", "-L", "x"]
    assert options.places.name == "default"


@pytest.mark.parametrize(
    "words",
    [["-L", "work", "ls"], ["-Lwork", "ls"], ["-2Lwork", "ls"], ["-2L", "work", "--", "ls"]],
)
def test_a_value_may_be_joined_to_its_flag_or_follow_it(words: list[str]) -> None:
    options = read(*words)
    assert options.places.name == "work"
    assert options.argv == ["ls"]


def test_every_flag_of_tmux_is_accepted() -> None:
    options = read("-2CDlNquUvV", "-c", "date", "-f", "a", "-fb", "-T", "256", "-S", "/x/y")
    assert options.flags == set("2CDlNquUvV")
    assert options.command_files == ["a", "b"]
    assert options.shell_command == "date"
    assert options.places.socket == "/x/y"


def test_an_empty_command_line_is_the_default_command() -> None:
    assert read().argv == []
    assert read("-L", "x").argv == []


def test_a_configuration_file_is_fugues_own_flag() -> None:
    assert read("--config", "/c.toml", "ls").config == "/c.toml"
    assert read("--config=/c.toml", "ls").config == "/c.toml"


@pytest.mark.parametrize(
    ("words", "argv"),
    [
        (["--help"], ["help", "-h"]),
        (["-h"], ["help", "-h"]),
        (["-2h", "ls"], ["help", "-h", "ls"]),
        (["--version"], ["version"]),
    ],
)
def test_help_and_version_are_offline_commands(words: list[str], argv: list[str]) -> None:
    assert read(*words).argv == argv


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["-Z"], "tmux: unknown option -- Z"),
        (["-2h", "ls"], "tmux: unknown option -- h"),
        (["-L"], "tmux: option requires an argument -- L"),
        (["--config"], "tmux: --config requires the path of a file"),
    ],
)
def test_a_bad_flag_is_named_in_tmuxs_words_with_the_usage(words: list[str], text: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(*words, program="/usr/local/bin/tmux")
    assert str(refused.value) == f"{text}\n{usage('tmux')}"


@pytest.mark.parametrize("word", ["--help", "--version", "--colour"])
def test_called_as_tmux_a_long_flag_is_answered_with_tmuxs_usage(word: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(word, program="/usr/local/bin/tmux")
    assert str(refused.value) == (
        "usage: tmux [-2CDlNuvV] [-c shell-command] [-f file] [-L socket-name]\n"
        "            [-S socket-path] [-T features] [command [flags]]"
    )


def test_a_bad_long_flag_is_named() -> None:
    with pytest.raises(UsageError, match=r"^fugue: unknown option --colour\nusage: fugue "):
        read("--colour", "ls")


@pytest.mark.parametrize("name", ["a/b", "..", "", "x" * 300])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    words = ["-L", name] if name else ["-L", "/"]
    with pytest.raises(UsageError, match="server name"):
        read(*words)


def test_a_path_too_long_for_a_socket_is_refused() -> None:
    with pytest.raises(UsageError, match="socket path"):
        read("-S", "/" + "x" * 200)


def test_the_socket_is_in_the_runtime_directory_if_that_is_ours(tmp_path: Path) -> None:
    assert (
        read("-L", "work", XDG_RUNTIME_DIR=str(tmp_path)).places.socket == f"{tmp_path}/fugue/work"
    )
    for other in ("/nonexistent", "relative", "/dev/null"):
        assert read(XDG_RUNTIME_DIR=other).places.socket == f"/tmp/fugue-{os.getuid()}/default"


def test_inside_a_pane_its_server_is_meant(tmp_path: Path) -> None:
    outside = {"XDG_RUNTIME_DIR": str(tmp_path)}
    inside = read("ls", FUGUE=f"{tmp_path}/fugue/work,123,0", **outside).places
    assert (inside.socket, inside.name, inside.private) == (f"{tmp_path}/fugue/work", "work", True)
    elsewhere = read("ls", FUGUE="/srv/a,b,123,0", **outside).places
    assert (elsewhere.socket, elsewhere.private) == ("/srv/a,b", False)
    assert read("-L", "x", FUGUE="/srv/s,1,0", **outside).places.socket == f"{tmp_path}/fugue/x"
    assert read("-S", "/a/b", FUGUE="/srv/s,1,0", **outside).places.socket == "/a/b"


@pytest.mark.parametrize("value", ["", "nonsense", "a,b,c", ",1,0"])
def test_a_variable_that_names_no_server_is_ignored(value: str, tmp_path: Path) -> None:
    assert read(FUGUE=value, XDG_RUNTIME_DIR=str(tmp_path)).places.name == "default"


def test_a_directory_of_sockets_that_others_can_write_is_refused(tmp_path: Path) -> None:
    places = paths.places({"XDG_RUNTIME_DIR": str(tmp_path)}, os.getuid(), name="x")
    assert unsafe_directory(places) == ""
    (tmp_path / "fugue").mkdir()
    (tmp_path / "fugue").chmod(0o777)
    assert "unsafe permissions" in unsafe_directory(places)
    (tmp_path / "fugue").chmod(0o700)
    assert unsafe_directory(places) == ""
    (tmp_path / "fugue").rmdir()
    (tmp_path / "fugue").symlink_to("/tmp")
    assert "is not a directory" in unsafe_directory(places)


def test_tmux_in_the_environment_finds_a_server_of_fugue_and_no_other(tmp_path: Path) -> None:
    outside = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert read("ls", TMUX=f"{tmp_path}/fugue/work,1,0", **outside).places.name == "work"
    foreign = f"{tmp_path}/socket"
    assert read("ls", TMUX=f"{foreign},1,0", **outside).places.name == "default"
    (tmp_path / "socket.keeper").touch()
    assert read("ls", TMUX=f"{foreign},1,0", **outside).places.socket == foreign
    inside = {"FUGUE": f"{tmp_path}/fugue/first,1,0", "TMUX": f"{tmp_path}/fugue/work,1,0"}
    assert read("ls", **inside, **outside).places.name == "first"
