"""source-file: run the commands in files.

Files are read by the server, through the document `files`: for a path or pattern a list of entries, each with `path`
and either `text` or `error`. A file with an error in its syntax runs no command; a command that is refused does not
keep those after it from running.
"""

from itertools import groupby
from typing import Any

from fuguemux.commands import language, quoting, table_lookup
from fuguemux.commands.command import Command, Invocation
from fuguemux.commands.formats import Context, expand, is_true
from fuguemux.commands.option_places import context_of
from fuguemux.commands.targets import current_target
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.effects import RunCommands
from fuguemux.model.ids import NOBODY
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def surroundings(state: ServerState, context: Context) -> language.Surroundings:
    """What the text of a file may refer to."""
    variables = {
        name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
        for name, value in (state.environment | state.hidden).items()
        if value is not None
    }
    return language.Surroundings(variables, lambda text: is_true(expand(text, context)))


def parsed_file(
    state: ServerState, context: Context, path: str, text: str
) -> list[language.Parsed]:
    """The commands in the text of a file, each of which exists. Raises Refused: `path:line: message`."""
    commands = language.parse_file(text, path, surroundings(state, context))
    for command in commands:
        try:
            table_lookup.known(state, command.argv)
        except Refused as refusal:
            raise Refused(f"{path}:{command.line}: {refusal}", near=refusal.near) from None
    return commands


def parsed_text(state: ServerState, live: LiveView, text: str) -> list[language.Parsed]:
    """The commands in text that is no file, each of which could be run. Raises Refused."""
    commands = language.parse_file(text, "", surroundings(state, Context(state, live)))
    for command in commands:
        table_lookup.known(state, command.argv)
    return commands


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = current_target(state, live, invocation.request)
    context = context_of(state, live, invocation, target)
    texts: list[str] = []
    lines: list[str] = []
    errors: list[str] = []
    failed = False
    for argument in invocation.arguments:
        path = expand(argument, context) if flags.has("F") else argument
        cwd = invocation.request.cwd.decode("utf-8", "surrogateescape")
        for entry in _entries(live, cwd, path):
            if "error" in entry:
                if not flags.has("q"):
                    errors.append(f"{entry['path']}: {entry['error']}")
                continue
            try:
                found = parsed_file(state, context, entry["path"], entry["text"])
            except Refused as refusal:  # goes to stdout, as in tmux
                told = lines if invocation.request.client != NOBODY else errors
                told.append(refusal.told(as_tmux=invocation.request.as_tmux))
                failed = True
                continue
            if flags.has("v"):
                lines += [
                    f"{entry['path']}:{one.line}: {quoting.render(one.argv)}" for one in found
                ]
            texts += _lines_of(found)
    code = 1 if errors or failed else 0
    reply = Reply(lines=tuple(lines), error="\n".join(errors), exit_code=code)
    if flags.has("n") or not texts:
        return Decision(reply=reply)
    return Decision(effects=(RunCommands("\n".join(texts)),), reply=reply)


def _lines_of(commands: list[language.Parsed]) -> list[str]:
    """The commands as text, those of one line on one line: what fails ends its line."""
    groups = groupby(commands, key=lambda command: command.line)
    return [quoting.render_all([one.argv for one in group]) for _, group in groups]


def _entries(live: LiveView, cwd: str, path: str) -> list[dict[str, Any]]:
    entries = live.document("files", (cwd, path))
    if not entries:
        return [{"path": path, "error": "No such file or directory"}]
    return list(entries)


COMMAND = Command(
    name="source-file",
    alias="source",
    flags="Fnqv",
    usage="[-Fnqv] path ...",
    arguments=(1, None),
    decide=decide,
    help="Run the commands in files.",
)
