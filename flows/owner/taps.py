"""What an owner may tap; each looks itself whether the place is theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flows import actions
from flows.actions import Action
from flows.engine import Reply, Turn
from flows.owner import answers, arrivals, blocks, calendar, day, prices, requests
from flows.state import State

Tap = Callable[[Turn, State, Any], Reply]

TAPS: Final[Mapping[type[Action], Tap]] = {
    actions.ConfirmBooking: requests.confirm,
    actions.CancelBooking: requests.ask_if_sure,
    actions.AskReason: requests.ask_reason,
    actions.CancelForReason: requests.decline,
    actions.ShowRequest: requests.show_request,
    actions.ShowToday: lambda t, s, a: day.show_today(t, s, a.page),
    actions.ShowEarnings: lambda t, s, a: day.show_earnings(t, s),
    actions.ShowStay: arrivals.show_stay,
    actions.CheckIn: arrivals.check_in,
    actions.ShowCalendar: calendar.show,
    actions.AskBlock: blocks.ask_unit,
    actions.AskBlockUnit: blocks.ask,
    actions.MakeBlock: blocks.make,
    actions.ShowBlocks: lambda t, s, a: blocks.show_blocks(t, s, a.page),
    actions.LiftBlock: blocks.lift,
    actions.AskPrice: prices.ask,
    actions.SetPrice: prices.set_price,
    actions.MorePlaces: answers.more_places,
    actions.KeepAsItIs: lambda t, s, a: blocks.keep(t, s),
}
