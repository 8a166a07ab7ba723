"""The template of a command that runs when a row of a list is chosen."""


def filled(template: str, target: str) -> str:
    """`template` with the first `%%` and every `%1` replaced by `target`."""
    return template.replace("%%", target, 1).replace("%1", target)
