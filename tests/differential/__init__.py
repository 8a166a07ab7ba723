"""The differential suite: the same scripts of commands in tmux 3.3a and in fugue, generated from a seed or written."""
