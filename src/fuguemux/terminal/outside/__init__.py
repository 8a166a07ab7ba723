"""The terminals that clients run in: what they can do, by terminfo and tmux's options, and how bytes that are meant for an
xterm are changed for one that can do less. Pure. The server asks here once for each client that attaches.
"""
