"""What a person may have meant by a word that names nothing."""

from collections.abc import Iterable

LETTERS_MIN = 2


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of `known` that is most like `word`; empty: none is like it."""
    import difflib  # slow to load, and needed only for a mistake

    if len(word) < LETTERS_MIN:
        return ""
    found = difflib.get_close_matches(word, sorted(known), n=1)
    return found[0] if found else ""
