"""docs/configuration.md from the declarations: `python -m fuguemux.config.document > docs/configuration.md`."""

import sys

from fuguemux.config.options import OPTIONS, SECTIONS, ConfigOption, as_toml

_HEAD = """\
# Configuration

<!-- Made by `python -m fuguemux.config.document`; a test keeps it equal to the declarations in config/schema.py. -->

fugue reads `$XDG_CONFIG_HOME/fugue/config.toml` (`~/.config/fugue/config.toml`), or the file that `--config FILE` or
`FUGUE_CONFIG` names. `-f` is tmux's: a file of commands. Without a file the defaults hold.

A variable `FUGUE_<SECTION>_<OPTION>` overrides the file, for example `FUGUE_PERSISTENCE_SYNC=always`. Lists are given
with commas between their items.

A running server watches the file. A valid change holds within a second, or two where the system does not report changes,
and is announced; an option marked *restart* keeps its value until the server starts anew. A file with mistakes changes
nothing, and every mistake is told with its line, to attached clients, in `fugue status` and in the diagnostics.
`fugue config reload` and SIGHUP reload at once.

    fugue config check FILE        every mistake in FILE
    fugue config show --origin     every value, and where it comes from
    fugue config schema            the declarations as JSON Schema, for editors
"""


def document() -> str:
    """The whole page."""
    parts = [_HEAD]
    for section, struct in SECTIONS.items():
        parts.append(f"\n## [{section}]\n\n{(struct.__doc__ or '').strip()}\n")
        parts.extend(_entry(option) for option in OPTIONS if option.section == section)
    return "".join(parts)


def _entry(option: ConfigOption) -> str:
    when = "live" if option.live else "restart"
    return (
        f"\n### {option.name}\n\n{option.help}\n\n"
        f"* default: `{as_toml(option.default)}`\n"
        f"* allowed: {option.allowed()}\n"
        f"* a change holds: {'at once' if option.live else 'after a restart'} (*{when}*)\n"
    )


if __name__ == "__main__":
    sys.stdout.write(document())
