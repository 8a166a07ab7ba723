"""`fugue doctor`: each check reports a problem once, on a machine made of files; and all checks run on this machine."""

import json
import os
import resource
import socket
import sysconfig
from pathlib import Path

import pytest

from fuguemux.cli import doctor, doctor_host, doctor_server, doctor_setup
from fuguemux.cli.finding import DoctorFinding, Host
from fuguemux.config import paths
from fuguemux.persistence.storage.state_lock import lock_state_directory

UID = os.geteuid()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    for name in ("run", "config/fugue", "state", "root"):
        (tmp_path / name).mkdir(parents=True)
    return Host(
        {
            "HOME": str(tmp_path),
            "XDG_RUNTIME_DIR": str(tmp_path / "run"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "LANG": "en_GB.UTF-8",
        },
        UID,
        root=str(tmp_path / "root"),
        platform="linux",
    )


def put(host: Host, path: str, text: str = "") -> None:
    file = Path(host.root + path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def with_environment(host: Host, **variables: str) -> Host:
    return Host({**host.environment, **variables}, host.uid, host.root, host.platform)


def test_damaged_files_that_are_kept_are_counted(host: Host) -> None:
    assert doctor_setup.damaged_files(host).status == "good"
    place = Path(host.state_directory()) / "quarantine"
    place.mkdir(parents=True)
    (place / "0000000000010000.wal").write_bytes(b"x" * 5000)
    finding = doctor_setup.damaged_files(host)
    assert finding.status == "note"
    assert f"1 set aside in {place}, 5000 bytes" in finding.told


def mount(host: Host, kind: str) -> None:
    put(
        host,
        "/proc/self/mountinfo",
        f"22 1 8:1 / / rw - ext4 /dev/a rw\n23 22 0:9 / {host.environment['HOME']} rw shared:1 - {kind} x rw\n",
    )


def test_this_machine(capsys: pytest.CaptureFixture[str], host: Host) -> None:
    real = Host(host.environment, UID)
    code = doctor.main([], real)
    out = capsys.readouterr().out
    assert code == (1 if "WRONG" in out else 0)
    assert doctor.main(["--json"], real) == code
    report = json.loads(capsys.readouterr().out)
    assert (report["v"], report["good"]) == (1, code == 0)
    checks = (*doctor_setup.CHECKS, *doctor_server.CHECKS, *doctor_host.CHECKS)
    assert len(report["findings"]) == len(checks)
    assert all(finding["fix"] for finding in report["findings"] if finding["status"] == "wrong")


@pytest.mark.parametrize(
    ("notes", "line"),
    [
        (0, "nothing is wrong now"),
        (1, "nothing is wrong now; above is 1 note"),
        (2, "nothing is wrong now; above are 2 notes"),
    ],
)
def test_the_last_line_does_not_pass_over_notes(notes: int, line: str) -> None:
    findings = [
        DoctorFinding("x", "good", "y"),
        *[DoctorFinding("last recovery", "note", "z")] * notes,
    ]
    assert doctor.as_text(findings, 0).splitlines()[-1] == line


def test_something_wrong_is_exit_code_1(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    mount(host, "tmpfs")
    assert doctor.main([], host) == 1
    out = capsys.readouterr().out
    assert "WRONG  file system: " in out
    assert "       fix: set persistence.state_dir to a directory on a local disk\n" in out
    assert out.endswith(" wrong\n")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("ext4", "good"),
        ("xfs", "good"),
        ("tmpfs", "wrong"),
        ("nfs4", "wrong"),
        ("fuse.sshfs", "wrong"),
        ("overlay", "note"),
    ],
)
def test_the_file_system_of_the_state_directory(host: Host, kind: str, status: str) -> None:
    mount(host, kind)
    finding = doctor_host.file_system(host)
    assert (finding.status, kind in finding.told) == (status, True)


def test_a_mount_point_is_matched_by_whole_names() -> None:
    info = "1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /data rw - nfs a rw\n3 1 8:3 / /with\\040blank rw opt:1 - xfs a rw\nbroken\n"
    assert doctor_host.file_system_of(info, "/database") == "ext4"
    assert doctor_host.file_system_of(info, "/data") == "nfs"
    assert doctor_host.file_system_of(info, "/data/x") == "nfs"
    assert doctor_host.file_system_of(info, "/with blank/x") == "xfs"
    assert (
        doctor_host.file_system_of(
            "2 1 8:2 / /data rw - nfs a rw\n1 0 8:1 / / rw - ext4 a rw\n", "/data"
        )
        == "nfs"
    )
    assert doctor_host.file_system_of("", "/x") == ""


def test_a_file_system_that_cannot_be_told_is_a_note(host: Host) -> None:
    assert doctor_host.file_system(host).status == "note"


class Space:
    f_frsize = 1 << 20
    f_files = 1_000
    f_favail = 500

    def __init__(self, free_mb: int) -> None:
        self.f_bavail = free_mb


@pytest.mark.parametrize(("free_mb", "status"), [(100, "wrong"), (500, "note"), (5_000, "good")])
def test_free_space(host: Host, monkeypatch: pytest.MonkeyPatch, free_mb: int, status: str) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: Space(free_mb))
    finding = doctor_host.free_space(host)
    assert (finding.status, bool(finding.fix)) == (status, status != "good")


def test_no_free_inodes(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    space = Space(5_000)
    space.f_favail = 3
    monkeypatch.setattr(os, "statvfs", lambda _: space)
    assert doctor_host.free_space(host).status == "wrong"


@pytest.mark.parametrize(
    ("soft", "status"),
    [(64, "wrong"), (512, "note"), (1_024, "good"), (resource.RLIM_INFINITY, "good")],
)
def test_file_limits(host: Host, monkeypatch: pytest.MonkeyPatch, soft: int, status: str) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, resource.RLIM_INFINITY))
    assert doctor_host.file_limits(host).status == status


def test_log_out_without_systemd(host: Host) -> None:
    assert doctor_host.log_out(host).status == "good"


def test_log_out_with_logind(host: Host) -> None:
    import pwd

    put(host, "/proc/1/comm", "systemd\n")
    assert doctor_host.log_out(host).status == "note"
    put(host, "/etc/systemd/logind.conf", "[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n")
    finding = doctor_host.log_out(host)
    assert finding.status == "wrong"
    assert "enable-linger" in finding.fix
    put(host, "/etc/systemd/logind.conf.d/50-local.conf", "[Login]\nKillUserProcesses=no\n")
    assert doctor_host.log_out(host).status == "note"
    put(host, f"/var/lib/systemd/linger/{pwd.getpwuid(UID).pw_name}")
    assert doctor_host.log_out(host).status == "good"


def test_a_user_without_an_entry_in_the_password_database(host: Host) -> None:
    put(host, "/proc/1/comm", "systemd\n")
    unknown = 2**31 - 7
    nobody = Host({"HOME": "/"}, unknown, host.root, host.platform)
    finding = doctor_host.log_out(nobody)
    assert finding.status == "note"
    assert f"user {unknown} has no entry" in finding.told


def test_a_state_directory_in_tmp_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posix.access", lambda _path, _mode: False)
    homeless = with_environment(host, HOME="/", XDG_STATE_HOME="")
    finding = doctor_setup.state_directory(homeless)
    assert finding.status == "note"
    assert "has no home directory" in finding.told
    assert "XDG_STATE_HOME" in finding.fix


def test_memory_pressure(host: Host) -> None:
    assert doctor_host.memory_pressure(host).status == "good"
    put(host, "/proc/self/cgroup", "0::/user.slice/a\n")
    assert doctor_host.memory_pressure(host).status == "good"
    put(host, "/proc/self/oom_score_adj", "200\n")
    assert doctor_host.memory_pressure(host).status == "note"
    put(host, "/sys/fs/cgroup/user.slice/a/memory.oom.group", "1\n")
    assert doctor_host.memory_pressure(host).status == "wrong"


@pytest.mark.parametrize(
    ("variables", "status"),
    [
        ({"LC_ALL": "C", "LANG": "C.UTF-8"}, "note"),
        ({"LC_ALL": "", "LC_CTYPE": "de_DE.utf8"}, "good"),
        ({"LANG": ""}, "note"),
    ],
)
def test_locale(host: Host, variables: dict[str, str], status: str) -> None:
    assert doctor_host.locale(with_environment(host, **variables)).status == status


def test_terminal_descriptions(host: Host, tmp_path: Path) -> None:
    assert doctor_host.terminal_descriptions(host).status == "wrong"
    put(host, "/usr/share/terminfo/78/xterm-256color")
    assert doctor_host.terminal_descriptions(host).status == "good"
    strange = with_environment(host, TERM="strange")
    assert doctor_host.terminal_descriptions(strange).status == "note"
    assert doctor_host.terminal_descriptions(with_environment(host, TERM="../x")).status == "note"
    (tmp_path / ".terminfo/s").mkdir(parents=True)
    (tmp_path / ".terminfo/s/strange").write_text("")
    assert doctor_host.terminal_descriptions(strange).status == "good"


def test_configuration(host: Host) -> None:
    assert doctor_setup.configuration(host).status == "good"
    path = Path(host.environment["XDG_CONFIG_HOME"]) / "fugue/config.toml"
    path.write_text("[server]\n")
    path.chmod(0o644)
    assert doctor_setup.configuration(host).status == "good"
    path.chmod(0o666)
    assert doctor_setup.configuration(host) == DoctorFinding(
        "configuration",
        "wrong",
        f"others can change {path}",
        f"chown {UID} {path} && chmod 600 {path}",
    )
    path.write_text("[server]\nx = 1\n")
    assert "config.toml:2: server.x" in doctor_setup.configuration(host).told


def test_runtime_directory(host: Host) -> None:
    assert doctor_setup.runtime_directory(host).status == "good"
    directory = Path(host.environment["XDG_RUNTIME_DIR"]) / "fugue"
    directory.mkdir(mode=0o700)
    assert doctor_setup.runtime_directory(host).status == "good"
    directory.chmod(0o777)
    assert "can be written by others" in doctor_setup.runtime_directory(host).told


@pytest.mark.parametrize("make", ["link", "file", "open"])
def test_state_directory(host: Host, make: str) -> None:
    assert doctor_setup.state_directory(host).status == "good"
    directory = Path(host.state_directory())
    directory.parent.mkdir()
    match make:
        case "link":
            directory.symlink_to("elsewhere")
        case "file":
            directory.write_text("")
        case _:
            directory.mkdir()
            directory.chmod(0o770)
    assert doctor_setup.state_directory(host).status == "wrong"


def test_a_state_directory_that_was_removed_under_a_server(host: Host) -> None:
    place = Path(paths.places(host.environment, UID).socket)
    place.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(place))
        server.listen()
        finding = doctor_setup.state_directory(host)
        assert (finding.status, "was moved, removed" in finding.told) == ("wrong", True)
        unsaved = {**host.environment, "FUGUE_PERSISTENCE_ENABLED": "false"}
        assert doctor_setup.state_directory(Host(unsaved, UID)).status == "good"
    assert doctor_setup.state_directory(host).status == "good"  # nobody listens


def test_a_state_directory_that_the_server_does_not_have(host: Host) -> None:
    place = Path(paths.places(host.environment, UID).socket)
    place.parent.mkdir(mode=0o700)
    Path(host.state_directory()).mkdir(mode=0o700, parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(place))
        server.listen()
        finding = doctor_setup.state_directory(host)
        assert (finding.status, "is not the directory" in finding.told) == ("wrong", True)
        lock = lock_state_directory(host.state_directory())
        assert doctor_setup.state_directory(host).status == "good"
        lock.release()


def test_the_state_directory_of_somebody_else(host: Host) -> None:
    Path(host.state_directory()).mkdir(parents=True)
    other = Host(host.environment, UID + 1, host.root, host.platform)
    assert doctor_setup.state_directory(other).told.endswith(f"belongs to user {UID}")


def test_an_engine_that_does_not_load(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor_setup.engine(host).status == "good"
    monkeypatch.setitem(__import__("sys").modules, "pyghostty", None)
    assert doctor_setup.engine(host).status == "wrong"


def test_start_up_cost(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_text("import something_slow\n")
    (tmp_path / "b.pth").write_text("/just/a/path\n")
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"purelib": str(tmp_path)})
    monkeypatch.setattr(doctor_setup, "_start_ms", lambda *flags: 12 if flags else 80)
    finding = doctor_setup.start_up_cost(host)
    assert finding.status == "note"
    assert finding.told == "68 ms of each command go into site packages (a.pth)"


def test_nothing_is_called_wrong_without_a_fix() -> None:
    assert DoctorFinding("disk", "note", "is slow").fix == ""
    with pytest.raises(ValueError, match="disk is wrong, and there is no fix"):
        DoctorFinding("disk", "wrong", "is on fire")


def test_a_check_that_is_refused_a_path_is_wrong(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_environment: object, _uid: int, *_rest: object) -> str:
        raise paths.PathRefused("no place: make one")

    monkeypatch.setattr(paths, "state_directory", refuse)
    findings = {finding.name: finding for finding in doctor.examine(host)}
    assert findings["state directory"].status == "wrong"
    assert findings["state directory"].told == "no place: make one"
    assert findings["file system"].status == "wrong"
