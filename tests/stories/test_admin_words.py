"""What an admin does from their chat: a person for a guest, one booking, decisions, lists, duty."""

from __future__ import annotations


def test_a_person_answers_a_guest(guest, admin, world) -> None:
    guest.says("agent")
    guest.sees("What you write now goes to them")
    wanted = admin.sees(f"asks for a person.*{guest.person.name}")
    assert wanted.options == ["Reply", "Resume bot"]
    guest.says("Is there parking for a bus?")
    admin.sees("Is there parking for a bus")
    guest.person.sees_nothing(for_=0.5)
    admin.taps("Reply")
    admin.sees("Type your answer")
    admin.says("Yes, behind the house.")
    admin.sees("✅ Sent to")
    guest.sees("Our team:.*Yes, behind the house")
    mark = guest.mark
    guest.says("Thank you")
    forwarded = admin.sees("Thank you")
    admin.taps("Resume bot", in_message=forwarded)
    admin.sees("answers.*again")
    guest.says("hi")
    guest.sees("Menu|menu|Book", since=mark)


def test_the_bot_comes_back_after_a_day_of_silence(guest, admin, world) -> None:
    guest.says("agent")
    guest.sees("goes to them")
    guest.says("Anybody there?")
    admin.sees("Anybody there")
    world.clock.passes(hours=25)
    guest.says("hi")
    guest.sees("Book")


def test_a_reply_into_a_closed_window_is_a_template(guest, admin, world) -> None:
    guest.says("hi")
    guest.sees("Book")
    world.clock.passes(hours=25)
    admin.says("stuck")
    admin.sees("stuck|wait")
    admin.says(f"reply {guest.person.phone} We found your keys")
    admin.sees("as a template")
    told = guest.sees("We found your keys")
    assert told.template == "person_answers"


def test_payment_goes_on_while_a_person_answers(guest, admin, owner, booking_of, day) -> None:
    guest.books("Sea View", day)
    guest.says("agent")
    guest.sees("goes to them")
    guest.pays()
    guest.sees("e-ticket within 60 minutes")
    code = booking_of(guest).code
    owner.sees(code)
    admin.says(f"approve {code}")
    admin.sees("Approved")
    guest.sees("E-Ticket", kind="document")


def test_one_booking_and_a_no_with_its_reason(guest, admin, owner, booking_of, day) -> None:
    guest.books("Sea View", day)
    guest.pays()
    code = booking_of(guest).code
    owner.sees(code)
    admin.says(f"booking {code}")
    shown = admin.sees("History.*record payment")
    assert guest.person.name in shown.body
    admin.says(f"decline {code} the road is closed")
    admin.sees("will be told: “the road is closed”")
    admin.taps("Yes, decline")
    told = guest.sees("Booking Cancelled.*the road is closed")
    assert "charged" in told.body
    assert booking_of(guest).status == "OWNER_CANCELLED"


def test_a_confirmed_stay_is_withdrawn_and_both_are_told(guest, admin, owner, booking_of, day) -> None:
    guest.books("Sea View", day)
    guest.pays()
    code = booking_of(guest).code
    owner.sees(code)
    owner.taps("Confirm")
    guest.sees("E-Ticket", kind="document")
    admin.says(f"decline {code} flooded")
    admin.sees("It is confirmed|It is \\*confirmed")
    owner_mark = owner.mark
    admin.taps("Yes, decline")
    admin.sees("Refund required")
    guest.sees("Cancelled.*flooded")
    owner.sees("Our team has cancelled this booking", since=owner_mark)
    assert booking_of(guest).status == "REFUND_REQUIRED"
    admin.says("stuck")
    assert code in admin.sees("for something to be done").options


def test_lists_people_and_duty(guest, admin) -> None:
    guest.says("hi")
    guest.sees("Book")
    for words, wanted in (
        ("help", "What you can type"),
        ("waiting", "owner's answer"),
        ("failed", "failed|did not arrive"),
        ("stats today", "Today"),
        (f"find {guest.person.phone}", "Write to them"),
    ):
        admin.says(words)
        admin.sees(wanted)
    admin.says("off duty")
    admin.sees("only admin on duty")
    admin.taps("Stay on duty")
    admin.sees("You are on duty")
