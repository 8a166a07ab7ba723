"""Checks of the machine: file system, space, limits, logout, memory, locale, terminal descriptions."""

import os
import re
import resource
import sys
from collections.abc import Callable
from typing import Final

from fuguemux.cli.finding import DoctorFinding, Host, nearest_existing
from fuguemux.config import paths

SPACE_MB_MIN: Final = 128
"""With less space the log and its spare hardly fit."""
SPACE_MB_GOOD: Final = 1_024
FILES_MIN: Final = 256
FILES_GOOD: Final = 1_024
"""Each pane takes a handful of file descriptors in server and keeper."""

_VOLATILE: Final = frozenset({"tmpfs", "ramfs", "devtmpfs"})
_REMOTE: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs", "afs"}
)
_LAYERED: Final = frozenset({"overlay", "aufs", "fuse-overlayfs"})


def file_system(host: Host) -> DoctorFinding:
    """Check that the state is on a file system that keeps synced data."""
    directory = nearest_existing(host.state_directory())
    kind = file_system_of(host.read("/proc/self/mountinfo") or "", os.path.realpath(directory))
    fix = "set persistence.state_dir to a directory on a local disk"
    if not kind:
        return DoctorFinding(
            "file system",
            "note",
            f"the file system of {directory} cannot be determined on this system",
        )
    if kind in _VOLATILE:
        return DoctorFinding(
            "file system", "wrong", f"{directory} is on {kind}: a reboot empties it", fix
        )
    if kind in _REMOTE:
        told = f"{directory} is on {kind}: locks and syncs over a network are not reliable"
        return DoctorFinding("file system", "wrong", told, fix)
    if kind in _LAYERED:
        told = f"{directory} is on {kind}: it is lost with the container"
        return DoctorFinding("file system", "note", told, "mount a volume there, or " + fix)
    return DoctorFinding("file system", "good", f"{directory} is on {kind}")


def file_system_of(mountinfo: str, path: str) -> str:
    """The type of the file system that contains `path`, from the mountinfo of proc(5). Empty if it is not known."""
    best, kind = "", ""
    for row in mountinfo.splitlines():
        fields = row.split()
        if "-" not in fields:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[fields.index("-") + 1]
    return kind


def free_space(host: Host) -> DoctorFinding:
    """Check that there is space for log, checkpoints and scrollback."""
    directory = nearest_existing(host.state_directory())
    facts = os.statvfs(directory)
    free_mb = facts.f_bavail * facts.f_frsize >> 20
    told = f"{free_mb:,} MiB free in {directory}"
    fix = "free some space, or set persistence.state_dir to another disk"
    if free_mb < SPACE_MB_MIN:
        return DoctorFinding("free space", "wrong", told, fix)
    if facts.f_files and facts.f_favail < 100:
        return DoctorFinding(
            "free space",
            "wrong",
            f"{facts.f_favail} files can still be created in {directory}",
            fix,
        )
    return DoctorFinding(
        "free space",
        "good" if free_mb >= SPACE_MB_GOOD else "note",
        told,
        fix if free_mb < SPACE_MB_GOOD else "",
    )


def file_limits(host: Host) -> DoctorFinding:
    """Check that the server may open enough files for many panes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    shown = (
        "no limit"
        if soft == resource.RLIM_INFINITY
        else f"{soft:,} open files (hard limit {hard:,})"
    )
    if soft == resource.RLIM_INFINITY or soft >= FILES_GOOD:
        return DoctorFinding("file limits", "good", shown)
    fix = f"ulimit -n {FILES_GOOD} before the server starts, or LimitNOFILE= in its unit"
    return DoctorFinding("file limits", "wrong" if soft < FILES_MIN else "note", shown, fix)


def log_out(host: Host) -> DoctorFinding:
    """Check that a logout does not end the server (logind's KillUserProcesses; lingering)."""
    if (host.platform or sys.platform) != "linux" or host.read("/proc/1/comm") != "systemd\n":
        return DoctorFinding("log-out", "good", "no systemd: processes stay when you log out")
    user = paths.user_name(host.uid)
    if not user:
        return DoctorFinding(
            "log-out", "note", f"user {host.uid} has no entry in the password database: logind has no lingering for it",
            "ask the administrator to create a user with this number, if its sessions should outlive a logout",
        )  # fmt: skip
    if host.read(f"/var/lib/systemd/linger/{user}") is not None:
        return DoctorFinding(
            "log-out", "good", "lingering is enabled: the server stays when you log out"
        )
    if _kill_user_processes(host):
        return DoctorFinding(
            "log-out", "wrong", "logind ends all your processes when you log out (KillUserProcesses=yes)",
            "fugue service install, which enables lingering (loginctl enable-linger)",
        )  # fmt: skip
    return DoctorFinding(
        "log-out", "note", "without lingering, services of yours end with your last login; the server then listens in /tmp",
        "loginctl enable-linger, if fugue runs as a service or should start at boot",
    )  # fmt: skip


def _kill_user_processes(host: Host) -> bool:
    texts = [host.read("/etc/systemd/logind.conf") or ""]
    directory = host.root.rstrip("/") + "/etc/systemd/logind.conf.d"
    if os.path.isdir(directory):
        names = sorted(name for name in os.listdir(directory) if name.endswith(".conf"))
        texts += [host.read(f"/etc/systemd/logind.conf.d/{name}") or "" for name in names]
    values = re.findall(r"^\s*KillUserProcesses\s*=\s*(\S+)", "\n".join(texts), re.MULTILINE)
    return bool(values) and values[-1].lower() in ("yes", "true", "1", "on")


def memory_pressure(host: Host) -> DoctorFinding:
    """Check that a program in a pane that uses up all memory does not take the server down."""
    group = host.read("/proc/self/cgroup") or ""
    found = re.search(r"^0::(/.*)$", group, re.MULTILINE)
    if found is None:
        return DoctorFinding("memory pressure", "good", "no cgroup groups this process with others")
    path = "/sys/fs/cgroup" + found[1].rstrip("/")
    if (host.read(path + "/memory.oom.group") or "0").strip() == "1":
        return DoctorFinding(
            "memory pressure", "wrong", f"if memory runs out, everything in {found[1]} is killed together (memory.oom.group)",
            "start the server with fugue service install, whose unit has OOMPolicy=continue",
        )  # fmt: skip
    score = (host.read("/proc/self/oom_score_adj") or "0").strip()
    if score.isdigit() and int(score) > 0:
        return DoctorFinding(
            "memory pressure", "note", f"this shell is preferred when memory runs out (oom_score_adj {score})",
            "start the server from another shell, or with fugue service install",
        )  # fmt: skip
    return DoctorFinding(
        "memory pressure",
        "good",
        "only the process that is too large is killed when memory runs out",
    )


def locale(host: Host) -> DoctorFinding:
    """Check that programs in panes will write UTF-8."""
    for variable in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = host.environment.get(variable, "")
        if value:
            if re.search(r"utf-?8", value, re.IGNORECASE):
                return DoctorFinding("locale", "good", f"{variable}={value}")
            break
    else:
        variable, value = "LANG", ""
    told = f"{variable}={value} is not UTF-8" if value else "no locale is set"
    return DoctorFinding(
        "locale", "note", told, "export LANG=C.UTF-8 (or your own language's UTF-8 locale)"
    )


def terminal_descriptions(host: Host) -> DoctorFinding:
    """Check that terminfo knows the terminal of the panes, and the surrounding one."""
    around = host.environment.get("TERM", "")
    for name, what in (("xterm-256color", "the terminal of panes"), (around, "your terminal")):
        if name and name != "dumb" and not _has_terminfo(host, name):
            return DoctorFinding(
                "terminfo", "wrong" if name == "xterm-256color" else "note", f"no description of {name}, {what}",
                "install the package ncurses-term (Debian, Fedora) or ncurses-terminfo",
            )  # fmt: skip
    return DoctorFinding(
        "terminfo",
        "good",
        "xterm-256color" + (f" and {around}" if around not in ("", "xterm-256color") else ""),
    )


def _has_terminfo(host: Host, name: str) -> bool:
    if "/" in name:
        return False
    root = host.root.rstrip("/")
    given = [
        host.environment.get("TERMINFO", ""),
        *host.environment.get("TERMINFO_DIRS", "").split(":"),
    ]
    home = host.environment.get("HOME", "")
    directories = [*filter(None, given), f"{home}/.terminfo"]
    directories += [
        root + path
        for path in ("/etc/terminfo", "/lib/terminfo", "/usr/lib/terminfo", "/usr/share/terminfo")
    ]
    return any(
        os.path.exists(os.path.join(directory, first, name))
        for directory in directories
        for first in (name[0], f"{ord(name[0]):x}")
    )


CHECKS: Final[tuple[Callable[[Host], DoctorFinding], ...]] = (
    file_system,
    free_space,
    file_limits,
    log_out,
    memory_pressure,
    locale,
    terminal_descriptions,
)
