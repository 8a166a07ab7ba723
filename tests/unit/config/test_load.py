"""Loading the configuration: defaults, file, environment. All problems are reported together, each with its place."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.config.lines import KeyLines
from fuguemux.config.load import FILE_BYTES_MAX, ConfigError, Problem, load, parse
from fuguemux.config.options import BY_KEY, OPTIONS
from fuguemux.config.schema import Configuration


def problems(text: str, environment: dict[str, str] | None = None) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text, "config.toml", environment or {})
    return caught.value.problems


def test_nothing_given_means_the_defaults(tmp_path: Path) -> None:
    loaded = load(str(tmp_path / "config.toml"), {}, required=False)
    assert loaded.configuration == Configuration()
    assert not loaded.exists
    assert loaded.origins == {}


def test_a_file_that_was_asked_for_must_exist(tmp_path: Path) -> None:
    path = str(tmp_path / "config.toml")
    with pytest.raises(ConfigError, match="no such file"):
        load(path, {}, required=True)


def test_a_file_is_read_and_the_environment_overrides_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[persistence]\nsync = "os"\nkeep_checkpoints = 9\n[keys]\nprefix = "C-a"\n')
    loaded = load(str(path), {"FUGUE_PERSISTENCE_SYNC": "always", "HOME": "/x"}, required=True)
    assert loaded.configuration.persistence.sync == "always"
    assert loaded.configuration.persistence.keep_checkpoints == 9
    assert loaded.configuration.keys.prefix == "C-a"
    assert loaded.origins == {
        "persistence.sync": "FUGUE_PERSISTENCE_SYNC",
        "persistence.keep_checkpoints": "line 3",
        "keys.prefix": "line 5",
    }


def test_all_problems_at_once_each_with_key_line_value_and_range() -> None:
    found = problems(
        '[persistence]\nsync = "sometimes"\n\ncheckpoint_interval_secs = 0\nsnyc = "os"\n[sever]\nframe_rate_hz = 60\n',
        {"FUGUE_SERVER_FRAME_RATE_HZ": "1000", "FUGUE_KEYS_PREFIXX": "C-a"},
    )
    assert [str(problem) for problem in found] == [
        'config.toml:2: persistence.sync: "sometimes" is not allowed; give one of "always", "interval", "os"',
        "config.toml:4: persistence.checkpoint_interval_secs: 0 is not allowed; give a whole number from 1 to 86400 seconds",
        "config.toml:5: persistence.snyc: no such option; did you mean persistence.sync?",
        "config.toml:6: sever: no such section; did you mean server?",
        "environment: FUGUE_KEYS_PREFIXX: no such option; did you mean FUGUE_KEYS_PREFIX?",
        'environment: FUGUE_SERVER_FRAME_RATE_HZ: "1000" is not allowed; give a whole number from 1 to 240 per second',
    ]


def test_problems_are_told_in_the_order_of_their_lines() -> None:
    found = problems("server.frame_rate_hz = 0\nkeys.prefix = 0\nserver.history_limit = -1\n")
    assert [problem.line for problem in found] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[persistence]\nsync = \n", "config.toml:2: not TOML: invalid value"),
        ("[persistence]\nsync = 'os'\nsync = 'os'\n", "config.toml:3: not TOML: cannot overwrite a value"),
        ("x = '''\n\n", "config.toml:3: not TOML: expected \"'''\""),
        ("persistence = 3\n", "config.toml:1: persistence: is a section: write [persistence]"),
        ("[persistence]\nkeep_checkpoints = 3.0\n", "config.toml:2: persistence.keep_checkpoints: 3.0 is not allowed"),
        ("[persistence]\nkeep_checkpoints = true\n", "config.toml:2: persistence.keep_checkpoints: true is not allowed"),
        ("[server]\nprefix = 'C-a'", "config.toml:2: server.prefix: no such option; did you mean keys.prefix?"),
        ("[server]\nqqq = 1", "config.toml:2: server.qqq: no such option; `fugue config show` lists every option"),
        ("qqq = 1", "config.toml:1: qqq: no such section; `fugue config show` lists every section"),
        ("[persistence]\nenabled = 1\n", "config.toml:2: persistence.enabled: 1 is not allowed; give true or false"),
        ("[persistence]\nstate_dir = 'rel'\n", 'config.toml:2: persistence.state_dir: "rel" is not allowed; give an abs'),
        ("[persistence]\nrestore_commands = ['']\n", "config.toml:2: persistence.restore_commands: "),
        ("[persistence]\nrestore_commands = [1]\n", "config.toml:2: persistence.restore_commands: [1] is not allowed"),
        ("[server]\ndefault_command = \"a\\u0007\"\n", "config.toml:2: server.default_command: "),
        ("[server.frame_rate_hz]\nx = 1\n", "config.toml:1: server.frame_rate_hz: a table is not allowed"),
        ("[server]\nhistory_limit = 1979-05-27\n", "config.toml:2: server.history_limit: 1979-05-27 is not allowed"),
    ],
)  # fmt: skip
def test_one_mistake(text: str, message: str) -> None:
    (problem,) = problems(text)
    assert str(problem).startswith(message)


def test_a_long_value_is_shortened_in_the_message() -> None:
    (problem,) = problems(f"[persistence]\nsync = '{'x' * 5000}'\n")
    assert len(str(problem)) < 250


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("FUGUE_PERSISTENCE_ENABLED", "off", False),
        ("FUGUE_PERSISTENCE_ENABLED", "TRUE", True),
        ("FUGUE_PERSISTENCE_RESTORE_COMMANDS", "vim, less", ("vim", "less")),
        ("FUGUE_PERSISTENCE_ENVIRONMENT_DENY", "", ()),
        ("FUGUE_SERVER_DEFAULT_COMMAND", "a, b", "a, b"),
    ],
)
def test_environment_values_by_kind(variable: str, text: str, value: object) -> None:
    loaded = parse("", "config.toml", {variable: text})
    (key,) = loaded.origins
    section, name = key.split(".")
    assert getattr(getattr(loaded.configuration, section), name) == value


@pytest.mark.parametrize("text", ["maybe", "2", ""])
def test_an_environment_flag_that_is_none(text: str) -> None:
    (problem,) = problems("", {"FUGUE_PERSISTENCE_ENABLED": text})
    assert "true or false" in str(problem)


def test_other_variables_of_fugue_are_not_options() -> None:
    environment = {
        "FUGUE": "/s,1,0",
        "FUGUE_PANE": "%1",
        "FUGUE_CONFIG": "/x",
        "FUGUE_TESTING": "1",
    }
    assert parse("", "config.toml", environment).configuration == Configuration()


def test_what_is_no_readable_text_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "latin").write_bytes(b"# x\n# \xe9\n")
    (tmp_path / "large").write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    os.mkfifo(tmp_path / "fifo")
    for name, message in [
        ("directory", "directory"),
        ("latin", "latin:2: is not UTF-8"),
        ("large", "is larger than 1 MiB"),
        ("fifo", "is not a regular file"),
        ("latin/below", "cannot be read: Not a directory"),
        ("nul\0", "cannot be read"),
    ]:
        with pytest.raises(ConfigError) as caught:
            load(str(tmp_path / name), {}, required=False)
        assert message in str(caught.value)


def test_a_bad_file_does_not_hide_a_bad_environment(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(str(tmp_path / "no"), {"FUGUE_KEYS_PREFIX": "??"}, required=True)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[server]\nframe_rate_hz = 1\n", 2),
        ("# [server]\n[ server ]  # x\n\n  frame_rate_hz=1", 4),
        ("server.frame_rate_hz = 1", 1),
        ("'server'.\"frame_rate_hz\" = 1", 1),
        ("\nserver = { frame_rate_hz = 1 }", 2),
        ('[keys]\nprefix = """\n[server]\nframe_rate_hz = 7\n"""\n[server]\nframe_rate_hz = 1', 7),
        ("[keys]\nx = [\n 'a', # ]\n '[server]',\n]\n[server]\nframe_rate_hz = 1", 7),
        ("[keys]\nx = '''a''b''''\n[server]\nframe_rate_hz = 1", 4),
        ('[keys]\nx = "a\\"["\n[server]\r\nframe_rate_hz = 1', 4),
    ],
)
def test_the_line_of_an_option_is_found(text: str, line: int) -> None:
    assert KeyLines(text).find("server", "frame_rate_hz") == line


def test_a_list_within_a_list_is_no_header() -> None:
    assert KeyLines("[keys]\nx = [\n['server'],\n]\n[server]\n").find("server") == 5


@given(st.text(alphabet="[]{}=.\"'#\\\n ab", max_size=200))
def test_finding_lines_never_fails(text: str) -> None:
    KeyLines(text).find("a", "b")


@given(st.text(alphabet="[]{}=.\"'#\\\n abc01persistence_sync", max_size=200))
def test_any_text_is_loaded_or_refused_with_a_line(text: str) -> None:
    found: tuple[Problem, ...] = ()
    try:
        parse(text, "config.toml", {})
    except ConfigError as error:
        found = error.problems or (Problem("config.toml", "no problem was named"),)
    assert all(problem.line for problem in found)


@given(st.data())
def test_every_valid_value_survives_a_file(data: st.DataObject) -> None:
    from fuguemux.config.options import as_toml, value_of, with_values

    values: dict[str, object] = {}
    for option in data.draw(
        st.lists(st.sampled_from(OPTIONS), unique_by=lambda option: option.key)
    ):
        match option.kind:
            case "flag":
                values[option.key] = data.draw(st.booleans())
            case "number":
                values[option.key] = data.draw(st.integers(option.minimum, option.maximum))
            case "choice":
                values[option.key] = data.draw(st.sampled_from(option.choices))
            case "list":
                printable = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)
                values[option.key] = tuple(data.draw(st.lists(printable)))
            case "text":
                continue
    text = "".join(f"{key} = {as_toml(value)}\n" for key, value in values.items())
    loaded = parse(text, "config.toml", {})
    assert loaded.configuration == with_values(values)
    for line, key in enumerate(values, 1):
        assert loaded.origins[key] == f"line {line}"
        assert value_of(loaded.configuration, BY_KEY[key]) == values[key]
