"""The thin client: argv and keys to the server, bytes to the terminal."""
