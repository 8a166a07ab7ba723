"""The terminal of one attached client: what it can do, as far as that is known by now, and the bytes that suit it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fuguemux.model.live import TerminalFacts
from fuguemux.protocol import messages
from fuguemux.protocol.messages import CommandMessage
from fuguemux.protocol.terminals import TerminalMessage
from fuguemux.terminal.emulator import Colours
from fuguemux.terminal.outside import features
from fuguemux.terminal.outside.abilities import Abilities, abilities, speaks_utf8
from fuguemux.terminal.outside.adapting import Adapter
from fuguemux.terminal.outside.answers import COLOURS_ASKED, IDENTITY_ASKED, reported

ANSWER_SECONDS: Final = 5.0
"""How long a terminal that never answers is expected to."""


class Changed(NamedTuple):
    """What is different after an answer."""

    screen: bool = False
    """It can do more, so everything is to be drawn again."""
    colours: bool = False


class ClientTerminal:
    """Belongs to one viewer. The options count as they are when the client attaches, as in tmux."""

    def __init__(
        self,
        command: CommandMessage,
        told: TerminalMessage | None,
        features_option: Sequence[str],
        overrides_option: Sequence[str],
    ) -> None:
        """`told`: what the client said of its terminal. None: nothing, so it is taken for one that can do everything."""
        self._command = command
        self._told = told
        self._features_option = features_option
        self._overrides_option = overrides_option
        self._reported: list[str] = []
        self._type = ""
        self._asked_at = -ANSWER_SECONDS
        self.colours = Colours()
        """Those that it reports."""
        self._adapter = Adapter(self._abilities())

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        return self._adapter.abilities

    @property
    def facts(self) -> TerminalFacts:
        """For formats."""
        able = self.abilities
        return TerminalFacts(able.utf8, features.listed(able.features), self._type)

    def questions(self, now: float) -> bytes:
        """What to ask the terminal, once. `now` is the loop's clock."""
        self._asked_at = now
        asked = COLOURS_ASKED if self.abilities.answers else b""
        return asked + IDENTITY_ASKED

    def awaits(self, now: float) -> bool:
        """Whether answers may still come. The beginning of one must not be taken for a key then."""
        return now - self._asked_at < ANSWER_SECONDS

    def answered(self, answer: bytes) -> Changed:
        """Take an answer of the terminal. Returns what is different now."""
        found = reported(answer)
        if found is None:
            return Changed()
        if found.last:
            self._asked_at = -ANSWER_SECONDS
        if found.colour is not None:
            number, rgb = found.colour
            before, names = self.colours, {10: "foreground", 11: "background", 12: "cursor"}
            self.colours = before._replace(**{names[number]: rgb})
            return Changed(colours=self.colours != before)
        if found.name is not None:
            self._type = found.name
            self._reported += features.known_by_name(found.name)
        elif found.kind is not None:
            self._reported += features.known_by_letter(found.kind)
        else:
            return Changed()
        before_able, self._adapter = self.abilities, Adapter(self._abilities())
        return Changed(screen=self.abilities != before_able)

    def adapted(self, data: bytes) -> bytes:
        """What shows `data`, which is meant for an xterm."""
        return self._adapter.adapted(data)

    def _abilities(self) -> Abilities:
        command, told = self._command, self._told
        if told is None:
            return Abilities()
        utf8 = speaks_utf8(command.environment, asked=bool(command.flags & messages.UTF8))
        given = features.of_option(command.term, self._features_option)
        given += features.named(told.features, ",")
        if command.flags & messages.COLORS_256:
            given.append("256")
        return abilities(
            command.term,
            told.capabilities,
            utf8=utf8,
            colorterm=command.environment.get(b"COLORTERM", b"").decode("utf-8", "replace"),
            given=given,
            overrides=self._overrides_option,
            reported=self._reported,
        )
