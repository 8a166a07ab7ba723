"""One request at a time: fold, log, publish. No sockets, no files."""
