"""The declarations of configuration options: they are complete, consistent, and accept every value that they allow."""

import msgspec
import pytest

from fuguemux.config.load import check
from fuguemux.config.options import BY_KEY, OPTIONS, ConfigOption, as_toml, value_of, with_values
from fuguemux.config.schema import Configuration


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.key)
def test_every_option_is_declared_whole(option: ConfigOption) -> None:
    assert option.help.endswith(".")
    assert option.default == value_of(Configuration(), option)
    value, allowed = check(
        option, list(option.default) if option.kind == "list" else option.default
    )
    assert (value, allowed) == (option.default, "")
    if option.kind == "number":
        assert option.minimum is not None
        assert option.maximum is not None
        assert option.minimum <= option.default <= option.maximum
        assert check(option, option.minimum) == (option.minimum, "")
        assert check(option, option.maximum) == (option.maximum, "")
        assert check(option, option.minimum - 1) == (None, option.allowed())
        assert check(option, option.maximum + 1) == (None, option.allowed())


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("_secs", "seconds"),
        ("_ms", "milliseconds"),
        ("_mb", "MiB"),
        ("_kb", "KiB"),
        ("_days", "days"),
        ("_lines", "lines"),
    ],
)
def test_the_unit_in_a_name_is_the_unit_declared(name: str, unit: str) -> None:
    found = [option for option in OPTIONS if option.name.endswith(name)]
    assert found
    assert {option.unit for option in found} == {unit}


def test_the_specified_defaults() -> None:
    persistence = Configuration().persistence
    assert persistence.checkpoint_interval_secs == 30
    assert persistence.wal_flush_interval_ms == 100
    assert persistence.sync == "interval"
    assert persistence.max_wal_size_mb == 64
    assert persistence.wal_segment_mb == 16
    assert persistence.scrollback_persistence_lines == 100_000
    assert persistence.scrollback_hot_lines == 2_000


def test_a_configuration_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        Configuration().server.frame_rate_hz = 1  # type: ignore[misc]  # that it is refused is the point


def test_with_values_leaves_the_base_alone() -> None:
    base = Configuration()
    changed = with_values({"server.frame_rate_hz": 30, "keys.prefix": "C-a"}, base)
    assert changed.server.frame_rate_hz == 30
    assert changed.keys.prefix == "C-a"
    assert base == Configuration()


@pytest.mark.parametrize("key", ["C-a", "C-b", "M-Space", "F12", "`", "C-M-x", "C-\\", "S-Up"])
def test_a_prefix_key_that_is_one(key: str) -> None:
    assert check(BY_KEY["keys.prefix"], key) == (key, "")


@pytest.mark.parametrize("key", ["", "C-", "F13", "ab", "C-b\n", "C-é", "Control-b", " "])
def test_a_prefix_key_that_is_none(key: str) -> None:
    value, allowed = check(BY_KEY["keys.prefix"], key)
    assert value is None
    assert allowed.startswith('a key such as "C-a"')


@pytest.mark.parametrize("value", [True, 3, "plain", 'quote " and \\', ("a", "b"), ()])
def test_as_toml_is_toml(value: object) -> None:
    import tomllib

    read = tomllib.loads(f"x = {as_toml(value)}")["x"]
    assert (tuple(read) if isinstance(value, tuple) else read) == value


def test_the_json_schema_tells_range_unit_and_liveness() -> None:
    schema = msgspec.json.schema(Configuration)
    interval = schema["$defs"]["Persistence"]["properties"]["checkpoint_interval_secs"]
    assert interval["minimum"] == 1
    assert interval["x-unit"] == "seconds"
    assert interval["x-live"] is True
