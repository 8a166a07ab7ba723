"""The write-ahead log: records, segments, the writer, the reader and the watermark.

The server writes it through the committer; recovery reads it. It touches files through `storage/`. The format is in
docs/formats/wal.md.
"""
