"""What a mail tells of, by its wording, in the languages that issuers write to their customers.

A mail is money received only where a sentence says so in the past tense and nothing else in the mail speaks
against it. Warnings at the foot, conditions and offers are no statements and are not weighed.

Source: facts/payments.md 1; the cases of the labelled mails in tests/data/payment_mails
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from integrations.payment_mail.amounts import A_SIGN, find_amounts
from integrations.payment_mail.shape import Direction, Event
from integrations.payment_mail.words import words

MOST_SENTENCES: Final = 250
MOST_SENTENCE_CHARS: Final = 500

_SENTENCE_END: Final = re.compile(
    r"\n|(?<!\bRs)(?<!\bNo)(?<!\bAcc)(?<!\bMr)(?<!\bRef)(?<!\bPKR)(?<!\bINR)(?<!\bTxn)(?<!\bTrx)"
    r"(?<!\bBal)(?<!\bAvl)(?<!\bCr)(?<!\bDr)[.!?]\s+(?=\D)|\s\|\s",
    re.IGNORECASE,
)


# No statements: warnings, conditions, how to reach the bank.
_ASIDE: Final = words(
    r"\bnever (?:ask|share|call|disclose|reveal)",
    r"(?:do|does|don't|please) not (?:share|disclose|reply|respond)|\bbeware\b|\bfraud|disclaimer",
    r"confidential|not monitored|unsubscribe|terms (?:and|&) conditions|\bt&cs?\b",
    r"toll[- ]?free",
    r"customer (?:care|service|support)|helpline|contact us|download (?:the|our)|copyright",
    r"all rights reserved|authori[sz]ed and regulated|regulated by|\bwhen you\b|to dispute",
    r"report (?:it|this)",
    r"^\s*(?:remarks?|narration|note|message|comments?|purpose(?: of payment)?|payment (?:note|"
    r"purpose)|description entered)\b\s*:",
)
_QUESTION: Final = re.compile(r"(?:^|(?<=[.!?\n]\s)|(?<=\n))[^.!?\n]{1,120}\?(?=\s|$)")
# A condition speaks of what may be, from its "if" to the end of the sentence.
_CONDITION: Final = words(
    r"[\s,;(]*\b(?:if (?:you|this|the|your|any|a|it|not)|not (?:done by )?you|not initiated by you)\b.*$"
)
_OTP: Final = words(
    r"\botp\b|one[- ]?time[- ](?:password|passcode|pin|code)|verification code|security code",
    r"authori[sz]ation code|passcode",
    r"ओटीपी|او ٹی پی|رمز التحقق",
)
_CODE: Final = re.compile(r"(?<![\w.,-])[0-9]{4,8}(?![\w,-]|\.[0-9])")
_LOGIN: Final = words(
    r"\blog(?:ged)?[- ]?(?:in|on)\b|sign(?:ed)?[- ]?in\b|new device|device (?:registered|added|binding)",
    r"password (?:has been |was )?(?:changed|reset)",
    r"लॉगिन|لاگ ان",
)
_REQUESTED: Final = words(
    r"\brequest(?:ed|s|ing)\b|\b(?:payment|money|collect|fund|pay)s?[- ]request\b|request to pay",
    r"request for payment|asked you (?:for|to pay)|asking (?:you )?for|wants? you to pay",
    r"(?:approve|accept|pay) or (?:decline|reject)|collect request|is requesting",
    r"awaiting your (?:payment|approval)|invites? you to pay|please pay\b|pay now\b|split (?:a|the) bill",
    r"درخواست|طلب کی|अनुरोध|मांग(?:े|ी)|माँग|طلب منك",
)
_REQUEST_PAID: Final = words(
    r"paid your (?:payment |money )?request|request (?:was|has been|is) (?:paid|fulfilled|completed)",
    r"(?:received|paid|credited).{0,60}\b(?:against|for|via|through|towards|"
    r"on) your (?:payment )?(?:request|link|invoice|qr)",
)
_FAILED: Final = words(
    r"\bfail(?:ed|ure|s)?\b|\bdeclined\b|unsuccessful|not successful|could ?n[o']t be",
    r"(?:was|has|have|were|is) not (?:been )?(?:processed|completed|credited|received|successful)",
    r"\brejected\b|\bcancel?led\b|\bexpired\b|timed out|returned unpaid|\bbounced\b|dishono|insufficient",
    r"unable to|\bvoid(?:ed)?\b|\bblocked\b|\babandoned\b",
    r"ناکام|مسترد|منسوخ|विफल|असफल|अस्वीकृत|रद्द|فشل|مرفوض",
)
_PENDING: Final = words(
    r"\bpending\b|in progress|under (?:process|review)|in process|being (?:processed|verified|reviewed)",
    r"on hold|\blien\b|\bfrozen\b|cannot be (?:used|withdrawn|spent)",
    r"\bawaiting\b|\bscheduled\b|\bwill (?:be|get|soon|shortly)\b|shall be|yet to be",
    r"\binitiated\b|\bupcoming\b|to be (?:credited|received|deposited|debited)|\bexpected\b",
    r"is on (?:its|the) way|not yet|(?:is|are) processing|(?:under|in|for) clearing|sent for clearing",
    r"\bjald\b|\bjaye(?:gi|ga|nge)\b|جائے گ|جائیں گے|जाएग|जाएंगे|होगा",
    r"زیر التوا|زیرِ التوا|लंबित|प्रक्रियाधीन|قيد",
)
_NOT_FREE: Final = words(r"\b(?:funds?|amount|money|it) (?:will|shall) be (?:available|released|cleared)")
_REVERSAL: Final = words(
    r"(?:upi|imps|neft|rtgs)\s?[/-]\s?rev(?:ersal)?\b",
    r"\brevers(?:al|ed|ing|e)\b|charge-?back|debited back|(?<!be )credited back|taken back|recalled",
    r"wrong(?:ly)? (?:credit|transfer)|erroneous|returned to (?:the )?(?:sender|payer|remitter)",
    r"ریورس|रिवर्स|वापस ले",
)
# Of money that had come in; else the reversal is of a payment of our own.
_TAKEN_BACK: Final = words(
    r"debited back|charge-?back|taken back|recalled|wrong(?:ly)? credit|reversed from|"
    r"returned to (?:the )?(?:sender|payer)",
    r"(?:credited|received|credit|deposited)\b[^\n]{0,80}?\b(?:has been |was |is |been )?reversed\b"
    r"(?! (?:and credited )?(?:in)?to)",
    r"revers(?:al|ing) (?:of|for) (?:the |a |your )?(?:credit|payment received|incoming)",
)
_REFUND: Final = words(
    r"refund|money[- ]back|\breturned to you",
    r"رقم واپس|ریفنڈ|ری فنڈ|रिफंड|रिफ़ंड|वापसी|वापस किए|استرداد",
)
_CASHBACK: Final = words(
    r"cash ?back|\breward(?:s|ed)?\b|\bbonus\b|scratch card|\bprize\b|loyalty|referral|joining gift",
    r"welcome gift|\binterest\b|\bprofit credit|\bprofit (?:of|for|paid|payment|earned|amount|on)\b|dividend",
    r"کیش بیک|انعام|منافع|कैशबैक|इनाम|पुरस्कार|ब्याज",
)
_SETTLEMENT: Final = words(
    r"\b(?:from|by) (?:one97|razorpay|cashfree|payu|phonepe p(?:vt|rivate)|bharatpe|billdesk|"
    r"ccavenue)\b|\bfrom [^\n.]{0,40}\bsettlement\b",
    r"(?<!be )\bsettled\b|\bpay-?outs?\b|your settlement",
    r"\bsettlement (?:of|for|has|initiated|processed|successful|completed|report|summary|credited)\b",
    r"سیٹلمنٹ|निपटान|सेटलमेंट|تسوية",
)
_NOT_A_PAYERS: Final = words(
    r"\bloan (?:amount|of|account|disburs|has been|up to|is)|\bdisburse(?:d|ment)",
    r"your (?:[\w-]+ ){0,2}(?:payment|transfer|remittance|neft|imps|rtgs) (?:of|for|towards|to|has been received)",
    rf"your (?:[\w-]+ ){{0,2}}payment {A_SIGN}",
    r"\b(?:bill|utility) payment\b|\bbill of\b|supercash|\bcoins?\b|gift ?card|\bexpires? (?:on|in|soon)\b|"
    r"\buse (?:it|them|this) (?:before|by|within)\b",
    r"\bsalary advance|advance salary|\brepay(?:ment|able)?\b|\bbisp\b|\bwinner\b",
    r"\byour (?:[\w-]+ ){0,2}(?:order|donation|che(?:que|ck)|dispute|contribution|application|complaint|premium)\b"
    r"[^\n]{0,50}\breceived|\brequest\b[^\n]{0,40}\breceived by",
    r"received your (?:[\w-]+ ){0,2}(?:order|donation|che(?:que|ck)|dispute|contribution|premium)\b",
    r"\b(?:od|overdraft) facility|\bredemption\b|(?:gold|silver) purchase|\bcomes with\b|welcome benefit|penny[- ]drop|"
    r"(?:account|beneficiary) verification|tell us about|take (?:the |our |a )?survey",
    r"\b(?:nach|ecs|ach) debit|debit request",
    r"\b(?:recharge|tuition|electricity|broadband)\b[^\n]{0,60}\breceived|\bmaintenance of\b|"
    r"\breceived\b[^\n]{0,60}\b(?:recharge|tuition|electricity|broadband)\b|"
    r"\b(?:for|against|towards) (?:flat|policy|consumer|ca) (?:no\b|[0-9])",
    r"\badded\b[^\n]{0,60}\bfrom [^\n]{0,24}\bcard\b",
    r"\b(?:emi|instal?l?ment|premium|challan)\b[^\n]{0,80}\breceived|\b(?:e-?)?mandate\b",
    r"\b(?:complaint|dispute|grievance|service request)\b[^\n]{0,80}\b(?:registered|received|raised|logged|lodged)",
    r"(?:received|thank(?:s| you) for) your (?:\w+ )?payment",
    r"thank(?:s| you) for (?:the |your )?(?:payment|paying)",
    r"(?:towards|on|for|against|to) your [^.\n]{0,40}(?:credit card|loan|\bbill\b|policy|premium|"
    r"\bemi\b|subscription)",
    r"(?:credit card|loan|policy|premium|emi)\b[^.\n]{0,30}payment (?:of|has been)",
    r"\byou(?:'ve| have)? (?:successfully )?(?:added|loaded|topped[- ]up|deposited)\b",
    r"top[- ]?up (?:of|success)|from your own|self[- ]transfer",
    r"received (?:an?|your|the) (?:\w+ ){0,3}(?:offer|voucher|gift|coupon|invitation|message|"
    r"request|bill|complaint|application|invoice|card)\b",
    r"\b[0-9]+ (?:payments|transactions|credits|transfers)\b|(?:daily|weekly) (?:summary|report|collections?)",
    r"[0-9] (?:off|discount|coupons?|vouchers?)\b|\bworth of\b|your rewards?\b|total (?:credits|deposits|received)",
    r"(?:fixed|term|recurring) deposit|\bfd\b|\bmatur(?:ed|ity)|mutual fund|insurance|\bclaim\b|"
    r"subsidy|pension|prize bond",
    r"(?:account|e-?|mini|monthly|bank)[ -]?statement|account summary",
    r"provisional(?:ly)? credit|credit limit (?:has been|increase)",
    r"\bdeposited by you\b|\blimit (?:was |has been )?credited",
    r"(?:sample|demo|test) (?:transaction|payment|deposit|transfer|mail)|autopay|standing instruction",
)
_STANDING_ORDER: Final = words(
    r"mandate|auto ?pay|auto payment|standing (?:instruction|order)|will be debited"
)
_PROMO: Final = words(
    r"\boffers?\b|\bup ?to\b|\bwin\b|\bearn\b|\benjoy\b|\binvite\b|\brefer\b|\bapply\b|\bavail\b",
    r"\bdiscount|\bvoucher|\bhurry\b|limited time|valid (?:till|until|on)|\bchance\b|\blucky\b|\bfree\b",
    r"\bsale\b|% off",
    r"\bget (?:rs|pkr|inr|₹|up|a |flat|instant)",
    r"pre-?approved|\bexclusive\b|\bdeals?\b|hasil kar|\bmuft\b",
    r"حاصل کریں|पाएं|पाइए|ऑफर|पیشکش|مفت|मुफ्त",
    r"\bspend\b|\bshop\b|\bsubscribe\b|\bnewsletter\b|\bdigest\b",
)
_BILL: Final = words(
    r"\bbill\b|\bdue (?:date|on|by|amount)\b|\bis due\b|overdue|amount due|\binvoice\b|payment due",
    r"challan",
    r"بل\b|बिल\b",
)
_STATEMENT: Final = words(
    r"\bstatement\b",
    r"گوشوارہ|विवरणी|स्टेटमेंट",
)
_BALANCE: Final = words(
    r"\bbal(?:ance)?\b",
    r"بیلنس|शेष|बैलेंस|रकम शेष|الرصيد",
)

_DEBIT: Final = words(
    r"\bdebit(?:ed)?\b",
    r"\byou(?:'ve| have| just)? (?:successfully )?(?:sent|paid|spent|transferred|withdr[ae]wn?|"
    r"purchased|bought|used|made|done)\b",
    r"\bwithdraw(?:n|al|ed)\b|\bspent\b|\bpurchase[ds]?\b|\bused (?:for|at)\b|\bdeducted\b|\bcharged\b",
    r"\b(?:paid|sent|transferred|payment|transfer(?: of)?) (?:[^\n;:]{0,40} )?(?:to|at|"
    r"towards)\b(?! you\b| your\b| the (?:account )?(?:ending|title)| (?:a/?c|acc))",
    r"\breceived [^\n]{0,40}from you\b|\breceived your payment|\bmoney sent\b",
    rf"\breceived your {A_SIGN}",
    r"(?:sent|transferred|paid) from your|\bpayment sent\b|\btransfer sent\b|amount sent",
    r"\baap ne\b[^\n]{0,80}\b(?:bheje|bheji|ada)\b",
    r"\bpos\b|\batm\b|\bpaid to\b(?! you)|\bsent to\b(?! you)|outgoing|out of your",
    r"your (?:[\w-]+ ){0,2}(?:payment|transfer|transaction) (?:of|to)|\bbill payment (?:of|for|to)\b",
    rf"\b(?:send money|cash ?out|money transfer)\b(?: is| was)? success|\b(?:send money|cash ?out) (?:of )?{A_SIGN}",
    r"credited (?:to|in|into) (?:the |his |her |their )?(?:beneficiar|recipient|payee|receiver|merchant|biller)",
    r"بھیج(?:ے|ی|ا|دی)|منتقل کر دی|ادا کی|ادائیگی کی|نکال|کٹوتی|डेबिट|भेजे|भेजा|निकाले|काटे|भुगतान किया",
    r"खर्च|تم خصم|تم تحويل|خصم",
)
# Said of money that is here. What precedes them must not turn them into a wish, a promise or an offer.
_CREDIT: Final = words(
    r"\b(?:received|credited|deposited)\b(?! (?:to|in|into) (?:the |his |her |their )?(?:beneficiar|recipient|payee|"
    r"receiver|merchant|biller|his\b|her\b|their\b))",
    rf"\bcredit:? {A_SIGN}|\bgot (?:rupees|money|paid|a payment|[0-9]|{A_SIGN})",
    rf"\b(?:credit for|has paid) (?:[0-9]|{A_SIGN})",
    r"^(?:transaction|txn|entry)?\s?[:\t]\s?credit$|^[^\n:\t]{0,20}\b(?:type|nature)\s?[:\t][^\n]{0,40}\bcredit$",
    r"\b(?:sent|paid|transferred|gave|remitted|wired)(?: to)? you\b|\bsent money to you\b",
    r"\b(?:credit|deposit|receipt|inflow) (?:transaction )?(?:by [^.\n]{0,20} )?of\b|\bhas a credit\b",
    r"\bcredit (?:transaction )?(?:alert|transaction|amount|advice|notification)\b|\bincoming\b",
    r"\binward\b|\bpaid your (?:payment |money )?request\b",
    r"\bpaid (?:by|on your|at your|via your|into your|to your (?:qr|shop|store|business|account|a/?c))",
    r"\b(?:sent|transferred|paid|moved|remitted)\b[^\n;:]{0,40}\b(?:to you|(?:to|into|in) your)\b|\badded to your\b",
    r"\b(?:landed|arrived|reflected|lodged) (?:in|to|into)\b|\bhas arrived\b|\b(?:now|"
    r"is) in your (?:wallet|account|a/?c)\b|\bcame in\b",
    r"\bcr\b(?=[\s.:;]|$)|\b(?:ibft|raast|neft|imps|rtgs|upi) (?:credit|from)\b|\bcollected\b|\bpayment from\b",
    r"\bpayments? rec(?:ei|ie)?ve?d\b|\brec'?d\b|\brcvd\b|\bcrdt?d?\b|\bcha-?ching\b",
    r"\bwas made in your\b|\b(?:money|funds|payment) in\b|\b(?:wasool|mosool)\b(?! kar(?:ei?n|o|n[ae])\b)|"
    r"\bmil ?ga(?:ye|i|ya)\b",
    r"\baap ko\b[^\n]{0,60}\b(?:bheje|mile|mosool)\b|\bbheje (?:hain|gaye) (?:hain )?aap ko\b",
    r"\baa ga(?:ye|i|ya)\b|\baaye\b|\bjama\b",
    r"موصول|وصول|جمع|آپ کو [^.\n]{0,40}(?:بھیج|ملے|ملی)|प्राप्त|जमा|क्रेडिट|मिले|आए हैं|तुम्ही|تم استلام",
    r"تم إيداع|استلمت|إيداع|حوالة واردة|وردت|জমা|পেয়েছেন",
)
_SPOILT: Final = words(
    r"(?:\bwill\b|\bshall\b|\bto be|\bcan\b|\bcould|\bmay\b|\bwould|\bget\b|\bearn|\bwin\b|"
    r"\bwhen\b|\bif\b|\bnot\b|\bnever|\bonce\b|\bafter\b|\bbefore\b|\bup ?to\b|\bunless|\byet\b|"
    r"\bevery|\beach\b|\bany\b|\buntil\b|\bhave your|\babove\b|\bexceeding\b|\b(?:more|less) than\b|"
    r"\b(?:deposits|transfers)\b)(?:[^.\n]|(?<=\brs)\.|\.(?=[0-9])){0,60}$",
    r"\b(?:beneficiary|recipient|payee|merchant|biller|he|she|they)(?:['’]s account)? "
    r"(?:(?:has|have|should|was|is|been|now|already|successfully) ){0,4}$|\b(?:last|previous|next) $",
)
# Credited to somebody with a name; to "HBL A/C 1234" it may be the owner.
_TO_ANOTHER: Final = words(
    r"\b(?:credited|deposited) (?:to|into|in) (?!(?:your?|my|our|the|this|a/?c|ac|acc(?:oun)?t?|wallet)\b|"
    r"[\w&.-]+ (?:a/?c|ac|acc(?:oun)?t?|card)\b|(?:[\w&.-]+ ){0,3}(?:bank|wallet|savings?|current|mobile|digital)\b)"
    r"[^\W\d_]{2,20} [^\W\d_]{2,20}\b"
)
_TO_THEM: Final = words(
    r"\b(?:to|in|into) (?:his|her|their) (?:account|a/?c|wallet|bank)\b|\byour friends? (?:has |have |also |just )?"
    r"(?:received|got)\b"
)
_HAS_PAYER: Final = words(r"\b(?:from|frm|by|sender|remitter|your?)\b")
_PAYER_LABEL: Final = words(
    r"^(?:sender|remitter|payer|originator|ordering customer)(?:['’]s)?(?: account)?(?: name| title)?\s?(?:[:\t]|$)",
    r"^(?:received from|paid by)\s?(?:[:\t]|$)|^customer\b[^\n]{0,60}@",
)
_RECEIVER_LABEL: Final = words(
    r"^(?:receiver|recipient|beneficiary|payee|destination|merchant|(?:paid|sent|transferred) to|to)\b"
)
_STATE: Final = words(r"^(?:[\w.]+ ){0,2}status\b")  # of a transfer in either direction
_STATUS: Final = words(r"^(?:[\w.]+ ){0,2}status\b|\binfo\s?[:-]|\b(?:upi|imps|neft|rtgs)\s?[/-]")
_TO_ME: Final = words(r"credited (?:to|in|into|on) (?:your|my|a/?c)|in your|to your|into your|to you\b")
_FROM_ME: Final = words(
    r"from (?:your|my|[a-z]+ bank a/?c)|your [^\n]{0,60}(?:has been |is |was )?debited",
    r"you(?:'ve| have)? (?:sent|paid|transferred|spent)\b(?! by)|from you\b|received your payment",
    rf"received your {A_SIGN}",
)


def sentences(text: str) -> list[str]:
    """The statements of a text, without warnings, conditions and the payer's own remark."""
    parts = _SENTENCE_END.split(_QUESTION.sub("", text))
    found = (_CONDITION.sub("", part.strip()[:MOST_SENTENCE_CHARS]) for part in parts)
    return [part for part in found if part and not _ASIDE.search(part)][:MOST_SENTENCES]


def says_credit(sentence: str) -> bool:
    """Money is here, says the sentence: neither a promise nor an offer nor somebody else's."""
    if _STATE.match(sentence) or _TO_THEM.search(sentence):
        return False
    if _TO_ANOTHER.search(sentence) and not _HAS_PAYER.search(sentence):
        return False
    for found in _CREDIT.finditer(sentence):
        if not _SPOILT.search(sentence, max(0, found.start() - 90), found.start()):
            return not says_debit(sentence)
    return False


def says_debit(sentence: str) -> bool:
    """Money left the account; "debited …; RAVI credited" is seen from the payer's side."""
    if not _DEBIT.search(sentence):
        return False
    if _FROM_ME.search(sentence):
        return True
    return not (
        _CREDIT.search(sentence) and (_TO_ME.search(sentence) or not re.search("debited", sentence, re.I))
    )


def speaks_against(subject: str, body: str) -> bool:
    """Something in the mail says that the money it tells of is not a payer's, or not here."""
    said = sentences(body)
    weighty = _weighty(subject, said)
    against = (_REVERSAL, _FAILED, _SETTLEMENT, _PENDING, _NOT_A_PAYERS)
    if any(says_credit(part) or part == subject for part in weighty if _CASHBACK.search(part)):
        return True
    if _is_code(subject, said) or _any(_REFUND, [subject, *said]):
        return True
    if any(_any(wording, weighty) for wording in against) or _any(_NOT_FREE, said):
        return True
    return _any(_REQUESTED, weighty) and not _any(_REQUEST_PAID, weighty)


def tells(subject: str, body: str) -> tuple[Event, Direction | None]:
    """What the mail tells of, and which way its money went (none where none moved)."""
    said = sentences(body)
    head = [subject, *said[:3]] if not _ASIDE.search(subject) else said[:3]
    weighty = _weighty(subject, said)
    is_credit = any(says_credit(part) for part in [subject, *said]) or _has_payer_alone(said)
    is_debit = any(says_debit(part) for part in [subject, *said]) and not _is_headed_as_credit(head, said)

    if _is_code(subject, said):
        return Event.OTP, None
    for event, wording, places in (
        (Event.LOGIN, _LOGIN, [] if is_credit and find_amounts(f"{subject}\n{body}") else head),
        (Event.REQUEST, _REQUESTED, [] if _any(_REQUEST_PAID, weighty) else weighty),
        (Event.REVERSAL, _REVERSAL, weighty),
        (Event.FAILED, _FAILED, weighty),
        (Event.SETTLEMENT, _SETTLEMENT, weighty),
        (Event.STATEMENT, _STATEMENT, [subject]),
        (Event.REFUND, _REFUND, [subject, *said]),
    ):
        if _any(wording, places):
            is_taken_back = _any(_TAKEN_BACK, weighty)
            return event, _direction(
                event, is_credit=is_credit, is_debit=is_debit, is_taken_back=is_taken_back
            )
    return _plain(subject, said, weighty, is_credit=is_credit, is_debit=is_debit)


def _plain(
    subject: str, said: Sequence[str], weighty: Sequence[str], *, is_credit: bool, is_debit: bool
) -> tuple[Event, Direction | None]:
    """Money that moved, or the mails that only talk of it."""
    if is_debit:
        if _any(_PROMO, [subject]):
            return Event.PROMO, None
        return (Event.OTHER, None) if _all_pending(weighty) else (Event.DEBIT, Direction.OUT)
    earning = [part for part in weighty if _CASHBACK.search(part)]
    if is_credit:
        if any(says_credit(part) or part == subject for part in earning):
            return Event.CASHBACK, Direction.IN
        if _any(_NOT_A_PAYERS, [subject, *weighty]):
            return Event.OTHER, None
        if _any(_PENDING, weighty) or _any(_NOT_FREE, said):
            return Event.PENDING, None
        return Event.CREDIT, Direction.IN
    for event, wording in (
        (Event.OTHER, _STANDING_ORDER),
        (Event.PROMO, _PROMO),
        (Event.STATEMENT, _STATEMENT),
        (Event.BILL, _BILL),
        (Event.PENDING, _PENDING),
        (Event.BALANCE, _BALANCE),
    ):
        if _any(wording, [subject, *said]):
            return event, None
    return Event.OTHER, None


def _weighty(subject: str, said: Sequence[str]) -> list[str]:
    """The headline, the first sentences, those with money in them, what is called a status, and the rail's own line."""
    rest = (part for part in said[3:] if find_amounts(part) or _STATUS.search(part))
    return [part for part in (subject, *said[:3]) if not _ASIDE.search(part)] + list(rest)


def _direction(event: Event, *, is_credit: bool, is_debit: bool, is_taken_back: bool) -> Direction | None:
    if event in (Event.REQUEST, Event.FAILED, Event.LOGIN, Event.STATEMENT):
        return None
    if event is Event.REVERSAL:
        return Direction.OUT if is_taken_back else Direction.IN
    return Direction.OUT if is_debit and not is_credit and event is not Event.SETTLEMENT else Direction.IN


def _has_payer_alone(said: Sequence[str]) -> bool:
    """A table that names who sent the money and not who got it is its receiver's."""
    return _any(_PAYER_LABEL, said) and not _any(_RECEIVER_LABEL, said)


def _is_code(subject: str, said: Sequence[str]) -> bool:
    if _OTP.search(subject):
        return True
    return any(_OTP.search(part) and _CODE.search(part) for part in said)


def _is_headed_as_credit(head: Sequence[str], said: Sequence[str]) -> bool:
    """The headline counts before a foot that talks of other transfers."""
    for part in [*head, *said]:
        if says_credit(part):
            return True
        if says_debit(part):
            return False
    return False


def _all_pending(weighty: Sequence[str]) -> bool:
    debits = [part for part in weighty if says_debit(part)]
    return bool(debits) and all(_PENDING.search(part) for part in debits)


def _any(wording: re.Pattern[str], parts: Sequence[str]) -> bool:
    return any(wording.search(part) for part in parts)
