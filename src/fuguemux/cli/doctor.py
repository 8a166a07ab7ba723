"""`fugue doctor [--json]`: checks whether this machine can keep sessions alive. Every problem comes with its fix."""

import argparse
import os
from collections.abc import Callable, Sequence

import msgspec

from fuguemux.cli import doctor_host, doctor_server, doctor_setup
from fuguemux.cli.exit_codes import EXIT_FAILURE, EXIT_OK
from fuguemux.cli.finding import DoctorFinding, Host
from fuguemux.config.paths import PathRefused

_MARKS = {"good": "ok  ", "note": "note", "wrong": "WRONG"}


def main(argv: Sequence[str], host: Host | None = None) -> int:
    """Run all checks and print them. Returns 1 if something is wrong, else 0. Changes nothing. Takes about a second."""
    parser = argparse.ArgumentParser(
        "fugue doctor", description="Check this machine and the setup of fugue."
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args(list(argv))
    findings = examine(host or Host(os.environ, os.geteuid()))
    wrong = sum(finding.status == "wrong" for finding in findings)
    print(_as_json(findings) if arguments.json else as_text(findings, wrong))
    return EXIT_FAILURE if wrong else EXIT_OK


def examine(host: Host) -> list[DoctorFinding]:
    """Return every finding, including good ones. A check that cannot be made gives a note."""
    findings: list[DoctorFinding] = []
    for check in (*doctor_setup.CHECKS, *doctor_server.CHECKS, *doctor_host.CHECKS):
        try:
            findings.append(check(host))
        except PathRefused as error:
            findings.append(DoctorFinding(_name(check), "wrong", str(error), "as the message says"))
        except (OSError, ValueError) as error:
            findings.append(DoctorFinding(_name(check), "note", f"could not be checked: {error}"))
    return findings


def _name(check: Callable[[Host], DoctorFinding]) -> str:
    return check.__name__.replace("_", " ")


def as_text(findings: Sequence[DoctorFinding], wrong: int) -> str:
    """Format for people: a line or two for each finding, and a summary."""
    lines = []
    for finding in findings:
        lines.append(f"{_MARKS[finding.status]:5}  {finding.name}: {finding.told}")
        if finding.fix:
            lines.append(f"       fix: {finding.fix}")
    notes = sum(finding.status == "note" for finding in findings)
    told = f"; above {'is 1 note' if notes == 1 else f'are {notes} notes'}" if notes else ""
    lines.append(f"{wrong} wrong" if wrong else f"nothing is wrong now{told}")
    return "\n".join(lines)


def _as_json(findings: Sequence[DoctorFinding]) -> str:
    report = {
        "v": 1,
        "good": all(finding.status != "wrong" for finding in findings),
        "findings": [msgspec.to_builtins(finding) for finding in findings],
    }
    return msgspec.json.format(msgspec.json.encode(report)).decode()
