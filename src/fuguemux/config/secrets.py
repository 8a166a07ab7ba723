"""Removes secrets from command lines and values before these are stored, logged or shown in a report.

    redacted((b"mysql", b"-phush", b"shop"))      ->  (b"mysql", b"-p•••", b"shop")
    redacted((b"curl -u me:hush https://a.b",))   ->  (b"curl -u me:••• https://a.b",)

Pure: no state, no files. It finds what people commonly write, not everything: a secret that looks like a file name is not
recognised. If something is taken for a secret by mistake, the only loss is that the command is not started again
automatically.
"""

import functools
import re
import shlex
from collections.abc import Sequence
from typing import Final

from fuguemux.config.secret_names import usual

MARK: Final = "•••"
"""Replaces a secret. A command line that contains it is never run: see `is_redacted`."""
REMEMBERED_BYTES_MAX: Final = 2048
"""The results of longer command lines are not cached, because each could be as long as a system allows."""
EFFORT_MAX: Final = 8192
"""The number of words with punctuation that are examined in one command line, some 10 µs each. All later words count as
secrets.

A word within a word is examined too, and each `EFFORT_CHARS` of a long word count as one word.
"""
EFFORT_CHARS: Final = 32
NESTING_MAX: Final = 4
"""The depth of command lines within words of command lines: `ssh host 'sh -c "…"'`."""

_WORD: Final = re.compile(
    r"""(?:'[^']*'?|"(?:\\.|[^"\\])*"?|\\.|[^\s'"\\;&|()<>`])+|\\""", re.DOTALL
)
_QUOTES: Final = re.compile(r"""'([^']*)'?|"((?:\\.|[^"\\])*)"?|\\(.)""", re.DOTALL)
_PLAIN: Final = re.compile(r"(?!-)[\w./,+%~^#!*\[\]{}-]*")
"""Words in which only the shape of a key can show a secret. Most words are of this kind, and are searched for nothing
else.
"""
_SPECIAL: Final = re.compile(r"[\s'\"\\;&|()<>`$*?]")
_BETWEEN_COMMANDS: Final = re.compile(r"[;&|()`\n]")
_NAMED: Final = re.compile(r"([-/]{0,2})([\w.-]{1,200})([=:])(.+)", re.DOTALL)
"""`NAME=value`, `--option=value`, `/option:value`, `section.option=value`."""
_HEADER: Final = re.compile(
    r"([\w-]{1,200})(:\s*)((?:Bearer|Basic|Digest|Token)\s+)?(\S.*)", re.DOTALL | re.IGNORECASE
)
_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_USER_IN_URL: Final = re.compile(
    r"(\b[a-z][a-z0-9+.-]{0,30}://)([^\s/?#:@'\"]*)(:)([^\s/?#'\"]*)(@)", re.IGNORECASE
)
_TOKEN_IN_URL: Final = re.compile(r"(\bhttps?://)([^\s/?#:@'\"]{20,})(@)", re.IGNORECASE)
_QUERY: Final = re.compile(r"([?&])([\w.-]{1,200})(=)([^&#\s'\"]+)()")
_JSON: Final = re.compile(r"(\\?[\"'])([\w.-]{1,200})(\1\s*:\s*\1)([^\"'\\]*)(\1)")
_BEARER: Final = re.compile(r"\b(Bearer\s+)([\w.~+/=-]{8,})", re.IGNORECASE)
_SHAPES: Final = re.compile(
    r"(?<![\w-])(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|sk-[\w-]{20,}"
    r"|[sr]k_live_\w{16,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*)"
)
"""Keys with a recognisable form: of GitHub, GitLab, Slack, OpenAI, Stripe, AWS, Google; JSON web tokens."""
SHAPE_CHARS_MIN: Final = 15
"""The length of the shortest such key."""

_MYSQL: Final = frozenset(
    f"{server}{tool}"
    for server in ("mysql", "mariadb")
    for tool in ("", "dump", "admin", "import", "show", "check", "-dump", "-admin")
)
_JOINED: Final = {
    **dict.fromkeys(_MYSQL, ("-p",)),
    **dict.fromkeys(("7z", "7za", "7zz", "7zr", "rar", "unrar"), ("-p",)),
    **dict.fromkeys(("sshpass", "mongo", "mongosh", "mongodump", "mongorestore"), ("-p",)),
    **dict.fromkeys(("zip", "unzip", "sqlcmd", "bcp"), ("-P",)),
    "xfreerdp": ("/p:",),
}
"""Options whose value follows in the same word."""
_APART: Final = {
    **dict.fromkeys(("sshpass", "mongo", "mongosh", "mongodump", "mongorestore"), ("-p",)),
    "rdesktop": ("-p",),
    **dict.fromkeys(("zip", "unzip", "sqlcmd", "bcp", "mosquitto_pub", "mosquitto_sub"), ("-P",)),
    **dict.fromkeys(("ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldappasswd"), ("-w",)),
    **dict.fromkeys(("redis-cli", "valkey-cli"), ("-a", "--pass")),
    "ipmitool": ("-P",),
}
"""Options whose value is the next word. Long options are found by their names, for every program."""
_USERS: Final = {
    **dict.fromkeys(("curl", "http", "https", "xh"), ("-u", "--user", "-U", "--proxy-user", "-a")),
    **dict.fromkeys(("smbclient", "rpcclient"), ("-U", "--user")),
}
"""Options whose value, in the next word or the same, is `user:password` or `user%password`."""
_LOGIN: Final = dict.fromkeys(("docker", "podman", "nerdctl", "helm", "oc", "az"), ("-p",))
"""Options whose value is the next word, but only after the word `login`."""
_PORT: Final = frozenset({"ssh", "autossh", "sftp", "scp"})
"""Programs whose `-p` is a port, even after a program whose `-p` is a password."""
_TELLING: Final = frozenset((*_JOINED, *_APART, *_USERS, *_LOGIN, *_PORT, "login"))
"""Words that define the meaning of the options after them."""
_OPTION_NAME: Final = re.compile(r"[\w.-]+")


def redacted(argv: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return `argv` with every secret replaced by `MARK`. A single word is a command line for a shell, as panes have it."""
    words = tuple(argv)
    return (_remembered if sum(map(len, words)) <= REMEMBERED_BYTES_MAX else _redacted)(words)


def _redacted(argv: tuple[bytes, ...]) -> tuple[bytes, ...]:
    words = [word.decode("utf-8", "surrogateescape") for word in argv]
    effort = _Effort()
    clean = [_line(words[0], 0, effort)] if len(words) == 1 else _words(words, 0, effort)
    return tuple(word.encode("utf-8", "surrogateescape") for word in clean)


_remembered: Final = functools.lru_cache(maxsize=4096)(_redacted)


def redacted_line(line: str) -> str:
    """Return a command line for a shell with every secret replaced by `MARK`."""
    return _line(line, 0, _Effort())


def is_redacted(argv: Sequence[bytes]) -> bool:
    """Whether something was removed from these words, so that they must not be run."""
    mark = MARK.encode()
    return any(mark in word for word in argv)


def holds_secret(value: str) -> bool:
    """Whether a value, whatever its name, contains a URL with a password, or a key with a recognisable form."""
    return _within(value) != value


def named(argv: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return `argv` for naming windows: as `redacted`, without assignments of secrets before the program."""
    if len(argv) != 1:
        return redacted(argv)
    line = _named_line(argv[0].decode("utf-8", "surrogateescape"))
    return (line.encode("utf-8", "surrogateescape"),)


def _named_line(line: str) -> str:
    rest = line.lstrip()
    while (found := _WORD.match(rest)) and (named := _NAMED.fullmatch(found[0])):
        if named[3] != "=" or named[1] or not _names_secret(named):
            break
        rest = rest[found.end() :].lstrip()
    return redacted_line(rest or line)


# -- words --------------------------------------------------------------------------------------


class _Effort:
    """What was examined in one command line so far."""

    def __init__(self) -> None:
        self._done = 0

    @property
    def spent(self) -> bool:
        """Whether nothing more is examined."""
        return self._done > EFFORT_MAX

    def take(self, text: str) -> bool:
        """Whether `text` may still be examined."""
        self._done += 1 + len(text) // EFFORT_CHARS
        return not self.spent


class _Options:
    """The options that take a secret in one command: those of every program that is named in it, with `sudo` or without."""

    def __init__(self) -> None:
        self.joined: set[str] = set()
        self.apart: set[str] = set()
        self.users: set[str] = set()
        self._login: set[str] = set()

    def saw(self, word: str) -> None:
        """Note a word that is not an option: it may be the name of a program."""
        name = word.rpartition("/")[2]
        if name not in _TELLING:
            return
        if name in _PORT:
            self.joined.discard("-p")
            self.apart.discard("-p")
        self.joined.update(_JOINED.get(name, ()))
        self.apart.update(_APART.get(name, ()))
        self.users.update(_USERS.get(name, ()))
        self._login.update(_LOGIN.get(name, ()))
        if word == "login":
            self.apart |= self._login


def _words(words: Sequence[str], depth: int, effort: _Effort) -> list[str]:
    """Return the words of one command without secrets."""
    clean: list[str] = []
    options, awaited = _Options(), ""
    for word in words:
        plain = _PLAIN.fullmatch(word) is not None
        if effort.spent or not (plain or effort.take(word)):
            # Even a harmless one: it may be the value of an option that was not examined
            clean.append(MARK)
            continue
        if awaited == "user":
            clean.append(_user(word))
            awaited = ""
            continue
        if awaited == "secret" and not _is_option(word):
            clean.append(MARK)
            awaited = ""
            continue
        if plain:
            awaited = ""
            options.saw(word)
            clean.append(word if len(word) < SHAPE_CHARS_MIN else _SHAPES.sub(MARK, word))
            continue
        awaited = _awaits(options, word)
        if not _is_option(word):
            options.saw(word)
        clean.append(word if awaited else _word(options, word, depth, effort))
    return clean


def _is_option(word: str) -> bool:
    return len(word) > 1 and word[0] == "-"


def _awaits(options: _Options, word: str) -> str:
    """What the next word is: `secret`, `user` (with a password after it), or neither."""
    if word in options.users:
        return "user"
    if word in options.apart:
        return "secret"
    name = word.lstrip("-")
    if not word.startswith("-") or len(name) < 3 or not _OPTION_NAME.fullmatch(name):
        return ""
    flag = name.startswith(("no-", "without-")) or name.endswith("-stdin")
    return "secret" if not flag and name in usual() else ""


def _word(options: _Options, word: str, depth: int, effort: _Effort) -> str:
    """Return a word that does not follow an option which takes a secret."""
    for option in options.joined:
        if word.startswith(option) and len(word) > len(option):
            return option + MARK
    for option in options.users:
        if word.startswith(option) and len(word) > len(option):
            if not option.startswith("--"):
                return option + _user(word[len(option) :])
            if word[len(option)] == "=":
                return option + "=" + _user(word[len(option) + 1 :])
    if (named := _NAMED.fullmatch(word)) and _names_secret(named):
        return named[1] + named[2] + named[3] + MARK
    if word.startswith("pass:") and len(word) > len("pass:"):  # openssl
        return "pass:" + MARK
    if header := _HEADER.fullmatch(word):
        name = header[1]
        told = header[2] != ":" or name[:2].upper() == "X-"
        if name.lower() in _HEADERS or (told and name in usual()):
            return name + header[2] + (header[3] or "") + MARK
    if depth < NESTING_MAX and re.search(r"\s", word):
        return _line(word, depth + 1, effort)
    return _within(word)


def _names_secret(named: re.Match[str]) -> bool:
    """Whether `NAME=value` or the like contains a secret."""
    if named[3] == ":" and named[1] != "/":  # a header, or a URL
        return False
    return named[2].rpartition(".")[2] in usual()


def _user(word: str) -> str:
    """Return `user:password` or `user%password` without the password."""
    for separator in ":%":
        name, found, secret = word.partition(separator)
        if found and secret:
            return name + found + MARK
    return word


def _within(text: str) -> str:
    """Remove what is recognisable anywhere: passwords in URLs and JSON, and keys with a recognisable form."""
    if "@" in text:
        text = _USER_IN_URL.sub(_no_password, text)
        text = _TOKEN_IN_URL.sub(rf"\1{MARK}\3", text)
    if "=" in text:
        text = _QUERY.sub(_no_parameter, text)
    if '"' in text or "'" in text:
        text = _JSON.sub(_no_parameter, text)
    text = _BEARER.sub(rf"\1{MARK}", text)
    return _SHAPES.sub(MARK, text)


def _no_password(found: re.Match[str]) -> str:
    return found[1] + found[2] + found[3] + (MARK if found[4] else "") + found[5]


def _no_parameter(found: re.Match[str]) -> str:
    if found[2] not in usual():
        return found[0]
    return found[1] + found[2] + found[3] + MARK + found[5]


# -- lines --------------------------------------------------------------------------------------


def _line(line: str, depth: int, effort: _Effort) -> str:
    """Return a command line without secrets. It is split into words as a shell would do; the text between words is
    unchanged.
    """
    if not effort.take(line):
        return MARK
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0

    def finish() -> None:
        nonlocal at
        plain = [unquoted(line[start:end]) for start, end in spans]
        for (start, end), before, after in zip(
            spans, plain, _words(plain, depth, effort), strict=True
        ):
            pieces.append(line[at:start])
            pieces.append(line[start:end] if after == before else _quoted(line[start:end], after))
            at = end
        spans.clear()

    for found in _WORD.finditer(line):
        if spans and _BETWEEN_COMMANDS.search(line, spans[-1][1], found.start()):
            finish()
        spans.append(found.span())
    finish()
    return _within("".join((*pieces, line[at:])))


def unquoted(word: str) -> str:
    """A word of a shell's line as the program gets it, as far as that is known without running anything."""
    return _QUOTES.sub(lambda found: found[1] or found[2] or found[3] or "", word)


def _quoted(original: str, word: str) -> str:
    """Return `word` as one word of a line, quoted as before. The line is for reading: what is redacted is never run."""
    if not _SPECIAL.search(word):
        return word
    quote = original[0]
    if quote in "'\"" and original[-1] == quote and quote not in word:
        return quote + word + quote
    return shlex.quote(word)
