"""docs/configuration.md agrees with the declarations."""

from pathlib import Path

from fuguemux.config.document import document
from fuguemux.config.options import OPTIONS

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == document(), (
        "run: python -m fuguemux.config.document > docs/configuration.md"
    )


def test_the_page_has_every_option_with_its_default() -> None:
    text = document()
    for option in OPTIONS:
        assert f"\n### {option.name}\n" in text
        assert option.help in text
