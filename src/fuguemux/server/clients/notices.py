"""Alerts for the status line, and notices for clients that attach.

Every part of the server adds its texts here. All of them are shown, and none replaces another.
"""

from collections.abc import Callable


class Notices:
    """Belongs to the loop. Texts come in the order in which they were added."""

    def __init__(self) -> None:
        self._alerts: list[Callable[[], str]] = []
        self._notices: list[Callable[[], str]] = []

    def alert_while(self, text: Callable[[], str]) -> None:
        """Show in every status line the text that `text` returns when the line is drawn. Empty: nothing."""
        self._alerts.append(text)

    def tell_while(self, text: Callable[[], str]) -> None:
        """Show every client that attaches the text that `text` returns then. Empty: nothing."""
        self._notices.append(text)

    def tell(self, text: str) -> Callable[[], None]:
        """Show `text` to every client that attaches, until the returned function is called. That function may be
        called again."""

        def notice() -> str:
            return text

        def withdraw() -> None:
            if notice in self._notices:
                self._notices.remove(notice)

        self._notices.append(notice)
        return withdraw

    def tell_once(self, text: Callable[[], str]) -> None:
        """Show the next client that attaches the text that `text` returns then. `text` is called once."""

        def notice() -> str:
            self._notices.remove(notice)
            return text()

        self._notices.append(notice)

    def alert(self) -> str:
        """The alerts for the status line. Empty: none."""
        return ", ".join(filter(None, [text() for text in self._alerts]))

    def greeting(self) -> list[str]:
        """The notices for a client that has just attached."""
        return [said for text in list(self._notices) if (said := text())]
