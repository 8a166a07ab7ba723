"""Refuses a start, with the file's name, if files of the state may not be read by this user. Such files are not damaged.

This happens, for example, when a state is copied back as root. If such files were set aside, they would be missing. A
retired manifest would not be missed, because it only says which packs may be removed; it is set aside with them.
"""

import errno
from typing import Final

from fuguemux.keeper.lock_file import LOG_DIRECTORY
from fuguemux.persistence.checkpoint.manifest import manifest_number, saved_name
from fuguemux.persistence.recovery.aside import CHECKPOINTS
from fuguemux.persistence.scrollback.packs import pack_digest
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.wal.segment import segment_id_of

DIRECTORIES: Final = (LOG_DIRECTORY, CHECKPOINTS)


class NotOurs(PermissionError):
    """A file of the state belongs to another user, or its mode excludes its owner. `strerror` says what to do."""

    def __init__(self, path: str, reason: str, directory: str, others: int) -> None:
        more = f" (and {others} more)" if others else ""
        fix = f"sudo chown -R $(id -u) {directory} && chmod -R u+rwX {directory}"
        super().__init__(
            errno.EPERM, f"{reason}{more}; nothing was touched; to fix it: {fix}", path
        )


def refuse_what_is_not_ours(storage: Storage, directory: str) -> None:
    """Raise NotOurs if a segment, a manifest or a pack may not be read. Other failures are left to the readers of the
    files.
    """
    refused: list[tuple[str, str]] = []
    for part in DIRECTORIES:
        try:
            names = sorted(storage.list(f"{directory}/{part}"))
        except PermissionError as error:
            refused.append((f"{directory}/{part}", error.strerror or str(error)))
            continue
        except OSError:
            continue
        for name in names:
            if not _is_state(name):
                continue
            path = f"{directory}/{part}/{name}"
            try:
                storage.close(storage.open(path))
            except PermissionError as error:
                refused.append((path, error.strerror or str(error)))
            except OSError:
                continue
    if refused:
        path, reason = refused[0]
        raise NotOurs(path, reason[:1].lower() + reason[1:], directory, len(refused) - 1)


def _is_state(name: str) -> bool:
    return (
        segment_id_of(name) is not None
        or manifest_number(name) is not None
        or saved_name(name) is not None
        or pack_digest(name) is not None
    )
