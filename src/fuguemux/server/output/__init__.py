"""The way of output from a PTY through the landing zone and the log to the pane's terminal: reading, feeding, floods, and
what could not be logged. The event loop calls it when a PTY is readable. It owns the masters' readers.
"""
