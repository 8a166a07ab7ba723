"""The interpreter flags with which the server's programs are started."""

import sys
from types import SimpleNamespace

import pytest

from fuguemux.keeper import launch
from fuguemux.keeper.launch import module_argv

PACKAGES = "/opt/python/site-packages"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The package lies among the interpreter's own packages."""
    monkeypatch.setattr(launch, "__file__", f"{PACKAGES}/fuguemux/keeper/launch.py")
    return monkeypatch


def say_of_user_site(patch: pytest.MonkeyPatch, enabled: bool, packages: str = PACKAGES) -> None:
    site = SimpleNamespace(ENABLE_USER_SITE=enabled, getsitepackages=lambda: [packages])
    patch.setitem(sys.modules, "site", site)


def test_nothing_but_the_installation_decides_which_code_runs(
    installed: pytest.MonkeyPatch,
) -> None:
    for enabled in (False, True):
        say_of_user_site(installed, enabled)
        assert module_argv("a.b") == (sys.executable, "-I", "-m", "a.b")
    installed.delitem(sys.modules, "site")
    assert module_argv("a.b", "/bin/python") == ("/bin/python", "-I", "-m", "a.b")


def test_what_is_installed_for_one_user_is_found(installed: pytest.MonkeyPatch) -> None:
    say_of_user_site(installed, True, packages="/elsewhere")
    assert module_argv("a.b") == (sys.executable, "-E", "-P", "-m", "a.b")
    say_of_user_site(installed, False, packages="/elsewhere")
    assert module_argv("a.b") == (sys.executable, "-I", "-m", "a.b")
