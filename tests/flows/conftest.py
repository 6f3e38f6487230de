from __future__ import annotations

import pytest

from models.listing import Listing
from models.session import Session
from tests import factories
from tests.flows.conversation import Chat


@pytest.fixture
def place(session: Session) -> Listing:
    """Sea View: three rooms for two at Rs. 9,000, 30 % in advance."""
    return factories.listing(session, units=3)


@pytest.fixture
def chat(session: Session) -> Chat:
    return Chat(session, factories.person(session))


@pytest.fixture
def admin(session: Session) -> Chat:
    return Chat(session, factories.person(session, name="Sana Malik", role="admin"), name="Sana Malik")
