"""`python -m run`: everything on this machine, with the sandbox. `python -m run start`: the product alone."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from run import control, places
from run.children import end_with_parent
from run.environment import Ports
from run.errors import StartError
from run.procfile import ROOT
from run.start import PARTS, Options, Start
from run.stores import Stores


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        does: Callable[[argparse.Namespace], int] = options.does
        return does(options)
    except StartError as error:
        print(f"\n{error}", file=sys.stderr)
    except PermissionError as error:
        print(f"\nNot allowed: {error}. Did another user make {options.data_dir}?", file=sys.stderr)
    return 1


def start(options: argparse.Namespace) -> int:
    if options.with_parent:
        end_with_parent()
    asyncio.run(
        Start(
            Options(
                sandbox=options.sandbox,
                data_dir=options.data_dir,
                procfile=options.procfile,
                samples=tuple(options.samples or [ROOT / "samples/listings.toml"]),
                ports=_ports(options),
                settings=dict(pair.split("=", 1) for pair in options.set),
                without=frozenset(options.without),
                verbose=options.verbose or not options.sandbox,
                ready_fd=options.ready_fd,
            ),
            os.environ,
        ).run()
    )
    return 0


def stores(options: argparse.Namespace) -> int:
    """PostgreSQL and Valkey alone, for as long as a command runs, or until Ctrl-C."""
    with Stores(options.data_dir) as running:
        urls = {"DATABASE_URL": running.database_url, "REDIS_URL": running.redis_url}
        if options.words:
            words = options.words[1:] if options.words[0] == "--" else options.words
            return subprocess.run(words, env={**os.environ, **urls}, check=False).returncode
        for name, value in urls.items():
            print(f"export {name}='{value}'", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    return 0


def status(options: argparse.Namespace) -> int:
    running = _running(options.data_dir)
    print(f"Sarai runs at {running['open']}")
    for name, facts in control.ask(Path(running["control"]), do="status")["processes"].items():
        process = f"process {facts['pid']}" if facts["pid"] else "not running"
        deaths = f", started again {facts['deaths']} times" if facts["deaths"] else ""
        print(f"  {name:<10} {process}{deaths}")
    return 0


def restart(options: argparse.Namespace) -> int:
    running = _running(options.data_dir)
    try:
        control.ask(Path(running["control"]), do="restart", name=options.name)
    except LookupError as error:
        raise StartError(str(error)) from None
    return 0


def reset(options: argparse.Namespace) -> int:
    if options.data_dir.exists() and any(options.data_dir.iterdir()):
        held = places.lock(options.data_dir)
        where = places.prepare(options.data_dir)
        try:
            places.empty(where)
        finally:
            places.remove_sockets(where)
            os.close(held)
    print(f"{options.data_dir} is empty.")
    return 0


def _running(data_dir: Path) -> dict[str, str]:
    state = places.read_state(data_dir)
    if not state:
        raise StartError(f"Nothing runs on {data_dir}.")
    return state


def _ports(options: argparse.Namespace) -> Ports:
    if options.free_ports:
        return Ports(*(0 for _ in fields(Ports)))
    return Ports(
        product=options.port,
        page=options.page_port,
        whatsapp=options.whatsapp_port,
        stripe=options.stripe_port,
        paytm=options.paytm_port,
        razorpay=options.razorpay_port,
        gmail=options.gmail_port,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m run", description=__doc__)
    commands = parser.add_subparsers(required=True)

    where = argparse.ArgumentParser(add_help=False)
    data_dir = Path(os.environ.get("DATA_DIR") or "data")
    where.add_argument("--data-dir", type=Path, default=data_dir, help="default: $DATA_DIR, else ./data")

    whole = argparse.ArgumentParser(add_help=False, parents=[where])
    whole.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000), help="the product's")
    whole.add_argument("--page-port", type=int, default=8400)
    whole.add_argument("--whatsapp-port", type=int, default=8401)
    whole.add_argument("--stripe-port", type=int, default=8402)
    whole.add_argument("--paytm-port", type=int, default=8403)
    whole.add_argument("--razorpay-port", type=int, default=8405)
    whole.add_argument("--gmail-port", type=int, default=8404)
    whole.add_argument("--free-ports", action="store_true", help="any free ports, for tests")
    whole.add_argument("--procfile", type=Path, default=ROOT / "Procfile")
    whole.add_argument("--samples", type=Path, action="append", help="listings to load; may be repeated")
    whole.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="over the environment"
    )
    whole.add_argument("--without", action="append", default=[], choices=PARTS, help="leave a part out")
    whole.add_argument("--verbose", action="store_true", help="show every line of every process")
    whole.add_argument("--with-parent", action="store_true", help="stop when whoever started this ends")
    whole.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)

    run_all = commands.add_parser("run", parents=[whole], help="the product with the sandbox")
    run_all.set_defaults(does=start, sandbox=True)
    start_alone = commands.add_parser("start", parents=[whole], help="the product alone")
    start_alone.set_defaults(does=start, sandbox=False)
    only_stores = commands.add_parser("stores", parents=[where], help=stores.__doc__)
    only_stores.add_argument("words", nargs=argparse.REMAINDER, metavar="-- command", help="to run with both")
    only_stores.set_defaults(does=stores)
    commands.add_parser("status", parents=[where], help="what runs").set_defaults(does=status)
    one = commands.add_parser("restart", parents=[where], help="stop one process and start it again")
    one.add_argument("name")
    one.set_defaults(does=restart)
    commands.add_parser("reset", parents=[where], help="empty the data folder").set_defaults(does=reset)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["run"]))
