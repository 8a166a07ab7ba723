"""Runs one request at a time: fold the events of a decision on a draft, log them, publish the new state. The server calls
it with decisions. It uses storage only through a port and touches no file and no socket.
"""
