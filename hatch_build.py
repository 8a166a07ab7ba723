"""A step of building the wheel: puts the command `fugue` into it with the mode 0755.

pip and pipx make a script executable only if the wheel says so, and the wheel says what the file system said when it was
built. Sources get here in ways that lose modes (an archive, a mounted volume, a patch), so the mode is not theirs to say.

The command is a script of its own and no entry point, because the pip that comes with Python 3.11 to 3.13 begins the
script of an entry point with `import re`: half of what a whole command costs. docs/decisions/0012 has the numbers.
"""

import os
import shutil
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SCRIPT = "scripts/fugue"


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # the parameter is only for builders of one's own
    """Found by hatchling under this name; an editable installation goes through it too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Copy the script to where modes are kept, and have the wheel take it from there."""
        del version
        self._directory = tempfile.mkdtemp(prefix="fugue-build-")
        script = os.path.join(self._directory, "fugue")
        shutil.copyfile(os.path.join(self.root, SCRIPT), script)
        os.chmod(script, 0o755)
        build_data["shared_scripts"][script] = "fugue"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """The wheel is written: the copy may go."""
        del version, build_data, artifact_path
        shutil.rmtree(self._directory)
