"""Which names, values and command lines are taken for secrets, and which are not."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fuguemux.config import secrets
from fuguemux.config.secret_names import SecretNames, usual
from fuguemux.config.secrets import (
    MARK,
    holds_secret,
    is_redacted,
    named,
    redacted,
    redacted_line,
)

SECRET_NAMES = """
    GITHUB_TOKEN api_key DB_PASS MYSQL_PWD npm_config__authToken DATABASE_URL APIKEY GH_PAT SMTP_CREDENTIALS SECRET_X
    PGPASSFILE_CONTENT AWS_SESSION AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID OPENAI_KEY PASSPHRASE SSHPASS VAULT_AUTH
    LDAP_PASSWD DB_PASSWORD MYSQL_PASSWD PGPASSWORD Db_Password RESTIC_PASSWORD BORG_PASSPHRASE VAULT_TOKEN pass
    npm_config__auth NPM_CONFIG_//a.b/:_authToken TWILIO_AUTH_TOKEN STRIPE_KEY_LIVE SSH_PRIVATE_KEY SENTRY_DSN
    SLACK_WEBHOOK_URL AZURE_STORAGE_CONNECTION_STRING OP_SESSION_me BW_SESSION COOKIE_JAR_VALUE MY_JWT ROOT_PW
    HEROKU_API_KEY dbpass CI_JOB_JWT GOOGLE_CREDENTIALS gcp_creds TEST_DATABASE_URL CF_API_KEYS RSA_PRIVATE_KEY
"""
PLAIN_NAMES = """
    PATH HOME SHELL USER LOGNAME TERM LANG LC_ALL TZ PWD OLDPWD EDITOR PAGER DISPLAY WAYLAND_DISPLAY XAUTHORITY
    SSH_AUTH_SOCK SSH_ASKPASS GIT_ASKPASS SUDO_ASKPASS SSH_CONNECTION SSH_TTY GPG_AGENT_INFO GNUPGHOME
    KEYBOARD KEYMAP MONKEY TURKEY HOTKEYS XKB_DEFAULT_LAYOUT LESSKEY COMPASS_HOME BYPASS PASSENGER_APP_ENV
    XDG_SESSION_ID XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS DESKTOP_SESSION SESSION_MANAGER ICEAUTHORITY
    GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL AUTHOR PATTERN PATCH SPATIAL PINENTRY_USER_DATA SHIPPING
    PASSWORD_STORE_DIR KUBECONFIG DOCKER_HOST VIRTUAL_ENV GOOGLE_APPLICATION_CREDENTIALS_FILE SSH_KEY_PATH PGPASSFILE
    AWS_PROFILE AWS_REGION AWS_CA_BUNDLE AWS_DEFAULT_OUTPUT AWS_PAGER
    AWS_SHARED_CREDENTIALS_FILE TOKENIZERS_PARALLELISM HISTFILE PS1 URL BASE_URL MAKEFLAGS
"""


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_names_of_secrets(name: str) -> None:
    assert name in usual()
    assert name.swapcase() in usual()


@pytest.mark.parametrize("name", PLAIN_NAMES.split())
def test_names_that_a_restored_shell_needs(name: str) -> None:
    assert name not in usual()
    assert name.swapcase() not in usual()


def test_patterns_and_exceptions() -> None:
    names = SecretNames(("PRIVATE_*", "*-id", "!private_none"))
    assert "private_x" in names
    assert "USER-ID" in names
    assert "user_id" in names
    assert "PRIVATE_NONE" not in names
    assert "TOKEN" not in names
    assert "" not in names
    assert "x" not in SecretNames(())
    assert "x" not in SecretNames(("!x",))


LINES = {
    "mysql -uroot -phush shop": "mysql -uroot -p••• shop",
    "mysql -u root -p shop": "mysql -u root -p shop",
    "/usr/bin/mysqldump --password=hush x": "/usr/bin/mysqldump --password=••• x",
    "docker exec -it db mysql -phush": "docker exec -it db mysql -p•••",
    "sudo -u me mariadb -phush": "sudo -u me mariadb -p•••",
    "sshpass -p hush ssh -p 22 me@a.b": "sshpass -p ••• ssh -p 22 me@a.b",
    "sshpass -phush ssh a.b": "sshpass -p••• ssh a.b",
    "ssh -p 2222 me@a.b": "ssh -p 2222 me@a.b",
    "docker run -p 80:80 nginx": "docker run -p 80:80 nginx",
    "docker login -u me -p hush a.b": "docker login -u me -p ••• a.b",
    "docker login --password-stdin a.b": "docker login --password-stdin a.b",
    "psql --no-password shop": "psql --no-password shop",
    "zip -P hush a.zip a": "zip -P ••• a.zip a",
    "redis-cli -a hush": "redis-cli -a •••",
    "ldapsearch -x -w hush": "ldapsearch -x -w •••",
    "curl -u me:hush a.b": "curl -u me:••• a.b",
    "curl -ume:hush a.b": "curl -ume:••• a.b",
    "curl --user=me:hush a.b": "curl --user=me:••• a.b",
    "curl --user me a.b": "curl --user me a.b",
    "smbclient -U me%hush //a.b/x": "smbclient -U me%••• //a.b/x",
    "curl -H 'Authorization: Bearer hush' a.b": "curl -H 'Authorization: Bearer •••' a.b",
    'curl -H "authorization:Basic aHVzaA==" a.b': 'curl -H "authorization:Basic •••" a.b',
    "curl -H 'Cookie: id=hush' a.b": "curl -H 'Cookie: •••' a.b",
    "curl -H 'X-Api-Key: hush' a.b": "curl -H 'X-Api-Key: •••' a.b",
    "curl -H 'Accept: text/html' a.b": "curl -H 'Accept: text/html' a.b",
    "http a.b X-Api-Key:hush": "http a.b X-Api-Key:•••",
    """curl -d '{"password": "hush", "a": "b"}' a.b""": """curl -d '{"password": "•••", "a": "b"}' a.b""",
    "curl -d 'user=me&password=hush' a.b": "curl -d 'user=me&password=•••' a.b",
    "git clone https://me:hush@a.b/x": "git clone https://me:•••@a.b/x",
    "git clone https://me@a.b/x": "git clone https://me@a.b/x",
    "git clone https://0123456789abcdef0123@a.b/x": "git clone https://•••@a.b/x",
    "git clone git@a.b:x": "git clone git@a.b:x",
    "wget 'https://a.b/x?page=1&token=hush'": "wget 'https://a.b/x?page=1&token=•••'",
    "PGPASSWORD=hush psql -h db": "PGPASSWORD=••• psql -h db",
    "FOO=1 make": "FOO=1 make",
    "export DB_PASS='hu sh'; make": "export DB_PASS=•••; make",
    "env API_KEY=hush prog": "env API_KEY=••• prog",
    "prog --token hush --verbose": "prog --token ••• --verbose",
    "prog --token --verbose": "prog --token --verbose",
    "prog --api-key=hush -x": "prog --api-key=••• -x",
    "prog --password-file /run/x": "prog --password-file /run/x",
    "prog -Dspring.datasource.password=hush": "prog -Dspring.datasource.password=•••",
    "java -Djavax.net.ssl.keyStorePassword=hush x": "java -Djavax.net.ssl.keyStorePassword=••• x",
    "openssl rsa -passin pass:hush": "openssl rsa -passin pass:•••",
    "xfreerdp /u:me /p:hush /v:a.b": "xfreerdp /u:me /p:••• /v:a.b",
    "net /password:hush": "net /password:•••",
    "psql 'host=db password=hush user=me'": "psql 'host=db password=••• user=me'",
    "sleep 9 # --password=hush": "sleep 9 # --password=•••",
    "sh -c 'mysql -phush; ls'": "sh -c 'mysql -p•••; ls'",
    "ssh a.b \"curl 'https://a.b/?token=hush'\"": "ssh a.b \"curl 'https://a.b/?token=•••'\"",
    "mysql shop; ls -phush": "mysql shop; ls -phush",
    "echo ghp_0123456789012345678901234567": "echo •••",
    "export X=AKIA0123456789ABCDEF": "export X=•••",
    "vim notes.md": "vim notes.md",
    "ls --color=auto -l": "ls --color=auto -l",
    "tail -f /var/log/secret_key.log": "tail -f /var/log/secret_key.log",
    "git commit -m 'it says: no password'": "git commit -m 'it says: no password'",
    "echo 'unfinished": "echo 'unfinished",
    "echo \\": "echo \\",
    "": "",
}


@pytest.mark.parametrize("line", LINES)
def test_command_lines(line: str) -> None:
    assert redacted_line(line) == LINES[line]
    assert redacted((line.encode(),)) == (LINES[line].encode(),)
    assert is_redacted(redacted((line.encode(),))) == (line != LINES[line])


def test_words_of_a_running_program() -> None:
    words = (b"python3", b"-c", b"import time\ntime.sleep(9)", b"--password=hush", b"--pass", b"-x")
    assert redacted(words) == (*words[:3], f"--password={MARK}".encode(), *words[4:])
    assert redacted((b"curl", b"-u", b"me:hush")) == (b"curl", b"-u", f"me:{MARK}".encode())
    not_text = (b"prog\xff", b"--token", b"\xfe")
    assert redacted(not_text) == (b"prog\xff", b"--token", MARK.encode())
    assert redacted(()) == ()
    assert not is_redacted(words)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("PGPASSWORD=hush psql -h db", "psql -h db"),
        ("FOO=1 PGPASSWORD=hush psql", "FOO=1 PGPASSWORD=••• psql"),
        ("DB_PASS='a b' API_KEY=x make", "make"),
        ("API_KEY=hush", "API_KEY=•••"),
        ("top", "top"),
    ],
)
def test_windows_are_not_named_after_secrets(line: str, shown: str) -> None:
    assert named((line.encode(),)) == (shown.encode(),)


def test_the_name_by_several_words_is_the_first() -> None:
    assert named((b"psql", b"--password", b"hush"))[0] == b"psql"
    assert named(()) == ()


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("postgres://me:hush@a.b/shop", True),
        ("redis://:hush@a.b:6379", True),
        ("http://a.b:8080/x@y", False),
        ("ssh://git@a.b/x", False),
        ("glpat-01234567890123456789", True),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", True),
        ("unix:path=/run/user/1000/bus", False),
        ("/usr/local/bin:/usr/bin", False),
        ("localhost:5432:shop:me:x", False),
        ("", False),
    ],
)
def test_values(value: str, *, secret: bool) -> None:
    assert holds_secret(value) is secret


NAMED_WORDS = ("mysql", "curl", "-p", "-u", "me:hush", "--token", "docker", "login", "PASS=x")
WORDS = st.lists(
    st.text(alphabet="-=:/ '\"\\;ab@&?.•\n", max_size=12) | st.sampled_from(NAMED_WORDS), max_size=6
)
FORMS = (
    *("--token {}", "--api-key={}", "curl -u a:{}", "DB_PASS={} x", "https://a:{}@a.b"),
    *("curl -H 'Authorization: Bearer {}'", "mysql -p{}", "sh -c 'mysql -p{}'"),
)


@given(WORDS)
def test_what_is_redacted_stays_as_it_is(words: list[str]) -> None:
    argv = tuple(word.encode() for word in words)
    once = redacted(argv)
    assert len(once) == len(argv)
    assert redacted(once) == once or is_redacted(once)
    line = redacted_line(" ".join(words))
    assert MARK in line or line == " ".join(words)


@given(st.sampled_from(FORMS), st.text(alphabet="abcXYZ019_", min_size=8, max_size=30), WORDS)
def test_no_secret_is_left_wherever_it_stands(form: str, secret: str, words: list[str]) -> None:
    clean = " ".join(word for word in words if not set(word) & set("'\"\\"))
    assert secret not in redacted_line(f"{clean}; {form.format(secret)} {clean}")


@given(
    st.sampled_from(("mysql", "curl", "xfreerdp", "docker", "ls")),
    st.text(alphabet="-abZ09_./,+%~^#!*[]{}é", max_size=12),
)
def test_a_word_in_which_nothing_is_looked_for_tells_nothing_to_anybody(
    program: str, word: str
) -> None:
    assume(not word.startswith("-"))
    options = secrets._Options()
    for name in (program, "login"):
        options.saw(name)
    assert secrets._PLAIN.fullmatch(word)
    assert secrets._awaits(options, word) == ""
    assert secrets._word(options, word, 0, secrets._Effort()) == word


def test_no_key_that_is_known_by_its_form_is_shorter_than_what_is_looked_at() -> None:
    forms = ("ghp_", "github_pat_", "glpat-", "xoxb-", "sk-", "sk_live_", "AKIA", "AIza")
    for form in forms:
        word = next(
            form + "A" * length
            for length in range(99)
            if secrets._SHAPES.match(form + "A" * length)
        )
        assert len(word) >= secrets.SHAPE_CHARS_MIN
        assert redacted((b"echo", word.encode())) == (b"echo", MARK.encode())
    short = "eyJ" + "a" * 8 + ".eyJ" + "b" * 8 + "."
    assert redacted((b"echo", short.encode())) == (b"echo", MARK.encode())


MANY = secrets.EFFORT_MAX


@pytest.mark.parametrize("word", ["--opt{}", "a{}=b", "a{}: b c", "'x {}'", "sh -c 'a{} -b'"])
def test_of_too_many_words_with_punctuation_all_behind_count_as_secrets(word: str) -> None:
    few = tuple(word.format(number).encode() for number in range(MANY // 8))
    assert redacted(few) == few
    many = tuple(word.format(number).encode() for number in range(MANY * 2))
    clean = redacted((*many, b"plain", b"--password", b"hush"))
    assert len(clean) == len(many) + 3
    assert clean[: len(few)] == few
    assert clean[-4:] == (MARK.encode(),) * 4
    line = redacted_line(" ".join(one.decode() for one in many) + " --password hush")
    assert "hush" not in line
    assert MARK in line


def test_of_a_line_that_is_too_long_nothing_is_kept() -> None:
    line = "echo x; " * (secrets.EFFORT_MAX * secrets.EFFORT_CHARS // 16)
    assert redacted((line.encode(),)) == (line.encode(),)
    assert redacted((line.encode() * 3,)) == (MARK.encode(),)


def test_long_words_take_no_longer_than_their_length() -> None:
    for part in ("a", "a.", "a-", "'", "a:", "/a:", "eyJ-", "https://", "&a", "\\", '"a'):
        redacted((part.encode() * (16 << 10 // len(part)), b"x"))
        redacted((part.encode() * (16 << 10 // len(part)),))
