"""The automatic names of windows."""

import pytest

from fuguemux.model.window_names import bounded_name, bounded_title, name_of_argv, name_of_command


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("vim notes.md", "vim"),
        ("/usr/bin/htop -d 5", "htop"),
        ("exec /bin/sleep 100", "sleep"),
        ("-bash", "bash"),
        ('"sleep 100"', "sleep"),
        ("  ls", "ls"),
        ("", ""),
        ("/", "/"),
    ],
)
def test_the_programs_name(command: str, expected: str) -> None:
    assert name_of_command(command) == expected


def test_the_shells_name_without_a_command() -> None:
    assert name_of_argv((), "/bin/bash") == "bash"
    assert name_of_argv((b"",), "/bin/zsh") == "zsh"
    assert name_of_argv((b"python3", b"x.py"), "/bin/bash") == "python3"


def test_a_name_is_bounded_at_a_character_and_shows_control_characters() -> None:
    assert bounded_name("é" * 200) == "é" * 128
    assert bounded_name("a\x07\t\x01b\udc80\\") == "a\\a\\t\\001b\\200\\\\"
    assert bounded_title("a\t\\", 10) == "a\\011\\"
