"""Checks of fugue's own set-up: interpreter, engine, configuration, directories, start-up cost."""

import importlib.metadata
import os
import socket
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from typing import Final

from fuguemux.cli.finding import DoctorFinding, Host
from fuguemux.config import paths
from fuguemux.config.load import ConfigError, load
from fuguemux.observe.clock import NS_PER_MS, SystemClock
from fuguemux.persistence.recovery.recovery import RECOVERIES
from fuguemux.persistence.report.files import load_reports
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.set_aside import QUARANTINE
from fuguemux.persistence.storage.state_lock import is_locked
from fuguemux.persistence.wal import quarantine

PTH_COST_MS_MAX: Final = 15
_START_ROUNDS: Final = 3


def python(host: Host) -> DoctorFinding:
    """Name the interpreter that runs fugue, for bug reports."""
    return DoctorFinding("python", "good", f"{sys.version.split()[0]} at {sys.executable}")


def engine(host: Host) -> DoctorFinding:
    """Check that the terminal emulation library is installed and loads."""
    try:
        version = importlib.metadata.version("pyghostty")
        __import__("pyghostty")
    except (ImportError, OSError) as error:
        return DoctorFinding(
            "engine", "wrong", f"pyghostty does not load: {error}", "reinstall fuguemux on glibc Linux or macOS, x86-64 or arm64"
        )  # fmt: skip
    return DoctorFinding("engine", "good", f"pyghostty {version}")


def configuration(host: Host) -> DoctorFinding:
    """Check that the configuration file has no mistakes, and that no other user can change it."""
    path, required = paths.config_file(host.environment, host.uid, host.config)
    try:
        loaded = load(path, host.environment, required=required)
    except ConfigError as error:
        return DoctorFinding(
            "configuration", "wrong", "; ".join(map(str, error.problems)), "correct these lines"
        )
    if not loaded.exists:
        return DoctorFinding("configuration", "good", f"{path} does not exist; the defaults apply")
    facts = os.stat(path)
    if facts.st_uid not in (host.uid, 0) or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return DoctorFinding(
            "configuration",
            "wrong",
            f"others can change {path}",
            f"chown {host.uid} {path} && chmod 600 {path}",
        )
    return DoctorFinding("configuration", "good", path)


def runtime_directory(host: Host) -> DoctorFinding:
    """Check that the directory of the sockets can be used."""
    directory, below_xdg = paths.runtime_directory(host.environment, host.uid)
    bad = _unfit(directory, host.uid)
    if bad:
        return DoctorFinding(
            "runtime directory",
            "wrong",
            bad,
            f"remove {directory} if it is not yours to keep, or chmod 700 it",
        )
    if not below_xdg:
        return DoctorFinding(
            "runtime directory",
            "note",
            f"{directory}, because XDG_RUNTIME_DIR names no directory of yours; then the landing zone is a file on disk",
            "log in through PAM, or set XDG_RUNTIME_DIR to the same value in every shell, cron job and service that uses fugue",
        )
    return DoctorFinding("runtime directory", "good", directory)


def state_directory(host: Host) -> DoctorFinding:
    """Check that the state directory is private and writable, and was not removed from under the server."""
    directory = host.state_directory()
    bad = _unfit(directory, host.uid)
    if bad:
        return DoctorFinding(
            "state directory",
            "wrong",
            bad,
            "set persistence.state_dir to a directory of your own, or correct this one",
        )
    if not os.path.exists(directory) and _saves(host) and _listens(host):
        return DoctorFinding(
            "state directory",
            "wrong",
            f"{directory} was moved, removed or unmounted under a running server: nothing is saved any more",
            "put it back, or save everything there again: `fugue state here`",
        )
    if os.path.exists(directory) and not is_locked(directory) and _saves(host) and _listens(host):
        return DoctorFinding(
            "state directory",
            "wrong",
            f"{directory} is not the directory of the running server: nothing is saved there",
            "put the server's own directory back, or move this one away and run `fugue state here`",
        )
    if directory.startswith(f"/tmp/fugue-{host.uid}-"):
        return DoctorFinding(
            "state directory",
            "note",
            f"{directory}, since user {host.uid} has no home directory: a reboot or a cleaner of /tmp may empty it",
            "set HOME or XDG_STATE_HOME to a permanent directory of your own",
        )
    return DoctorFinding("state directory", "good", directory)


def _saves(host: Host) -> bool:
    loaded = host.loaded()
    return loaded is None or loaded.configuration.persistence.enabled


def _listens(host: Host) -> bool:
    """Whether the server runs."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            place = host.socket or paths.places(host.environment, host.uid, host.name).socket
            probe.connect(place)
        except OSError:
            return False
    return True


def damaged_files(host: Host) -> DoctorFinding:
    """Report how much is in the quarantine: damaged files are kept until a user deletes them."""
    place = f"{host.state_directory()}/{QUARANTINE}"
    files, size = quarantine.size(RealStorage(), place)
    if not files:
        return DoctorFinding("damaged files", "good", "none is set aside")
    return DoctorFinding(
        "damaged files",
        "note",
        f"{files} set aside in {place}, {size} bytes; fugue never deletes them",
        "see fugue recovery; delete them when you do not need them any more",
    )


def last_recovery(host: Host) -> DoctorFinding:
    """Check that everything came back at the last start that had something to restore."""
    place = f"{host.state_directory()}/{RECOVERIES}"
    try:
        reports = load_reports(RealStorage(), place)
    except FileNotFoundError:
        reports = []
    if not reports or reports[0].complete:
        return DoctorFinding("last recovery", "good", "nothing is known to be lost")
    return DoctorFinding("last recovery", "note", reports[0].headline(0), "see fugue recovery list")


def _unfit(directory: str, uid: int) -> str:
    """Why `directory` cannot be used or created. Empty if it can."""
    try:
        facts = os.lstat(directory)
    except FileNotFoundError:
        parent = os.path.dirname(directory)
        while not os.path.lexists(parent):
            parent = os.path.dirname(parent)
        return (
            ""
            if os.access(parent, os.W_OK | os.X_OK)
            else f"{directory} cannot be made: {parent} is not writable"
        )
    except OSError as error:
        return f"{directory}: {error.strerror}"
    if stat.S_ISLNK(facts.st_mode):
        return f"{directory} is a symbolic link"
    if not stat.S_ISDIR(facts.st_mode):
        return f"{directory} is not a directory"
    if facts.st_uid != uid:
        return f"{directory} belongs to user {facts.st_uid}"
    if facts.st_mode & 0o022:
        return f"{directory} can be written by others (mode {stat.S_IMODE(facts.st_mode):04o})"
    return "" if os.access(directory, os.W_OK | os.X_OK) else f"{directory} is not writable"


def start_up_cost(host: Host) -> DoctorFinding:
    """Report `.pth` files of other packages, which run code at each start of Python, and so at each fugue command."""
    found = _pth_with_code(sysconfig.get_paths()["purelib"])
    cost = max(0, _start_ms() - _start_ms("-S"))
    if cost > PTH_COST_MS_MAX:
        names = ", ".join(found) or "site-packages"
        return DoctorFinding(
            "start-up cost",
            "note",
            f"{cost} ms of each command go into site packages ({names})",
            "install fugue in an environment of its own: uv tool install fuguemux, or pipx install fuguemux",
        )
    return DoctorFinding("start-up cost", "good", f"site packages take {cost} ms of each command")


def _pth_with_code(directory: str) -> list[str]:
    found = []
    for name in sorted(os.listdir(directory)):
        if name.endswith(".pth"):
            with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file:
                if any(line.startswith(("import ", "import\t")) for line in file):
                    found.append(name)
    return found


def _start_ms(*flags: str) -> int:
    """The shortest of a few bare starts of this interpreter, in milliseconds."""
    clock, rounds = SystemClock(), []
    for _ in range(_START_ROUNDS):
        begin = clock.monotonic_ns()
        subprocess.run(
            [sys.executable, *flags, "-c", ""], check=True, stdin=subprocess.DEVNULL, timeout=30
        )
        rounds.append(clock.monotonic_ns() - begin)
    return min(rounds) // NS_PER_MS


CHECKS: Final[tuple[Callable[[Host], DoctorFinding], ...]] = (
    python,
    engine,
    configuration,
    runtime_directory,
    state_directory,
    damaged_files,
    last_recovery,
    start_up_cost,
)
