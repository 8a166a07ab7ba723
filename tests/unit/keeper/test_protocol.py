"""Values in the protocol between keeper and server."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.keeper import launch
from fuguemux.keeper.channel import ChannelBroke
from fuguemux.keeper.protocol import (
    UNKNOWN_STATUS,
    ExitStatus,
    flag,
    integer,
    keeper_argv,
    octets,
    octets_list,
    optional_integer,
    text,
)


@given(st.integers(0, 255))
def test_statuses_mean_what_waitpid_says(number: int) -> None:
    assert ExitStatus.of_wait(number << 8) == ExitStatus(code=number)
    if 0 < number < 65:
        assert ExitStatus.of_wait(number) == ExitStatus(signal=number)
        assert ExitStatus.of_wait(number | 0x80) == ExitStatus(signal=number), (
            "a core dump changes nothing"
        )


@given(st.none() | st.integers(), st.none() | st.integers())
def test_statuses_survive_a_message(code: int | None, signal: int | None) -> None:
    status = ExitStatus(code, signal)
    again = ExitStatus.of_message(status.as_message())
    assert again == status
    assert hash(again) == hash(status)


def test_an_unknown_status_is_not_zero_and_not_running() -> None:
    assert not UNKNOWN_STATUS.known
    assert ExitStatus(code=0).known
    assert ExitStatus(code=0) != UNKNOWN_STATUS
    assert str(UNKNOWN_STATUS) == "unknown"
    assert ExitStatus.of_message(UNKNOWN_STATUS.as_message()) == UNKNOWN_STATUS
    assert ExitStatus.of_message(None) is None
    with pytest.raises(AttributeError):
        UNKNOWN_STATUS.code = 0


@pytest.mark.parametrize("value", [0, "0", [], {"code": "0"}, {"code": True}, {"signal": 1.5}])
def test_what_is_no_status(value: object) -> None:
    with pytest.raises(ChannelBroke):
        ExitStatus.of_message(value)


def test_fields_of_the_wrong_kind_are_refused() -> None:
    message: dict[str, object] = {
        "true": True, "one": 1, "text": "x", "list": ["a", 1], "nul": "a\0b", "lone": "\ud800", "none": None,
    }  # fmt: skip
    assert text(message, "text") == "x"
    assert octets(message, "text") == b"x"
    assert integer(message, "one") == 1
    assert flag(message, "true")
    assert not flag(message, "missing")
    assert optional_integer(message, "none") is None
    for read, name in (
        (text, "one"), (text, "missing"), (octets, "nul"), (octets, "lone"), (octets, "one"), (octets_list, "list"),
        (octets_list, "text"), (integer, "true"), (integer, "text"), (flag, "one"), (optional_integer, "text"),
    ):  # fmt: skip
        with pytest.raises(ChannelBroke):
            read(message, name)
    with pytest.raises(ChannelBroke):
        integer(message, "one", 2)
    with pytest.raises(ChannelBroke):
        text(message, "text", 0)


def test_the_command_line_names_the_program_by_its_file() -> None:
    argv = keeper_argv(
        "/run/k", server_argv=("/bin/python", "-m", "x"), log_path="/l", store="s", adopt=True
    )
    assert argv[:3] == (sys.executable, "-I", "-S")
    assert argv[3].endswith("/keeper/__main__.py")
    assert os.path.exists(argv[3])
    assert argv[4:] == (
        "--socket", "/run/k", "--log", "/l", "--store", "s", "--adopt", "--wait", "15", "--", "/bin/python", "-m", "x",
    )  # fmt: skip


def test_the_thin_client_can_afford_the_command_line() -> None:
    """`launch` and the keeper's programs import nothing that the client's start would feel."""
    directory = os.path.dirname(os.path.dirname(os.path.dirname(launch.__file__)))
    code = f"""if True:
        import sys
        sys.path.insert(0, {directory!r})
        old = set(sys.modules)
        import fuguemux.keeper.launch
        print(sorted(set(sys.modules) - old))
    """
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert (
        result.stdout == "['__future__', 'fuguemux', 'fuguemux.keeper', 'fuguemux.keeper.launch']\n"
    )
