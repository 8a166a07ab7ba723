"""What the list commands share: one line per thing by a format, and a filter that may leave things out."""

from collections.abc import Iterable

import msgspec

from fuguemux.commands.command import Invocation
from fuguemux.commands.formats import Context, expand, is_true
from fuguemux.model.decision import Decision, Reply


def listed(invocation: Invocation, template: str, contexts: Iterable[Context]) -> Decision:
    """A line for each context, by `-F` or else `template`, if the filter `-f` holds for it."""
    template = invocation.flags.value("F") or template
    condition = invocation.flags.value("f")
    lines: list[str] = []
    for number, context in enumerate(contexts):
        context = msgspec.structs.replace(context, extra={**context.extra, "line": str(number)})
        if condition is None or is_true(expand(condition, context)):
            lines.append(expand(template, context))
    return Decision(reply=Reply(lines=tuple(lines)))
