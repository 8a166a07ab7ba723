"""A separate program, the parent of all processes in panes. It holds a duplicate of every PTY master, keeps exit
statuses, and starts the server again when it dies. The server and the client start it and talk to it over a socket. It
needs only the standard library, so that it stays small and seldom changes.
"""
