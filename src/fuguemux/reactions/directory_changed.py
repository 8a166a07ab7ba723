"""The program in a pane changed its working directory."""

from fuguemux.model.decision import Decision
from fuguemux.model.events import PaneDirectoryChanged
from fuguemux.model.ids import PaneId
from fuguemux.model.limits import PATH_BYTES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, pane: PaneId, directory: bytes) -> Decision:
    """Returns no events if it is unchanged, or not an absolute path. The kernel marks a deleted directory with a suffix,
    so that it does not exist; then the last good one is kept.
    """
    known = state.panes.get(pane)
    if known is None or known.cwd == directory or not is_directory_name(directory):
        return Decision()
    if directory.endswith(b" (deleted)") and not live.directory_exists(directory):
        return Decision()
    return Decision((PaneDirectoryChanged(pane, directory),))


def is_directory_name(directory: bytes) -> bool:
    """Whether the path looks like a directory in which a process could be started."""
    return (
        directory.startswith(b"/") and b"\0" not in directory and len(directory) <= PATH_BYTES_MAX
    )
