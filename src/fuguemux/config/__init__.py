"""The configuration options: each is declared once, with its type, range, default and help. Loading, changes, paths and
the rule for secrets are here too. The server, the client and `cli/` call it. It reads only the configuration file and
environment variables.
"""
