"""Decides what follows from a fact: a process exited, a title or a size changed. One file per fact, each a pure function
that returns a Decision. The server calls them when it learns of the fact.
"""
