"""Paths: how they are chosen, that new directories are private, and that those of other users are refused."""

import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuguemux.config import paths
from fuguemux.config.paths import PathRefused

UID = os.geteuid()
NO_USER = 2**31 - 7
"""Nobody's number."""


@pytest.fixture
def runtime(tmp_path: Path) -> dict[str, str]:
    return {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path / "home")}


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    previous = os.umask(request.param)
    yield request.param
    os.umask(previous)


def mode(path: Path | str) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_sockets_are_in_the_runtime_directory(runtime: dict[str, str], tmp_path: Path) -> None:
    found = paths.places(runtime, UID, "work")
    assert found.socket == f"{tmp_path}/fugue/work"
    assert found.keeper_socket == f"{tmp_path}/fugue/work.keeper"
    assert found.directory == f"{tmp_path}/fugue"
    assert (found.name, found.private) == ("work", True)
    assert paths.places(runtime, UID).name == "default"


@pytest.mark.parametrize(
    "value", [None, "", "relative/dir", "/does/not/exist", "/dev/null", "/nul\0"]
)
def test_without_a_usable_runtime_directory_it_is_in_tmp(value: str | None) -> None:
    environment = {} if value is None else {"XDG_RUNTIME_DIR": value}
    assert paths.runtime_directory(environment, UID) == (f"/tmp/fugue-{UID}", False)


def test_the_runtime_directory_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    environment = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert paths.runtime_directory(environment, UID + 1) == (f"/tmp/fugue-{UID + 1}", False)


@pytest.mark.parametrize(
    "name", ["a", "work", "libtmux_test1234", "test.1", "ünï", "a b", "x" * 64]
)
def test_names_that_are_taken(name: str) -> None:
    assert paths.check_name(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is empty"),
        ("x" * 65, "longer than 64 bytes"),
        ("ü" * 33, "longer than 64 bytes"),
        ("a/b", "contains a slash"),
        (".hidden", "begins with '.'"),
        ("..", "begins with '.'"),
        ("%1", "begins with '%'"),
        ("-x", "begins with '-'"),
        ("a\nb", "cannot be printed"),
        ("a\0b", "cannot be printed"),
        ("a\udc80", "cannot be printed"),
        ("a.keeper", "ends with '.keeper'"),
        ("a.landing", "ends with '.landing'"),
        ("a.lock", "ends with '.lock'"),
    ],
)
def test_names_that_are_refused(name: str, reason: str) -> None:
    with pytest.raises(PathRefused, match=r"^server name .*" + reason):
        paths.check_name(name)


def test_a_path_given_by_s_has_a_state_directory_of_its_own(
    runtime: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    found = paths.places(runtime, UID, "ignored", "x/sock")
    assert found.socket == f"{tmp_path}/x/sock"
    assert found.name == str(tmp_path / "x/sock").replace("/", "%")
    assert not found.private
    names = {
        paths.places(runtime, UID, None, path).name for path in ("/a/b", "/a%b", "/a%2Fb", "/a%25b")
    }
    assert len(names) == 4
    with pytest.raises(PathRefused, match="empty"):
        paths.places(runtime, UID, None, "")


def test_a_socket_path_that_cannot_be_bound_is_refused(runtime: dict[str, str]) -> None:
    with pytest.raises(
        PathRefused, match=r"has 1\d\d bytes, the system allows 10\d: choose a shorter path"
    ):
        paths.places(runtime, UID, None, "/tmp/" + "x" * 120)
    deep = {"XDG_RUNTIME_DIR": runtime["XDG_RUNTIME_DIR"]}
    long = Path(deep["XDG_RUNTIME_DIR"]) / ("d" * 60)
    long.mkdir()
    with pytest.raises(PathRefused, match="choose a shorter name with -L"):
        paths.places({"XDG_RUNTIME_DIR": str(long)}, UID, "n" * 64)


def test_state_config_landing_and_log(runtime: dict[str, str], tmp_path: Path) -> None:
    environment = {"HOME": "/home/u/"}
    state = paths.state_directory(environment, UID, "work")
    assert state == "/home/u/.local/state/fugue/work"
    assert paths.log_file(state) == "/home/u/.local/state/fugue/work/server.log"
    assert paths.state_directory({"XDG_STATE_HOME": "/s/"}, UID) == "/s/fugue/default"
    assert (
        paths.state_directory({**environment, "XDG_STATE_HOME": "rel"}, UID)
        == "/home/u/.local/state/fugue/default"
    )
    assert paths.state_directory(environment, UID, "w", "/data/") == "/data/w"
    assert paths.state_directory(environment, UID, "w", "~/data") == "/home/u/data/w"
    assert paths.landing_file(runtime, UID, "w", "/s/w") == f"{tmp_path}/fugue/w.landing"
    assert paths.landing_file({}, UID, "w", "/s/w") == "/s/w/landing"


def test_the_configuration_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.config_file({"HOME": "/h"}, UID) == ("/h/.config/fugue/config.toml", False)
    assert paths.config_file({"XDG_CONFIG_HOME": "/c"}, UID) == ("/c/fugue/config.toml", False)
    assert paths.config_file({"FUGUE_CONFIG": "/f.toml"}, UID) == ("/f.toml", True)
    assert paths.config_file({"FUGUE_CONFIG": "/f.toml"}, UID, "g.toml") == (
        f"{tmp_path}/g.toml",
        True,
    )


def test_home_comes_from_the_password_database_without_a_variable() -> None:

    assert paths.home({}, UID) == pwd.getpwuid(UID).pw_dir
    assert paths.home({"HOME": "relative"}, UID) == pwd.getpwuid(UID).pw_dir
    assert paths.user_name(UID) == pwd.getpwuid(UID).pw_name


def test_a_user_without_an_entry_in_the_password_database() -> None:
    assert paths.home({}, NO_USER) == "/"
    assert paths.home({"HOME": "/data"}, NO_USER) == "/data"
    assert paths.user_name(NO_USER) == ""


@pytest.mark.parametrize("given", ["", "zsh", "/nonexistent/zsh", "/etc/passwd", "/bin/s\0h"])
def test_a_shell_that_cannot_be_one_is_passed_over(given: str) -> None:
    assert paths.shell({"SHELL": given}, NO_USER) == "/bin/sh"
    entered = pwd.getpwuid(UID).pw_shell
    assert paths.shell({"SHELL": given}, UID) == entered


def test_the_shell_is_the_one_of_the_environment() -> None:
    assert paths.shell({"SHELL": sys.executable}, UID) == sys.executable


@pytest.mark.parametrize("environment", [{}, {"HOME": "/"}])
def test_who_has_no_home_has_the_state_in_tmp(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posix.access", lambda path, _mode: path != "/")
    assert paths.state_directory(environment, NO_USER, "w") == f"/tmp/fugue-{NO_USER}-state-w"
    assert paths.state_directory({"XDG_STATE_HOME": "/data"}, NO_USER, "w") == "/data/fugue/w"
    assert paths.state_directory({"HOME": "/data"}, NO_USER) == "/data/.local/state/fugue/default"
    assert paths.state_directory(environment, NO_USER, "w", "/mine") == "/mine/w"
    monkeypatch.setattr("posix.access", lambda _path, _mode: True)
    assert paths.state_directory(environment, NO_USER, "w") == "/.local/state/fugue/w"


@pytest.mark.usefixtures("umask")
def test_directories_are_private_whatever_the_umask(tmp_path: Path) -> None:
    paths.make_private_directory(f"{tmp_path}/a/b/c/", UID)
    for made in ("a", "a/b", "a/b/c"):
        assert mode(tmp_path / made) == 0o700


def test_what_exists_above_is_left_alone_and_the_directory_itself_made_private(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b").mkdir()
    os.chmod(tmp_path / "a", 0o755)
    os.chmod(tmp_path / "a/b", 0o755)
    paths.make_private_directory(f"{tmp_path}/a/b", UID)
    assert mode(tmp_path / "a") == 0o755
    assert mode(tmp_path / "a/b") == 0o700


@pytest.mark.parametrize("bits", [0o770, 0o707, 0o777, 0o1777, 0o722])
def test_a_directory_that_others_can_write_to_is_refused(tmp_path: Path, bits: int) -> None:
    (tmp_path / "a").mkdir()
    os.chmod(tmp_path / "a", bits)
    with pytest.raises(
        PathRefused, match=rf"can be written by others \(mode {bits:04o}\).*chmod 700"
    ):
        paths.make_private_directory(f"{tmp_path}/a", UID)
    assert mode(tmp_path / "a") == bits


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("link", "dangling", "link/"):
        with pytest.raises(PathRefused, match="is a symbolic link"):
            paths.make_private_directory(f"{tmp_path}/{name}", UID)
    assert not (tmp_path / "nowhere").exists()


def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(PathRefused, match=rf"belongs to user {UID}, not to you \({UID + 1}\)"):
        paths.make_private_directory(f"{tmp_path}/a", UID + 1)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(PathRefused, match="a is not a directory"):
        paths.make_private_directory(f"{tmp_path}/a", UID)
    with pytest.raises(PathRefused, match="Not a directory"):
        paths.make_private_directory(f"{tmp_path}/a/b", UID)


def test_prepare_makes_the_private_directory_and_only_checks_that_of_s(
    runtime: dict[str, str], tmp_path: Path
) -> None:
    paths.prepare(paths.places(runtime, UID), UID)
    assert mode(tmp_path / "fugue") == 0o700
    paths.prepare(paths.places(runtime, UID, None, f"{tmp_path}/sock"), UID)
    with pytest.raises(PathRefused, match="No such file or directory"):
        paths.prepare(paths.places(runtime, UID, None, f"{tmp_path}/no/sock"), UID)
    (tmp_path / "file").write_text("")
    with pytest.raises(PathRefused, match="is not a directory"):
        paths.prepare(paths.places(runtime, UID, None, f"{tmp_path}/file/sock"), UID)


def test_environment_of_the_bare_interpreter() -> None:
    assert paths.decoded({b"A": b"\xff\xc3\xbc"}) == {"A": "\udcffü"}


def test_the_fast_path_may_import_this_module() -> None:
    code = (
        "import sys; before = set(sys.modules); import fuguemux.config.paths; "
        "print(sorted(set(sys.modules) - before))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert eval(told) == ["fuguemux", "fuguemux.config", "fuguemux.config.paths"]


@pytest.mark.parametrize("length", [1, 40, 60, 90])
def test_there_is_a_fallback_for_every_socket(length: int) -> None:
    """A path that the system would not bind keeps a server out of reach."""
    socket = f"/tmp/{'é' * (length // 2)}{'n' * (length % 2)}"
    found = paths.places({}, UID, socket=socket)
    here, there = (paths.fallback_sockets(found, UID, state) for state in ("/a", "/b"))
    assert len(here) == len(there) == 1
    assert here != there
    assert len(os.fsencode(here[0] + paths.KEEPER_SUFFIX)) <= paths.SOCKET_PATH_BYTES_MAX
