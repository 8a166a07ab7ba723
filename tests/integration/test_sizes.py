"""Whatever size of a window is requested, the program's terminal and the screen that shows it have the same size."""

from tests.support.running import Running, until

PROGRAM = "trap 'stty size' WINCH; stty size; while :; do sleep 0.1; done"


def test_program_and_screen_have_the_same_size(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "2000", "-y", "1000", PROGRAM)
    fugue.wait_for("1000 2000", "work")
    fugue("resize-window", "-t", "work", "-x", "90", "-y", "20")
    fugue.wait_for("20 90", "work")
    assert fugue.refused("resize-window", "-t", "work", "-x", "2001") == "width too large"
    assert fugue.refused("resize-window", "-t", "work", "-y", "1001") == "height too large"
    assert fugue.refused("new-session", "-d", "-x", "10000") == "width too large"
    assert fugue.format("#{window_width}x#{window_height}", "work") == "90x20"


def test_a_default_size_counts_as_the_largest_there_is(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "first")
    fugue("set-option", "-g", "default-size", "5000x5000")
    fugue("new-session", "-d", "-s", "work", PROGRAM)
    until("its size", lambda: "1000 2000" in fugue.screen("work"))
    assert fugue.format("#{window_width}x#{window_height}", "work") == "2000x1000"
