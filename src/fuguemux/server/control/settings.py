"""What refresh-client sets for a client: flags, sizes, and what a control client wants to hear. Also the line about an
option without effect."""

from typing import assert_never

from fuguemux.model import effects as ef
from fuguemux.model.client_flags import toggled_read_only
from fuguemux.server.clients.viewers import Viewers

AnySetting = ef.SetClientFlags | ef.SetControlSize | ef.SetPaneFlow | ef.Subscribe


class ClientSettings:
    """Implements effect_runner.SettingsPort. Belongs to the loop."""

    def __init__(self, viewers: Viewers) -> None:
        self._viewers = viewers

    def tell(self, text: str) -> None:
        """List a line in show-messages."""
        self._viewers.messages.add(text)

    def set_for_client(self, effect: AnySetting) -> None:
        """Carry out an effect, unless the client has left. Raises EffectFailed if it has too many subscriptions."""
        viewer = self._viewers.get(effect.client)
        if viewer is None:
            return
        match effect:
            case ef.SetClientFlags():
                viewer.change_flags(effect.flags)
                if effect.toggle_read_only:
                    viewer.set_flags(toggled_read_only(viewer.flags))
                self._viewers.settings_changed(viewer)
            case ef.SetControlSize():
                self._viewers.control.set_size(effect)
                self._viewers.settings_changed(viewer)
            case ef.SetPaneFlow():
                self._viewers.control.set_flow(effect)
            case ef.Subscribe():
                self._viewers.control.subscribe(effect)
            case _:
                assert_never(effect)
