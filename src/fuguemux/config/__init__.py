"""The configuration options: each is declared once, with its type, range, default and help. Loading, changes, paths and
the rule of what is a secret are here too. The server, the client and `cli/` call it. It reads the configuration file
and environment variables, and nothing else.
"""
