"""Names that look like those of secrets: of variables, of options on command lines, of headers.

Patterns are shell patterns and ignore case. A pattern that begins with `!` is an exception: a name that matches it is not
that of a secret, whatever other patterns say. `-` in a name counts as `_`, so that `*_KEY` matches `--api-key`.
"""

import fnmatch
import functools
import re
from collections.abc import Iterable
from typing import Final

DEFAULT_PATTERNS: Final = (
    *("*TOKEN*", "*SECRET*", "*CREDENTIAL*", "CREDS", "*_CREDS", "*_CREDS_*", "*BEARER*"),
    *("*PASSW*", "*PASSPHRASE*", "*PASSCODE*", "PASS", "PASS_*", "*_PASS", "*_PASS_*"),
    *("SSHPASS", "*DBPASS", "*USERPASS", "*ROOTPASS", "*STOREPASS", "*KEYPASS", "*PASSFILE_*"),
    *("PW", "*_PW", "*_PWD", "*_PIN", "*_OTP", "*_PAT", "PAT", "AUTH", "*_AUTH", "*_AUTH_*"),
    *("*_KEY", "*_KEY_*", "*_KEYS", "*APIKEY*", "*AUTHKEY*", "*ACCESSKEY*", "*PRIVATEKEY*"),
    *("*MASTERKEY*", "*COOKIE*", "*JWT*", "*_SALT", "*_DSN", "*DATABASE_URL", "*WEBHOOK_URL"),
    *("*CONNECTION_STRING*", "*CONNSTR*", "AWS_*", "OP_SESSION*", "BW_SESSION"),
    *("!AWS_PROFILE", "!AWS_REGION", "!AWS_DEFAULT_*", "!AWS_PAGER", "!AWS_*_FILE"),
    *("!*_FILE", "!*_BUNDLE", "!*_PATH", "!*_DIR", "!*_HOME", "!*_SOCK", "!*ASKPASS"),
    "!TOKENIZERS_*",
)
"""The place of a secret (a file, a socket, a program that asks) is not a secret itself: a restored shell needs it."""


class SecretNames:
    """Whether a name is that of a secret, by `patterns`."""

    def __init__(self, patterns: Iterable[str]) -> None:
        wanted: list[str] = []
        not_wanted: list[str] = []
        for pattern in patterns:
            (not_wanted if pattern.startswith("!") else wanted).append(
                fnmatch.translate(pattern.removeprefix("!").replace("-", "_"))
            )
        self._wanted = re.compile("|".join(wanted) or r"(?!)", re.IGNORECASE)
        self._not_wanted = re.compile("|".join(not_wanted) or r"(?!)", re.IGNORECASE)

    def __contains__(self, name: str) -> bool:
        """Whether `name` is that of a secret. The empty name is not."""
        plain = name.replace("-", "_")
        return bool(self._wanted.match(plain)) and not self._not_wanted.match(plain)


@functools.cache
def usual() -> SecretNames:
    """The names that count where no configuration is used: on command lines."""
    return SecretNames(DEFAULT_PATTERNS)
