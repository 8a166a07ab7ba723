"""source-file: run the commands in files.

The server reads the files, through the document `files`: for each path or pattern a list of entries, each with `path`
and either `text` or `error`. A file with a syntax error runs no command. A command that is refused does not prevent
those after it.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from fuguemux.commands.command import Command
from fuguemux.commands.parts.option_places import context_of
from fuguemux.formats.formats import FormatContext, expand, is_true
from fuguemux.language import language, quoting
from fuguemux.language.command_table import CommandTable
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.effects import AnyEffect, RunFileCommands, RunLongTexts
from fuguemux.model.ids import NOBODY
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options.aliases import check_known
from fuguemux.targets.declaration import CURRENT

LONG_CHARS_MIN: Final = 32 << 10
"""Parsing this much text takes about ten milliseconds. Longer text is parsed on another thread."""


def text_context(state: ServerState, context: FormatContext) -> language.TextContext:
    """What the text of a file may refer to: variables, and conditions."""
    variables = {
        name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
        for name, value in (state.environment | state.hidden).items()
        if value is not None
    }

    def condition(text: str, set_here: Mapping[str, str]) -> bool:
        within = context
        if set_here:
            within = msgspec.structs.replace(context, extra={**context.extra, **set_here})
        return is_true(expand(text, within))

    return language.TextContext(variables, condition)


def parsed_file(
    state: ServerState, commands: CommandTable, context: FormatContext, path: str, text: str
) -> list[language.Parsed]:
    """The commands in the text of a file, each of which exists. Raises Refused: `path:line: message`."""
    return parsed_in_context(state, commands, text_context(state, context), path, text)


def parsed_in_context(
    state: ServerState, commands: CommandTable, around: language.TextContext, path: str, text: str
) -> list[language.Parsed]:
    """As `parsed_file`, with the context that `text_context` returned. May run on any thread on which the context's
    conditions may be evaluated."""
    check = partial(check_known, commands, state)
    return language.parse_file(text, path, around._replace(check=check))


def parsed_text(
    state: ServerState, commands: CommandTable, live: LiveView, text: str
) -> list[language.Parsed]:
    """The commands in text that comes from no file, each of which exists. Raises Refused."""
    return parsed_file(state, commands, FormatContext(state, live), "", text)


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.optional_target
    context = context_of(state, live, invocation, target)
    commands: list[language.Parsed] = []
    lines: list[str] = []
    errors: list[str] = []
    failed = False
    long: list[tuple[str, str]] = []
    for argument in invocation.arguments:
        path = expand(argument, context) if flags.has("F") else argument
        cwd = invocation.request.cwd.decode("utf-8", "surrogateescape")
        for entry in _entries(live, cwd, path):
            if "error" in entry:
                if not flags.has("q"):
                    errors.append(f"{entry['path']}: {entry['error']}")
                continue
            if long or len(entry["text"]) > LONG_CHARS_MIN:  # later texts must run later
                long.append((entry["path"], entry["text"]))
                continue
            try:
                found = parsed_file(
                    state, invocation.commands, context, entry["path"], entry["text"]
                )
            except Refused as refusal:  # goes to stdout, as in tmux
                told = lines if invocation.request.client != NOBODY else errors
                told.append(refusal.told(as_tmux=invocation.request.as_tmux))
                failed = True
                continue
            if flags.has("v"):
                lines += described(entry["path"], found)
            commands += found
    code = 1 if errors or failed else 0
    reply = Reply(lines=tuple(lines), error="\n".join(errors), exit_code=code)
    effects: tuple[AnyEffect, ...] = ()
    if commands and not flags.has("n"):
        effects = (RunFileCommands(tuple(commands)),)
    if long:
        texts = tuple(long)
        effects += (RunLongTexts(texts, run=not flags.has("n"), verbose=flags.has("v")),)
    return Decision(effects=effects, reply=reply)


def described(path: str, commands: list[language.Parsed]) -> list[str]:
    """One line for each command, for -v."""
    return [f"{path}:{one.line}: {quoting.render(one.argv)}" for one in commands]


def _entries(live: LiveView, cwd: str, path: str) -> Sequence[Mapping[str, Any]]:
    entries = live.files(cwd, path)
    if not entries:
        return [{"path": path, "error": "No such file or directory"}]
    return entries


COMMAND = Command(
    name="source-file",
    alias="source",
    flags="Fnqv",
    usage="[-Fnqv] path ...",
    arguments=(1, None),
    target=CURRENT,
    decide=decide,
    help="Run the commands in files.",
)
