"""What people can do in a chat beyond words: in the shapes that pywa reads, and as their own phone shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from pywa import types

from sandbox.driver import NotSeen, Person, World
from tests.sandbox.desk import ACCOUNT, NUMBER, PNG, Product, Send, code_of, wamid_of
from tests.sandbox.test_webhooks import parsed

SAMPLES = Path(__file__).parents[2] / "sandbox" / "page" / "samples"


def test_a_voice_message_is_told_from_a_sound_file(guest: Person, product: Product) -> None:
    voice = (SAMPLES / "voice.ogg").read_bytes()
    assert voice.startswith(b"OggS")
    guest.sends_voice(voice)
    heard = parsed(product, guest, types.Message).audio
    assert (heard.voice, heard.mime_type) == (True, "audio/ogg; codecs=opus")
    guest.sends_file("audio", voice, mime="audio/ogg")
    assert parsed(product, guest, types.Message).audio.voice is False
    assert [each.raw["voice"] for each in guest.chat()[-2:]] == [True, False]
    assert guest.file(guest.chat()[-1]) == voice


def test_videos_and_stickers_come_as_such(guest: Person, product: Product) -> None:
    guest.sends_file("video", (SAMPLES / "boat.mp4").read_bytes(), mime="video/mp4", caption="the lake")
    film = parsed(product, guest, types.Message)
    assert (film.video.mime_type, film.caption) == ("video/mp4", "the lake")
    guest.sends_file("sticker", (SAMPLES / "chai.webp").read_bytes(), mime="image/webp")
    assert parsed(product, guest, types.Message).sticker.animated is False
    assert [each.kind for each in guest.chat()[-2:]] == ["video", "sticker"]


def test_a_file_must_be_of_the_kind_it_is_sent_as(guest: Person) -> None:
    for kind, mime in (("video", "image/png"), ("sticker", "video/mp4"), ("audio", "application/pdf")):
        with pytest.raises(NotSeen, match="400"):
            guest.sends_file(kind, PNG, mime=mime)


def test_somebody_elses_card_was_not_asked_for(guest: Person, product: Product) -> None:
    guest.sends_card("Meera Iyer", "+919000000202")
    card = product.items("messages", guest.user_id)[-1]["contacts"][0]
    assert card["name"] == {"formatted_name": "Meera Iyer", "first_name": "Meera", "last_name": "Iyer"}
    assert card["phones"][0]["wa_id"] == "919000000202"
    assert "origin" not in card


def test_an_answer_names_the_message_it_answers(guest: Person, product: Product, send: Send) -> None:
    wamid = wamid_of(send(guest, text={"body": "From 8 to 10"}))
    guest.replies("At 7?", to=guest.sees("8 to 10"))
    node = product.items("messages", guest.user_id)[-1]
    assert node["context"] == {"from": "15550001111", "id": wamid}
    assert parsed(product, guest, types.Message).reply_to_message.id == wamid
    assert guest.chat()[-1].raw["reply_to"] == wamid
    own = guest.chat()[-1]
    guest.replies("or at 8?", to=own)
    assert product.items("messages", guest.user_id)[-1]["context"] == {"from": guest.phone[1:], "id": own.id}
    guest.hides_phone()
    guest.replies("please", to=own)
    assert product.items("messages", guest.user_id)[-1]["context"] == {"id": own.id}


def test_reactions_stand_on_their_message_from_both_sides(
    guest: Person, product: Product, send: Send
) -> None:
    wamid_of(send(guest, text={"body": "Welcome"}))
    before = len(guest.chat())
    guest.reacts("👍", to=guest.sees("Welcome"))
    assert parsed(product, guest, types.Message).reaction.emoji == "👍"
    assert guest.last.reactions == {"person": "👍"}
    guest.reacts("", to=guest.last)
    assert "emoji" not in product.items("messages", guest.user_id)[-1]["reaction"]
    assert guest.last.reactions == {}
    wamid_of(send(guest, reaction={"message_id": guest.chat()[0].id, "emoji": "🙏"}))
    assert guest.chat()[0].reactions == {"business": "🙏"}
    assert len(guest.chat()) == before


def test_a_deleted_message_leaves_its_mark_alone(guest: Person, product: Product, send: Send) -> None:
    guest.says("wrong chat")
    said = guest.chat()[-1]
    guest.deletes(said)
    gone = parsed(product, guest, types.DeletedMessage)
    assert gone.original_message_id == said.id
    assert (guest.chat()[-1].kind, guest.chat()[-1].body) == ("deleted", "")
    wamid_of(send(guest, text={"body": "ours"}))
    with pytest.raises(NotSeen, match="400"):
        guest.deletes(guest.sees("ours"))


def test_what_the_cloud_api_does_not_carry_comes_as_unsupported(guest: Person, product: Product) -> None:
    guest.sends_unsupported()
    node = product.items("messages", guest.user_id)[-1]
    assert (node["type"], node["errors"][0]["code"]) == ("unsupported", 131051)


def test_somebody_elses_messages_cannot_be_answered(world: World, guest: Person, page_url: str) -> None:
    other = world.person("Somebody Else")
    other.says("hello")
    theirs = other.chat()[-1].id
    for what in ({"text": "x", "reply_to": theirs}, {"delete": theirs}, {"reaction": {"message_id": theirs}}):
        assert httpx.post(f"{page_url}/api/chats/{guest.id}/say", json=what, timeout=60).status_code == 400


def test_a_refusal_is_kept_with_its_reason(world: World, guest: Person, send: Send) -> None:
    world.whatsapp.fault(131049, asynchronous=True)
    wamid_of(send(guest, text={"body": "never seen"}))
    failed = world.eventually(lambda: [each for each in guest.chat() if each.status == "failed"])
    assert failed[0].raw["error"]["code"] == 131049


def test_a_templates_place_code_and_phone(
    world: World, guest: Person, send: Send, graph: httpx.Client
) -> None:
    buttons = [
        {"type": "COPY_CODE", "example": "HUNZA10"},
        {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+923000000201"},
    ]
    given: dict[str, Any] = {"name": "with_place", "language": "en", "category": "MARKETING"}
    body = {"type": "BODY", "text": "Ten percent off in the valley."}
    header = {"type": "HEADER", "format": "LOCATION"}
    made = graph.post(
        f"/{ACCOUNT}/message_templates",
        json={**given, "components": [header, body, {"type": "BUTTONS", "buttons": buttons}]},
    )
    number = made.json()["id"]
    world.eventually(lambda: graph.get(f"/{number}").json()["status"] == "APPROVED")
    place = {"latitude": 36.3, "longitude": 74.6, "name": "Inn", "address": "Hunza"}

    def parts(where: dict[str, Any], code: str) -> dict[str, Any]:
        filled = [
            {"type": "header", "parameters": [{"type": "location", "location": where}]},
            {
                "type": "button",
                "sub_type": "COPY_CODE",
                "index": 0,
                "parameters": [{"type": "coupon_code", "coupon_code": code}],
            },
        ]
        return {"name": "with_place", "language": {"code": "en"}, "components": filled}

    wamid_of(send(guest, template=parts(place, "HUNZA10")))
    shown = guest.sees("Ten percent")
    assert shown.raw["location"]["name"] == "Inn"
    assert shown.options == ["Copy offer code", "Call"]
    assert shown.raw["options"][0]["code"] == "HUNZA10"
    with pytest.raises(NotSeen, match="409"):
        guest.taps("Call")
    assert code_of(send(guest, template=parts({**place, "latitude": 91}, "HUNZA10"))) == 131009
    assert code_of(send(guest, template=parts(place, "LONGER-THAN-FIFTEEN"))) == 132012


@pytest.mark.parametrize(
    ("country", "start"), [("PK", "+92"), ("IN", "+91"), ("DE", "+49"), ("JP", "+81"), ("US", "+1202555")]
)
def test_a_new_person_may_come_from_another_country(page_url: str, country: str, start: str) -> None:
    made = httpx.post(
        f"{page_url}/api/people", json={"name": f"From {country}", "country": country}, timeout=60
    ).json()
    assert made["phone"].startswith(start)
    assert made["user_id"].startswith(f"{country}.")
    assert made["phone"].lstrip("+").isdigit() and 8 <= len(made["phone"]) <= 16
    answer = httpx.post(f"{page_url}/api/people", json={"name": "From nowhere", "country": "XX"}, timeout=60)
    assert answer.status_code == 400
    renamed = httpx.post(
        f"{page_url}/api/people", json={"id": made["id"], "name": "Renamed"}, timeout=60
    ).json()
    assert (renamed["name"], renamed["phone"]) == ("Renamed", made["phone"])


def test_the_number_cannot_write_to_itself(send: Send) -> None:
    assert code_of(send("+15550001111", text={"body": "me?"})) == 131021


def test_a_code_goes_to_a_phone_number_only(world: World, guest: Person, graph: httpx.Client) -> None:
    body = {"type": "BODY", "text": "Your code is below, it lives for ten minutes."}
    given = {"name": "a_code", "language": "en", "category": "AUTHENTICATION", "components": [body]}
    number = graph.post(f"/{ACCOUNT}/message_templates", json=given).json()["id"]
    world.eventually(lambda: graph.get(f"/{number}").json()["status"] == "APPROVED")
    message = {
        "messaging_product": "whatsapp",
        "type": "template",
        "template": {"name": "a_code", "language": {"code": "en"}},
    }
    assert code_of(graph.post(f"/{NUMBER}/messages", json={**message, "recipient": guest.user_id})) == 131062
    wamid_of(graph.post(f"/{NUMBER}/messages", json={**message, "to": guest.phone}))
