"""Names, yes and no, and the few words that work everywhere, matched as the whole message."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from flows.understand.vocabulary import ARTICLES, NUMBERS, each, plain, words_of
from models.message import unturned


def name(said: str) -> str | None:
    """The name somebody gives: "my name is ali khan" is Ali Khan; None where it cannot be one."""
    text = " ".join(unturned(said).split()).strip(" .,!;:")
    text = _NAME_BEFORE.sub("", text)
    text = _NAME_AFTER.sub("", text).strip(" .,!;:'\"")
    if not 2 <= len(text) <= 60 or len(text.split()) > 6 or _NO_NAME.search(text):
        return None
    if sum(c.isalpha() for c in text) < 2 or yes_or_no(text) is not None:
        return None
    if not set(plain(text).split()).isdisjoint(_NEVER_IN_A_NAME):
        return None
    return text.title() if text.islower() and text.isascii() else text


def yes_or_no(said: str) -> bool | None:
    """What "haan ji", "nope" or a thumb means; None for all that is neither plainly yes nor plainly no."""
    drawn = {sign for sign in said if not sign.isspace()} - _SHADES
    if drawn and (drawn <= _SIGNS_OF_YES or drawn <= _SIGNS_OF_NO):
        return drawn <= _SIGNS_OF_YES
    text = plain(said)
    return True if text in _YES else False if text in _NO else None


def is_nothing(said: str) -> bool:
    """Somebody who has nothing to say to a question that need not be answered: "skip", "none", "no thanks"."""
    return plain(said) in _NOTHING or yes_or_no(said) is False


def has_none(said: str) -> bool:
    """Somebody who says in a sentence that there is none: "I don't have one", "nahi hai"; no number is meant so."""
    words = words_of(said)
    return not _NO_WORDS.isdisjoint(words) and not any(word.isdigit() for word in words)


def whole_number(said: str) -> int | None:
    """The one number of an answer: "2", "two", "about 2 cars"; None for none, or more than one."""
    words = words_of(said)
    written = [int(word) for word in words if word.isdigit()]
    spoken = [NUMBERS[word] for word in words if word in NUMBERS and word not in ARTICLES]
    found = written or spoken
    return found[0] if len(found) == 1 and found[0] < 100_000 and words[0] != "-" else None


def stars(said: str) -> int | None:
    """One to five stars: "5", "five stars", "4/5", "⭐⭐⭐"; None for anything else."""
    drawn = said.strip().replace("\ufe0f", "")
    if drawn and not drawn.strip("⭐★🌟 "):
        return len(drawn.replace(" ", "")) if len(drawn.replace(" ", "")) <= 5 else None
    found = _STARS.fullmatch(" ".join(words_of(said)))
    if found is None:
        return None
    number = int(found[1]) if found[1].isdigit() else NUMBERS.get(found[1], 0)
    return number if 1 <= number <= 5 and found[1] not in ARTICLES else None


def is_praise(said: str) -> bool:
    """Somebody is content and says no more: "great", "bohat acha"."""
    return plain(said) in _PRAISE


def courtesy(said: str) -> str | None:
    """“thanks” for a word of thanks, “ok” for an “ok”, a “great”, a thumb; None where something is asked."""
    words = plain(said)
    if not words:
        # Pictures are symbols; a lone question mark asks, and is none.
        return "ok" if any(unicodedata.category(sign) == "So" for sign in said) else None
    return "thanks" if words in _THANKS else "ok" if words in _FINE else None


def command(said: str) -> str | None:
    """The word that works everywhere, if the message is that word and nothing else.

    Returns:
        back, menu, cancel, help, person, language, en, ur, hi, book, near, bookings, ticket or hello; None for
        any other message.
    """
    if len(said) > 30:
        return None
    return _COMMANDS.get(plain(said))


_NAME_BEFORE: Final = re.compile(
    r"^(my name is|my name's|the name is|name is|name|i am|i'm|im|it is|it's|its|this is|book it under|under|"
    r"mera naam|mera nam|میرا نام|मेरा नाम)[\s:,-]+",
    re.IGNORECASE,
)
_NAME_AFTER: Final = re.compile(r"\s+(hai|hay|hy|ہے|है)$", re.IGNORECASE)
_NEVER_IN_A_NAME: Final = each(
    "maybe, perhaps, not, sure, same, later, skip, none, nothing, whatever, anything, what, who, whom, whose, how, "
    "when, where, why, which, you, your, my, mine, we, our, they, are, is, was, the, that, these, those, use, profile, "
    "before, idk, don't, dont, know, think, want, need, please, pls, price, cost, rate, book, booking, change, help, "
    "here, there, it, no, yes, for, from, with, of, have, has, had, can, tell, night, nights, guest, guests, "
    "people, kya, kaun, kon, kyun, kyon, kahan, kab, nahi, nahin, pata, baad, wohi, wahi, shayad, koi, mujhe, chahiye, "
    "شاید, نہیں, پتہ, وہی, کیا, کون, بعد, शायद, नहीं, पता, वही, क्या, कौन, बाद"
)
_NO_NAME: Final = re.compile(r"[0-9@?/\\<>{}\[\]=|#%^~*_]|https?:|www\.")


_SIGNS_OF_YES: Final = frozenset("👍✅👌✔☑🆗")
_SIGNS_OF_NO: Final = frozenset("👎❌✖🚫🙅")
_SHADES: Final = frozenset("\ufe0f\u200d" + "".join(map(chr, range(0x1F3FB, 0x1F400))))
_YES: Final = each(
    "yes, y, yes yes, yeah, yea, ya, yah, yep, yup, yess, yes please, yes pls, yes sure, yes ok, yes sir, sure, "
    "of course, certainly, definitely, absolutely, ok, okay, okey, okk, k, ok sure, alright, all right, fine, correct, "
    "right, confirm, confirmed, i confirm, go ahead, please do, do it, agreed, i agree, done, "
    "haan, han, haa, ha, haan ji, han ji, ji, jee, ji haan, ji han, jee haan, bilkul, zaroor, theek, theek hai, thik hai, "
    "theek he, sahi, sahi hai, kar do, kar dein, "
    "جی, ہاں, جی ہاں, ہاں جی, بالکل, ضرور, ٹھیک, ٹھیک ہے, صحیح ہے, کر دیں, "
    "हाँ, हां, जी, जी हाँ, जी हां, हाँ जी, हां जी, बिल्कुल, ज़रूर, जरूर, ठीक, ठीक है, सही है, कर दें"
)
_NO: Final = each(
    "no, n, no no, nope, nah, nop, noo, no please, no sir, not now, not yet, not really, no thanks, no thank you, never, "
    "don't, dont, do not, wrong, incorrect, nahi, nahin, nai, nahee, nhi, na, naa, ji nahi, ji nahin, nahi ji, bilkul nahi, "
    "abhi nahi, rehne do, rehne dein, mat karo, "
    "نہیں, نہ, جی نہیں, نہیں جی, بالکل نہیں, ابھی نہیں, رہنے دیں, नहीं, नही, ना, जी नहीं, नहीं जी, बिल्कुल नहीं, अभी नहीं, रहने दें"
)
_NO_WORDS: Final = each("no, not, none, don't, dont, haven't, havent, without, nahi, nahin, nai, نہیں, नहीं")
_NOTHING: Final = each(
    "skip, skip it, skip this, pass, next, none, nothing, nil, n/a, na, no idea, not applicable, -, "
    "کچھ نہیں, چھوڑیں, कुछ नहीं, छोड़ें"
)
_STARS: Final = re.compile(
    r"(\S+)(?: ?/ ?5| out of (?:5|five)| of (?:5|five))?(?: (?:stars?|star rating|sitare|sitaray|ستارے|ستارہ|सितारे|सितारा))?"
    r"(?: please| pls)?"
)
_PRAISE: Final = each(
    "great, very good, good, excellent, awesome, wonderful, amazing, fantastic, superb, perfect, super, nice, "
    "very nice, lovely, it was great, it was good, it was very good, it was excellent, it was amazing, loved it, "
    "we loved it, bohat acha, bohat achha, bahut acha, acha tha, bohat acha tha, zabardast, mashallah, kamal, "
    "بہت اچھا, بہت خوب, زبردست, بہت اچھا تھا, अच्छा था, बहुत अच्छा, बहुत अच्छा था, बढ़िया, बहुत बढ़िया"
)
_THANKS: Final = each(
    "thanks, thank you, thank u, thankyou, thnx, thanx, thx, tnx, ty, tysm, many thanks, thanks a lot, "
    "thanks so much, thank you so much, thank you very much, thanks alot, ok thanks, ok thank you, "
    "okay thanks, okay thank you, great thanks, great thank you, perfect thanks, perfect thank you, "
    "yes thanks, yes thank you, thank you sir, thanks bhai, shukriya, shukria, bohat shukriya, "
    "bahut shukriya, bohot shukriya, jazakallah, jazak allah, meherbani, dhanyavad, dhanyavaad, dhanyawad, "
    "bahut dhanyavad, شکریہ, بہت شکریہ, بہت بہت شکریہ, آپ کا شکریہ, جزاک اللہ, مہربانی, धन्यवाद, "
    "बहुत धन्यवाद, बहुत बहुत धन्यवाद, शुक्रिया, बहुत शुक्रिया, आपका धन्यवाद"
)
_FINE: Final = each(
    "ok, okay, okey, k, okk, ok ok, oki, okie, ok great, okay great, ok good, ok fine, alright, all right, "
    "great, good, very good, fine, nice, very nice, cool, perfect, super, excellent, awesome, wonderful, "
    "wow, got it, understood, noted, done, sounds good, theek, theek hai, thik hai, acha, accha, achha, "
    "bohat acha, zabardast, mashallah, ٹھیک, ٹھیک ہے, اچھا, بہت اچھا, بہت خوب, زبردست, अच्छा, बहुत अच्छा, "
    "ठीक, ठीक है, बढ़िया, बहुत बढ़िया"
)

_COMMANDS: Final[dict[str, str]] = {
    word: what
    for what, words in {
        "back": "back, go back, previous, wapas, wapis, peeche, واپس, پیچھے, वापस, पीछे, वापिस",
        "menu": "menu, main menu, home, start over, main, مینو, مینیو, मेनू, मेन्यू",
        "cancel": "cancel, stop, cancel it, cancel booking, cancel my booking, mansookh, منسوخ, منسوخ کریں, "
        "کینسل, रद्द, रद्द करें, कैंसल, कैंसिल",
        "help": "help, madad, مدد, मदद, help me, support",
        "person": "agent, human, talk to a person, person, talk to person, representative, operator",
        "language": "language, languages, change language, zaban, zubaan, bhasha, زبان, भाषा",
        "en": "english, in english, english please, angrezi, انگریزی, अंग्रेज़ी, अंग्रेजी",
        "ur": "urdu, urdu please, urdu mein, urdu main, in urdu, اردو میں, اردو, उर्दू",
        "hi": "hindi, hindi please, hindi mein, hindi me, in hindi, हिंदी में, हिन्दी में, ہندی, हिंदी, हिन्दी",
        "book": "book, book a stay, booking, book now, book a room, new booking, بک, بکنگ, बुक, बुकिंग",
        "near": "near me, nearby, near by, nearest, places near me, close to me, around me, mere qareeb, mere paas, "
        "قریب, میرے قریب, मेरे पास, पास में",
        "bookings": "bookings, my bookings, my booking, my trips, trips, میری بکنگ, मेरी बुकिंग, میری بکنگز",
        "ticket": "ticket, my ticket, e-ticket, eticket, ٹکٹ, टिकट",
        "hello": "hi, hello, hey, hii, hiii, hi there, hello there, salam, salaam, assalam o alaikum, "
        "assalamualaikum, assalam-o-alaikum, aoa, asalam o alaikum, namaste, namaskar, good morning, "
        "good afternoon, good evening, start, سلام, السلام علیکم, हेलो, नमस्ते, ہیلو, helo, hallo",
    }.items()
    for word in each(words)
}
