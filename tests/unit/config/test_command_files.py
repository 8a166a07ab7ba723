"""Which files of commands a start reads."""

from pathlib import Path

from fuguemux.config.command_files import command_files


def test_fugue_reads_its_own_file_and_tmux_its_four_in_order(tmp_path: Path) -> None:
    home, config, system = tmp_path / "home", tmp_path / "config", tmp_path / "etc.conf"
    environment = {"HOME": str(home), "XDG_CONFIG_HOME": str(config)}
    own, fugue = home / "dotfiles", config / "fugue/fugue.conf"
    usual = [home / ".tmux.conf", config / "tmux/tmux.conf", home / ".config/tmux/tmux.conf"]

    def read(program: str, *given: str) -> tuple[str, ...]:
        return command_files(environment, 0, program, given, str(system))

    assert read("fugue") == read("tmux") == ()
    for path in (system, own, fugue, *usual[1:]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    usual[0].symlink_to(own)
    assert read("fugue") == (str(fugue),)
    assert read("tmux") == (str(system), str(own), str(usual[1]), str(usual[2]))
    assert read("") == ()
    assert read("tmux", "/nowhere") == ("/nowhere",)
    environment["XDG_CONFIG_HOME"] = str(home / ".config")
    assert read("tmux") == (str(system), str(own), str(usual[2]))
