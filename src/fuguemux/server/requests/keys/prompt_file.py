"""Keeps the answers of prompts in the file that the option `history-file` names: read when the option is set, written
after each answer, so that a killed server loses none."""

import os
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fuguemux.observe.diagnostics import channel
from fuguemux.server.overlays.prompt_history import PromptHistory
from fuguemux.server.work.file_threads import beside
from fuguemux.server.work.newest import Newest
from fuguemux.server.work.plain_files import read_plain, write_plain

HISTORY_BYTES_MAX: Final = 8 << 20

diagnostics = channel("server")


class PromptFile:
    """Belongs to the loop. A file that cannot be read or written is noted in the diagnostics and changes nothing."""

    def __init__(
        self,
        history: PromptHistory,
        option: Callable[[], str],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """`option` returns the value of `history-file`."""
        self._history = history
        self._option = option
        self._spawn = spawn
        self._path = ""
        self._newest: Newest | None = None
        history.when_changed(self._save)

    def look(self) -> None:
        """Options may have changed: read the file if it is another one now."""
        path = expanded(self._option(), os.environ.get("HOME", ""))
        if path == self._path:
            return
        self._path, self._newest = path, None
        if path:
            self._spawn(self._load(path))

    async def _load(self, path: str) -> None:
        try:
            self._history.load(await beside("history-file", read_plain, path, HISTORY_BYTES_MAX))
        except FileNotFoundError:
            pass
        except OSError as error:
            diagnostics.warning("history_file", error=error.strerror or str(error))
            return
        if path == self._path:
            self._newest = Newest(
                lambda data: write_plain(path, data, append=False), self._spawn, "history-file"
            )

    def _save(self) -> None:
        if self._newest is not None:
            self._newest.keep(self._history.text())


def expanded(text: str, home: str) -> str:
    """The path that the option names: an absolute one, or one that begins with `~/`. Empty: none, as in tmux."""
    if text.startswith("/"):
        return text
    return f"{home}/{text[2:]}" if text.startswith("~/") and home else ""
