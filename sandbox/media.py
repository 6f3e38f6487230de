"""Pictures and documents: uploaded by the product, fetched from its links, or sent by a person.

Source: Meta, “Media” (sizes, kinds, lives of ids and URLs) in facts/whatsapp.md 2.1 and 3.3.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import mimetypes
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.graph import Refused
from sandbox.store import Store

MB, DAY = 2**20, 86400.0
OURS_LIVE, THEIRS_LIVE, URL_LIVES, LINK_CACHED, FETCH_TIMEOUT = 30 * DAY, 7 * DAY, 300.0, 600.0, 10.0
OFFICE = "application/vnd.openxmlformats-officedocument."
# kind → (largest size, mime types)
KINDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "image": (5 * MB, ("image/jpeg", "image/png")),
    "audio": (16 * MB, ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg")),
    "video": (16 * MB, ("video/mp4", "video/3gpp")),
    "sticker": (500 * 1024, ("image/webp",)),
    "document": (
        100 * MB,
        (
            "application/pdf",
            "text/plain",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            OFFICE + "wordprocessingml.document",
            OFFICE + "spreadsheetml.sheet",
            OFFICE + "presentationml.presentation",
        ),
    ),
}
LOOKS_LIKE = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n", "application/pdf": b"%PDF-"}
Meta = dict[str, Any]


class Media:
    """Files on disk by media id, their details in the store."""

    def __init__(self, store: Store, folder: Path, now: Callable[[], float]) -> None:
        self._store, self._folder, self._now = store, folder, now
        folder.mkdir(parents=True, exist_ok=True)
        self._all: dict[str, Meta] = store.load("media")
        self._urls: dict[str, tuple[str, float]] = {}
        self._links: dict[str, tuple[str, float]] = {}

    async def save(self, data: bytes, mime: str, filename: str | None, *, ours: bool) -> Meta:
        """Keep a file.

        Raises:
            Refused: a kind WhatsApp does not take (100), or too large or not what it says it is (131053).
        """
        mime = mime.split(";")[0].strip().lower()
        check_data(data, mime)
        number = str(10**14 + secrets.randbelow(9 * 10**14))
        await asyncio.to_thread((self._folder / number).write_bytes, data)
        digest = hashlib.sha256(data)
        self._all[number] = meta = {
            "id": number,
            "mime": mime,
            "size": len(data),
            "filename": filename,
            "sha256": digest.hexdigest(),
            "sha256_base64": base64.b64encode(digest.digest()).decode(),
            "at": self._now(),
            "ours": ours,
        }
        self._store.put("media", number, meta)
        return meta

    def get(self, number: str) -> Meta | None:
        """The details of a file whose life is not over."""
        meta = self._all.get(number)
        if meta is None or self._now() - meta["at"] > (OURS_LIVE if meta["ours"] else THEIRS_LIVE):
            return None
        return meta

    def kept(self, number: str) -> Meta | None:
        """The same for the page, which shows old chats too."""
        return self._all.get(number)

    def path(self, meta: Meta) -> Path:
        return self._folder / str(meta["id"])

    def delete(self, number: str) -> None:
        if self._all.pop(number, None):
            self._store.delete("media", number)
            (self._folder / number).unlink(missing_ok=True)

    def new_url(self, number: str) -> str:
        """The last part of a download URL that lives for five minutes."""
        token = secrets.token_urlsafe(24)
        self._urls[token] = (number, self._now() + URL_LIVES)
        return token

    def by_url(self, token: str) -> Meta | None:
        number, until = self._urls.get(token, ("", 0.0))
        return self.get(number) if self._now() <= until else None

    async def from_link(self, session: aiohttp.ClientSession, link: str) -> Meta:
        """Fetch a file as WhatsApp does, remembering each address for ten minutes.

        Raises:
            Refused: 131053, with what went wrong.
        """
        number, until = self._links.get(link, ("", 0.0))
        if self._now() <= until and (meta := self.get(number)):
            return meta
        try:
            async with session.get(link, timeout=aiohttp.ClientTimeout(total=FETCH_TIMEOUT)) as answer:
                if answer.status != 200:
                    raise Refused(
                        131053, f"Downloading media from weblink failed with http code {answer.status}"
                    )
                data = await answer.content.read(KINDS["document"][0] + 1)
                while chunk := await answer.content.read(MB):
                    data += chunk
                    if len(data) > KINDS["document"][0]:
                        break
                mime = answer.content_type
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as broken:
            why = f"Downloading media from weblink failed: {type(broken).__name__}"
            raise Refused(131053, why) from None
        try:
            meta = await self.save(data, mime, link.split("?")[0].rsplit("/", 1)[-1], ours=True)
        except Refused as refused:
            raise Refused(131053, refused.details) from None
        self._links[link] = (meta["id"], self._now() + LINK_CACHED)
        return meta


def check_data(data: bytes, mime: str) -> None:
    """Let a file pass that WhatsApp takes; see `Media.save`."""
    kind = kind_of(mime)
    if kind is None:
        allowed = ", ".join(each for _, mimes in KINDS.values() for each in mimes)
        why = f"Param file must be a file with one of the following types: {allowed}."
        raise Refused(100, f"{why} Received file of type '{mime}'.")
    if not data:
        raise Refused(131053, "The file is empty")
    if len(data) > (most := KINDS[kind][0]):
        raise Refused(
            131053, f"A file of kind {kind} may have at most {most} bytes; this one has {len(data)}"
        )
    if not data.startswith(LOOKS_LIKE.get(mime, b"")):
        raise Refused(131053, f"The file is not what its type {mime} says")


def kind_of(mime: str) -> str | None:
    """image, audio, video, document, sticker; None for what WhatsApp does not take."""
    return next((kind for kind, (_, mimes) in KINDS.items() if mime in mimes), None)


def shown(meta: Meta, filename: str | None = None) -> dict[str, Any]:
    """As the control API describes a bubble's file."""
    name = filename or meta["filename"] or meta["id"] + (mimetypes.guess_extension(meta["mime"]) or "")
    return {"url": f"/api/media/{meta['id']}", "filename": name, "mime": meta["mime"], "size": meta["size"]}
