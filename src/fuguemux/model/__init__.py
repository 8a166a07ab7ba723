"""The state and everything that changes it: immutable values, events, effects, decisions, and `apply`, the one function
from a state and an event to the next state. Every room above imports it. It may use the standard library and msgspec,
and nothing that reads a clock, a random number, a file or a socket.
"""
