"""Running the server: reloading the configuration, status and other documents, privacy, the sockets' places, and watching
the state directory. `main.py` starts these parts and requests reach them. It may use every room of the server below
it.
"""
