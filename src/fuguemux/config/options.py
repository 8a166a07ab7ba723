"""The declarations of schema.py as a table, for messages, documentation and reloads."""

import typing
from typing import Any, Final, Literal

import msgspec

from fuguemux.config.schema import Configuration

Kind = Literal["flag", "number", "choice", "text", "list"]


class ConfigOption(msgspec.Struct, frozen=True):
    """One option as the other modules see it."""

    section: str
    name: str
    type: Any
    """The annotation, including constraints, for `msgspec.convert`."""
    default: Any
    help: str
    unit: str
    live: bool
    minimum: int | None
    maximum: int | None
    choices: tuple[str, ...]
    kind: Kind

    @property
    def key(self) -> str:
        """`section.name`, as in messages."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return f"FUGUE_{self.section}_{self.name}".upper()

    def allowed(self) -> str:
        """The allowed values, for people: `1 to 86400 seconds`, `one of "always", "interval", "os"`."""
        match self.kind:
            case "flag":
                return "true or false"
            case "number":
                return f"a whole number from {self.minimum} to {self.maximum}" + (
                    f" {self.unit}" if self.unit else ""
                )
            case "choice":
                return "one of " + ", ".join(f'"{choice}"' for choice in self.choices)
            case "list":
                return "a list of strings"
            case "text":
                return _TEXT_ALLOWED.get(self.key, "a string")


_TEXT_ALLOWED: Final = {
    "persistence.state_dir": 'an absolute path, one that begins with "~/", or ""',
    "server.default_shell": 'an absolute path or ""',
    "keys.prefix": 'a key such as "C-a", "M-Space" or "F12"',
}


def _kind(
    plain: Any,
) -> tuple[Kind, tuple[str, ...]]:
    if plain is bool:
        return "flag", ()
    if plain is int:
        return "number", ()
    if plain is str:
        return "text", ()
    if typing.get_origin(plain) is Literal:
        return "choice", typing.get_args(plain)
    return "list", ()


def _options() -> tuple[ConfigOption, ...]:
    found = []
    for section in msgspec.structs.fields(Configuration):
        for field in msgspec.structs.fields(section.type):
            plain, meta = typing.get_args(field.type)
            kind, choices = _kind(plain)
            found.append(
                ConfigOption(
                    section=section.name,
                    name=field.name,
                    type=field.type,
                    default=field.default,
                    help=meta.description,
                    unit=meta.extra["unit"],
                    live=meta.extra["live"],
                    minimum=meta.ge,
                    maximum=meta.le,
                    choices=choices,
                    kind=kind,
                )
            )
    return tuple(found)


OPTIONS: Final = _options()
"""In the order of declaration."""
BY_KEY: Final = {option.key: option for option in OPTIONS}
SECTIONS: Final = {section.name: section.type for section in msgspec.structs.fields(Configuration)}


def value_of(configuration: Configuration, option: ConfigOption) -> Any:
    """The value of `option` in `configuration`."""
    return getattr(getattr(configuration, option.section), option.name)


def with_values(
    values: typing.Mapping[str, Any], base: Configuration | None = None
) -> Configuration:
    """Return `base` (default: the defaults) with `values`, given by key. The values must be valid."""
    base = base or Configuration()
    changed: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        option = BY_KEY[key]
        changed.setdefault(option.section, {})[option.name] = value
    return msgspec.structs.replace(
        base,
        **{
            section: msgspec.structs.replace(getattr(base, section), **fields)
            for section, fields in changed.items()
        },
    )


def as_toml(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(as_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()
    return str(value)
