"""Looking around: the menu, the kinds of places, the places of a kind, and one place with its picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from flows import offers, phrases, stays, understand
from flows.actions import (
    BookAStay,
    BookPlace,
    ContinueBooking,
    Help,
    LookAround,
    MyBookings,
    NearMe,
    ShowCategory,
    ShowMenu,
    ShowNear,
    ShowPlace,
    decode,
    encode,
)
from flows.engine import Reply, Turn, button, row
from flows.phrases import Phrases
from flows.state import Draft, State
from models import availability, rating
from models.distance import Spot, kilometres
from models.listing import Listing, categories_in_use
from models.message import MOST_ROWS, ROW_DESCRIPTION, Buttons, Menu, Message, Section, clip
from models.money import NO_BREAK, Money
from models.pricing import lowest_and_highest, night_price
from models.stay import Mode

PLACES_A_PAGE: Final = 9
MOST_WORDS_LOOKED_UP: Final = 12


def show_menu(turn: Turn, state: State, preface: str | None = None) -> Reply:
    """The menu; a half-finished booking stays where it is and is mentioned."""
    _ = turn._
    lines = [preface or _("Welcome to *{business}*", business=turn.rules.business_name)]
    if state.draft is not None and state.draft.is_begun:
        lines.append(_("Your half-finished booking is kept. Tap *Book a stay* to go on with it."))
    else:
        lines.append(_("Find a place, book it and pay, all in this chat. What would you like to do?"))
    buttons = (
        button(BookAStay(), _("Book a stay")),
        button(MyBookings(), _("My bookings")),
        button(Help(), _("Help")),
    )
    message = Buttons("\n\n".join(lines), buttons, footer=_other_language(turn))
    return Reply(message, replace(state, at=encode(ShowMenu())), "menu")


def _other_language(turn: Turn) -> str:
    """How to change the language, said in the one it leads to."""
    if turn.language != phrases.DEFAULT:
        return "For English, type: english"
    return {"ur": "اردو کے لیے لکھیں: اردو", "hi": "हिन्दी के लिए लिखें: हिन्दी"}.get(
        turn.local or "", "Type “language” for اردو or हिन्दी"
    )


def book_a_stay(turn: Turn, state: State) -> Reply:
    """Look for a half-finished booking first, then for a place."""
    draft = state.draft
    if draft is None or not draft.is_begun:
        return look_around(turn, state)
    listing = Listing.get(turn.session, draft.listing)
    question = ask_to_go_on(turn._, draft, listing, turn._("You had begun a booking:"))
    return Reply(
        question,
        replace(state, at=encode(BookAStay())),
        "resume",
        yes=ContinueBooking(),
        no=LookAround(),
    )


def ask_to_go_on(_: Phrases, draft: Draft, listing: Listing, heading: str) -> Buttons:
    """What was answered of a half-finished booking so far, and whether to go on with it."""
    told = [f"*{listing.name}*"]
    stay = draft.stay_at(listing)
    if stay is not None:
        told.append(stays.in_words(_, stay, listing))
    elif draft.check_in is not None:
        told.append(_("from {day}", day=_.day(draft.check_in)))
    if draft.guests is not None:
        told.append(_.guests(draft.guests))
    body = "\n".join((heading, "", *told, "", _("Shall we go on with it?")))
    return Buttons(body, (button(ContinueBooking(), _("Continue")), button(LookAround(), _("Other places"))))


def look_around(turn: Turn, state: State) -> Reply:
    """The kinds of places; straight to the places where there is one kind only."""
    _ = turn._
    categories = categories_in_use(turn.session)
    if not categories:
        return show_menu(turn, state, _("There is nothing to book just now. Please come back soon."))
    if len(categories) == 1:
        return show_category(turn, state, categories[0][0], 0)
    rows = [
        row(ShowCategory(slug, 0), _(name), _.n("{n} place", "{n} places", number))
        for slug, name, number in categories[:MOST_ROWS]
    ]
    if len(rows) < MOST_ROWS:
        rows.append(row(NearMe(), _("Near me"), _("Share your location")))
    body = _("What kind of place?\n\nTap to choose, or type the name of a place.")
    return Reply(
        Menu(body, _("Choose"), (Section(None, tuple(rows)),)),
        replace(state, at=encode(LookAround())),
        "categories",
    )


def show_category(turn: Turn, state: State, category: str, page: int) -> Reply:
    listings = Listing.in_category(turn.session, category)
    if not listings:
        return (
            look_around(turn, state)
            if page >= 0 and categories_in_use(turn.session)
            else show_menu(turn, state)
        )
    _ = turn._
    return _list(turn, state, _("Which place?\n\nTap one to see it."), listings, category, page)


def take_words(turn: Turn, state: State, said: str) -> Reply | None:
    """The name of a place, a word of it, or a kind of place, in whatever sentence; None for what names nothing."""
    if not 2 < len(said) <= 200:
        return None
    state = replace(state, misses=0)
    places = Listing.named_like(turn.session, said)
    if places:
        return show_found(turn, state, places)
    wanted = understand.plain(said)
    for slug, name, _number in categories_in_use(turn.session):
        if any(understand.plain(title).startswith(wanted) for title in (name, turn._(name), slug)):
            return show_category(turn, state, slug, 0)
    return _take_sentence(turn, state, said)


def _take_sentence(turn: Turn, state: State, said: str) -> Reply | None:
    """The places whose names share most words with the sentence, else the kind of place that it speaks of."""
    words = list(dict.fromkeys(word for word in understand.words(said) if len(word) > 2 and word.isalpha()))
    kinds: dict[str, str] = {}
    for slug, name, _number in categories_in_use(turn.session):
        for title in understand.words(f"{name} {turn._(name)}"):
            kinds.setdefault(title.removesuffix("s"), slug)
    named: Counter[int] = Counter()
    found: dict[int, Listing] = {}
    spoken_of: list[str] = []
    for word in words[:MOST_WORDS_LOOKED_UP]:
        # "hut", "huts" and "farmhouse" speak of kinds, and of every other place's name as well.
        slugs = [slug for stem, slug in kinds.items() if len(stem) > 2 and word.startswith(stem)]
        spoken_of += slugs
        if slugs or understand.is_common(word):
            continue
        for place in Listing.named_like(turn.session, word):
            if word in understand.words(f"{place.name} {place.location}"):
                named[place.id] += 1
                found[place.id] = place
    if named:
        most = max(named.values())
        return show_found(turn, state, [found[number] for number, n in named.items() if n == most])
    return show_category(turn, state, spoken_of[0], 0) if spoken_of else None


def show_found(turn: Turn, state: State, listings: Sequence[Listing]) -> Reply:
    """What was typed names one place or several."""
    if len(listings) == 1:
        return show_place(turn, state, listings[0])
    return _list(turn, state, turn._("These places fit. Tap one to see it."), listings, None, 0)


def _list(
    turn: Turn, state: State, body: str, listings: Sequence[Listing], category: str | None, page: int
) -> Reply:
    _ = turn._
    pages = max(1, -(-len(listings) // PLACES_A_PAGE))
    page = min(page, pages - 1)
    rows = [
        row(ShowPlace(place.id), place.name, in_a_row(turn, place))
        for place in listings[page * PLACES_A_PAGE : (page + 1) * PLACES_A_PAGE]
    ]
    if category is not None and pages > 1:
        rows.append(row(ShowCategory(category, (page + 1) % pages), _("More places")))
    at = encode(ShowCategory(category, page)) if category is not None else encode(LookAround())
    return Reply(
        Menu(body, _("See places"), (Section(None, tuple(rows)),)), replace(state, at=at), "listings"
    )


def in_a_row(turn: Turn, place: Listing, far: str | None = None) -> str:
    """What a place costs, and what else helps to choose it: how far it is, how it was rated, where it is."""
    price = _price_in_short(turn, place) if place.hours is None else offers.in_short(turn, place)
    # The price is what must not be cut off.
    told = " · ".join(part for part in (price, far, stars_in_words(place)) if part)
    return clip(f"{told} · {place.location}", ROW_DESCRIPTION)


def stars_in_words(place: Listing) -> str | None:
    """ "★ 4.6 (12)": the average of enough guests, half up; None while there are too few."""
    if place.ratings < rating.ENOUGH:
        return None
    tenths = (20 * place.stars + place.ratings) // (2 * place.ratings)
    return f"★{NO_BREAK}{tenths // 10}.{tenths % 10}{NO_BREAK}({place.ratings})"


def _price_in_short(turn: Turn, place: Listing) -> str:
    _, first = turn._, availability.today(place, turn.now)
    last = first + timedelta(days=turn.rules.max_days_ahead)
    lowest, highest = lowest_and_highest(place.price, first, last)
    is_one, amount = lowest == highest, _.money(lowest)
    return _("{amount} a night", amount=amount) if is_one else _("from {amount} a night", amount=amount)


def show_place(turn: Turn, state: State, place: Listing | int) -> Reply:
    """One place: picture, price, what it has, and a button to book it."""
    if isinstance(place, int):
        found = Listing.find(turn.session, place)
        if found is None or not found.active:
            return look_around(turn, state)
        place = found
    message = card(turn, place, _how_far(turn, state, place))
    return Reply(message, replace(state, at=encode(ShowPlace(place.id))), "listing")


def _how_far(turn: Turn, state: State, place: Listing) -> str | None:
    """How far it is from where somebody has just said they are; None where they have not."""
    at = decode(state.at) if state.at else None
    spot = Spot.of_grid(at.north, at.east) if isinstance(at, ShowNear) else None
    there = Spot.read(place.latitude, place.longitude)
    return turn._.distance(kilometres(spot, there)) if spot is not None and there is not None else None


def card(turn: Turn, place: Listing, far: str | None = None) -> Message:
    _ = turn._
    lines = [
        f"*{place.name}*",
        " · ".join(part for part in (place.location, far, stars_in_words(place)) if part),
        "",
        clip(place.description, 300),
        "",
        *_prices(turn, place),
    ]
    if place.amenities:
        lines += ["", clip(" · ".join(place.amenities), 250)]
    photo = f"{turn.rules.public_url}/photos/{place.photo}" if place.photo else None
    buttons = (button(BookPlace(place.id), _("Book")), button(LookAround(), _("Other places")))
    return Buttons("\n".join(lines), buttons, image_link=photo)


def _prices(turn: Turn, place: Listing) -> list[str]:
    """What it costs and for how many, a short line each; what the quote adds to that is named at least."""
    _, rates = turn._, place.price
    lines = _prices_by_night(turn, place) if place.hours is None else offers.in_lines(turn, place)
    if place.mode != Mode.SLOT or place.capacity > 1:
        lines.append(_.n("For {n} guest", "For up to {n} guests", place.capacity))
    if rates.extra_guest_minor and rates.included_guests < place.capacity:
        extra = _.money(Money(rates.extra_guest_minor, rates.currency))
        lines.append(_("Each guest after {n}: + {amount}", n=rates.included_guests, amount=extra))
    added = [charge for charge in (*rates.fees, *rates.taxes) if not charge.included]
    if added:
        names = [f"{c.name} {c.percent_in_words}%" if c.percent is not None else c.name for c in added]
        lines.append(_("Plus {charges}", charges=clip(_.comma.join(names), 80)))
    return lines


MOST_PRICES: Final = 6  # lines of a card


def _prices_by_night(turn: Turn, place: Listing) -> list[str]:
    """The usual prices, and those of the seasons in which one can arrive."""
    _, rates = turn._, place.price
    lines = ["*" + _("{amount} a night", amount=_.money(Money(rates.base_minor, rates.currency))) + "*"]
    if rates.weekend_minor is not None and rates.weekend_minor != rates.base_minor:
        lines.append(_("Weekend: {amount}", amount=_.money(Money(rates.weekend_minor, rates.currency))))
    first, ahead = availability.today(place, turn.now), turn.rules.max_days_ahead if rates.seasons else -1
    days = [first + timedelta(days=n) for n in range(ahead + 1)]
    for season in rates.seasons:
        prices = [night_price(rates, day) for day in days if rates.season_on(day) is season]
        if prices and season.prices.amounts:
            lowest = _.money(min(prices))
            amount = lowest if min(prices) == max(prices) else _("from {amount}", amount=lowest)
            lines.append(f"{clip(season.name, 30)}: {amount}")
    return lines[:MOST_PRICES]
