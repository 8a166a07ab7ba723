"""Identifies the present boot of the machine. Standard library only: keeper, client and server use it."""

_PATH = "/proc/sys/kernel/random/boot_id"


def machine_boot() -> str:
    """Return the kernel's id of this boot, empty if it has none. It differs after every boot of the machine."""
    try:
        with open(_PATH, encoding="ascii") as source:
            return source.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""
