"""Stripe's stand-in, driven by Stripe's own library: typed attributes, states, events, errors, keys."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe
from stripe import StripeClient

from sandbox.driver import World
from tests.sandbox.desk import Product

KEY, WEBHOOK_SECRET = "sk_test_sandbox", "whsec_sandbox"
_bookings = itertools.count(1)


@pytest.fixture(scope="module")
def client(world: World) -> StripeClient:
    return StripeClient(KEY, base_addresses={"api": world.stripe_url}, max_network_retries=0)


@pytest.fixture
def booking() -> str:
    return f"BK-20261120-T{next(_bookings):04d}"


def wanted(booking: str, **more: Any) -> dict[str, Any]:
    """What the product asks for: a page that holds the money until the owner's yes."""
    price = {"currency": "pkr", "unit_amount": 450_000, "product_data": {"name": "Sea View, 2 nights"}}
    return {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 2}],
        "payment_intent_data": {
            "capture_method": "manual",
            "metadata": {"payment_id": "17", "booking": booking},
        },
        "client_reference_id": booking,
        "metadata": {"payment_id": "17"},
        "success_url": "https://example.com/pay/done?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://example.com/pay/left",
        "allowed_payment_method_types": ["card"],
        **more,
    }


@pytest.fixture
def session(client: StripeClient, booking: str) -> stripe.checkout.Session:
    return client.v1.checkout.sessions.create(wanted(booking))


def link_of(session: stripe.checkout.Session) -> str:
    assert session.url
    return session.url


def intent_of(client: StripeClient, session_id: str) -> stripe.PaymentIntent:
    """The intent of a paid session, with its charge."""
    expand = {"expand": ["payment_intent.latest_charge"]}
    intent = client.v1.checkout.sessions.retrieve(session_id, expand).payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    return intent


def named(metadata: Any) -> dict[str, str]:
    return dict(metadata.to_dict())


def types_of(product: Product, about: str) -> list[str]:
    return [event["type"] for event in product.events(about)]


# The way of the money.


def test_a_page_is_opened(session: stripe.checkout.Session, booking: str, world: World) -> None:
    assert session.object == "checkout.session"
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_total, session.currency, session.client_reference_id) == (900_000, "pkr", booking)
    assert named(session.metadata) == {"payment_id": "17"}
    assert session.expires_at - session.created == 86400
    assert link_of(session) == f"{world.stripe_url}/c/pay/{session.id}"
    assert (session.mode, session.livemode, session.ui_mode) == ("payment", False, "hosted_page")


def test_paying_holds_the_money_and_capture_takes_it(
    client: StripeClient, world: World, product: Product, session: stripe.checkout.Session, booking: str
) -> None:
    paid = world.stripe.pays(link_of(session))
    assert paid["redirect"] == f"https://example.com/pay/done?session={session.id}"
    seen = client.v1.checkout.sessions.retrieve(session.id)
    assert (seen.status, seen.payment_status, seen.url) == ("complete", "unpaid", None)

    intent = intent_of(client, session.id)
    assert (intent.status, intent.amount_capturable, intent.amount_received) == (
        "requires_capture",
        900_000,
        0,
    )
    assert named(intent.metadata) == {"payment_id": "17", "booking": booking}
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.captured, charge.paid, charge.refunded) == (False, True, False)
    assert charge.payment_method_details
    assert charge.payment_method_details.card
    until = charge.payment_method_details.card.capture_before
    assert until == pytest.approx(time.time() + 7 * 86400, abs=60)
    assert httpx.get(charge.receipt_url or "", timeout=60).status_code == 200

    taken = client.v1.payment_intents.capture(intent.id, {"expand": ["latest_charge"]})
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 900_000, 0)
    assert isinstance(taken.latest_charge, stripe.Charge)
    assert (taken.latest_charge.captured, taken.latest_charge.amount_captured) == (True, 900_000)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"

    # The endpoint is told what it is subscribed to, in any order; the list of events has them all.
    told = ["checkout.session.completed", "payment_intent.succeeded"]
    world.eventually(lambda: sorted(types_of(product, intent.id)) == told)
    assert [event.type for event in client.v1.events.list({"limit": 6}).data] == [
        "payment_intent.succeeded",
        "charge.captured",
        "checkout.session.completed",
        "payment_intent.amount_capturable_updated",
        "charge.succeeded",
        "payment_intent.created",
    ]


def test_a_part_is_captured_and_the_rest_released(
    client: StripeClient, world: World, session: stripe.checkout.Session
) -> None:
    world.stripe.pays(link_of(session))
    intent = intent_of(client, session.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 900_001})
    assert refused.value.code == "amount_too_large"
    taken = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 400_000})
    assert (taken.status, taken.amount, taken.amount_received) == ("succeeded", 900_000, 400_000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert refused.value.error
    assert refused.value.error.payment_intent
    assert refused.value.error.payment_intent.status == "succeeded"


def test_a_no_lets_the_money_go(
    client: StripeClient, world: World, product: Product, session: stripe.checkout.Session
) -> None:
    world.stripe.pays(link_of(session))
    intent = intent_of(client, session.id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "automatic"})
    gone = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "requested_by_customer"})
    assert (gone.status, gone.amount_capturable, gone.cancellation_reason) == (
        "canceled",
        0,
        "requested_by_customer",
    )
    assert gone.canceled_at
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.capture(intent.id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.cancel(intent.id)
    world.eventually(lambda: "payment_intent.canceled" in types_of(product, intent.id))
    assert "payment_intent.succeeded" not in types_of(product, intent.id)


def test_a_declined_card_leaves_the_page_open(
    client: StripeClient, world: World, product: Product, session: stripe.checkout.Session
) -> None:
    assert world.stripe.fails(link_of(session))["status"] == "open"
    intent = intent_of(client, session.id)
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error
    assert (intent.last_payment_error.code, intent.last_payment_error.type) == ("card_declined", "card_error")
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.cancel(intent.id)
    assert world.stripe.abandons(link_of(session))["redirect"] == "https://example.com/pay/left"
    assert world.stripe.pays(link_of(session))["payment_intent"] == intent.id
    assert intent_of(client, session.id).status == "requires_capture"
    world.eventually(lambda: "payment_intent.payment_failed" in types_of(product, intent.id))


def test_an_open_page_is_closed_once_and_a_paid_one_never(
    client: StripeClient, world: World, product: Product, session: stripe.checkout.Session, booking: str
) -> None:
    closed = client.v1.checkout.sessions.expire(session.id)
    assert (closed.status, closed.payment_status, closed.url) == ("expired", "unpaid", None)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.expire(session.id)
    assert refused.value.http_status == 400
    with pytest.raises(AssertionError, match="expired"):
        world.stripe.pays(link_of(session))
    world.eventually(lambda: types_of(product, session.id) == ["checkout.session.expired"])
    paid = client.v1.checkout.sessions.create(wanted(booking))
    world.stripe.pays(link_of(paid))
    with pytest.raises(stripe.InvalidRequestError, match="complete"):
        client.v1.checkout.sessions.expire(paid.id)


def test_time_closes_the_page_and_lets_a_hold_lapse(
    client: StripeClient, world: World, product: Product, booking: str
) -> None:
    soon = int(world.clock.now.timestamp()) + 31 * 60
    left = client.v1.checkout.sessions.create(wanted(booking, expires_at=soon))
    paid = client.v1.checkout.sessions.create(wanted(booking, expires_at=soon))
    world.stripe.pays(link_of(paid))
    intent = intent_of(client, paid.id)
    world.clock.passes(minutes=32)
    assert client.v1.checkout.sessions.retrieve(left.id).status == "expired"
    assert client.v1.checkout.sessions.retrieve(paid.id).status == "complete"
    world.clock.passes(days=6, hours=23)
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"
    world.clock.passes(hours=1)
    lapsed = client.v1.payment_intents.retrieve(intent.id)
    assert (lapsed.status, lapsed.cancellation_reason) == ("canceled", "automatic")
    world.eventually(lambda: "payment_intent.canceled" in types_of(product, intent.id))


@pytest.mark.parametrize("seconds", [1799, 86401 + 60, -5])
def test_a_page_lives_30_minutes_to_24_hours(
    client: StripeClient, world: World, booking: str, seconds: int
) -> None:
    at = int(world.clock.now.timestamp()) + seconds
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(wanted(booking, expires_at=at))
    assert refused.value.param == "expires_at"


def test_refunds_in_parts_until_nothing_is_left(
    client: StripeClient, world: World, product: Product, session: stripe.checkout.Session
) -> None:
    world.stripe.pays(link_of(session))
    intent = intent_of(client, session.id)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent.id})
    client.v1.payment_intents.capture(intent.id)
    part = client.v1.refunds.create(
        {
            "payment_intent": intent.id,
            "amount": 300_000,
            "reason": "requested_by_customer",
            "metadata": {"row": "5"},
        }
    )
    assert (part.status, part.amount, part.reason, named(part.metadata)) == (
        "succeeded",
        300_000,
        "requested_by_customer",
        {"row": "5"},
    )
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 600_001})
    rest = client.v1.refunds.create({"payment_intent": intent.id})
    assert rest.amount == 600_000
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    assert client.v1.charges.retrieve(str(part.charge)).refunded
    world.stripe.settles_refund(rest.id, "failed")
    assert client.v1.refunds.retrieve(rest.id).status == "failed"
    assert client.v1.charges.retrieve(str(part.charge)).amount_refunded == 300_000
    world.eventually(lambda: "refund.failed" in types_of(product, rest.id))
    assert len(client.v1.refunds.list({"payment_intent": intent.id}).data) == 2


def test_a_dispute_is_told(
    client: StripeClient, world: World, product: Product, session: stripe.checkout.Session, booking: str
) -> None:
    world.stripe.pays(link_of(session))
    intent = intent_of(client, session.id)
    client.v1.payment_intents.capture(intent.id)
    dispute = world.stripe.disputes(booking)
    world.eventually(lambda: "charge.dispute.created" in types_of(product, dispute["id"]))
    assert client.v1.charges.retrieve(str(dispute["charge"])).disputed


# Looking things up.


def test_sessions_and_intents_are_found(
    client: StripeClient, world: World, session: stripe.checkout.Session, booking: str
) -> None:
    world.stripe.pays(link_of(session))
    intent = intent_of(client, session.id)
    found = client.v1.checkout.sessions.list({"payment_intent": intent.id})
    assert [each.id for each in found.data] == [session.id]
    hits = client.v1.payment_intents.search({"query": f"metadata['booking']:'{booking}'"})
    assert [each.id for each in hits.data] == [intent.id]
    assert client.v1.payment_intents.list({"limit": 1}).data[0].id == intent.id
    items = client.v1.checkout.sessions.line_items.list(session.id)
    assert [(item.description, item.quantity, item.amount_total) for item in items.data] == [
        ("Sea View, 2 nights", 2, 900_000)
    ]
    told = world.stripe.session(booking)
    assert (told["id"], told["intent"]["id"], told["charge"]["captured"]) == (session.id, intent.id, False)


def test_lists_are_paged_newest_first(client: StripeClient, booking: str) -> None:
    made = [client.v1.checkout.sessions.create(wanted(booking)).id for _ in range(3)]
    first = client.v1.checkout.sessions.list({"limit": 2})
    assert ([each.id for each in first.data], first.has_more) == ([made[2], made[1]], True)
    following = client.v1.checkout.sessions.list({"limit": 1, "starting_after": made[1]})
    assert [each.id for each in following.data] == [made[0]]
    assert [each.id for each in itertools.islice(first.auto_paging_iter(), 3)] == made[::-1]


# Idempotency and errors.


def test_the_same_key_gives_the_same_answer(client: StripeClient, world: World, booking: str) -> None:
    options: stripe.RequestOptions = {"idempotency_key": f"{booking}:link"}
    first = client.v1.checkout.sessions.create(wanted(booking), options)
    world.stripe.pays(link_of(first))
    second = client.v1.checkout.sessions.create(wanted(booking), options)
    assert second.id == first.id
    assert second.status == "open"
    assert second.last_response
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.headers["Request-Id"].startswith("req_")
    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.checkout.sessions.create(wanted(booking, client_reference_id="other"), options)
    assert refused.value.http_status == 400
    assert len(world.stripe.sessions(booking)) == 1


def test_a_capture_under_the_same_key_happens_once(
    client: StripeClient, world: World, session: stripe.checkout.Session
) -> None:
    world.stripe.pays(link_of(session))
    intent = intent_of(client, session.id)
    for _ in range(3):
        taken = client.v1.payment_intents.capture(
            intent.id, options={"idempotency_key": f"{intent.id}:capture"}
        )
        assert taken.status == "succeeded"


def test_a_refused_request_does_not_spend_its_key(client: StripeClient, booking: str) -> None:
    options: stripe.RequestOptions = {"idempotency_key": f"{booking}:retry"}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(wanted(booking, expires_at=1), options)
    assert client.v1.checkout.sessions.create(wanted(booking), options).status == "open"


def test_a_wrong_key_is_refused(world: World) -> None:
    stranger = StripeClient("sk_test_wrong", base_addresses={"api": world.stripe_url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError) as refused:
        stranger.v1.payment_intents.retrieve("pi_1")
    assert refused.value.http_status == 401
    assert httpx.get(f"{world.stripe_url}/v1/events", timeout=60).status_code == 401
    assert httpx.get(f"{world.stripe_url}/v1/events", auth=(KEY, ""), timeout=60).status_code == 200


def test_what_is_not_there_is_missing(client: StripeClient, world: World) -> None:
    for look in (
        client.v1.payment_intents.retrieve,
        client.v1.checkout.sessions.retrieve,
        client.v1.refunds.retrieve,
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            look("xx_nothing")
        assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    answer = httpx.get(f"{world.stripe_url}/v1/nothing", auth=(KEY, ""), timeout=60)
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "invalid_request_error")


PRICE = {"currency": "pkr", "unit_amount": 100, "product_data": {"name": "x"}}
AMOUNT, CURRENCY = "line_items[0][price_data][unit_amount]", "line_items[0][price_data][currency]"


def priced(**change: Any) -> dict[str, Any]:
    return {"line_items": [{"price_data": PRICE | change, "quantity": 1}]}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"success_url": "nowhere"}, "success_url"),
        ({"success_url": ""}, "success_url"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"amount": 5}, "amount"),
        ({"line_items": []}, "line_items"),
        ({"line_items": [{"price_data": PRICE}]}, "line_items[0][quantity]"),
        ({"line_items": [{"price": "price_1", "quantity": 1}]}, "line_items[0][price]"),
        (priced(unit_amount="1.5"), AMOUNT),
        (priced(unit_amount=-1), AMOUNT),
        (priced(unit_amount=1001, currency="kwd"), AMOUNT),
        (priced(currency="x"), CURRENCY),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]"),
        ({"payment_intent_data": {"capture": "manual"}}, "payment_intent_data[capture]"),
        ({"payment_intent_data": {"capture_method": "later"}}, "capture_method"),
    ],
)
def test_a_wrong_parameter_is_named(
    client: StripeClient, booking: str, change: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(wanted(booking) | change)
    assert refused.value.param == param


def test_an_older_api_version_still_takes_payment_method_types(client: StripeClient, booking: str) -> None:
    old = wanted(booking, payment_method_types=["card"])
    del old["allowed_payment_method_types"]
    made = client.v1.checkout.sessions.create(old, {"stripe_version": "2026-08-26.dahlia"})
    assert made.payment_method_types == ["card"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [("500", stripe.APIError), ("429", stripe.RateLimitError), ("reset", stripe.APIConnectionError)],
)
def test_a_fault_strikes_before_anything_was_done(
    client: StripeClient, world: World, booking: str, kind: str, error: type[Exception]
) -> None:
    world.stripe.fault(kind, count=2, path="POST /v1/checkout")
    options: stripe.RequestOptions = {"idempotency_key": f"{booking}:{kind}"}
    for _ in range(2):
        with pytest.raises(error):
            client.v1.checkout.sessions.create(wanted(booking), options)
    assert world.stripe.sessions(booking) == []
    assert client.v1.checkout.sessions.create(wanted(booking), options).status == "open"


def test_a_lost_answer_is_found_again_by_its_key(client: StripeClient, world: World, booking: str) -> None:
    world.stripe.fault("lost_answer", path="checkout")
    options: stripe.RequestOptions = {"idempotency_key": f"{booking}:lost"}
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(wanted(booking), options)
    made = client.v1.checkout.sessions.create(wanted(booking), options)
    assert [each["id"] for each in world.stripe.sessions(booking)] == [made.id]


def test_a_hanging_call_is_not_done_once_the_caller_gave_up(world: World, booking: str) -> None:
    world.stripe.fault("hang", seconds=2)
    before = len(world.stripe.log())
    impatient = stripe.RequestsClient(timeout=(60, 0.1))
    client = StripeClient(
        KEY, base_addresses={"api": world.stripe_url}, max_network_retries=0, http_client=impatient
    )
    with pytest.raises(stripe.APIConnectionError):
        client.v1.checkout.sessions.create(wanted(booking))
    world.eventually(lambda: len(world.stripe.log()) > before, what="the end of the call")
    assert world.stripe.sessions(booking) == []


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("decline_capture", stripe.CardError, "card_declined"),
        ("expired_capture", stripe.InvalidRequestError, "charge_expired_for_capture"),
    ],
)
def test_a_capture_can_be_refused(
    client: StripeClient,
    world: World,
    product: Product,
    session: stripe.checkout.Session,
    kind: str,
    error: type[stripe.StripeError],
    code: str,
) -> None:
    world.stripe.pays(link_of(session))
    intent = intent_of(client, session.id)
    world.stripe.fault(kind)
    for _ in range(2):
        with pytest.raises(error) as refused:
            client.v1.payment_intents.capture(intent.id, options={"idempotency_key": f"{intent.id}:c"})
        assert refused.value.code == code
    assert client.v1.payment_intents.retrieve(intent.id).status == "canceled"
    world.eventually(lambda: "payment_intent.canceled" in types_of(product, intent.id))


# Events.


def test_events_are_signed_for_the_library(
    client: StripeClient, world: World, product: Product, session: stripe.checkout.Session
) -> None:
    client.v1.checkout.sessions.expire(session.id)
    world.eventually(lambda: product.events(session.id))
    hook = next(hook for hook in product.hooks if session.id.encode() in hook.body)
    event = client.construct_event(hook.body, hook.headers["Stripe-Signature"], WEBHOOK_SECRET)
    assert (event.type, event.data.object.id) == ("checkout.session.expired", session.id)
    assert event.api_version == "2026-10-28.endive"
    with pytest.raises(stripe.SignatureVerificationError):
        client.construct_event(hook.body + b" ", hook.headers["Stripe-Signature"], WEBHOOK_SECRET)
    assert client.v1.events.retrieve(event.id).id == event.id


def test_events_are_retried_duplicated_held_and_released(
    client: StripeClient, world: World, product: Product, session: stripe.checkout.Session
) -> None:
    world.stripe.holds_webhooks()
    world.stripe.pays(link_of(session))
    intent = intent_of(client, session.id)
    client.v1.payment_intents.capture(intent.id)
    time.sleep(0.2)
    assert product.events(intent.id) == []
    world.stripe.webhooks(duplicate=2)
    product.answers[:] = [500]
    world.stripe.releases_webhooks()
    world.eventually(lambda: len(product.events(intent.id)) >= 4)
    ids = [event["id"] for event in product.events(intent.id)]
    assert len(set(ids)) == 2


# The page in the browser.


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60) as browser:
        yield browser


def test_the_page_is_filled_and_sends_the_browser_on(
    browser: httpx.Client, client: StripeClient, booking: str
) -> None:
    price = {"currency": "pkr", "unit_amount": 4_500_00, "product_data": {"name": "<Sea> & View"}}
    session = client.v1.checkout.sessions.create(
        wanted(booking, line_items=[{"price_data": price, "quantity": 1}])
    )
    page = browser.get(link_of(session))
    assert page.status_code == 200
    assert "4,500.00" in page.text
    assert "&lt;Sea&gt; &amp; View" in page.text
    assert "{{" not in page.text
    declined = browser.post(link_of(session), data={"action": "fail"})
    assert declined.status_code == 200
    left = browser.post(link_of(session), data={"action": "abandon"})
    assert (left.status_code, left.headers["Location"]) == (303, "https://example.com/pay/left")
    paid = browser.post(link_of(session), data={"action": "pay"})
    assert (paid.status_code, paid.headers["Location"]) == (
        303,
        f"https://example.com/pay/done?session={session.id}",
    )
    assert browser.get(link_of(session)).status_code == 200
    assert browser.post(link_of(session), data={"action": "pay"}).status_code == 400
    assert browser.post(link_of(session), data={"action": "dance"}).status_code == 400
    assert browser.get(f"{link_of(session)}x").status_code == 404
