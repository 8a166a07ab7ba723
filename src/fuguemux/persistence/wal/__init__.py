"""The write-ahead log: frames, segments, writer, reader. The format is in docs/formats/wal.md."""
