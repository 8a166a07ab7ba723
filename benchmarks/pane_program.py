"""What runs inside a measured pane: `cat` files on demand, and say how long it took until all was on the screen.

`python pane_program.py GO DONE`: reads paths from the FIFO GO. After each `cat` it asks the terminal for its cursor: the
answer comes when everything before it has been interpreted. The seconds go to the FIFO DONE.
"""

import os
import subprocess
import sys
import termios
import time

CURSOR_QUERY = b"\x1b[6n"


def main(go: str, done: str) -> None:
    settings = termios.tcgetattr(0)
    settings[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(0, termios.TCSANOW, settings)
    with open(go) as paths, open(done, "w", buffering=1) as answers:
        for path in paths:
            begun = time.monotonic()
            if path.strip():
                subprocess.run(["cat", path.strip()], check=True)
            os.write(1, CURSOR_QUERY)
            answer = b""
            while not answer.endswith(b"R"):
                answer += os.read(0, 64)
            answers.write(f"{time.monotonic() - begun}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
