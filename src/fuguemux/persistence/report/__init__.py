"""The recovery report: what a recovery found, brought back and lost, as values, as a file and as text. Recovery and the
server fill it; `fugue recovery` and the greeting show it.
"""
