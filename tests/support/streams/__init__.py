"""Output of real programs on a terminal of 80 by 24: vim, less, git and htop, as `record.py` recorded it."""

from pathlib import Path
from typing import Final

RECORDED: Final = {
    path.stem: path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.out"))
}
