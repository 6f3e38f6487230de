"""Drives the sandbox from tests: reads like the conversation, waits for what must come, says what did not.

    world = World("http://127.0.0.1:8400")
    guest, owner = world.guest, world.owner
    guest.says("hi")
    guest.taps("Book a place")
    link = guest.sees("Pay").link
    world.stripe.pays(link)
    owner.taps("Confirm")
    assert guest.sees("Confirmed").media

A person's `sees` and `taps` look at what came after that person last did something; `old=True` and `since=`
look further back.
"""

from sandbox.driver.chat import PATIENCE, Bubble, NotSeen
from sandbox.driver.person import Person
from sandbox.driver.world import World

__all__ = ["PATIENCE", "Bubble", "NotSeen", "Person", "World"]
