"""Which files of commands a server reads when it starts: those of `-f`, else fugue's own, or tmux's if called as tmux."""

import os
from collections.abc import Mapping, Sequence
from typing import Final

from fuguemux.config import paths

TMUX_SYSTEM_FILE: Final = "/etc/tmux.conf"


def command_files(
    environment: Mapping[str, str],
    uid: int,
    program: str,
    given: Sequence[str] = (),
    system: str = TMUX_SYSTEM_FILE,
) -> tuple[str, ...]:
    """The files to run, in order. Those in `given` must exist; without them, the usual ones that exist, without links.

    `program` is `fugue`, `tmux`, or empty for no usual files. tmux(1), `-f`: tmux reads all of its usual files. Blocks.
    """
    if given:
        return tuple(given)
    usual = _usual(environment, uid, program, system)
    real = (os.path.realpath(path) for path in usual if os.path.exists(path))
    return tuple(dict.fromkeys(real))


def _usual(environment: Mapping[str, str], uid: int, program: str, system: str) -> list[str]:
    directory = paths.xdg(environment, uid, "XDG_CONFIG_HOME", "/.config")
    home = paths.home(environment, uid).rstrip("/")
    if program == "fugue":
        return [f"{directory}/fugue/fugue.conf"]
    if program == "tmux":
        own = [f"{home}/.tmux.conf", f"{directory}/tmux/tmux.conf"]
        return [system, *own, f"{home}/.config/tmux/tmux.conf"]
    return []
