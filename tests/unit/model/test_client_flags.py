"""The flags of clients, and whose size counts."""

import pytest

from fuguemux.model.client_flags import NO_FLAGS, ClientFlags, changed, names, toggled_read_only
from fuguemux.model.client_sizes import counting, room_for
from fuguemux.model.ids import WindowId
from fuguemux.model.window_size import WindowSize
from tests.support.viewers import control_viewer, viewer


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        ("", "read-only,ignore-size", "ignore-size,read-only"),
        ("", "pause-after=5,wait-exit,no-output", "no-output,wait-exit,pause-after=5"),
        ("", "pause-after", "pause-after=0"),
        ("pause-after=5", "!pause-after,nonsense,", ""),
        ("pause-after=5", "pause-after=x", "pause-after=5"),
        ("read-only,ignore-size", "!read-only,!ignore-size", "read-only"),
    ],
)
def test_flags_change_as_in_tmux(before: str, text: str, after: str) -> None:
    flags = changed(changed(NO_FLAGS, before, control=True), text, control=True)
    assert ",".join(names(flags)) == after


def test_only_control_clients_have_flow_control() -> None:
    assert changed(NO_FLAGS, "no-output,wait-exit,pause-after=1", control=False) == NO_FLAGS


def test_read_only_is_switched_with_the_size() -> None:
    both = toggled_read_only(NO_FLAGS)
    assert both == ClientFlags(read_only=True, ignore_size=True)
    assert toggled_read_only(both) == NO_FLAGS


def test_an_ignored_size_counts_only_among_ignored_ones() -> None:
    ignored = viewer(1, flags=ClientFlags(ignore_size=True))
    other, silent = viewer(2), control_viewer(3)
    assert counting([ignored]) == [ignored]
    assert counting([ignored, other]) == [other]
    assert counting([ignored, silent]) == []


def test_a_control_client_counts_once_it_has_a_size() -> None:
    silent, sized = control_viewer(1), control_viewer(2, sized=True)
    of_window = control_viewer(3, window_sizes={WindowId(0): (30, 10)})
    assert counting([silent, sized, of_window]) == [sized, of_window]
    assert room_for(sized, WindowId(0), 1) == WindowSize(80, 24)
    assert room_for(of_window, WindowId(0), 1) == WindowSize(30, 10)
    assert room_for(of_window, WindowId(1), 1) == WindowSize(80, 24)
    assert room_for(viewer(1, rows=1), None, 2) == WindowSize(80, 1)
