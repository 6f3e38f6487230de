"""Ids, names, phones and account tails: what stands beside the labels and words that issuers use for them.

Source: facts/payments.md 1.1 and 1.2
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from integrations.payment_mail.shape import Direction
from integrations.payment_mail.words import choice, words

_TOKEN: Final = r"(?P<id>(?=[A-Za-z_/-]{0,24}[0-9])[A-Za-z0-9][A-Za-z0-9_/-]{4,39})(?![\w*@])"  # noqa: S105
_IS: Final = (
    r"(?:\s?(?:no|number|num|id|code)\b)?[\s:.#=\t-]{0,8}(?:\(?(?:id|no|number|rrn|"
    r"utr)\)?[\s:.#=-]{1,4})?(?:\s?/\s?(?:rrn|utr|stan|ref(?:erence)?)\b(?: no| id)?[\s:.#=-]{0,4})?(?:is\b[\s:]{0,3})?"
)

# The issuer's own id first, then what the banks between them use, then what is merely called a reference.
_ID_LABELS: Final = (
    choice(
        r"\b(?:transaction|transction|trans|txn|trx|tx|tran|transfer|payment|"
        r"remittance)[\s.-]{0,2}(?:id|i\.d\.|identifier|identification)\b",
        r"\bt\.?id\b|\btrx[\s#:]|\btx(?:n)?[#:]",
        r"ٹرانزیکشن (?:آئی ڈی|نمبر)|ٹی آئی ڈی|लेन-?देन (?:आईडी|आई\.?डी\.?|संख्या|क्रमांक)",
        r"(?:ट्रांजैक्शन|ट्रांज़ैक्शन) (?:आईडी|संख्या)|رقم العملية|رقم المعاملة",
    ),
    choice(
        r"\b(?:transaction|txn|trx|tran|transfer|payment)[\s.-]{0,2}(?:reference|ref|no|number|num|"
        r"code|serial)\b(?:[\s.]{0,2}(?:no|number|id)\b)?",
        r"\b(?:transaction|txn|trx|transfer|payment)\s?#|\bmtcn\b",
    ),
    choice(
        r"\b(?:upi|imps|neft|rtgs|raast|ibft|bank|rrn|utr|"
        r"retrieval)\b[\s.]{0,2}(?:transaction )?(?:ref(?:erence)?|rrn|utr)\b",
        r"\butr\b|\brrn\b|\bstan\b|\btrn\b|\braast id\b",
        r"संदर्भ (?:संख्या|नंबर|क्रमांक)|यूटीआर|حوالہ نمبر|ریفرنس نمبر|الرقم المرجعي|رقم المرجع",
    ),
    choice(
        r"\b(?:reference|ref|receipt|identifier|confirmation|order|trace|voucher|approval|document|"
        r"instrument(?: / cheque)?|serial|deposit|msg)\b"
    ),
)
_IDS: Final = tuple(words(rf"{label}{_IS}(?:\n[\s:]{{0,3}})?{_TOKEN}") for label in _ID_LABELS)
_RAIL: Final = words(
    r"\b(?:upi|imps|neft|rtgs|ift|mmt|nft|p2a|p2m|inb)\s?[/*:-]\s?(?:[a-z][a-z0-9]{0,7}"
    r"\s?[/*:-]\s?){0,2}(?P<id>[A-Z]{4}[A-Z0-9]{0,4}[0-9]{8,18}|"
    r"[A-Z]?[0-9]{9,16})(?:\s?[/*:-]\s?(?P<name>[^/\n*:.@-]{2,40}))?"
)
_BARE_ID: Final = re.compile(
    r"(?<![\w.,*@/-])(?:[0-9a-f]{24}|[A-Z]{6,8}[0-9]{16,24}|pay_[A-Za-z0-9]{14})(?![\w@-])|"
    r"(?<![\w.,*@])[A-Z]{4}[A-Z0-9][0-9]{10,17}(?![\w@-])"  # a UTR, also at the end of NEFT Cr-IFSC-NAME-…
)
_BARE_RRN: Final = re.compile(r"(?<![\w.,*@/+])[0-9]{12}(?![\w@.,/-][0-9]|\w)")
_NO_ID: Final = words(
    r"[0-3]?\d[-/][0-1]?\d[-/]\d{2,4}|\d{4}-\d{2}-\d{2}|\d{1,2}-?[a-z]{3}-?\d{2,4}|bk-\d{8}\S*",
    r"(?:0|\+?92|0092)3\d{9}|(?:\+?880|0)1[3-9]\d{8}|x\d{1,6}|x{2,}\d+|[a-z]+|pk\d{2}[a-z]{4}\w*",
)
_REMARK_LABEL: Final = (
    r"(?:(?:payment |sender.s |customer )?(?:remarks?|note|message|comments?|memo)|"
    r"purpose(?: of payment)?|نوٹ|टिप्पणी)(?: from [^\n:]{1,60})?\s?"
)
# One that has a line to itself ends with the line, whatever sentences its payer put into it; only one within a line
# ends with its sentence, for the issuer goes on behind it.
_REMARK: Final = re.compile(
    rf"^{_REMARK_LABEL}(?:[:\t][ ]?[^\n]*|\n[^\n]*)|"
    rf"(?<=[.;,|\t] ){_REMARK_LABEL}(?:[:\t][ ]?[^\n]*?(?=\. [A-Z]|$)|\n[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_REVERSES: Final = words(
    r"(?:original|reversed|reversal of|reverses|against|in lieu of|of (?:your |the )?(?:earlier |"
    r"previous )?(?:transaction|transfer|payment|credit))[^\n]{0,80}?"
    rf"(?:\b(?:id|no|number|ref(?:erence)?|utr|rrn|tid|txn|trx)\b){_IS}{_TOKEN}"
)

_SENDER_LABELS: Final = choice(
    r"source acc(?:\.|ount)? (?:title|name|holder)",
    r"(?:sender|payer|remitter|originator|debtor|payor|depositor|customer|donor|"
    r"ordering customer)(?:['’]s)?(?: account)?(?: name| title)",
    r"from account (?:title|name|holder)|account title \(sender\)",
    r"(?:received|paid|sent|deposited|transferred|payment|funds|amount received|money) (?:from|by)",
    r"sender|payer|remitter|from name|from|by|originator|debtor|ordering customer",
    r"प्रेषक(?: का नाम)?|भेजने वाल[ाे](?: का नाम)?|भुगतानकर्ता|بھیجنے وال[اے](?: کا نام)?|ارسال کنندہ",
    r"প্রেরক(?:ের নাম)?|पठाउने(?:को नाम)?|ادا کنندہ|اسم المرسل|المرسل|المحول|द्वारा",
)
_PAYEE_LABELS: Final = choice(
    r"destination acc(?:\.|ount)? (?:title|name)",
    r"(?:beneficiary|receiver|recipient|payee|merchant)(?:['’]s)?(?: account)?(?: name| title)?",
    r"(?:sent|paid|transferred) to|to account (?:title|name)|to name|to|merchant",
    r"प्राप्तकर्ता|وصول کنندہ|المستفيد",
)
_VALUE: Final = r"[ ]?(?:[:=\t][\s:\t-]*|\n[:\s]{0,3}|-[ ]?)(?P<name>[^\n\t:|]{2,90})"
_SENDER_LABELLED: Final = words(rf"(?:^|[\n\t;]|[:.|] |\b[a-e]\. ){_SENDER_LABELS}{_VALUE}")
_PAYEE_LABELLED: Final = words(rf"(?:^|[\n\t]|[:.] ){_PAYEE_LABELS}{_VALUE}")
_PHONE: Final = choice(
    r"(?:\+?92[\s-]?|0092|0)3[0-9]{2}[\s-]?[0-9*x]{3}[\s-]?[0-9]{4}",
    r"(?:\+?91[\s-]?|0)?[6-9][0-9]{4}[\s-]?[0-9]{5}",
    r"(?:\+?880[\s-]?|0)1[3-9][0-9]{2}[\s-]?[0-9*x]{3}[\s-]?[0-9]{3}",  # Bangladesh
    r"(?:\+?94[\s-]?|0)7[0-9][\s-]?[0-9*x]{3}[\s-]?[0-9]{4}",  # Sri Lanka
)
_IFSC: Final = r"[A-Z]{4}0[A-Z0-9]{6}"
_SENDER_SAID: Final = (
    words(
        r"(?:^|[\n\t]|[,!:]\s)(?P<name>[^\n\t,:!]{2,60}?) (?:has |have |just |"
        r"had )?(?:successfully )?(?:sent|paid|transferred|gave|remitted|wired|"
        r"deposited)\b(?: to)?(?: you| your| rs| pkr| inr| ₹|[\s.]{0,2}[0-9]| money| an? )"
    ),
    words(r"\b(?:from|by) (?:the )?(?:a/?c|account|acct)\.? (?:of|titled?)\s(?P<name>[^\n\t]{2,80})"),
    words(
        rf"\b(?:from|by)\s(?:mobile (?:no\.?|"
        rf"number)\s?)?(?:{_PHONE})[\s,-]{{1,2}}\(?(?P<name>[^\W\d][^\n\t()]{{1,60}})"
    ),
    words(
        r"\b(?:from|by) (?:vpa|upi(?: id)?)[\s:]{1,2}[\w.+-]{2,60}@[\w.]{2,40},?[\s(-]{1,3}(?P<name>[^\n\t()]{2,80})"
    ),
    words(r"\b(?:from|by)\s(?:mr|mrs|ms|m/s)?\.?\s?(?P<name>[^\n\t]{2,80}?)\s?\((?:vpa|upi|[\w.+-]{2,60}@)"),
    words(
        r"\b(?:from|frm|paid by|sent by|transferred by|transfer by|deposited by|received from|"
        r"made by|remitted by)\s(?P<name>[^\n\t]{2,90})"
    ),
    words(
        r"\b(?:credited|received|deposited|transferred|added|paid|credit|deposit|transfer|payment|neft|imps|upi|"
        r"rtgs)\b[^\n]{0,140}\bby\s(?P<name>[^\n\t]{2,90})"
    ),
    words(
        r"(?:میں|کو|में|को) (?P<name>[^\W\d_][^\n\t.,:()*0-9]{2,40}?) "
        r"(?:کی جانب سے|کی طرف سے|की ओर से|द्वारा)"
    ),
    words(
        r"(?:^|[\s(])(?P<name>[^\W\d_][^\n\t.,:()]{2,50}?) (?:نے آپ|کی جانب سے|کی طرف سے|की ओर से|"
        r"द्वारा|ने आपको|سے موصول|سے وصول)"
    ),
    words(r"\((?P<name>[^\W\d_][^\n()@:]{2,40})\) (?:سے|से|نے|ने|se)(?=\s)"),
    words(
        r"(?:آپ کو|आपको|\baap ko) (?P<name>[^\W\d_][^\n\t.,:()₹0-9]{2,40}?) "
        r"(?:\([^()\n]{2,40}\) )?(?:سے|نے|کی طرف سے|से|ने|द्वारा|ki taraf se|ki janib se|se|ne)(?=[\s.])"
    ),
    words(r"\bمن (?P<name>[^\n\t.,:()0-9]{2,40})"),
    words(r"\b(?:upi|imps|neft)\s?[-/:]\s?(?P<name>[A-Za-z][A-Za-z. ]{2,40})\s?[-/]\s?[\w.+-]{2,60}@"),
    words(r"@[\w.]{2,40}\s?[/-]\s?(?P<name>[A-Z][A-Za-z. ]{2,40})"),  # UPI/rrn/vpa/NAME
    words(
        rf"\b(?:neft|rtgs|imps)[\s-]{{1,2}}(?:cr|credit|inward)?[\s/*-]{{0,2}}{_IFSC}\s?[/*-]\s?(?P<name>[^\n/*-]{{3,60}})"
    ),
    words(r"\b(?:from|by)\s[^\n()]{0,60}\((?P<name>[A-Za-z][A-Za-z .]{2,40})\)"),
    words(
        r"\b(?:ibft|raast|p2p|ft|cefts?)(?: [a-z]{2,12}){0,3}\s?[-/:]\s?(?P<name>[A-Za-z][A-Za-z. ]{2,40}?)\s?"
        r"(?:[-/\n]|\.\s|$)"
    ),
    words(r"\b(?:from|by) (?P<name>[A-Za-z][A-Za-z. ]{2,40})/(?:upi|imps|neft|ibft)\b"),
    words(r"(?:^|[\s.])(?P<name>[^\W\d_][^\n\t.,:()₹]{2,40}?) (?:سے|से|থেকে|बाट) "),
    words(
        rf"(?:{_PHONE})\s?\((?P<name>[^\W\d][^\n\t()]{{2,60}})\) (?:has |have )?(?:sent|paid|transferred)\b"
    ),
    words(r"\b(?:mein|me) (?P<name>[^\W\d_][^\n\t.,:()0-9]{2,40}?) ki (?:taraf|janib) se\b"),
    words(
        r"\b(?:sender|remitter|payer) (?!(?:bank|account|a/?c|iban|name|title|mobile|number|no|id|vpa|upi)\b)"
        r"(?P<name>(?-i:[A-Z])[^\n\t]{2,60})"
    ),
    words(r"(?:^|\n)customer\s?[:\t]\s{0,2}(?P<name>[^\n\t]{2,60})"),  # of a shop; a bank's is the owner
)
_PAYEE_SAID: Final = (
    words(r"\btowards (?:vpa )?[\w.+-]{2,60}@[\w.]{2,40} \((?P<name>[^\n()]{2,60})"),
    words(r"\b(?:to|at|towards|in favou?r of)\s(?P<name>[^\n\t]{2,90})"),
    words(r"\binfo[\s:-]{1,3}(?P<name>[^\n]{2,60})"),
)
_NAME_END: Final = words(
    r"\s(?:via|on|in|into|to|at|through|thru|using|for|with|dated|date|a/?c(?:\b|#)|ac(?:#|\b)|"
    r"acc(?:ount|t)?\b|has|have|is|was|are|sent|paid|from|by|upi|raast|ibft|imps|neft|rtgs|iban|"
    r"ref|refno|reference|txn|trx|tid|utr|rrn|vpa|against|towards|mobile|cnic|successfully|your|"
    r"you|and|your|their|bearing|of|time|transaction|purpose|remarks?|bank[-:]|ending|through|"
    r"amount|rs\.?|pkr|inr|کو|سے|نے|को|से|ने|में)(?=[\s.:#*(]|$)",
    r"\s(?:bal|balance|avl|avail|aval|reason|rmks?|charges?|fee|info|mode|note|memo|narration|order|status|type)\.?\s?[:-]",
    r"\s?[()|;:₹<>\t]|\s?[-/](?:upi|imps|neft|rtgs|raast|ibft|p2p|ref)\b",
    r",(?!\s?(?:jr|sr|inc|llc|ltd))|\s-+\s|\s\*+[0-9]|\s(?:pk|in)?[*x]{2,}|\spk[0-9*]{2}|\s?\S*[0-9]{4,}",
    r"\S+@|!|\s/|\.$|/-",
)
_ABBREVIATIONS: Final = frozenset(
    ("mr", "mrs", "ms", "dr", "md", "mohd", "muhd", "smt", "shri", "st", "jr", "sr", "prof", "col", "m/s")
)
_ITS_BANK: Final = words(
    r"[\s,-]+(?:hbl|ubl|mcb|abl|nbp|mbl|bafl|bahl|bop|jsbl|hmb|scb|bipl|dib|soneri|meezan|faysal|alfalah|nayapay|"
    r"sadapay|easypaisa|jazzcash|hdfc|icici|sbi|axis|kotak|pnb|paytm|yes|[a-z]+ bank(?: ltd| limited)?)\.?"
)
_SUM_BEFORE: Final = words(r"\s*(?:روپے|روپئے|रुपये|रुपए|টাকা)\s")  # 5,000 روپے NAME کی طرف سے
_AROUND_NAMES: Final = " \t.,;:-–'\"“”|/#"
_NO_NAME: Final = words(
    r"(?:your?|the|an?|my|this|our|us|me|account|acc|a/c|bank|wallet|mobile|customer|sender|payer|"
    r"unknown|n/?a|none|nil|na|null|upi|raast|ibft|imps|neft|rtgs|transfer|any|another|other|"
    r"friend|it|them|here|below|details?|someone|business|user|name|title|number|dear|hi|hello|"
    r"cash|cheque|atm|branch|counter|beneficiary|amount|date|time|vpa|iban|mobile banking|"
    r"internet banking|mob bk|net ?banking|raast id|money|funds?|"
    r"inward|incoming|credit|payment)\b(?:[\s/-]?(?:account|bank|number|no\.?|wallet|id|customer|"
    r"transfer|payment|details?|title|name|app|branch|user|of|payee|received|sent)\b)*\.?",
    r"[$@#].*|(?:আপনি|আপনার|तपाईं|आपके|آپ).*",
    r"(?:your|the|this|our|my|you|you['’]ve) .*|you['’]ve|.*\b(?:account (?:no|number|ending)|bank account)\b.*",
    r".*\bbank\b\s?-?\s?[*x]*[0-9]{0,6}|.*-\s?[*x]*[0-9]{3,6}|[\W\d]*",
)
_NOT_HIS: Final = words(
    r"\b(?:your|account|a/c|acct|wallet|contact (?:us|at)|call|helpline|support|dial|whatsapp|us (?:at|on)|to|"
    r"اکاؤنٹ)[^\n.;()]{0,25}[:\s#]$"
)
_OF_SENDER: Final = words(
    r"(?:from|by|sender|payer|mobile|phone|contact|msisdn|vpa|upi id|প্রেরক)\b[^\n.]{0,40}$"
)
_IS_PAYER: Final = words(r"\)?\s?(?:\([^()\n]{2,40}\)\s?)?(?:নম্বর )?(?:se|سے|से|نے|ने|থেকে|बाट)(?=[\s.,]|$)")
_PHONES: Final = words(rf"(?<![\w+*-])(?:{_PHONE})(?![0-9*]|-[0-9])")
_ACCOUNT_TAIL: Final = tuple(
    words(pattern)
    for pattern in (
        r"\b(?:your|ur|my)\b[^\n@]{0,40}?\b(?:a/?c|acc(?:ount|t)?|wallet|"
        r"card)\b[^\n\d*]{0,24}?(?P<mask>[0-9x*.]{0,20}?)(?P<tail>[0-9]{2,14})(?![0-9*]|x[0-9x]|[.,][0-9])",
        r"\b(?:a/?c|acc(?:ount|t)?|card)\b[^\n\d*:]{0,14}[:#]?\s?(?P<mask>(?:[0-9]{0,6}-?[x*.]{1,20}-?|"
        r"xx?|ending\s(?:in|with)?\s?))(?P<tail>[0-9]{2,8})",
        r"\b(?:ending(?: in| with)?|खाते|खाता|اکاؤنٹ)\s(?:संख्या|نمبر|"
        r"no\.?)?\s?(?P<mask>[x*]{0,20})(?P<tail>[0-9]{2,8})",
    )
)
_OTHER_SIDE: Final = words(r"\b(?:source|sender|remitter|payer|from|beneficiary|sent to)\b[^\n]{0,6}\n?$")


def without_remarks(text: str) -> str:
    """The text without what the payer may have written into it: that is no statement of the issuer's."""
    return _REMARK.sub("", text)


def transaction_id(text: str) -> str | None:
    """The issuer's own id of the transfer; else the banks' (UTR, RRN)."""
    for form in _IDS:
        for found in form.finditer(text):
            if _is_id(found["id"]):
                return found["id"].rstrip("-_/")
    for form in (_RAIL, _BARE_ID):
        for found in form.finditer(text):
            token = found["id"] if form is _RAIL else found[0]
            if _is_id(token):
                return token
    rrn = _BARE_RRN.search(text) if re.search(r"\b(?:upi|imps|utr|rrn|ref)", text, re.IGNORECASE) else None
    return rrn[0] if rrn and _is_id(rrn[0]) else None


def reversed_id(text: str) -> str | None:
    """The id of the transfer that a reversal takes back, where it names one."""
    return next((found["id"] for found in _REVERSES.finditer(text) if _is_id(found["id"])), None)


def other_name(text: str, direction: Direction | None) -> str | None:
    """The payer of money that came in, the payee of money that went out; as written."""
    if direction is Direction.OUT:
        return _first_name((_PAYEE_LABELLED, _RAIL, *_PAYEE_SAID), text)
    return _first_name((_SENDER_LABELLED, *_SENDER_SAID, _RAIL), text)


def other_phone(text: str, direction: Direction | None) -> str | None:
    """The other party's mobile number as written; never the owner's own or the bank's."""
    vpa = re.search(r"(?<![\w.])([6-9][0-9]{9})@[a-z]", text)
    fitting: list[str] = []
    for found in _PHONES.finditer(text):
        before = text[max(0, found.start() - 60) : found.start()]
        if direction is not Direction.OUT and _IS_PAYER.match(text, found.end()):
            fitting.insert(0, found[0])
            continue
        wanted = re.compile(r"\bto\s$|towards\s$") if direction is Direction.OUT else _OF_SENDER
        if wanted.search(before) and (direction is Direction.OUT or not _NOT_HIS.search(before)):
            fitting.append(found[0])
    return fitting[0] if fitting else vpa[1] if vpa else None


def account_tail(text: str) -> str | None:
    """The last digits of the owner's own account: four of a masked number, all of a phone number."""
    for form in _ACCOUNT_TAIL:
        for found in form.finditer(text):
            is_others = _OTHER_SIDE.search(text, max(0, found.start() - 30), found.start())
            if form is _ACCOUNT_TAIL[0] or not is_others:
                is_phone = re.fullmatch(r"0?3[0-9]{9}|92[0-9]{10}", found["tail"]) is not None
                return found["tail"] if is_phone else found["tail"][-4:]
    return None


def clean_name(name: str) -> str | None:
    """The name without what follows it in the sentence; None if no name is left of it."""
    name = name[before.end() :] if (before := _SUM_BEFORE.match(name)) else name
    end = _NAME_END.search(" " + name)
    name = name[: max(0, end.start() - 1)] if end else name
    name = _ITS_BANK.sub("", _first_sentence(name).strip(_AROUND_NAMES))
    while name and unicodedata.category(name[-1])[0] in "SZ":  # 🎉
        name = name[:-1]
    name = name.strip(_AROUND_NAMES)
    letters = sum(letter.isalpha() for letter in name)
    if letters < 3 or len(name) > 60 or _NO_NAME.fullmatch(name):
        return None
    return name


def _first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence, not an initial or a title."""
    for stop in re.finditer(r"\.\s", text):
        last = re.split(r"[\s.]", text[: stop.start()])[-1].lower()
        if len(last) > 1 and last not in _ABBREVIATIONS:
            return text[: stop.start()]
    return text


def _first_name(forms: Iterable[re.Pattern[str]], text: str) -> str | None:
    for form in forms:
        for found in form.finditer(text):
            name = clean_name(found["name"]) if found["name"] else None
            if name is not None:
                return name
    return None


def _is_id(token: str) -> bool:
    return _NO_ID.fullmatch(token) is None
