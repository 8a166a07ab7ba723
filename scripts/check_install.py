"""Every way to install fugue ends in a command that works: what continuous integration checks with `make install-check`.

    python scripts/check_install.py [--keep]

Run by the interpreter of the development environment. It builds the source distribution and, from that, the wheel; checks
their descriptions with twine; installs each of them, and the source tree, by pip, pipx and uv into empty directories; and
uses each command that came of it: it starts a session, is killed with everything it has started, and tells of it.

An installation finds what it needs in `build/wheelhouse`, which is filled once from the lock files, and asks no index.
"""

import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WHEELHOUSE = ROOT / "build" / "wheelhouse"
TOOLS = Path(sysconfig.get_path("scripts"))
"""Where pip, pipx, uv and twine of this environment are."""
BUILD_TOOLS = ("hatchling", "hatch-fancy-pypi-readme", "editables")
"""What building from source asks for; hatchling wants the last for an editable installation."""
SECONDS_MAX = 120.0
"""For one step: far more than it takes."""
GONE_SECONDS = 20.0
POLL_SECONDS = 0.02

Environment = dict[str, str]
Install = Callable[[Path, Environment, str], Path]
"""Installs the third argument below the first; returns the path of the command `fugue`."""


class Wrong(Exception):
    """An installation does not do what it should; the message says which step and what came of it."""


def main() -> int:
    """Check all ways; 0 if all are right. Prints a line for each."""
    began = time.monotonic()
    keep = "--keep" in sys.argv[1:]
    base = Path(tempfile.mkdtemp(prefix="fugue-install-"))
    try:
        fill_wheelhouse()
        wheel, sdist = build(base / "dist")
        run([TOOLS / "twine", "check", "--strict", wheel, sdist], os.environ)
        failed = check_all(base, ways(wheel, sdist))
    finally:
        if not keep:
            shutil.rmtree(base, ignore_errors=True)
    took = time.monotonic() - began
    print(
        f"{'some installations are wrong' if failed else 'all installations work'} ({took:.0f} s)"
    )
    return 1 if failed else 0


# -- what is installed --------------------------------------------------------------------------


def fill_wheelhouse() -> None:
    """Have all wheels that the installations need in one directory. Nothing is done if the lock file has not changed."""
    lock = ROOT / "requirements" / "runtime.lock"
    stamp = WHEELHOUSE / ".complete"
    tools = [f"{name}=={version(name)}" for name in BUILD_TOOLS]
    wanted = f"{sys.version}\n{lock.read_text()}\n{tools}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(WHEELHOUSE, ignore_errors=True)
    pip_wheel = [*pip(), "wheel", "--quiet", "--wheel-dir", WHEELHOUSE]
    run([*pip_wheel, "--require-hashes", "-r", lock], os.environ)
    run([*pip_wheel, *tools, "pip"], os.environ)  # pipx wants a pip of its own, the newest
    stamp.write_text(wanted)


def build(directory: Path) -> tuple[str, str]:
    """The wheel, built from the source distribution, and that. Everything the wheel needs must be in it."""
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", directory, ROOT], os.environ)
    return str(next(directory.glob("*.whl"))), str(next(directory.glob("*.tar.gz")))


def ways(wheel: str, sdist: str) -> dict[str, tuple[Install, str]]:
    """Everything that is tried: its name, how it installs, and what."""
    tree = str(ROOT)
    found: dict[str, tuple[Install, str]] = {}
    for tool, install in (("pip", by_pip), ("pipx", by_pipx), ("uv tool", by_uv_tool)):
        for kind, what in (("wheel", wheel), ("sdist", sdist)):
            found[f"{tool} install {kind}"] = (install, what)
    found["pip install ."] = (by_pip, tree)
    found["pip install -e ."] = (by_pip_editable, tree)
    found["pip install --user wheel"] = (by_pip_for_user, wheel)
    found["uv pip install wheel"] = (by_uv_pip, wheel)
    return found


# -- the ways to install ------------------------------------------------------------------------


def pip() -> list[str | Path]:
    """This environment's pip."""
    return [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def by_pip(base: Path, environment: Environment, what: str, *flags: str) -> Path:
    """Into a virtual environment."""
    run([sys.executable, "-m", "venv", "--without-pip", base / "venv"], environment)
    target = ["--python", base / "venv" / "bin" / "python"]
    run([*pip(), *target, "install", "--quiet", *flags, what], environment)
    return base / "venv" / "bin" / "fugue"


def by_pip_editable(base: Path, environment: Environment, what: str) -> Path:
    """A link to the source tree."""
    return by_pip(base, environment, what, "--editable")


def by_pip_for_user(base: Path, environment: Environment, what: str) -> Path:
    """Into the home directory, for the interpreter that this environment was made with."""
    del base
    outside = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    flags = [
        "--quiet",
        "--user",
        "--break-system-packages",
        "--ignore-installed",
        "--no-warn-script-location",
    ]
    run([*pip(), "--python", outside, "install", *flags, what], environment)
    return Path(environment["HOME"]) / ".local" / "bin" / "fugue"


def by_pipx(base: Path, environment: Environment, what: str) -> Path:
    """Into an environment of its own, with a link in the home directory."""
    del base
    run([TOOLS / "pipx", "install", "--quiet", "--python", sys.executable, what], environment)
    return Path(environment["HOME"]) / ".local" / "bin" / "fugue"


def by_uv_tool(base: Path, environment: Environment, what: str) -> Path:
    """The same by uv."""
    del base
    run([TOOLS / "uv", "tool", "install", "--quiet", "--python", sys.executable, what], environment)
    return Path(environment["HOME"]) / ".local" / "bin" / "fugue"


def by_uv_pip(base: Path, environment: Environment, what: str) -> Path:
    """Into a virtual environment that uv makes, below a directory with a blank in its name."""
    venv = base / "with blank" / "venv"
    run([TOOLS / "uv", "venv", "--quiet", "--python", sys.executable, venv], environment)
    run(
        [TOOLS / "uv", "pip", "install", "--quiet", "--python", venv / "bin" / "python", what],
        environment,
    )
    return venv / "bin" / "fugue"


# -- what an installed command must do ----------------------------------------------------------


def check_all(base: Path, all_ways: Mapping[str, tuple[Install, str]]) -> int:
    """Try every way, as many at a time as there are processors; how many are wrong."""
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        running = {
            pool.submit(check, base / f"{number}", install, what): name
            for number, (name, (install, what)) in enumerate(all_ways.items())
        }
        for future in concurrent.futures.as_completed(running):
            try:
                took = future.result()
            except (Wrong, OSError, ValueError) as problem:
                failed += 1
                print(f"WRONG  {running[future]}: {problem}", flush=True)
            else:
                print(f"works  {running[future]} ({took:.0f} s)", flush=True)
    return failed


def check(base: Path, install: Install, what: str) -> float:
    """Install and use it. Raises Wrong. Returns the seconds it took."""
    began = time.monotonic()
    environment = empty_place(base)
    program = install(base, environment, what)
    if not os.access(program, os.X_OK):
        raise Wrong(f"{program} is not executable")
    environment |= {
        "PATH": "/usr/bin:/bin"
    }  # nothing of the development environment helps it from here on
    used(str(program), environment)
    return time.monotonic() - began


def empty_place(base: Path) -> Environment:
    """The environment of a person who has nothing yet, with all directories below `base`."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(
            ("PYTHON", "PIP_", "PIPX_", "UV_", "XDG_", "FUGUE", "VIRTUAL_ENV", "TMUX")
        )
    }
    for name in ("HOME", "XDG_RUNTIME_DIR", "TMPDIR"):
        directory = base / name.lower()
        directory.mkdir(mode=0o700, parents=True)
        environment[name] = str(directory)
    environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(WHEELHOUSE), "PIP_NO_CACHE_DIR": "1"}
    environment |= {
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(WHEELHOUSE),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    environment |= {
        "UV_CACHE_DIR": str(base / "uv-cache"),
        "PIPX_DEFAULT_BACKEND": "pip",
        "SHELL": "/bin/sh",
    }
    return environment


def used(program: str, environment: Environment) -> None:
    """Start a session, kill everything, and have it told and given back; then stop it. Raises Wrong."""
    say(program, environment, "-V", expecting="fugue ")
    say(program, environment, "new-session", "-d", "-s", "kept")
    try:
        status = json.loads(say(program, environment, "status", "--json"))["status"]
        for pid in (status["pid"], status["keeper_pid"]):
            os.kill(pid, signal.SIGKILL)
        wait_gone(status["pid"])
        say(program, environment, "recovery", expecting="server and keeper crashed or were killed")
        say(program, environment, "list-sessions", expecting="kept: 1 windows")
        last = int(say(program, environment, "display-message", "-p", "#{pid}"))
    finally:
        say(program, environment, "kill-server")
    wait_gone(last)
    unit = say(program, environment, "service", "print")
    started = unit.partition("ExecStart=")[2].lstrip('"')
    named = started[: started.index('"' if f'"{started}' in unit else " ")]
    if not os.access(named, os.X_OK):
        raise Wrong(f"the service starts {named}, which cannot be executed")
    manual = Path(program).resolve().parents[1] / "share" / "man" / "man1" / "fugue.1"
    if not manual.exists():
        raise Wrong(f"there is no manual page {manual}")


def say(program: str, environment: Environment, *words: str, expecting: str = "") -> str:
    """What the command prints, which must hold `expecting`. Raises Wrong."""
    found = run([program, *words], environment)
    if expecting not in found:
        raise Wrong(f"fugue {' '.join(words)} says {found!r} and not {expecting!r}")
    return found


def run(argv: list[str | Path], environment: Mapping[str, str]) -> str:
    """What a program writes to its standard output. Raises Wrong with all it wrote unless it ends with 0."""
    done = subprocess.run(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        cwd="/",
    )
    if done.returncode != 0:
        words = " ".join(map(str, argv))
        raise Wrong(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_gone(pid: int) -> None:
    """Return when no process has this number. Raises Wrong when it stays."""
    deadline = time.monotonic() + GONE_SECONDS
    never = threading.Event()
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if is_zombie(pid):
            return
        never.wait(POLL_SECONDS)
    raise Wrong(f"process {pid} does not end")


def is_zombie(pid: int) -> bool:
    """Whether the process has ended, and only its parent has not heard of it: in a container that may be nobody."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Wrong as wrong:
        sys.exit(str(wrong))
