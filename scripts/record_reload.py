"""Record a live reload of the configuration: `python scripts/record_reload.py > docs/operating-reload.txt`.

Everything in the recording happens: vim runs in a pane of a private fugue. Needs vim and tmux, and takes some seconds.
"""

from stage import FUGUE, Stage, staged

FILE = "~/config/fugue/config.toml"
BEGINNING = """\
[persistence]
checkpoint_interval_secs = 30

[server]
history_limit = 10000
"""


def tell(text: str) -> None:
    """A line of the story."""
    print(text, end="\n\n")


def show_screen(screen: str) -> None:
    """The client's terminal, in a frame."""
    rows = screen.rstrip("\n").split("\n")
    print("    ┌" + "─" * 100 + "┐")
    for row in rows:
        print(f"    │{row:100}│")
    print("    └" + "─" * 100 + "┘\n")


def show_command(stage: Stage, shown: str, *argv: str, only: tuple[str, ...] = ()) -> None:
    """A command and what it printed, or those lines that begin with one of `only`."""
    print(f"    $ {shown}")
    for line in stage.run(*argv).splitlines():
        if not only or line.startswith(only):
            print(f"    {line}")
    print()


def begin(stage: Stage) -> None:
    """Attach, and open the file in vim."""
    vim = "vim -u NONE -c 'set noswapfile' config/fugue/config.toml"
    stage.open(100, 12, f"{FUGUE} new-session -s work bash --norc")
    stage.wait("[work]")
    stage.type(vim, "Enter")
    stage.wait("history_limit = 10000")


def record(stage: Stage) -> None:
    """The story itself."""
    status = (FUGUE, "status")
    begin(stage)
    tell("A running server watches its configuration file. Recorded by scripts/record_reload.py.")
    tell("Two values are changed in vim, in a pane of the server itself:")
    stage.type(":2s/30/1/ | 5s/10000/500/ | w", "Enter")
    show_screen(stage.wait("checkpoint_interval_secs 30 → 1"))
    tell("The effect: a checkpoint within a second or two, and a new default of the option.")
    stage.until(lambda: stage.run(*status), "interval,")
    show_command(stage, "fugue status", *status, only=("checkpoint", "configuration"))
    show_command(
        stage, "fugue show-options -gv history-limit", FUGUE, "show-options", "-gv", "history-limit"
    )
    tell("Now the file gets two mistakes. Nothing changes, and fugue shows both mistakes:")
    stage.type(":2s/1$/0/ | 5s/_limit/_limits/ | w", "Enter")
    show_screen(stage.wait("not changed"))
    told = ("configuration", "error")
    show_command(stage, "fugue status", *status, only=told)
    show_command(
        stage, "fugue config reload; echo $?", "sh", "-c", f"{FUGUE} config reload; echo $?"
    )
    show_command(
        stage, f"fugue config check {FILE}; echo $?", "sh", "-c", f"{FUGUE} config check; echo $?"
    )
    tell("The mistakes are corrected:")
    stage.type(":2s/0$/5/ | 5s/_limits/_limit/ | w", "Enter")
    show_screen(stage.wait("checkpoint_interval_secs 1 → 5"))
    tell("What the diagnostics in server.log say:")
    log = "state/fugue/default/server.log"
    show_command(stage, f"grep config ~/{log}", "grep", "config", log)


def main() -> None:
    """Record in a directory that is gone afterwards."""
    with staged(BEGINNING) as on_stage:
        record(on_stage)


if __name__ == "__main__":
    main()
