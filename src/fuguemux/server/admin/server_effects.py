"""Effects that concern the server as a whole: checkpoints, its state, its configuration, its end."""

from collections.abc import Awaitable, Callable, Sequence

from fuguemux.model.ids import PaneId
from fuguemux.server.admin.asked_checkpoints import AskedCheckpoints
from fuguemux.server.admin.configuration import RunningConfiguration
from fuguemux.server.admin.privacy import Privacy
from fuguemux.server.admin.state_watch import StateWatch
from fuguemux.server.ports import EffectFailed, Requester
from fuguemux.server.recovery.session_restorer import SessionRestorer


class ServerEffects:
    """Implements effect_runner.LifecyclePort. Belongs to the loop."""

    def __init__(
        self,
        checkpoints: AskedCheckpoints,
        state_watch: StateWatch,
        sessions: SessionRestorer,
        configuration: RunningConfiguration,
        privacy: Privacy,
        stop: Callable[[], None],
        restart: Callable[[Requester], Awaitable[bytes]],
    ) -> None:
        self.checkpoint = checkpoints.take
        self.delete_save = checkpoints.delete_save
        self.save_here = state_watch.here
        self.restore_session = sessions.restore
        self.stop = stop
        self._configuration = configuration
        self._privacy = privacy
        self._restart = restart

    async def reload_now(self) -> bytes:
        """Read the configuration file again. Returns the result. Raises EffectFailed with every mistake in it."""
        outcome = await self._configuration.reload_now()
        text = "\n".join(outcome.lines())
        if outcome.problems:
            raise EffectFailed(text)
        return text.encode() + b"\n"

    async def purge(self, panes: Sequence[PaneId], *, everything: bool) -> bytes:
        """Delete what panes have shown from screens and disk. Returns lines about content that remains. Raises
        EffectFailed."""
        return await self._privacy.purge(panes, everything=everything)

    async def restart(self, requester: Requester) -> bytes:
        """Hand off to a new server process, once that has proved that it can take over. Raises EffectFailed."""
        return await self._restart(requester)
