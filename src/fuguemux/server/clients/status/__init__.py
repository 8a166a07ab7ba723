"""What the status line of a client shows: the expansion of `status-format`, its styles, and alerts. Called by watched.py
when something has changed; reads the state and the live view, and keeps nothing."""
