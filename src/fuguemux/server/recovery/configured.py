"""What the configuration and the environment set for the whole process: diagnostics, secrets, defaults of options."""

import functools
import os
from collections.abc import Mapping

from fuguemux.commands.table import TABLE
from fuguemux.config import paths
from fuguemux.config.schema import Configuration
from fuguemux.config.secret_names import SecretNames
from fuguemux.config.secrets import holds_secret
from fuguemux.model.events import AnyEvent, EnvironmentSet
from fuguemux.observe import diagnostics
from fuguemux.observe.clock import Clock
from fuguemux.options import options
from fuguemux.options.environment import KEPT_OUT
from fuguemux.persistence.storage.withholding import Withhold


def configure_logging(path: str | None, configuration: Configuration, clock: Clock) -> None:
    """Send diagnostics where the configuration says. Raises OSError; then nothing has changed."""
    logging = configuration.logging
    diagnostics.configure(
        path,
        level=logging.level,
        bytes_max=logging.max_size_mb << 20,
        keep_files=logging.keep_files,
        clock=clock,
    )


def withhold(patterns: tuple[str, ...]) -> Withhold | None:
    """Whether a variable must not be stored: its name matches one of `patterns`, or its value contains a secret such
    as a URL with a password.

    None without patterns: everything may be stored.
    """
    if not patterns:
        return None
    names = SecretNames(patterns)

    def secret(name: bytes, value: bytes) -> bool:
        if name.decode("utf-8", "replace") in names:
            return True
        return holds_secret(value.decode("utf-8", "replace"))

    return secret


def global_environment(environment: Mapping[bytes, bytes]) -> tuple[AnyEvent, ...]:
    """The events that give a fresh server the environment with which it was started."""
    return tuple(
        EnvironmentSet(None, name, value)
        for name, value in sorted(environment.items())
        if name not in KEPT_OUT and not name.startswith((b"FUGUE_", b"PYTHON"))
    )


@functools.cache
def _persons_shell(named: str | None) -> str:
    """The user's login shell. It is looked up once, because a reload of the configuration must not wait for the disk."""
    return paths.shell({} if named is None else {"SHELL": named}, os.getuid())


def option_defaults(
    configuration: Configuration, environment: Mapping[str, str]
) -> options.Defaults:
    """The defaults that the configuration sets for tmux's options. Raises Refused if an option does not accept its
    value."""
    server = configuration.server
    defaults = {
        "default-shell": server.default_shell or _persons_shell(environment.get("SHELL")),
        "history-limit": str(server.history_limit),
        "restore-policy": configuration.persistence.restore_policy,
    }
    if server.default_command:
        defaults["default-command"] = server.default_command
    if configuration.keys.prefix:
        defaults["prefix"] = configuration.keys.prefix
    return options.configured(TABLE, defaults)
