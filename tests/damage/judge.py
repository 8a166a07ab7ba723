"""The oracle: compares what a start and its checkpoints made of a damaged state with what had been in it."""

import re
from collections.abc import Collection, Container, Iterator, Sequence
from typing import NamedTuple

from fuguemux.persistence.checkpoint.manifest import MAGIC as MANIFEST_MAGIC
from fuguemux.persistence.checkpoint.manifest import Manifest
from fuguemux.persistence.checkpoint.saves import SAVES
from fuguemux.persistence.scrollback.packs import MAGIC as PACK_MAGIC
from fuguemux.persistence.wal.segment import MAGIC as SEGMENT_MAGIC
from tests.damage.damages import INSIDE, OLDER_COPY, PLANT, Damage
from tests.damage.facts import Facts, differences, save_differences
from tests.damage.holdings import Holdings, Looker, digest
from tests.damage.kinds import CONTENT, HELPERS, STRUCTURAL, kind_of
from tests.damage.light_start import Outcome
from tests.damage.real_start import Answers, Inspection, answer_differences
from tests.damage.records import whole_records
from tests.damage.tree import Tree
from tests.damage.truth import Truth
from tests.damage.unproven import without

NOT_VERIFIED = "not yet verified"
GENERATIONS = 2
MARKER = re.compile(rb"damaged on disk|not be read|missing")
LINES_NAMED_MAX = 3
MAGICS = (PACK_MAGIC, MANIFEST_MAGIC, SEGMENT_MAGIC)
"""How files begin that nobody may write over, wherever they are."""
OF_SAVES = ("with PACK-", "with SAVE-")
"""What a swap says of a file of a save."""
DIGITS = re.compile(r"[0-9]+")
TOLD_OF_HELPERS = ("all garbage", "directory instead", "owner", "fifo", "link", "huge")
"""After these a helper file cannot be read, and the report says so."""
UNTOLD_OF_REPORTS = ("delete", "nothing")
"""Whatever else befalls the report of an earlier start is told; nobody knows of one that is gone."""


class Finding(NamedTuple):
    """A promise that was broken. `rule` is one of a few words, for counting."""

    rule: str
    detail: str


def allowed_to_refuse(damages: Sequence[Damage]) -> bool:
    """Whether what is wrong is that another user's permissions keep the start from what it needs."""
    return any(
        each.keeps and (each.kind in STRUCTURAL or each.kind == "directory") for each in damages
    )


def judge_start(
    truth: Truth, damages: Sequence[Damage], outcome: Outcome, unproven: Collection[int] = ()
) -> Iterator[Finding]:
    """A start that did not refuse: it serves, and whatever is missing is announced, but for the text of panes `unproven`."""
    if outcome.failed:
        yield Finding("failed start", outcome.failed)
        return
    if outcome.checkpoint_failed:
        yield Finding("failed checkpoint", outcome.checkpoint_failed)
    found = without(differences(truth.facts, outcome.facts), unproven)
    yield from _told(truth, damages, outcome, found, in_text(truth.facts, outcome.facts))
    yield from _saves(truth, damages, outcome)


def judge_answers(
    truth: Truth,
    damages: Sequence[Damage],
    outcome: Outcome,
    answers: Answers,
    unproven: Collection[int] = (),
) -> Iterator[Finding]:
    """As `judge_start`, of what a person is answered by a real server."""
    if outcome.failed:
        yield Finding("failed real start", outcome.failed)
        return
    if outcome.checkpoint_failed:
        yield Finding("failed real checkpoint", outcome.checkpoint_failed)
    found = without(answer_differences(truth.answers, answers), unproven)
    marked = any(MARKER.search(text.encode()) for text in answers.texts.values())
    yield from _told(truth, damages, outcome, found, marked)


def judge_inspection(
    truth: Truth, damages: Sequence[Damage], inspection: Inspection, answers: Answers
) -> Iterator[Finding]:
    """What is said without a start: verify calls nothing clean that comes back with a difference."""
    if inspection.broken:
        yield Finding("failed inspection", inspection.broken)
    found = answer_differences(truth.answers, answers)
    if found and inspection.clean and any(each.kind in STRUCTURAL for each in damages):
        yield Finding("verify says clean", f"{found[:3]}")


def new_notes(truth: Truth, outcome: Outcome) -> list[str]:
    """What the report notes and would not without damage."""
    known = {DIGITS.sub("0", note) for note in truth.notes}
    return [note for note in outcome.notes if DIGITS.sub("0", note) not in known]


def is_told(truth: Truth, outcome: Outcome) -> bool:
    """Whether the report says that anything is not as it should be."""
    return bool(outcome.told or new_notes(truth, outcome))


def _told(
    truth: Truth, damages: Sequence[Damage], outcome: Outcome, found: list[str], marked: bool
) -> Iterator[Finding]:
    told = is_told(truth, outcome)
    if found:
        yield from _announced(found, outcome, told, marked)
    elif all(each.how == PLANT for each in damages) and not outcome.complete:
        yield Finding("false alarm", f"{outcome.summary} {outcome.told} {outcome.notes}")
    elif not damages and told:
        notes = new_notes(truth, outcome)
        yield Finding("false alarm", f"{outcome.summary} {outcome.told} {notes}")
    if not told:
        for damage in damages:
            if damage.kind in HELPERS and damage.how in TOLD_OF_HELPERS:
                yield Finding("untold helper", str(damage))
            elif damage.kind == "report" and damage.how not in UNTOLD_OF_REPORTS:
                yield Finding("untold report", str(damage))


def _announced(found: list[str], outcome: Outcome, told: bool, marked: bool) -> Iterator[Finding]:
    excused = marked and NOT_VERIFIED in outcome.summary
    claims = "nothing lost" in outcome.summary or "complete" in outcome.summary
    if not told and not excused:
        yield Finding("silent", f"{found[:3]}; {outcome.summary}")
    elif claims and outcome.complete and not excused:
        yield Finding("headline", f"{found[:3]}; {outcome.summary} {outcome.told} {outcome.notes}")


def in_text(want: Facts, got: Facts) -> bool:
    """Whether every line of history that is missing is marked where it was; no other difference counts."""
    for number, pane in want.panes.items():
        other = got.panes.get(number)
        if other is None:
            return False
        lines = dict(enumerate(other.lines, other.first))
        wrong = [n for n, line in enumerate(pane.lines, pane.first) if lines.get(n) != line]
        if wrong and not any(MARKER.search(lines.get(n, b"")) for n in wrong):
            return False
    return bool(want.structure == got.structure)


def _saves(truth: Truth, damages: Sequence[Damage], outcome: Outcome) -> Iterator[Finding]:
    told = is_told(truth, outcome)
    elsewhere = not any(
        f"/{SAVES}" in each.name or each.how == OLDER_COPY or each.detail.startswith(OF_SAVES)
        for each in damages
    )
    for name, facts in truth.facts.saves.items():
        now = outcome.facts.saves.get(name)
        found = save_differences(facts, now, name)
        if not found:
            continue
        if elsewhere and not name.startswith("closed-"):
            yield Finding("save touched", f"{found[:3]}")
        if now is None:
            if not told:
                yield Finding("silent save", f"{found}; {outcome.summary}")
        elif now.refused.startswith("it raises"):
            yield Finding("save raises", now.refused)
        elif not (now.refused or now.told or told):
            yield Finding("silent save", f"{found[:3]}; {outcome.summary}")


def judge_second(first: Outcome, second: Outcome) -> Iterator[Finding]:
    """The start after checkpoints and retention: still nothing is missing in silence."""
    yield from judge_alone(second)
    if second.failed or second.refused:
        return
    found = differences(first.facts, second.facts)
    if found and not second.told:
        yield Finding("silent second", f"{found[:3]}; {second.summary}")
    for name in first.facts.saves:
        if name not in second.facts.saves and not name.startswith("before-recovery-"):
            yield Finding("save deleted", name)


def judge_alone(second: Outcome) -> Iterator[Finding]:
    """What can be said of a second start without the first."""
    if second.failed or second.refused:
        yield Finding("failed second start", second.failed or second.refused)
    elif second.checkpoint_failed:
        yield Finding("failed second checkpoint", second.checkpoint_failed)


class Keeper(NamedTuple):
    """What the deletion oracle knows before a start: the files right after the damage, and what could be had of them."""

    tree: Tree
    holdings: Holdings
    panes: Container[int]
    """Those that are not closed."""


def judge_files(
    looker: Looker,
    before: Keeper,
    after: Tree,
    damages: Sequence[Damage],
    outcome: Outcome,
    ranges: dict[str, tuple[int, int]],
) -> Iterator[Finding]:
    """Nothing that could be read, and nothing that could not, was thrown away."""
    now = looker.holdings(after, before.panes)
    damaged = {each.name for each in damages}
    for name, content in before.tree.files.items():
        kind = kind_of(name)
        inside = name.endswith(f"/{INSIDE}")
        if not content or digest(content) in now.digests:
            continue
        if not inside and kind not in CONTENT:
            if kind and content.startswith(MAGICS):
                yield Finding("deleted swapped", f"what was in the place of {name}")
            continue
        what = "damaged" if name in damaged else "intact"
        if kind == "segment" and _segment_kept(name, content, after, ranges, outcome, now):
            continue
        if kind == "manifest" and what == "intact" and _manifest_superseded(content, now):
            continue
        if kind == "pack" and not before.holdings.lost(now):
            continue
        if kind == "save" and b"before-recovery-".hex().encode() in name.encode():
            continue
        yield Finding(f"deleted {what}", f"{kind or 'file of somebody'} {name}")
    lost = before.holdings.lost(now)
    if lost:
        yield Finding("deleted lines", f"{len(lost)} lines, such as {lost[:LINES_NAMED_MAX]}")


def _segment_kept(
    name: str,
    content: bytes,
    after: Tree,
    ranges: dict[str, tuple[int, int]],
    outcome: Outcome,
    now: Holdings,
) -> bool:
    """Whether the log went on in the segment, or two sound generations cover it and have what came of it."""
    used = content.rstrip(b"\0")
    if name not in ranges or after.files.get(name, b"").startswith(used):
        return True  # a spare has no records
    first, last = ranges[name]
    generations = now.sound[:GENERATIONS]
    if len(generations) < GENERATIONS:
        return False
    if any(manifest.wal_start_lsn < last for manifest in generations):
        return False
    if last <= outcome.replay_from_lsn:
        return True
    if any(lost <= last and to >= first for lost, to in outcome.lost):
        return False
    # What no record is left of behind a write that was never finished was not known to be durable.
    return max(whole_records(content), default=last) <= outcome.replay_to_lsn


def _manifest_superseded(content: bytes, now: Holdings) -> bool:
    """Whether two newer generations are sound."""
    manifest = _manifest(content, now)
    if manifest is None:
        return False
    newer = [each for each in now.sound if each.number > manifest.number]
    return len(newer) >= GENERATIONS


def _manifest(content: bytes, now: Holdings) -> Manifest | None:
    return now.known.get(digest(content))
