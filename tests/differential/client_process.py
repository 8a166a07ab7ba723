"""Runs fugue's client for many command lines in one process, so that a script does not wait for an interpreter each time.

Reads one line of JSON for each: the directory to be in and the words. Answers with exit code, stdout and stderr.
"""

import json
import os
from pathlib import Path

from fuguemux.client import fast


def _answer(words: list[str]) -> tuple[int, str, str]:
    """Run the client with files in the place of stdout and stderr."""
    kept = [os.dup(descriptor) for descriptor in (1, 2)]
    files = [os.memfd_create(name) for name in ("out", "err")]
    try:
        for descriptor, file in zip((1, 2), files, strict=True):
            os.dup2(file, descriptor)
        code = fast.main(None, ["fugue", *words])
    finally:
        for descriptor, before in zip((1, 2), kept, strict=True):
            os.dup2(before, descriptor)
            os.close(before)
    texts = []
    for file in files:
        os.lseek(file, 0, os.SEEK_SET)
        with os.fdopen(file, "rb") as reader:
            texts.append(reader.read().decode("utf-8", "surrogateescape"))
    return code, texts[0], texts[1]


def main() -> None:
    # The commands get an empty stdin, not the requests.
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    for line in requests:
        directory, *words = json.loads(line)
        os.chdir(Path(directory))
        os.environ["PWD"] = directory
        print(json.dumps(_answer(words)), flush=True)


if __name__ == "__main__":
    main()
