"""Check this installation's settings against the live services: `python -m doctor`, or `make doctor`.

Changes nothing and sends nothing to anybody. Ends with 1 where something will not work.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import config
from config import Settings
from doctor import gmail, paytm, pictures, razorpay, stores, stripe, templates, way_in, whatsapp
from doctor.report import Finding, Level, fail, ok, warn
from doctor.running import become_sandbox


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m doctor", description=__doc__)
    parser.add_argument("--sandbox", action="store_true", help="look at what `make run` has started here")
    options = parser.parse_args(arguments)
    if options.sandbox and not become_sandbox():
        print("Nothing runs here: start it with make run.")
        return 1
    findings: list[Finding] = []
    for finding in examine(config.read()):
        findings.append(finding)
        print(finding, flush=True)
    bad = sum(finding.level is Level.FAIL for finding in findings)
    uneasy = sum(finding.level is Level.WARN for finding in findings)
    print(f"\n{len(findings)} findings: {bad} to mend, {uneasy} to look at.")
    return 1 if bad else 0


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check, one after the other; none of them keeps the others from being made."""
    for check in (
        _settings,
        stores.database,
        stores.queue,
        stores.disk,
        _whatsapp,
        stripe.check,
        paytm.check,
        razorpay.check,
        gmail.check,
        pictures.check,
        way_in.check,
    ):
        yield from _whatever_happens(check, settings)


def _whatever_happens(
    check: Callable[[Settings], Iterator[Finding]], settings: Settings
) -> Iterator[Finding]:
    try:
        yield from check(settings)
    except Exception as error:  # what it says may hold a secret
        yield fail(
            "doctor",
            f"A check broke off ({check.__name__.strip('_')}: {type(error).__name__}); that is a bug of ours.",
        )


def _settings(settings: Settings) -> Iterator[Finding]:
    about = "settings"
    problems = list(config.problems(settings))
    yield from (fail(about, problem) for problem in problems)
    if not problems:
        strong = ", and none of the secrets is weak" if settings.environment == "production" else ""
        yield ok(about, f"All that is needed is there{strong} (ENVIRONMENT is {settings.environment}).")
    if settings.environment == "production" and not settings.metrics_token:
        yield warn(about, "METRICS_TOKEN is not set: nobody can read /metrics.")


def _whatsapp(settings: Settings) -> Iterator[Finding]:
    if not settings.whatsapp_access_token:
        yield fail("token", "WHATSAPP_ACCESS_TOKEN is not set, so WhatsApp was not asked.")
        return
    account = templates.account_of(settings)
    try:
        yield from whatsapp.check(settings, account, today=datetime.now(UTC).date())
        yield from way_in.clock(account.last_answer_at, "WhatsApp")
    finally:
        account.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
