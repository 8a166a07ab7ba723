"""The options of tmux's `set-option`: the table of all of them with scope, type and default, and reading one with
inheritance. Commands, reactions, formats and the server call it. It computes with values only.
"""
