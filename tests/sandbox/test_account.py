"""What the stand-ins tell of the business's own account, asked as Meta's and Stripe's pages say."""

from __future__ import annotations

import httpx

from sandbox.account import APP_ID
from sandbox.driver import World
from tests.sandbox.desk import ACCOUNT, NUMBER, SECRET, TOKEN, Product, code_of


def test_the_token_tells_what_it_may(graph: httpx.Client) -> None:
    told = graph.get("/debug_token", params={"input_token": TOKEN}).json()["data"]
    assert (told["is_valid"], told["expires_at"], told["app_id"]) == (True, 0, APP_ID)
    assert {"whatsapp_business_messaging", "whatsapp_business_management"} <= set(told["scopes"])
    assert told["granular_scopes"][0]["target_ids"] == [ACCOUNT]
    assert graph.get("/debug_token", params={"input_token": "another"}).json()["data"]["is_valid"] is False


def test_the_apps_webhook_is_told_to_the_app_alone(graph: httpx.Client, product: Product) -> None:
    assert code_of(graph.get(f"/{APP_ID}/subscriptions")) == 190
    headers = {"Authorization": f"Bearer {APP_ID}|{SECRET}"}
    (told,) = graph.get(f"/{APP_ID}/subscriptions", headers=headers).json()["data"]
    assert told["callback_url"] == product.url + "/api/whatsapp/webhook"
    assert "messages" in [field["name"] for field in told["fields"]]
    (app,) = graph.get(f"/{ACCOUNT}/subscribed_apps").json()["data"]
    assert app["whatsapp_business_api_data"]["id"] == APP_ID


def test_a_node_has_the_fields_that_were_asked_for(graph: httpx.Client) -> None:
    usual = graph.get(f"/{NUMBER}").json()
    assert usual.keys() == {"id", "display_phone_number", "verified_name", "quality_rating"}
    asked = graph.get(f"/{NUMBER}", params={"fields": "status,health_status"}).json()
    assert asked.keys() == {"id", "status", "health_status"}
    assert asked["health_status"]["can_send_message"] == "AVAILABLE"
    assert {each["entity_type"] for each in asked["health_status"]["entities"]} == {
        "PHONE_NUMBER", "WABA", "BUSINESS", "APP",
    }  # fmt: skip
    assert [each["id"] for each in graph.get(f"/{ACCOUNT}/phone_numbers").json()["data"]] == [NUMBER]
    assert graph.get(f"/{ACCOUNT}", params={"fields": "currency"}).json() == {
        "id": ACCOUNT,
        "currency": "USD",
    }


def test_stripe_tells_its_mode_and_its_endpoint(world: World, product: Product) -> None:
    with httpx.Client(
        base_url=world.stripe_url, headers={"Authorization": "Bearer sk_test_sandbox"}, timeout=60
    ) as stripe:
        assert stripe.get("/v1/balance").json()["livemode"] is False
        assert stripe.get("/v1/account").json()["charges_enabled"] is True
        (endpoint,) = stripe.get("/v1/webhook_endpoints").json()["data"]
    assert endpoint["url"] == product.url + "/api/payments/stripe/webhook"
    assert "checkout.session.completed" in endpoint["enabled_events"]
    assert httpx.get(f"{world.stripe_url}/v1/balance", timeout=60).status_code == 401
