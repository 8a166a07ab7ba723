"""Connected clients: the listener, connections, attached viewers, and what is drawn for them (status line, overlays,
frames). The lifecycle starts it; requests draw through it. It owns the client sockets.
"""
