"""A product that only takes note of what it is told, and the sandbox started beside it."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
Send = Callable[..., httpx.Response]
NUMBER, ACCOUNT, TOKEN, SECRET = "200000000000001", "100000000000001", "sandbox-token", "sandbox-app-secret"


@dataclass
class Hook:
    """One webhook as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Product:
    """Listens where the product would; answers 200 unless told otherwise."""

    def __init__(self) -> None:
        self.hooks: list[Hook] = []
        self.answers: list[int] = []
        self.files: dict[str, tuple[str, bytes]] = {"/photo.png": ("image/png", PNG)}
        product = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                product.hooks.append(Hook(self.path, dict(self.headers), body))
                self._answer(product.answers.pop(0) if product.answers else 200, "text/plain", b"ok")

            def do_GET(self) -> None:
                kind, data = product.files.get(self.path, ("text/plain", b""))
                self._answer(200 if data else 404, kind, data)

            def _answer(self, status: int, kind: str, data: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *ignored: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def hook_of(self, what: str) -> Hook:
        """The newest webhook in which this stands; of what others did before, ticks may still come."""
        return next(hook for hook in reversed(self.hooks) if what.encode() in hook.body)

    def items(self, kind: str, about: str | None = None) -> list[dict[str, Any]]:
        """Every message or status that came (about this wamid or from this user id), repeats included."""
        found = []
        for hook in list(self.hooks):
            if hook.path != "/api/whatsapp/webhook":
                continue
            for entry in hook.json["entry"]:
                for change in entry["changes"]:
                    found += [
                        each for each in change["value"].get(kind, []) if about in (None, *_names(each))
                    ]
        return found

    def statuses(self, wamid: str) -> list[str]:
        return [each["status"] for each in self.items("statuses", wamid)]

    def events(self, about: str) -> list[dict[str, Any]]:
        """Stripe's events whose object has, or points at, this id."""
        found = [hook.json for hook in list(self.hooks) if hook.path == "/api/payments/stripe/webhook"]
        return [event for event in found if about in json.dumps(event["data"])]


def _names(item: dict[str, Any]) -> tuple[Any, Any]:
    return item["id"], item.get("from_user_id")


def start_sandbox(folder: Path, product_url: str, *more: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a sandbox on free ports; returns it and the page's address."""
    addresses = folder / "addresses.json"
    addresses.unlink(missing_ok=True)
    doors = ("page", "whatsapp", "stripe", "paytm", "razorpay", "gmail")
    ports = [word for name in doors for word in (f"--{name}-port", "0")]
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--data",
        str(folder),
        "--product-url",
        product_url,
        *ports,
        *more,
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not addresses.exists():
        assert process.poll() is None, "the sandbox did not start"
        assert time.monotonic() < deadline, "the sandbox did not start in time"
        time.sleep(0.02)
    return process, json.loads(addresses.read_text())["page_url"]


KINDS = ("text", "interactive", "image", "document", "location", "template", "contacts", "reaction")


def code_of(answer: httpx.Response) -> int:
    """The error code of a refused call."""
    assert answer.status_code >= 400, answer.text
    error = answer.json()["error"]
    assert error["message"].startswith(f"(#{error['code']}) ")
    assert error["type"] == "OAuthException"
    assert error["error_data"]["messaging_product"] == "whatsapp"
    return int(error["code"])


def wamid_of(answer: httpx.Response) -> str:
    """The message id of an accepted send."""
    assert answer.status_code == 200, answer.text
    return str(answer.json()["messages"][0]["id"])


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


OWNER_REQUEST = {
    "name": "owner_request",
    "language": "en",
    "category": "UTILITY",
    "components": [
        {
            "type": "BODY",
            "text": "New booking request for {{1}} from {{2}}. Please answer with one tap below.",
            "example": {"body_text": [["Sea View", "Ayesha"]]},
        },
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Confirm"},
                {"type": "QUICK_REPLY", "text": "Cancel"},
            ],
        },
    ],
}
