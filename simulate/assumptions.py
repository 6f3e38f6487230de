"""Everything that is assumed of guests, banks and strangers, and the seeds. Change it, and run it again.

The shares are those of facts/booking.md 3c; what is ours is marked. They are made up with care and measure nothing:
read how rules compare, not the figures by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SEEDS: Final = (1, 2, 3)
BOOKINGS_PER_HOUR: Final = (2, 10, 40)
# Of each seed at each rate (ours): enough days for late money to meet newer bookings of the same price.
BOOKINGS: Final = {2: 400, 10: 800, 40: 1600}

# Advances that are agreed on, in rupees: ten price points, taken by guests with equal chance.
PRICE_POINTS: Final = (1500, 2000, 2500, 3000, 3500, 4000, 5000, 6000, 7500, 9000)


@dataclass(frozen=True)
class Assumptions:
    """Shares of one, where nothing else is said."""

    # What guests do.
    never_pay: float = 0.25
    delay_minutes: float = 6.0  # the median, log-normal
    delay_spread: float = 0.8  # ours: its sigma; two thirds pay between 3 and 13 minutes
    late: float = 0.04  # pay hours late
    late_hours: float = 5.0  # ours: the median of those, log-normal with sigma 1
    under: float = 0.03  # type less, by one to ten percent
    over: float = 0.02  # type more, by as much
    half: float = 0.02  # pay half of what was agreed on
    rounds: float = 0.15  # type the price instead of the amount that they were asked for
    writes_reference: float = 0.50
    mistypes_reference: float = 0.03  # ours, of those: one character is another
    # What their banks show.
    same_name: float = 0.65  # else somebody else pays for them
    shortened_name: float = 0.15  # ours: S. TARIQ, AHMED K*
    other_spelling: float = 0.15  # ours: Aisha for Ayesha
    phone_shown: float = 0.35  # that of whoever pays, with its middle masked half of the time
    reported_twice: float = 0.06  # a second mail of the same transaction
    strangers: float = 0.03  # of all credits: nobody's booking, and of a price point's amount
    # What becomes of a question in the chat (ours): a guest who is asked for four characters of the id.
    answers: float = 0.70
    answer_minutes: float = 4.0  # the mean
    makes_something_up: float = 0.02  # of those who are asked and have not paid


ASSUMED: Final = Assumptions()
POLL_MINUTES: Final = 2.0  # as GMAIL_CHECK_INTERVAL_MINUTES
MAIL_SECONDS: Final = 45.0  # the mean time from a payment to its mail

# Names, the frequent ones first; each half as often again as the one eight places behind it (ours).
GIVEN_NAMES: Final = (  # with commas between them
    "Muhammad Ali, Ahmed, Fatima, Bilal, Ayesha, Usman, Hassan, Zainab, Hamza, Maryam, Umar, Sana, Imran, Hira, "
    "Abdullah, Sadia, Faisal, Rabia, Kamran, Amna, Tariq, Nadia, Asad, Saima, Zubair, Iqra, Shahid, Mehwish, Adnan, "
    "Kiran, Junaid, Bushra, Salman, Huma, Waqas, Farah, Nabeel, Lubna, Rizwan, Samina, Danish, Uzma, Farhan, Noreen, "
    "Yasir, Shazia, Owais, Asma, Talha, Rukhsana, Haris, Sidra, Arslan, Tayyaba, Zeeshan, Komal, Naveed, Anum, "
    "Saad, Maham"
)
FAMILY_NAMES: Final = (
    "Khan, Ahmed, Malik, Hussain, Sheikh, Butt, Qureshi, Siddiqui, Chaudhry, Raza, Shah, Iqbal, Mirza, Abbasi, Javed, "
    "Akhtar, Aslam, Rehman, Bhatti, Awan, Ansari, Mughal, Rana, Baig, Saeed, Nawaz, Farooq, Mehmood, Riaz, Gill, "
    "Tariq, Hashmi, Memon, Baloch, Gondal, Cheema, Warraich, Khattak, Afridi, Yousafzai"
)
SPELLINGS: Final = {
    "Ayesha": "Aisha",
    "Hussain": "Hussein",
    "Ahmed": "Ahmad",
    "Umar": "Omer",
    "Usman": "Usmaan",
    "Chaudhry": "Choudhary",
    "Qureshi": "Quraishi",
    "Siddiqui": "Siddiqi",
    "Muhammad": "Mohd",
    "Maryam": "Mariam",
    "Mehmood": "Mahmud",
    "Zeeshan": "Zishan",
    "Shah": "Shaah",
    "Rehman": "Rahman",
}
