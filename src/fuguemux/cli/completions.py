"""`fugue completions bash | zsh | fish`: a shell's completion script, generated from the table of commands.

During completion the running server is asked for the names of sessions, windows, panes and clients. Without a server, or
if anything fails, nothing is offered and nothing is started.
"""

import re
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

from fuguemux.cli.exit_codes import EXIT_OK, EXIT_USAGE
from fuguemux.cli.manual import OWN
from fuguemux.commands.table import COMMANDS

LISTS: Final = {
    "session": "list-sessions -F '#{session_name}'",
    "window": "list-windows -a -F '#{session_name}:#{window_index}'",
    "pane": "list-panes -a -F '#{session_name}:#{window_index}.#{pane_index}'",
    "client": "list-clients -F '#{client_name}'",
    "buffer": "list-buffers -F '#{buffer_name}'",
}
"""The kinds of things that a flag's value can name, and the command that lists each."""

_VALUE: Final = re.compile(
    r"\[-(\w) (?:target|src|dst)-(session|window|pane|client)\]|\[-(b) (buffer)-name\]"
)
_GLOBAL_FLAGS: Final = "-2 -c -f -L -S -u -V --config --help --version"


class CompletionRow(NamedTuple):
    """The data of one command for completion."""

    names: tuple[str, ...]
    flags: tuple[str, ...]
    kinds: dict[str, str]
    """For each flag, the kind of thing that its value names."""
    words: tuple[str, ...]
    help: str


def rows() -> list[CompletionRow]:
    """All commands, those of the server and those that need none."""
    found = []
    for command in COMMANDS:
        names = (command.name, command.alias) if command.alias else (command.name,)
        flags = tuple(f"-{letter}" for letter in command.flags.replace(":", ""))
        kinds = {
            f"-{match[1] or match[3]}": match[2] or match[4]
            for match in _VALUE.finditer(command.usage)
        }
        found.append(CompletionRow(names, flags, kinds, _words(command.usage), command.help))
    own = [CompletionRow((name,), (), {}, _words(usage), text) for name, usage, text in OWN]
    return found + own


def _words(usage: str) -> tuple[str, ...]:
    """The fixed words and long flags in a usage line."""
    if "--" in usage or "|" in usage:
        return tuple(re.findall(r"--[a-z]+|(?<![-\w\[])[a-z]{3,}", usage))
    return ()


def main(argv: Sequence[str]) -> int:
    """Print the script of the shell in `argv`."""
    scripts = {"bash": bash, "zsh": zsh, "fish": fish}
    if len(argv) != 1 or argv[0] not in scripts:
        print("usage: fugue completions bash | zsh | fish", file=sys.stderr)
        return EXIT_USAGE
    print(scripts[argv[0]]())
    return EXIT_OK


def bash() -> str:
    """The script for bash; `source <(fugue completions bash)`."""
    cases = []
    for row in rows():
        kinds = " ".join(f"{flag}={kind}" for flag, kind in row.kinds.items())
        words = " ".join((*row.flags, *row.words))
        cases.append(f'    {"|".join(row.names)}) words="{words}" kinds="{kinds}" ;;')
    lists = "\n".join(f"    {kind}) fugue -N {command} ;;" for kind, command in LISTS.items())
    names = " ".join(name for row in rows() for name in row.names)
    return f"""# bash completion for fugue: source <(fugue completions bash)
_fugue_list() {{
  case $1 in
{lists}
  esac 2>/dev/null
}}
_fugue() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} at=1 name= words= kinds= kind
  COMPREPLY=()
  while (( at < COMP_CWORD )); do
    case ${{COMP_WORDS[at]}} in
    -c|-f|-L|-S|-T|--config) at=$((at+2)) ;;
    -*) at=$((at+1)) ;;
    *) name=${{COMP_WORDS[at]}}; break ;;
    esac
  done
  if [[ -z $name ]]; then
    case $previous in
    -f|-S|--config) COMPREPLY=( $(compgen -f -- "$current") ); return ;;
    esac
    if [[ $current == -* ]]; then
      COMPREPLY=( $(compgen -W "{_GLOBAL_FLAGS}" -- "$current") )
    else
      COMPREPLY=( $(compgen -W "{names}" -- "$current") )
    fi
    return
  fi
  case $name in
{chr(10).join(cases)}
  esac
  for kind in $kinds; do
    if [[ $previous == "${{kind%%=*}}" ]]; then
      local IFS=$'\\n'
      COMPREPLY=( $(compgen -W "$(_fugue_list "${{kind#*=}}")" -- "$current") )
      return
    fi
  done
  COMPREPLY=( $(compgen -W "$words" -- "$current") )
  [[ ${{#COMPREPLY[@]}} -eq 0 && $current != -* ]] && COMPREPLY=( $(compgen -f -- "$current") )
  return 0
}}
complete -F _fugue fugue"""


def _quoted(text: str) -> str:
    return text.replace("'", "'\\''")


def zsh() -> str:
    """The script for zsh; as `_fugue` in a directory of $fpath, or by `source`."""
    described = "\n".join(
        f"    '{name}:{_quoted(row.help)}'" for row in rows() for name in row.names
    )
    cases = []
    for row in rows():
        values = " ".join(f"{flag}={kind}" for flag, kind in row.kinds.items())
        words = " ".join((*row.flags, *row.words))
        cases.append(f"    {'|'.join(row.names)}) words_of=({words}) kinds=({values}) ;;")
    lists = "\n".join(f"    {kind}) fugue -N {command} ;;" for kind, command in LISTS.items())
    return f"""#compdef fugue
# zsh completion for fugue: source <(fugue completions zsh)
_fugue_list() {{
  case $1 in
{lists}
  esac 2>/dev/null
}}
_fugue() {{
  local -a commands words_of kinds
  local at=2 name kind
  commands=(
{described}
  )
  while (( at < CURRENT )); do
    case $words[at] in
    -c|-f|-L|-S|-T|--config) (( at += 2 )) ;;
    -*) (( at += 1 )) ;;
    *) name=$words[at]; break ;;
    esac
  done
  if [[ -z $name ]]; then
    case $words[CURRENT-1] in
    -f|-S|--config) _files; return ;;
    esac
    if [[ $words[CURRENT] == -* ]]; then
      compadd -- {_GLOBAL_FLAGS}
    else
      _describe -t commands 'fugue command' commands
    fi
    return
  fi
  case $name in
{chr(10).join(cases)}
  esac
  for kind in $kinds; do
    if [[ $words[CURRENT-1] == ${{kind%%=*}} ]]; then
      compadd -- ${{(f)"$(_fugue_list ${{kind#*=}})"}}
      return
    fi
  done
  compadd -- $words_of
  _files
}}
compdef _fugue fugue"""


def fish() -> str:
    """The script for fish; `fugue completions fish | source`."""
    lines = [
        "# fish completion for fugue: fugue completions fish | source",
        "complete -c fugue -f",
        "complete -c fugue -n __fish_use_subcommand -s L -x -d 'name of the server'",
        "complete -c fugue -n __fish_use_subcommand -s S -r -d 'path of the socket'",
        "complete -c fugue -n __fish_use_subcommand -s f -r -d 'file of commands'",
        "complete -c fugue -n __fish_use_subcommand -l config -r -d 'configuration file'",
    ]
    for row in rows():
        seen = f"-n '__fish_seen_subcommand_from {' '.join(row.names)}'"
        lines += [
            f"complete -c fugue -n __fish_use_subcommand -a {name} -d '{_quoted(row.help)}'"
            for name in row.names
        ]
        for flag in row.flags:
            kind = row.kinds.get(flag)
            values = f' -x -a "(fugue -N {LISTS[kind]} 2>/dev/null)"' if kind else ""
            lines.append(f"complete -c fugue {seen} -s {flag[1:]}{values}")
        if row.words:
            lines.append(f"complete -c fugue {seen} -a '{' '.join(row.words)}'")
    return "\n".join(lines)
