"""The words we know: numbers, months, weekdays and what stands around them, in English, Urdu and Hindi.

Urdu and Hindi in their own letters and in English ones, as people type them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_TOKEN: Final = re.compile(r"[0-9]+|[^\s0-9\-/.,:;+&!?()\"*_]+|[-/.+&,]")
_SIGNS: Final = re.compile(r"[^\w\s\u0900-\u097f\u0600-\u06ff+'-]|_")
_DIGITS: Final = {
    **{ord("۰") + n: str(n) for n in range(10)},
    **{ord("٠") + n: str(n) for n in range(10)},
    **{ord("०") + n: str(n) for n in range(10)},
    # One letter, two codes: what an Arabic keyboard writes is read as the Urdu letter.
    ord("ي"): "ی",
    ord("ك"): "ک",
    ord("–"): "-",
    ord("—"): "-",
    ord("’"): "'",
}


def plain(said: str) -> str:
    """A title or an answer as it is compared: small letters, single blanks, no signs around it."""
    return " ".join(_SIGNS.sub(" ", same(said)).split())


def each(phrases: str) -> frozenset[str]:
    """The words and phrases between commas, each as `plain` makes it of what is typed."""
    return frozenset(plain(phrase) for phrase in phrases.split(","))


def words_of(said: str) -> list[str]:
    """Numbers, words and the signs that may stand between numbers, in their order; "twenty-five" is 25."""
    text = _TENS_AND_ONES.sub(lambda found: str(NUMBERS[found[1]] + NUMBERS[found[2]]), same(said))
    return _TOKEN.findall(_A_COUPLE.sub(r"2 \1", text))


def is_common(word: str) -> bool:
    """A word that stands in every second sentence, and names nothing by itself."""
    return word in WORDS or word in NUMBERS or word in _COMMON


def is_urdu_or_hindi(said: str) -> bool:
    """Is it one of the two in Latin letters, "mujhe kal kamra chahiye"? By words that no English sentence has."""
    words = words_of(said)
    return len(words) > 1 and any(word in _URDU_OR_HINDI for word in words)


def same(text: str) -> str:
    """One way of writing for what is the same: letters, digits of three scripts, dashes and apostrophes."""
    same_letters = unicodedata.normalize("NFKC", text).casefold().translate(_DIGITS)
    return same_letters if same_letters.isascii() else "".join(map(_digit, same_letters))


def _digit(sign: str) -> str:
    """A digit of whatever script as ours: `isdigit` is true of a "❶" as well, and `int` takes none."""
    return str(unicodedata.digit(sign)) if sign.isdigit() else sign


ORDINALS: Final = frozenset({"st", "nd", "rd", "th"})
ARTICLES: Final = frozenset({"a", "an"})

NUMBERS: Final[dict[str, int]] = {
    word: number
    for number, words in {
        1: "a an one ek ایک एक",
        2: "two do دو दो",
        3: "three teen tin تین तीन",
        4: "four char chaar چار चार",
        5: "five paanch panch پانچ पांच पाँच",
        6: "six chay chhe che چھ چھے छह छः छ",
        7: "seven saat سات सात",
        8: "eight aath آٹھ आठ",
        9: "nine nau نو नौ",
        10: "ten das دس दस",
        11: "eleven gyarah گیارہ ग्यारह",
        12: "twelve dozen barah بارہ बारह",
        13: "thirteen terah تیرہ तेरह",
        14: "fourteen chaudah چودہ चौदह",
        15: "fifteen pandrah پندرہ पंद्रह",
        16: "sixteen solah سولہ सोलह",
        17: "seventeen satrah سترہ सत्रह",
        18: "eighteen atharah اٹھارہ अठारह",
        19: "nineteen unnees انیس उन्नीस",
        20: "twenty bees بیس बीस",
        25: "pachees پچیس पच्चीस",
        30: "thirty tees تیس तीस",
        40: "forty fourty chalis chalees چالیس चालीस",
        50: "fifty pachas پچاس पचास",
        60: "sixty ساٹھ साठ",
        70: "seventy sattar ستر सत्तर",
        80: "eighty assi अस्सी",
        90: "ninety nabbe نوے नब्बे",
        100: "hundred sau سو सौ",
    }.items()
    for word in same(words).split()
}

_TENS_AND_ONES: Final = re.compile(
    r"\b(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[\s-]+(one|two|three|four|five|six|seven|eight|nine)\b"
)
_A_COUPLE: Final = re.compile(r"\b(?:a )?couple (?:of )?(nights|weeks)\b")

_MONTH_WORDS: Final = (
    "jan january janvari جنوری जनवरी जन",
    "feb february farvari فروری फरवरी फ़रवरी फ़र फर",
    "mar march مارچ मार्च",
    "apr april اپریل अप्रैल",
    "may مئی मई",
    "jun june جون जून",
    "jul july julai جولائی जुलाई जुल",
    "aug august agast اگست अगस्त अग",
    "sep sept september sitambar ستمبر सितंबर सितम्बर सित",
    "oct october aktubar اکتوبر अक्टूबर अक्तूबर अक्टू",
    "nov november نومبر नवंबर नवम्बर नव",
    "dec december disambar دسمبر दिसंबर दिसम्बर दिस",
)
_WEEKDAY_WORDS: Final = (
    "mon monday somvar somwar peer pir پیر सोमवार सोम",
    "tue tues tuesday mangal mangalvar منگل मंगलवार मंगल",
    "wed weds wednesday budh budhvar بدھ बुधवार बुध",
    "thu thur thurs thursday jumerat jumeraat guruvar جمعرات गुरुवार गुरु",
    "fri friday juma jumma shukravar جمعہ جمعے शुक्रवार शुक्र",
    "sat saturday shanivar sanichar shaniwar ہفتہ ہفتے शनिवार शनि",
    "sun sunday itwar etwar ravivar raviwar اتوار रविवार रवि इतवार",
)
_AHEAD_WORDS: Final = (
    "today tonight aaj آج आज",
    "tomorrow tmrw tmr tomorow tommorow tommorrow kal کل कल",
    "overmorrow parson parso پرسوں परसों",
)
MARKS: Final = ("to", "till", "out", "or", "and", "not")
PERIODS: Final = ("weekend", "month")


def _words() -> dict[str, tuple[str, int]]:
    """Every word that means something here, with its kind and its value."""
    words: dict[str, tuple[str, int]] = {}
    for group, kind, first in (
        (_MONTH_WORDS, "month", 1),
        (_WEEKDAY_WORDS, "weekday", 0),
        (_AHEAD_WORDS, "ahead", 0),
    ):
        for value, line in enumerate(group, start=first):
            words.update(dict.fromkeys(line.split(), (kind, value)))
    for kind, line in {
        "night": "night nights nite nites raat raten raatein rat rats رات راتیں راتوں रात रातें रातों",
        "week": "week weeks hafta hafte हफ्ता हफ़्ता हफ्ते सप्ताह",
        "day": "day days din دن दिन",
        "room": "room rooms kamra kamre tent tents hut huts کمرہ کمرے कमरा कमरे",
        "people": "people persons person guest guests adult adults child children kid kids baby babies "
        "infant infants pax ppl men women man woman log logon bande afraad bachay bachey bache bacha baray "
        "friends لوگ افراد بچے بچہ بچوں بڑے مہمان لوگوں लोग लोगों बच्चे बच्चा बड़े मेहमान व्यक्ति",
        "next": "next following agla agle agli اگلا اگلے اگلی अगला अगले अगली",
        "this": "this coming upcoming is اس इस",
        "filler": "on from the of in at for just only please pls plz , . & arriving arrive arrival checkin "
        "check-in check checking starting start date dates stay staying we i would like want book it its "
        "hai ko mein ke ki ka kay لیے کے کو کی میں ہے को के की का में है लिए",
    }.items():
        words.update(dict.fromkeys(line.split(), (kind, 0)))
    for value, line in enumerate(("weekend weekends", "month mahina mahine مہینہ مہینے महीना महीने")):
        words.update(dict.fromkeys(line.split(), ("period", value)))
    for value, line in enumerate(
        (
            "to through thru - se سے تا से",
            "till til until untill upto tak تک तक",
            "out checkout check-out leaving leave departure return",
            "or ya یا या",
            "and aur اور और",
            "not except after before around about between maybe nahi nahin kisi any every each har bad baad pehle "
            "نہیں بعد پہلے नहीं बाद पहले",
        )
    ):
        words.update(dict.fromkeys(line.split(), ("mark", value)))
    return {same(word): kind for word, kind in words.items()}


WORDS: Final = _words()
_COMMON_WORDS: Final = (
    "the this that these those there here and but with without from into over what which when where who why "
    "how much many more most are was were been being will would can could shall should may might must does "
    "did done have has had having not any some all our your their his her its you they them she him get got "
    "give tell show find look looking want wanted need like love please know see say send make made take "
    "about also very good nice best great cheap price cost rate rates money pay free available availability "
    "place places new old one two inn near nearby back okay yes sir madam hello thanks meaning time today "
    "mujhe mujhy chahiye chaiye chahye hain hay koi kya kia kitna kitne kitni wala wali apna apka aap hum tum "
    "kahan kab kaise kese sab bhi nahi nahin kar karna karo dein dena do"
)
_URDU_OR_HINDI_WORDS: Final = (
    "mujhe mujhy mujhay humein hamein hamen chahiye chahiyay chaiye chahye chahie hai hain kya kitna kitne kitni "
    "nahi nahin kahan kab kaise kese kaisay apka aapka aap karna karni karo karain karein dijiye batao bataye "
    "bataen batayein wala wali kamra kamre raat raatein liye"
)
_URDU_OR_HINDI: Final = frozenset(_URDU_OR_HINDI_WORDS.split())
_COMMON: Final = frozenset(_COMMON_WORDS.split())
WORDS_THAT_TURN: Final = frozenset(
    word for word, (kind, value) in WORDS.items() if kind == "mark" and MARKS[value] in ("or", "not")
)
