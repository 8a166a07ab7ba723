"""Formats (`#{pane_title}`, `#{?a,b,c}`): the variables, the expansion, and the limit on how much work one expansion may
take. Commands, the status line and options call it. It reads the state and the live view, and changes nothing.
"""
