"""Client and server without sockets: framing, handshake, messages."""
