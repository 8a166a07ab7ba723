"""Tools for work beside the event loop: threads, tasks, waits, the watchdog, jobs, and files that threads read. Every
room of the server may call it. It knows nothing of sessions, panes or clients.
"""
