"""A user id without an entry in the password database, as `docker run -u 12345` gives it: everything works."""

from tests.integration.conftest import NUMBER
from tests.support.running import Running


def test_everything_works_for_a_number_without_a_name(anonymous: Running) -> None:
    fugue = anonymous
    del fugue.environment["SHELL"]
    fugue("new-session", "-d", "-s", "work")
    assert fugue("display-message", "-p", "#{uid}:#{user}:#{default-shell}") == f"{NUMBER}::/bin/sh"
    fugue("send-keys", "-t", "work", "id -u", "Enter")
    fugue.wait_for(NUMBER, "work")
    fugue.kill_everything()
    assert "server and keeper crashed or were killed" in fugue("recovery")
    assert fugue("list-sessions", "-F", "#{session_name}") == "work"
    assert "Traceback" not in fugue.run("doctor").stderr
    assert "ExecStart=" in fugue("service", "print")
    fugue("kill-server")


def test_without_a_home_directory_too(anonymous: Running) -> None:
    fugue = anonymous
    del fugue.environment["HOME"]
    fugue("new-session", "-d", "-s", "work", "cat")
    assert fugue("display-message", "-p", "-t", "work", "~#{session_name}") == "~work"
    assert fugue("new-window", "-d", "-P", "-F", "#{pane_current_path}", "-c", "/", "cat") == "/"
    fugue("kill-server")
