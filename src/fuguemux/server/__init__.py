"""The daemon: the only place with an event loop, sockets and threads. `main.py` puts the rooms below together and
`lifecycle.py` runs the start and the end. It may use every room but `cli/` and `client/`.
"""
