"""Say a message to a person over WhatsApp's Cloud API, and tell exactly what became of it.

A message ends in one of four ways: `Sent` (accepted, not yet delivered), `WhatsAppRefused` (certainly not
sent, with a code that says what to do), `NotSent` (no connection: certainly not sent), `WhatsAppUnknown`
(it may be on its way: wait for a status that carries our callback data before sending it again).

pywa speaks to the API; the bodies are made here, because pywa loses the message's id when an answer has no
contact in it, and sends a null for a section without a title. Tests hold both against each other.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from integrations.http_pool import HttpPool, NotSent, OutcomeUnknown
from models import message as said
from models.message import Message, Recipient

if TYPE_CHECKING:
    import httpx

__all__ = ["MediaRefused", "NotSent", "Sent", "WhatsApp", "WhatsAppRefused", "WhatsAppUnknown", "wire"]

Json = dict[str, Any]

# Graph's own codes for answers that a machine in front of it gave, without a code of their own.
INVALID_OR_SERVER_ERROR, TOO_MANY_REQUESTS = 1, 130429

# Where Graph says that files are.
MEDIA_HOSTS: Final = (".fbsbx.com", ".whatsapp.net", ".facebook.com")


@dataclass(frozen=True, slots=True)
class Sent:
    """Accepted by WhatsApp; None for a typing indicator, which is no message."""

    wamid: str | None


class WhatsAppRefused(Exception):
    """WhatsApp answered that it did not send this.

    Attributes:
        code: Graph's error code, the only thing to branch on; HTTP statuses vary for the same code.
        retry_after: seconds, where the answer names them.
    """

    def __init__(
        self, code: int, http_status: int, message: str, retry_after: float | None = None, subcode: int = 0
    ) -> None:
        self.code = code
        self.http_status = http_status
        self.message = message
        self.retry_after = retry_after
        self.subcode = subcode
        super().__init__(code, http_status, message, retry_after, subcode)

    def __str__(self) -> str:
        return f"{self.code} (HTTP {self.http_status}): {self.message}"


class MediaRefused(Exception):
    """A file that we do not take; says in a word why."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class WhatsAppUnknown(Exception):
    """Time-out, reset or an unreadable answer: the message may have been sent."""


class WhatsApp:
    """One business number; shared by any number of threads.

    Args:
        api_url: where the Graph API lives; the sandbox and the tests name another place than Meta's.
        api_version: pinned, such as "v26.0"; pywa's default moves with its releases.
    """

    def __init__(
        self,
        *,
        api_url: str,
        access_token: str,
        phone_number_id: str,
        api_version: str,
        connect_timeout: float = 4.0,
        answer_timeout: float = 15.0,
        most_idle: int = 64,
    ) -> None:
        from pywa.client import WhatsApp as Client
        from pywa.errors import WhatsAppError

        from integrations.pywa_session import PoolClient

        # At DEBUG pywa logs whole requests: texts and phone numbers of people.
        logging.getLogger("pywa").setLevel(logging.WARNING)
        self._origin, self._token = "{0.scheme}://{0.netloc}".format(urlsplit(api_url)), access_token
        self._pool = HttpPool(
            api_url, connect_timeout=connect_timeout, answer_timeout=answer_timeout, most_idle=most_idle
        )
        self._library_error = WhatsAppError
        self._wa = Client(
            phone_id=phone_number_id,
            token=access_token,
            session=PoolClient(self._pool),
            server=None,
            api_version=float(api_version.lstrip("v")),
        )
        self._api = self._wa.api
        self._messages = f"/{phone_number_id}/messages"

    def send(self, to: Recipient, message: Message, callback_data: str) -> Sent:
        """Send one message.

        Args:
            to: reached by phone where known, which keeps phone numbers in the webhooks; else by user id.
            callback_data: comes back in every status of this message, also when no answer reached us.

        Raises:
            WhatsAppRefused, NotSent, WhatsAppUnknown: see the module.
        """
        answer = self._call(
            self._api.send_raw_request, "POST", self._messages, json=wire(to, message, callback_data)
        )
        if isinstance(message, said.Typing):
            return Sent(None)
        try:
            return Sent(_id(answer["messages"][0]["id"]))
        except (KeyError, IndexError, TypeError):
            raise WhatsAppUnknown("an answer without the message's id") from None

    def upload(self, content: bytes, mime_type: str, filename: str) -> str:
        """Hand over a file; the id that it can be sent by, any number of times, for 30 days."""
        media = self._call(self._wa.upload_media, content, mime_type=mime_type, filename=filename)
        try:
            return _id(media.id)
        except TypeError:
            raise WhatsAppUnknown("an answer without the file's id") from None

    def download(self, media_id: str, *, most: int) -> tuple[bytes, str]:
        """What somebody sent, by the id that came with it, and the type that WhatsApp says it has.

        Raises:
            MediaRefused: it is larger than `most` bytes, or its address is not WhatsApp's.
            WhatsAppRefused, NotSent, WhatsAppUnknown: as of the module; asking again does no harm.
        """
        told = self._call(self._api.get_media_url, media_id)
        try:
            url, mime_type, size = str(told["url"]), str(told["mime_type"]), int(told["file_size"])
        except (KeyError, TypeError, ValueError):
            raise WhatsAppUnknown("an answer without the file's address") from None
        if size > most:
            raise MediaRefused("too_large")
        return self._fetch(url, most), mime_type

    def _fetch(self, url: str, most: int) -> bytes:
        """The file itself. Our token goes with the request, and so to nobody but WhatsApp."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        is_own = origin == self._origin
        if not is_own and not (parts.scheme == "https" and f".{parts.hostname}".endswith(MEDIA_HOSTS)):
            raise MediaRefused("strange_address")
        pool = self._pool if is_own else HttpPool(origin, most_idle=1)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            answer = pool.exchange("GET", path, {"Authorization": f"Bearer {self._token}"})
        except OutcomeUnknown as error:
            raise WhatsAppUnknown(str(error)) from None
        finally:
            if not is_own:
                pool.close()
        if answer.status != 200:
            raise WhatsAppUnknown(f"HTTP {answer.status} for a file")
        if len(answer.body) > most:
            raise MediaRefused("too_large")
        return answer.body

    def close(self) -> None:
        self._pool.close()

    def _call(self, ask: Any, *args: Any, **kwargs: Any) -> Any:
        """Ask pywa; its errors end here.

        They are frozen dataclasses that turn into a TypeError on their way through a context manager and
        cannot be pickled; and they hold the whole request. Ours are raised outside the handler, so that
        not even their context leads back to it.
        """
        failure: WhatsAppRefused | WhatsAppUnknown
        try:
            return ask(*args, **kwargs)
        except self._library_error as error:
            failure = _read_refusal(error)
        except OutcomeUnknown as error:
            failure = WhatsAppUnknown(str(error))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            failure = WhatsAppUnknown(f"unreadable answer: {type(error).__name__}")
        raise failure


def _id(told: Any) -> str:
    """An id as it is documented; what stands for none is none."""
    if not isinstance(told, str) or not told:
        raise TypeError
    return told


def _read_refusal(error: Any) -> WhatsAppRefused | WhatsAppUnknown:
    """What pywa made of an answer with an error status, told apart by who gave it.

    pywa invents a code out of the HTTP status where the body is not Graph's. A 5xx of that kind comes from
    a machine in front of Graph and says nothing about the message; a 4xx says that it went no further.
    """
    response: httpx.Response = error.raw_response
    status = response.status_code
    retry_after = response.headers.get("retry-after", "")
    wait = float(retry_after) if retry_after.isdecimal() else None
    if _is_graph_error(response):
        text = f"{error.message} {error.details or ''}".strip()
        return WhatsAppRefused(error.code, status, text[:300], wait, error.subcode or 0)
    if status >= 500 or status == 408:
        return WhatsAppUnknown(f"HTTP {status} without an error of the API")
    code = TOO_MANY_REQUESTS if status == 429 else INVALID_OR_SERVER_ERROR
    return WhatsAppRefused(code, status, "an answer that is not the API's", wait)


def _is_graph_error(response: httpx.Response) -> bool:
    try:
        return "code" in response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return False


def wire(to: Recipient, message: Message, callback_data: str) -> Json:
    """The body of the request, as Meta documents it for each kind of message."""
    if isinstance(message, said.Typing):
        return {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": message.wamid,
            "typing_indicator": {"type": "text"},
        }
    body: Json = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    if to.phone is not None:
        body["to"] = to.phone  # with its plus: without one the business's own country code is put before it
    elif to.user_id is not None:
        body["recipient"] = to.user_id
    else:
        raise ValueError("a recipient with neither phone nor user id")
    body["type"], node = _node(message)
    body[body["type"]] = node
    body["biz_opaque_callback_data"] = callback_data
    return body


def _node(message: Message) -> tuple[str, Json | list[Json]]:
    match message:
        case said.Text():
            return "text", {"body": message.body, "preview_url": False}
        case said.Document():
            return "document", _media(message) | {"filename": message.filename}
        case said.Image():
            return "image", _media(message)
        case said.LocationPin():
            return "location", {
                "latitude": message.latitude,
                "longitude": message.longitude,
                "name": message.name,
                "address": message.address,
            }
        case said.ContactCard():
            return "contacts", [_contact(message)]
        case said.Template():
            return "template", _template(message)
        case _:
            return "interactive", _asking(message)


def _asking(message: Message) -> Json:
    """Those that ask for a tap."""
    match message:
        case said.Buttons():
            replies = [{"type": "reply", "reply": {"id": b.id, "title": b.title}} for b in message.buttons]
            return _interactive("button", message, {"buttons": replies})
        case said.Menu():
            action = {"button": message.button, "sections": [_section(s) for s in message.sections]}
            return _interactive("list", message, action)
        case said.Link():
            page = {"display_text": message.label, "url": message.url}
            return _interactive("cta_url", message, {"name": "cta_url", "parameters": page})
        case said.ContactRequest():
            return _interactive("request_contact_info", message, {"name": "request_contact_info"})
        case said.LocationRequest():
            return _interactive("location_request_message", message, {"name": "send_location"})
        case _:
            raise TypeError(f"no wire form for {type(message).__name__}")


def _interactive(
    kind: str,
    message: said.Buttons | said.Menu | said.Link | said.ContactRequest | said.LocationRequest,
    action: Json,
) -> Json:
    node: Json = {"type": kind, "action": action, "body": {"text": message.body}}
    if isinstance(message, said.Buttons) and message.image_id:
        node["header"] = {"type": "image", "image": {"id": message.image_id}}
    elif isinstance(message, said.Buttons | said.Link) and message.image_link:
        node["header"] = {"type": "image", "image": {"link": message.image_link}}
    if not isinstance(message, said.ContactRequest | said.LocationRequest) and message.footer:
        node["footer"] = {"text": message.footer}
    return node


def _contact(card: said.ContactCard) -> Json:
    # Besides the whole name one of its parts is demanded; with the id, the card opens a chat, too.
    phone = {"phone": card.phone, "type": "WORK", "wa_id": card.phone.removeprefix("+")}
    name = {"formatted_name": card.name, "first_name": card.name}
    return {"name": name, "phones": [phone], "org": {"company": card.company}}


def _section(section: said.Section) -> Json:
    rows: list[Json] = []
    for row in section.rows:
        rows.append({"id": row.id, "title": row.title})
        if row.description:
            rows[-1]["description"] = row.description
    return {"title": section.title, "rows": rows} if section.title else {"rows": rows}


def _media(message: said.Document | said.Image) -> Json:
    if message.media_id is None and message.link is None:
        raise ValueError("a file with neither media id nor link")
    node: Json = {"id": message.media_id} if message.media_id else {"link": message.link}
    return node | {"caption": message.caption} if message.caption else node


def _template(template: said.Template) -> Json:
    components: list[Json] = []
    if template.body_params:
        texts = [{"type": "text", "text": value} for value in template.body_params]
        components.append({"type": "BODY", "parameters": texts})
    for index, payload in enumerate(template.button_payloads):
        button = {"type": "button", "sub_type": "QUICK_REPLY", "index": index}
        components.append(button | {"parameters": [{"type": "payload", "payload": payload}]})
    node: Json = {"name": template.name, "language": {"code": template.language}}
    return node | {"components": components} if components else node
