"""docs/tmux-differences.md says of every option that no code reads that it has no effect."""

import re
from pathlib import Path

from fuguemux.options.table import OPTIONS

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/tmux-differences.md"
SOURCES = ROOT / "src/fuguemux"
ROWS = [
    SOURCES / "options" / f"{name}.py"
    for name in (
        "server_scope",
        "session_scope",
        "window_scope",
        "hook_names",
        "table",
        "themes",
        "without_effect",
    )
]
"""The modules that hold the table of options, and the themes, which only set them."""

COMPOSED = re.compile(
    r"(status-(left|right)(-length|-style)?|window-status(-\w+)?-(format|style)|(main|other)-pane-\w+)$"
)
"""Names that the code puts together: default_status.py and named_layouts.py."""


def unread_options() -> list[str]:
    """The options whose names stand in the table and nowhere else. Hooks are run by another list."""
    texts = [path.read_text("utf-8") for path in SOURCES.rglob("*.py") if path not in ROWS]
    text = "\n".join(texts)
    return [
        option.name
        for option in OPTIONS
        if not option.name.startswith("after-")
        and not COMPOSED.match(option.name)
        and not re.search(rf"[\"'{{:]{re.escape(option.name)}[\"'}}\[]", text)
    ]


def test_every_option_without_effect_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    page = page[page.index("## Not there yet") :]
    missing = [name for name in unread_options() if f"`{name}`" not in page]
    assert missing == []


def test_the_page_names_no_option_without_effect_that_has_one() -> None:
    page = PAGE.read_text("utf-8")
    section = page[page.index("### Options that are kept and shown") : page.index("### Formats")]
    listed = set(re.findall(r"`([a-z][a-z-]+)`", section))
    known = {option.name for option in OPTIONS}
    partial = {"window-style", "window-active-style"}
    assert listed <= known
    assert listed - set(unread_options()) - partial == set()
