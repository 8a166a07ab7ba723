"""`fugue service print | install | uninstall`: start the server at boot or login, and keep it when you log out.

The service only starts the server; the keeper restarts it after a crash. Stopping the service is a graceful stop:
everything comes back with the next start.
"""

import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from fuguemux.cli.exit_codes import EXIT_FAILURE, EXIT_OK
from fuguemux.cli.finding import Host
from fuguemux.cli.verbs import VerbParser
from fuguemux.config import paths

COMMAND = "fugue"

Run = Callable[[Sequence[str]], int]
"""Runs a program and returns its exit code; 127 if there is none of that name."""

_START = ("start-server", ";", "set-option", "-s", "exit-empty", "off")
"""The server is to stay although it has no session yet."""

_UNIT = """\
# Made by `fugue service install`.
[Unit]
Description=fugue, a terminal multiplexer whose sessions survive ({name})

[Service]
# The keeper, which this starts, watches over the server; systemd has no main process to wait for.
Type=oneshot
RemainAfterExit=yes
ExecStart={command}
# A program that eats all memory in a pane must not take the others along.
OOMPolicy=continue
# systemd-oomd ends whole groups: let it look elsewhere first.
ManagedOOMPreference=avoid
LimitNOFILE=65536
# At the stop everybody is sent SIGTERM. The server writes a checkpoint and ends, and the keeper ends with it; sent to
# the keeper alone, SIGTERM ends nothing.
KillMode=control-group
TimeoutStopSec=20

[Install]
WantedBy=default.target
"""


def main(argv: Sequence[str], host: Host | None = None, run: Run | None = None) -> int:
    """Run `fugue service` with the words after `service`. Returns the exit code.

    `install` and `uninstall` change only the user's own service manager. Raises SystemExit(2) for bad usage.
    """
    arguments = _parser().parse(argv)
    host = host or Host(os.environ, os.geteuid())
    try:
        service = _Service(host, paths.check_name(arguments.name), run or _run)
        match arguments.verb:
            case "print":
                sys.stdout.write(service.text())
                return EXIT_OK
            case "install":
                return service.install()
            case _:
                return service.uninstall()
    except (OSError, paths.PathRefused) as error:
        print(f"fugue service: {error}", file=sys.stderr)
        return EXIT_FAILURE


def _parser() -> VerbParser:
    parser = VerbParser(
        "fugue service",
        "Start fugue at boot, and keep it running after logout.",
        "print|install|uninstall",
    )
    parser.common.add_argument(
        "-L", dest="name", default=paths.NAME_DEFAULT, help="name of the server (default: default)"
    )
    parser.add("print", "show the service file")
    parser.add("install", "write and start it, and start it automatically")
    parser.add("uninstall", "stop it and remove the file; sessions stay saved")
    return parser


def _run(argv: Sequence[str]) -> int:
    try:
        return subprocess.run(argv, check=False, stdin=subprocess.DEVNULL).returncode
    except FileNotFoundError:
        return 127


def _program() -> str:
    """The absolute path of the command `fugue`: beside this interpreter, else as it was called, else from the PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), COMMAND)
    called = os.path.abspath(sys.argv[0]) if os.path.basename(sys.argv[0]) == COMMAND else ""
    for path in (beside, called, shutil.which(COMMAND)):
        if path and os.path.isfile(path) and os.access(path, os.X_OK):
            return os.path.abspath(path)
    raise FileNotFoundError(
        f"no command {COMMAND} that can be executed is beside {sys.executable} or on the PATH: install fugue (pip, pipx, uv)"
    )


class _Service:
    def __init__(self, host: Host, name: str, run: Run) -> None:
        self._host = host
        self._name = name
        self._run = run
        self._launchd = (host.platform or sys.platform) == "darwin"
        self._command = (_program(), "-L", name, *_START)
        home = paths.home(host.environment, host.uid)
        suffix = "" if name == paths.NAME_DEFAULT else "-" + name
        if self._launchd:
            self._label = f"fuguemux{suffix}"
            self._path = f"{home}/Library/LaunchAgents/{self._label}.plist"
        else:
            self._label = f"fugue{suffix}.service"
            self._path = f"{_config_home(host.environment, home)}/systemd/user/{self._label}"

    def text(self) -> str:
        """The content of the service file."""
        if self._launchd:
            facts = {
                "Label": self._label,
                "ProgramArguments": list(self._command),
                "RunAtLoad": True,
                "AbandonProcessGroup": True,
            }
            return plistlib.dumps(facts).decode()
        return _UNIT.format(name=self._name, command=" ".join(map(_unit_word, self._command)))

    def install(self) -> int:
        if not self._launchd and not self._booted_by_systemd():
            return self._not_installed("systemd does not run here")
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        with open(self._path, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(self.text())
        starting: list[Sequence[str]]
        if self._launchd:
            starting = [("launchctl", "bootstrap", f"gui/{self._host.uid}", self._path)]
        else:
            starting = [
                ("systemctl", "--user", "daemon-reload"),
                ("systemctl", "--user", "enable", "--now", self._label),
            ]
        if self._all(starting) != EXIT_OK:
            return self._take_back(starting[-1][0])
        print(f"wrote {self._path}")
        return EXIT_OK if self._launchd else self._all([("loginctl", "enable-linger")])

    def _booted_by_systemd(self) -> bool:
        """As sd_booted(3) does."""
        return os.path.isdir(self._host.root.rstrip("/") + "/run/systemd/system")

    def _take_back(self, manager: str) -> int:
        """Remove everything of a failed installation."""
        if not self._launchd:
            self._run(("systemctl", "--user", "disable", self._label))
        os.unlink(self._path)
        return self._not_installed(f"{manager} could not start it")

    def _not_installed(self, reason: str) -> int:
        command = " ".join(map(shlex.quote, self._command[: self._command.index(";")]))
        print(
            f"fugue service: {reason}, so nothing was installed: have whatever starts your programs "
            f"(a profile of your shell, cron's @reboot, the entry point of a container) run: {command}",
            file=sys.stderr,
        )
        return EXIT_FAILURE

    def uninstall(self) -> int:
        if not os.path.exists(self._path):
            print(f"{self._path} is not there: nothing to do")
            return EXIT_OK
        if self._launchd:
            code = self._all([("launchctl", "bootout", f"gui/{self._host.uid}/{self._label}")])
        else:
            code = self._all([("systemctl", "--user", "disable", "--now", self._label)])
        os.unlink(self._path)
        print(f"removed {self._path}")
        return code

    def _all(self, commands: Sequence[Sequence[str]]) -> int:
        """Run every command, even after one that failed. Returns 0 if all succeeded."""
        failed = EXIT_OK
        for command in commands:
            code = self._run(command)
            if code != 0:
                reason = "no such command" if code == 127 else f"exit code {code}"
                print(f"fugue service: {' '.join(command)}: {reason}", file=sys.stderr)
                failed = EXIT_FAILURE
        return failed


def _config_home(environment: Mapping[str, str], home: str) -> str:
    given = environment.get("XDG_CONFIG_HOME", "")
    return given.rstrip("/") if given.startswith("/") else f"{home.rstrip('/')}/.config"


def _unit_word(word: str) -> str:
    """A word of ExecStart= in the syntax of systemd.service(5)."""
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return (
        f'"{quoted}"'
        if quoted != word or not word.replace("/", "").replace("-", "").isalnum()
        else word
    )
