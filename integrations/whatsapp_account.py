"""The business's own account at WhatsApp, through the Graph API: token, app, number, health and templates.

For people who set an installation up, not for conversations: it sends nothing to anybody.

Source: facts/whatsapp.md 1.7, 2.1, 3.3; developers.facebook.com, pages “Permissions”, “Health status”, “Messaging
limits”, “Subscriptions edge”
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from integrations.http_pool import Answer, HttpPool, NotSent, OutcomeUnknown

Json = Mapping[str, Any]

NUMBER_FIELDS = (
    "display_phone_number,verified_name,name_status,code_verification_status,status,quality_rating,platform_type,"
    "account_mode,throughput,whatsapp_business_manager_messaging_limit,health_status"
)
ACCOUNT_FIELDS = "name,currency,country,account_review_status,health_status"
TEMPLATE_FIELDS = "name,language,status,category,rejected_reason,components"
TEMPLATES_AT_ONCE = 100
EXISTS = 2388024


class AccountError(Exception):
    """Graph did not do what it was asked.

    Attributes:
        code: Graph's error code; None where no answer of Graph's came.
        words: what it said, without the token and without a full stop.
    """

    def __init__(self, code: int | None, words: str, subcode: int = 0) -> None:
        super().__init__(f"{code}: {words}")
        self.code, self.words, self.subcode = code, words.strip().rstrip("."), subcode


class WhatsAppAccount:
    """
    Args:
        account_id: the WhatsApp business account (WABA).

    Attributes:
        last_answer_at: the `date` header of the newest answer, as it stands there.
    """

    def __init__(
        self,
        *,
        api_url: str,
        api_version: str,
        access_token: str,
        app_secret: str,
        account_id: str,
        phone_number_id: str,
    ) -> None:
        self._pool = HttpPool(api_url, answer_timeout=30.0)
        self._version = api_version
        self._token, self._app_secret = access_token, app_secret
        self._account_id, self._phone_number_id = account_id, phone_number_id
        self.last_answer_at: str | None = None

    def token(self) -> Json:
        """What our token may do, until when, and for which app."""
        found: Json = self._ask("GET", "debug_token", {"input_token": self._token})["data"]
        return found

    def subscriptions(self, app_id: str) -> list[Json]:
        """Where the app has webhooks sent; refused where the app secret is not this app's."""
        token = f"{app_id}|{self._app_secret}"
        return list(self._ask("GET", f"{app_id}/subscriptions", token=token)["data"])

    def subscribed_apps(self) -> list[Json]:
        """The apps that hear of what happens in the business account."""
        return list(self._ask("GET", f"{self._account_id}/subscribed_apps")["data"])

    def number(self) -> Json:
        return self._ask("GET", self._phone_number_id, {"fields": NUMBER_FIELDS})

    def account(self) -> Json:
        return self._ask("GET", self._account_id, {"fields": ACCOUNT_FIELDS})

    def number_ids(self) -> list[str]:
        """The numbers of the business account."""
        return [str(number["id"]) for number in self._pages(f"{self._account_id}/phone_numbers", fields="id")]

    def templates(self) -> list[Json]:
        """All templates that WhatsApp has of us, in every state."""
        path = f"{self._account_id}/message_templates"
        return list(self._pages(path, fields=TEMPLATE_FIELDS, limit=str(TEMPLATES_AT_ONCE)))

    def create_template(self, template: Json) -> Json:
        """Hand one in to be judged; its id, status and category. Refused with subcode `EXISTS` where there is one."""
        return self._ask("POST", f"{self._account_id}/message_templates", body=template)

    def close(self) -> None:
        self._pool.close()

    def _pages(self, path: str, **query: str) -> Iterator[Json]:
        after: dict[str, str] = {}
        while True:
            page = self._ask("GET", path, {**query, **after})
            yield from page["data"]
            paging = page.get("paging") or {}
            if not page["data"] or not paging.get("next"):
                return
            after = {"after": paging["cursors"]["after"]}

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        body: Json | None = None,
    ) -> Json:
        """One call.

        Raises:
            AccountError: it was refused, or nothing came that we can read.
        """
        where = f"/{self._version}/{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {token or self._token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = self._pool.exchange(method, where, headers, orjson.dumps(body) if body else b"")
        except (NotSent, OutcomeUnknown, ValueError) as error:
            raise AccountError(None, str(error)) from None
        self.last_answer_at = answer.headers.get("date")
        return _read(answer)


def _read(answer: Answer) -> Json:
    try:
        found = orjson.loads(answer.body)
        if answer.status < 400 and isinstance(found, dict) and "error" not in found:
            return found
        error = found["error"]
        said = (
            error.get("error_user_msg") or (error.get("error_data") or {}).get("details") or error["message"]
        )
        code, subcode = int(error["code"]), int(error.get("error_subcode") or 0)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise AccountError(None, f"HTTP {answer.status}, and not from the Graph API") from None
    raise AccountError(code, str(said)[:300], subcode)
