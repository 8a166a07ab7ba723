"""Running the server: reloading the configuration, status and other documents, privacy, the places of the sockets,
and watching the state directory.

`main.py` starts these parts and requests reach them. The room may use every room of the server below it.
"""
