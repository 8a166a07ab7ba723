"""A command of pipe-pane does not get its pane's output any more: it exited by itself, or is not started again."""

import re
from typing import Final

from fuguemux.config.secrets import MARK, unquoted
from fuguemux.model.decision import Decision
from fuguemux.model.events import PipeChanged
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import Pipe, ServerState

_QUOTED: Final = re.compile(r"""'[^']*'?|"(?:\\.|[^"\\])*"?|\\.""", re.DOTALL)
_WRITES_ANEW: Final = re.compile(r"(?:^|[^>&\d-]|(?<!\d)1)>(?![>&(])\|?(?!\s*/dev/)")
"""`> file`, `1> file`, `>| file`; not `>> file`, `2> file`, `>&2`, `> /dev/null`."""
_TEE: Final = re.compile(r"(?:^|[\s;&|(/])tee(?=\s)((?:\s+-\S+)*)")


def decide(state: ServerState, live: LiveView, pane: PaneId, begun_ms: int) -> Decision:
    """Stop the pipe of the pane, if it is still the one that began at `begun_ms`."""
    del live
    known = state.panes.get(pane)
    if known is None or known.pipe is None or known.pipe.begun_ms != begun_ms:
        return Decision()
    return Decision((PipeChanged(pane, None),))


def why_not_again(pipe: Pipe) -> str:
    """Why a new server does not start a pipe again. Empty if it does.

    The output that was piped before the last server ended is usually in a file, and a command that writes that file from
    its beginning must not destroy it.
    """
    if MARK in pipe.command:
        return "a secret in its command is not stored"
    bare = _QUOTED.sub(lambda found: re.sub(r"[<>|;&\s]", "_", unquoted(found[0])), pipe.command)
    if _WRITES_ANEW.search(bare):
        return "its command would overwrite its file (with >> it continues)"
    for tee in _TEE.finditer(bare):
        options = tee[1].split()
        if not any(o == "--append" or (o[1:2] != "-" and "a" in o) for o in options):
            return "its command would overwrite its file (with tee -a it continues)"
    return ""
