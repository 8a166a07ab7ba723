"""Boot: everything from the command line to a recovered state, before the loop serves any client. Blocks."""

import contextlib
import os
import socket
from collections.abc import Mapping
from typing import NamedTuple

from fuguemux.config import paths
from fuguemux.config.command_files import command_files
from fuguemux.config.load import Loaded, Problem, in_force
from fuguemux.config.schema import Configuration
from fuguemux.keeper.link import taken
from fuguemux.keeper.lock_file import LOG_DIRECTORY
from fuguemux.keeper.protocol import widen
from fuguemux.observe import failpoints
from fuguemux.observe.clock import Clock
from fuguemux.persistence.checkpoint.manifest import ManifestUnsupported
from fuguemux.persistence.recovery import strays
from fuguemux.persistence.recovery.helper_files import (
    SAFE_MODE_FILE,
    STARTING_FILE,
    put_all_right,
    put_right,
)
from fuguemux.persistence.recovery.recovery import Recovered, recover
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.memory_files import MemoryStorage
from fuguemux.persistence.storage.serialization import VersionUnknown
from fuguemux.persistence.storage.state_lock import HeldStorage, StateLock, StateLocked
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.mark_copy import mark_copy, read_mark_copy
from fuguemux.persistence.wal.segment import UnsupportedLog
from fuguemux.persistence.wal.watermark import Watermark
from fuguemux.server.landing import zone as landing_zone
from fuguemux.server.output import zone_place
from fuguemux.server.ports import CannotStart
from fuguemux.server.processes.keeper_place import KeeperPlace
from fuguemux.server.recovery.command_line import ServerOptions, parse_options
from fuguemux.server.recovery.configured import configure_logging
from fuguemux.server.recovery.reading_progress import ReadingProgress
from fuguemux.server.state import safe_mode, settling
from fuguemux.server.state.safe_mode import SafeMode, ServerStarts
from fuguemux.server.state.taken import take_state
from fuguemux.server.work import reserve


class Booted(NamedTuple):
    """The values from which the composition is built."""

    options: ServerOptions
    places: paths.Places
    environment: dict[str, str]
    loaded: Loaded
    config_required: bool
    state_directory: str
    landing_path: str
    """The state directory. Empty: the state is in memory and ends with the process."""
    log_path: str | None
    """The file of diagnostics. None: there are no diagnostics."""
    storage: Storage
    lock: StateLock | None
    recovered: Recovered
    salvage: landing_zone.RecoveredZone
    config_problems: tuple[Problem, ...]
    starts: ServerStarts | None
    """Counts starts that were not completed. None: nothing is stored on disk."""
    safe: SafeMode | None
    home: str
    """The state directory that is locked. In safe mode (`safe`) `state_directory` is inside it."""
    link: socket.socket | None
    """The connection to the keeper that started this process. None if there is none, or if the keeper's version has
    no such connection."""

    @property
    def configuration(self) -> Configuration:
        """The configuration at the start."""
        return self.loaded.configuration

    @property
    def command_files(self) -> tuple[str, ...]:
        """The files of commands that this start runs, if no session comes back."""
        options = self.options
        return command_files(self.environment, os.getuid(), options.program, options.command_files)

    @property
    def keeper_place(self) -> KeeperPlace:
        """The place of the keeper's socket."""
        return KeeperPlace(
            self.places,
            self.options.config,
            self.home,
            self.lock is not None,
            "" if self.log_path is None else f"{self.state_directory}/keeper.log",
        )


def boot(argv: list[str], clock: Clock) -> Booted:
    """Read the configuration, take the state directory, and recover. Raises CannotStart. Blocks."""
    options = parse_options(argv)
    link = taken(os.environ)
    # Before the environment is read, because `widen` stores there which limits programs get back.
    widen(os.environ)
    _enough_descriptors()
    environment = paths.decoded(os.environb)
    uid = os.getuid()
    try:
        failpoints.arm_from(environment)
        places = paths.server_places(environment, uid, options.name, options.socket)
        _prepare(places, uid)
        config_path, required = paths.config_file(environment, uid, options.config)
        loaded, problems = in_force(config_path, environment, required=required)
        configured = loaded.configuration.persistence.state_dir
        state = paths.state_directory(environment, uid, places.name, configured)
        storage, lock, landing, log_path = _open_state(
            state, places, environment, clock, on_disk=loaded.configuration.persistence.enabled
        )
    except (paths.PathRefused, StateLocked, failpoints.FailpointMistake) as refused:
        raise CannotStart(str(refused)) from refused
    except OSError as error:
        raise CannotStart(f"{error.filename}: {error.strerror}") from error
    home = state
    put_aside: list[str] = []
    if lock is not None:
        now_ms, counts = clock.wall_ms(), (STARTING_FILE, SAFE_MODE_FILE)
        put_aside = put_right(storage, state, now_ms, counts)
        put_aside += strays.put_strays_right(storage, state, places.socket, now_ms)
    with contextlib.suppress(OSError):
        configure_logging(log_path, loaded.configuration, clock)
    starts = None if lock is None else ServerStarts(home)
    safe = _safe_mode(home, starts, clock, asked=options.no_restore)
    if safe is not None:
        state, landing = safe.directory, f"{safe.directory}/landing"
    if lock is not None and safe is None:
        storage = ReadingProgress(places.progress, f"{state}/{LOG_DIRECTORY}", lock)
    beside = None if lock is None else read_mark_copy(places.socket, state)
    recovered, salvage = _read_or_refuse(storage, state, landing, clock, home, starts, beside)
    recovered.report.remark(*put_aside)
    return Booted(
        options,
        places,
        environment,
        loaded,
        required,
        state,
        landing,
        log_path,
        storage,
        lock,
        recovered,
        salvage,
        problems,
        starts,
        safe,
        home,
        link,
    )


def _read_or_refuse(
    storage: Storage,
    state: str,
    landing: str,
    clock: Clock,
    home: str,
    starts: ServerStarts | None,
    beside: Mark | None,
) -> tuple[Recovered, landing_zone.RecoveredZone]:
    """As `_read_all`. Raises CannotStart for problems that are not the state's fault, and counts the start as failed
    for others."""
    try:
        return _read_all(storage, state, landing, clock, beside)
    except OSError as error:
        _no_fault_of_the_state(starts)
        # A relative name is relative to the state directory.
        name = os.path.join(home, error.filename or state)
        raise CannotStart(f"{name}: {error.strerror or error}") from error
    except (
        UnsupportedLog,
        ManifestUnsupported,
        VersionUnknown,
        landing_zone.ZoneUnusable,
    ) as other:
        _no_fault_of_the_state(starts)
        raise CannotStart(f"state directory {state}: {other}; nothing was touched") from other
    except Exception as failure:
        _fault(starts, failure)
        raise


def _read_all(
    storage: Storage, state: str, landing: str, clock: Clock, beside: Mark | None
) -> tuple[Recovered, landing_zone.RecoveredZone]:
    """Recover the state, and read what the landing zone has beyond the log."""
    try:
        recovered = recover(
            storage,
            state,
            now_ms=clock.wall_ms,
            monotonic=lambda: clock.monotonic_ns() / 1e9,
            new_store_id=os.urandom(16),
            beside=beside,
        )
    finally:
        if isinstance(storage, ReadingProgress):
            storage.done()
    now_ms = recovered.report.started_ms
    recovered.report.remark(*put_all_right(storage, state, now_ms))
    settling.tell_unfinished(storage, state, recovered.report)
    salvage = landing_zone.RecoveredZone((), ())
    if landing:
        salvage = zone_place.recover_both(state, landing, store=recovered.store_id.hex())
    return recovered, salvage


def _safe_mode(
    home: str, starts: ServerStarts | None, clock: Clock, *, asked: bool
) -> SafeMode | None:
    if starts is None:
        return None
    now = clock.local_time(clock.wall_ms() // 1000)
    try:
        safe = safe_mode.chosen(home, starts.read(), now, asked=asked)
    except OSError as error:
        raise CannotStart(f"{error.filename}: {error.strerror}") from error
    if safe is None:
        starts.begin()
    return safe


def _fault(starts: ServerStarts | None, failure: Exception) -> None:
    if starts is not None:
        starts.failed(f"{type(failure).__name__}: {failure}")


def _no_fault_of_the_state(starts: ServerStarts | None) -> None:
    if starts is not None:
        starts.over()


def _enough_descriptors() -> None:
    """Refuse to start with too few file descriptors: a server that accepts no client cannot be told to end either."""
    problem = reserve.too_few()
    if problem:
        raise CannotStart(problem)


def _prepare(places: paths.Places, uid: int) -> None:
    """Create or check the directory of the sockets. If it was removed while the keeper runs, the server starts
    nevertheless."""
    try:
        paths.prepare_if_there(places, uid)
    except paths.PathRefused:
        if os.path.exists(places.directory):
            raise


class _State(NamedTuple):
    """Where the state is kept."""

    storage: Storage
    lock: StateLock | None
    landing_path: str
    log_path: str | None


def _open_state(
    state: str, places: paths.Places, environment: Mapping[str, str], clock: Clock, *, on_disk: bool
) -> _State:
    """Take the state directory for this process, or keep the state in memory only."""
    uid = os.getuid()
    if not on_disk:
        memory = MemoryStorage()
        memory.make_directory(state)
        return _State(memory, None, "", None)
    paths.make_private_directory(state, uid, state=True)
    landing = paths.landing_file(environment, uid, places.name, state)
    paths.make_private_directory(
        os.path.dirname(landing), uid, state=os.path.dirname(landing) == state
    )  # with -S no client has created it
    lock = take_state(state, clock)
    return _State(HeldStorage(lock), lock, landing, paths.log_file(state))


def watermark_of(booted: Booted) -> Watermark:
    """The watermark of the state, with its copy in the runtime directory. Blocks if it must be created."""
    state, copy = booted.state_directory, None
    if booted.lock is not None:
        copy = mark_copy(booted.places.socket, state)
    return Watermark.prepared(booted.storage, state, copy)
