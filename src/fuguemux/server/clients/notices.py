"""What people are told without asking: words in the status line, and notices for whoever attaches.

Every part that has something to tell adds it here. All of it is shown; nothing takes the place of anything else.
"""

from collections.abc import Callable


class Notices:
    """Belongs to the loop. Texts come in the order in which they were added."""

    def __init__(self) -> None:
        self._alerts: list[Callable[[], str]] = []
        self._notices: list[Callable[[], str]] = []

    def alert_while(self, text: Callable[[], str]) -> None:
        """Show in every status line what `text` returns whenever one is drawn; empty: nothing."""
        self._alerts.append(text)

    def tell_while(self, text: Callable[[], str]) -> None:
        """Show everybody who attaches what `text` returns then; empty: nothing."""
        self._notices.append(text)

    def tell(self, text: str) -> Callable[[], None]:
        """Show everybody who attaches `text`, until the function that is returned is called. It may be called again."""

        def notice() -> str:
            return text

        def withdraw() -> None:
            if notice in self._notices:
                self._notices.remove(notice)

        self._notices.append(notice)
        return withdraw

    def tell_once(self, text: Callable[[], str]) -> None:
        """Show the next client that attaches what `text` returns then. It is called once."""

        def notice() -> str:
            self._notices.remove(notice)
            return text()

        self._notices.append(notice)

    def alert(self) -> str:
        """What the status line says now; empty: nothing."""
        return ", ".join(filter(None, [text() for text in self._alerts]))

    def greeting(self) -> str:
        """What a client is told that has just attached; empty: nothing."""
        return "; ".join(filter(None, [text() for text in list(self._notices)]))
