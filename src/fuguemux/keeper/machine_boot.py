"""Which boot of the machine this is. Standard library only: the keeper, the client and the server ask."""

_PATH = "/proc/sys/kernel/random/boot_id"


def machine_boot() -> str:
    """Return the kernel's name for this boot; empty where it gives none. Differs after every boot of the machine."""
    try:
        with open(_PATH, encoding="ascii") as source:
            return source.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""
