"""What a person asks: one file per command, with tmux's names; each a pure decision."""
