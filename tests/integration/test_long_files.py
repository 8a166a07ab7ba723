"""Long files of commands: other clients are served while they are parsed, and their errors are reported."""

from pathlib import Path

from tests.support.failpoint_listener import FailpointListener
from tests.support.running import Running

COMMENT = "# nothing\n" * 10_000


def test_others_have_their_turn_while_a_file_is_taken_apart(tmp_path: Path) -> None:
    with FailpointListener(str(tmp_path / "points")) as points:
        fugue = Running(tmp_path, **points.environment("source.parsing=pause@1"))
        try:
            fugue("new-session", "-d", "-s", "work", "exec sleep 1000")
            file = tmp_path / "long.conf"
            file.write_text(
                f"set -g @a 1\n{COMMENT}%if #{{==:#{{session_name}},work}}\nset -g @b 2\n%endif\nbogus-name ; set -g @c 3\n"
                "display-message -p '#{@a} #{@b}'\n".replace("bogus-name", "kill-session -t nope")
            )
            requester = fugue.begin("source-file", str(file))
            points.wait("source.parsing")
            assert fugue.format("#{session_name}", "work") == "work"
            points.answer("source.parsing")
            output, errors = requester.communicate()
            assert (output, requester.returncode) == ("1 2\n", 1)
            assert errors == "can't find session: nope\n"
            assert fugue.run("show-options", "-gqv", "@c").stdout == ""
        finally:
            fugue.end()


def test_others_have_their_turn_while_a_text_of_commands_is_taken_apart(tmp_path: Path) -> None:
    with FailpointListener(str(tmp_path / "points")) as points:
        fugue = Running(tmp_path, **points.environment("source.parsing=pause@1"))
        try:
            fugue("new-session", "-d", "-s", "work", "exec sleep 1000")
            text = "set -ga @a x\n" * 4_000
            requester = fugue.begin("if-shell", "-F", "1", text)
            points.wait("source.parsing")
            assert fugue.format("#{session_name}", "work") == "work"
            points.answer("source.parsing")
            assert requester.communicate() == ("", "")
            assert fugue("show-options", "-gqv", "@a") == "x" * 4_000
        finally:
            fugue.end()


def test_a_long_file_with_a_mistake_runs_nothing(fugue: Running, tmp_path: Path) -> None:
    fugue("new-session", "-d", "-s", "work", "exec sleep 1000")
    file = tmp_path / "long.conf"
    file.write_text(f"set -g @a 1\n{COMMENT}no-such-command\n")
    done = fugue.run("source-file", str(file))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(f"{file}:10002: unknown command: no-such-command")
    assert fugue.run("show-options", "-gqv", "@a").stdout == ""
