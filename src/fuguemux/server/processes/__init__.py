"""The processes in panes: the client of the keeper, starting programs, process exits, the foreground program, and signs
of a shutdown. The start and effects call it. It talks to the keeper and reads `/proc`.
"""
