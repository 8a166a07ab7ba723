"""What the commands share that let a client choose from a list."""


def filled(template: str, target: str) -> str:
    """`template` with the first `%%` and every `%1` replaced by `target`."""
    return template.replace("%%", target, 1).replace("%1", target)
