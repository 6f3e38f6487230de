"""A ticket to show."""

from __future__ import annotations

from models.ticket import TicketState, TicketView

TICKET = TicketView(
    code="BK-20261120-7K3QX",
    state=TicketState.VALID,
    property_name="Fairy Meadows Huts",
    location="Fairy Meadows, Diamer, Pakistan",
    guest_name="Ayesha Khan",
    check_in="Sat, 12 Dec 2026, 13:00",
    check_out="Mon, 14 Dec 2026, 10:00",
    guests=4,
    units="Hut 2",
    advance_paid="Rs. 11,200",
    amount_due="Rs. 16,800",
    host_name="Sarai",
    host_phone="+92 300 0000301",
    owner_name="Bilal Ahmed",
    owner_phone="+92 300 0000201",
    map_link="https://maps.google.com/?q=35.3866,74.5790",
    payment_reference="pi_3QabcDEF",
    instructions=("Show this ticket when you arrive.", "Carry an ID card.", "Late? Call Bilal Ahmed."),
    url="https://bookings.example.com/eticket/3q2nT7yB0Zk8mV1wXcR5dA",
)
