"""Connected clients: the listener, connections, attached viewers, and what is drawn for them (status line, overlays,
frames). The start opens the listener; requests draw through viewers. It owns the client sockets.
"""
