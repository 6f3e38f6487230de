"""What an admin may tap, each only if an admin does; for everybody else it is where things stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flows import actions, my_bookings
from flows.actions import Action
from flows.admin import bookings, decisions, duty, failures, modes, money, people, talking, unmatched
from flows.engine import Reply, Turn
from flows.state import State
from models import person

Tap = Callable[[Turn, State, Any], Reply]


def _admins_only(handle: Tap) -> Tap:
    def take(turn: Turn, state: State, action: Action) -> Reply:
        if person.ADMIN not in person.roles(turn.session, turn.person_id):
            return my_bookings.stand(turn, state)
        return handle(turn, state, action)

    return take


_OF_ADMINS: Final[Mapping[type[Action], Tap]] = {
    actions.ApproveInstead: decisions.approve,
    actions.DeclineInstead: decisions.ask_if_sure,
    actions.DeclineInsteadForSure: decisions.decline,
    actions.WaitForOwner: decisions.wait,
    actions.VerifyPayment: money.verify,
    actions.RejectPayment: money.ask_reason,
    actions.RejectPaymentFor: money.reject,
    actions.ShowReview: money.show_review,
    actions.ShowReviews: lambda t, s, a: money.pending(t, s, a.page),
    actions.ShowUnmatched: lambda t, s, a: unmatched.show_list(t, s, a.page),
    actions.ShowFound: unmatched.show_found,
    actions.LinkPayment: unmatched.link_payment,
    actions.TakeBack: unmatched.take_back,
    actions.AskOtherBooking: unmatched.ask_other,
    actions.PutAside: unmatched.put_aside,
    actions.SwitchMode: modes.switch,
    actions.SwitchIssuer: modes.switch_issuer,
    actions.ShowWhole: bookings.show_whole,
    actions.ShowUndecided: lambda t, s, a: bookings.show_undecided(t, s, a.page),
    actions.ShowStuck: lambda t, s, a: bookings.show_stuck(t, s, a.page),
    actions.ShowFailed: lambda t, s, a: failures.show_failed(t, s, a.page),
    actions.ShowFailure: failures.show_failure,
    actions.SendAgain: failures.send_again,
    actions.ShowFigures: lambda t, s, a: duty.show_figures(t, s),
    actions.GoOnDuty: lambda t, s, a: duty.go_on_duty(t, s),
    actions.GoOffDuty: lambda t, s, a: duty.go_off_duty(t, s),
    actions.ShowPerson: people.show_person,
    actions.ReplyTo: talking.ask_reply,
    actions.PauseBot: talking.pause,
    actions.ResumeBot: talking.resume,
}
TAPS: Final[Mapping[type[Action], Tap]] = {action: _admins_only(tap) for action, tap in _OF_ADMINS.items()}
