"""Generates docs/configuration.md from the declarations: `python -m fuguemux.config.document > docs/configuration.md`."""

import sys

from fuguemux.config.options import OPTIONS, SECTIONS, ConfigOption, as_toml

_HEAD = """\
# Configuration

<!-- Made by `python -m fuguemux.config.document`; a test keeps it equal to the declarations in config/schema.py. -->

fugue reads `$XDG_CONFIG_HOME/fugue/config.toml` (`~/.config/fugue/config.toml`), or the file that `--config FILE` or
`FUGUE_CONFIG` names. (`-f` is different: as in tmux, it names a file of commands.) Without a file the defaults apply.

An environment variable `FUGUE_<SECTION>_<OPTION>` overrides the file, for example `FUGUE_PERSISTENCE_SYNC=always`. Commas
separate the items of a list.

A running server watches the file. A valid change takes effect within a second, or two if the system does not report changes,
and attached clients see a message. An option marked *restart* keeps its value until the server is restarted. A file with
mistakes changes nothing: attached clients, `fugue status` and the diagnostics show every mistake with its line.
`fugue config reload` and SIGHUP read the file at once.

    fugue config check FILE        show every mistake in FILE
    fugue config show --origin     show every value, and where it comes from
    fugue config schema            print the declarations as a JSON Schema, for editors
"""


def document() -> str:
    """Return the whole page."""
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
        f"* a change takes effect: {'at once' if option.live else 'after a restart'} (*{when}*)\n"
    )


if __name__ == "__main__":
    sys.stdout.write(document())
