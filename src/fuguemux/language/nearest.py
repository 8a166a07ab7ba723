"""Suggestions for a mistyped name."""

from collections.abc import Iterable

LETTERS_MIN = 2


def nearest(word: str, known: Iterable[str]) -> str:
    """The name in `known` that is most like `word`; empty if none is similar."""
    import difflib  # slow to load, and only needed after a mistake

    if len(word) < LETTERS_MIN:
        return ""
    found = difflib.get_close_matches(word, sorted(known), n=1)
    return found[0] if found else ""
