"""Generates scripts: each kind of case is a function from random choices to a script of commands."""

from collections.abc import Callable
from random import Random

from tests.differential import kinds_of_settings, kinds_of_structure, kinds_of_text
from tests.differential.programs import Words

Kind = Callable[[Random], list[Words]]

KINDS: dict[str, Kind] = {
    "structure": kinds_of_structure.structure,
    "sizes": kinds_of_structure.sizes,
    "targets": kinds_of_structure.targets,
    "flags": kinds_of_structure.flags,
    "options": kinds_of_settings.options,
    "arrays": kinds_of_settings.arrays,
    "hooks": kinds_of_settings.hooks,
    "keys": kinds_of_settings.keys,
    "environment": kinds_of_settings.environment,
    "formats": kinds_of_text.formats,
    "buffers": kinds_of_text.buffers,
    "language": kinds_of_text.language,
    "listings": kinds_of_text.listings,
}
"""All kinds by name. A new one is appended, so that a seed keeps its case."""


def script(seed: int) -> tuple[str, list[Words]]:
    """The kind and the script of a seed."""
    name = list(KINDS)[seed % len(KINDS)]
    return name, KINDS[name](Random(seed))
