"""What somebody means who writes about paying: that it is done, or by which other way they would."""

from __future__ import annotations

from typing import Final

from flows.understand.vocabulary import each, plain

PAID: Final = "paid"
ANOTHER_WAY: Final = "another way"


def about_paying(said: str) -> str | None:
    """“paid” for “I have paid” and its like, “another way”, or the way that is wished for (“card”); None for neither."""
    return _MEANS.get(plain(said)) if len(said) <= 60 else None


_MEANS: Final[dict[str, str]] = {
    word: what
    for what, words in {
        PAID: "paid, i paid, i have paid, ive paid, i've paid, have paid, already paid, i already paid, paid it, "
        "i have paid it, paid now, just paid, payment done, payment made, payment sent, payment is done, "
        "done payment, money sent, i sent the money, i have sent the money, sent the money, transferred, "
        "i transferred, i have transferred, i have transferred the money, transfer done, transfer is done, "
        "amount sent, amount transferred, pay kar diya, paid kar diya, pese bhej diye, paise bhej diye, "
        "paisay bhej diye, payment kar di, payment kar di hai, payment ho gayi, payment ho gai, "
        "transfer kar diya, ada kar diya, "
        "mene pay kar diya, maine pay kar diya, mene paid kar diya, mene paise bhej diye, maine paise bhej diye, "
        "mene pese bhej diye, paise bhej diye hain, pese bhej diye hain, mene payment kar di, maine payment kar di, "
        "i made the payment, i have made the payment, i sent the payment, i have sent the payment, payment completed, "
        "میں نے پیسے بھیج دیے, میں نے پیسے بھیج دیے ہیں, پیسے بھیج دیے ہیں, पैसे भेज दिए हैं, मैंने पैसे भेज दिए हैं, "
        "ادا کر دیا, ادا کر دیا ہے, میں نے ادا کر دیا, "
        "میں نے ادا کر دیا ہے, پیسے بھیج دیے, رقم بھیج دی, رقم بھیج دی ہے, میں نے رقم بھیج دی, "
        "میں نے رقم بھیج دی ہے, ادائیگی کر دی, ادائیگی کر دی ہے, ادائیگی ہو گئی, भुगतान कर दिया, "
        "मैंने भुगतान कर दिया, मैंने भुगतान कर दिया है, भुगतान हो गया, पैसे भेज दिए, पैसे भेज दिये, "
        "मैंने पैसे भेज दिए",
        ANOTHER_WAY: "another way, other way, another way to pay, other way to pay, other ways, other ways to pay, "
        "ways to pay, pay another way, another method, other method, payment methods, kisi aur tarah, kisi aur tareeqe se, "
        "کسی اور طریقے سے, ادائیگی کا اور طریقہ, किसी और तरीके से, भुगतान का और तरीका",
        "paytm": "paytm, pay by paytm, by paytm, with paytm, via paytm, paytm se, پے ٹی ایم, पेटीएम, "
        "पेटीएम से भुगतान",
        "razorpay": "razorpay, pay by razorpay, by razorpay, with razorpay, via razorpay, razorpay se, ریزر پے, "
        "रेज़रपे, रेज़रपे से भुगतान",
        "transfer": "transfer, pay by transfer, by transfer, bank transfer, by bank transfer, via transfer, "
        "transfer se, ٹرانسفر, ٹرانسفر سے ادا کریں, ट्रांसफर, ट्रांसफ़र, ट्रांसफर से भुगतान करें",
        "card": "card, pay by card, by card, via card, with card, credit card, debit card, by credit card, "
        "card se, کارڈ, کارڈ سے, کارڈ سے ادا کریں, कार्ड, कार्ड से, कार्ड से भुगतान करें, कार्ड से भुगतान",
    }.items()
    for word in each(words)
}
