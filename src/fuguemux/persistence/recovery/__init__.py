"""Turns a state directory, however damaged, into a state and a report: which checkpoint is good, which records follow it,
what is set aside. The server calls it at a start; `fugue state` calls it for inspection. It never raises because of
damage.
"""
