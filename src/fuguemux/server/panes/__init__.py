"""A pane as the server holds it: its terminal, its screen, capture, last screens, and screens that wait to be rebuilt
after a start. Output feeds this room; requests and viewers read it. It touches no socket and starts no process.
"""
