"""A phone number as people spell it, and the full numbers that it may mean.

The numbering plans are those of `phonenumberslite`, which is imported when the first
number is read: it takes longer than all the rest of a search.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from urllib.parse import unquote

from masking_console.errors import InputError

_NAMES = """
AC Ascension Island; AD Andorra; AE United Arab Emirates; AF Afghanistan;
AG Antigua and Barbuda; AI Anguilla; AL Albania; AM Armenia; AO Angola;
AR Argentina; AS American Samoa; AT Austria; AU Australia; AW Aruba;
AX Aland Islands; AZ Azerbaijan; BA Bosnia and Herzegovina; BB Barbados;
BD Bangladesh; BE Belgium; BF Burkina Faso; BG Bulgaria; BH Bahrain;
BI Burundi; BJ Benin; BL Saint Barthelemy; BM Bermuda; BN Brunei; BO Bolivia;
BQ Caribbean Netherlands; BR Brazil; BS Bahamas; BT Bhutan; BW Botswana;
BY Belarus; BZ Belize; CA Canada; CC Cocos Islands; CD DR Congo;
CF Central African Republic; CG Congo; CH Switzerland; CI Ivory Coast;
CK Cook Islands; CL Chile; CM Cameroon; CN China; CO Colombia; CR Costa Rica;
CU Cuba; CV Cape Verde; CW Curacao; CX Christmas Island; CY Cyprus;
CZ Czech Republic; DE Germany; DJ Djibouti; DK Denmark; DM Dominica;
DO Dominican Republic; DZ Algeria; EC Ecuador; EE Estonia; EG Egypt;
EH Western Sahara; ER Eritrea; ES Spain; ET Ethiopia; FI Finland; FJ Fiji;
FK Falkland Islands; FM Micronesia; FO Faroe Islands; FR France; GA Gabon;
GB United Kingdom; GD Grenada; GE Georgia; GF French Guiana; GG Guernsey;
GH Ghana; GI Gibraltar; GL Greenland; GM Gambia; GN Guinea; GP Guadeloupe;
GQ Equatorial Guinea; GR Greece; GT Guatemala; GU Guam; GW Guinea-Bissau;
GY Guyana; HK Hong Kong; HN Honduras; HR Croatia; HT Haiti; HU Hungary;
ID Indonesia; IE Ireland; IL Israel; IM Isle of Man; IN India;
IO British Indian Ocean Territory;
IQ Iraq; IR Iran; IS Iceland; IT Italy; JE Jersey; JM Jamaica; JO Jordan;
JP Japan; KE Kenya; KG Kyrgyzstan; KH Cambodia; KI Kiribati; KM Comoros;
KN Saint Kitts and Nevis; KP North Korea; KR South Korea; KW Kuwait;
KY Cayman Islands; KZ Kazakhstan; LA Laos; LB Lebanon; LC Saint Lucia;
LI Liechtenstein; LK Sri Lanka; LR Liberia; LS Lesotho; LT Lithuania;
LU Luxembourg; LV Latvia; LY Libya; MA Morocco; MC Monaco; MD Moldova;
ME Montenegro; MF Saint Martin; MG Madagascar; MH Marshall Islands;
MK North Macedonia; ML Mali; MM Myanmar; MN Mongolia; MO Macau;
MP Northern Mariana Islands; MQ Martinique; MR Mauritania; MS Montserrat;
MT Malta; MU Mauritius; MV Maldives; MW Malawi; MX Mexico; MY Malaysia;
MZ Mozambique; NA Namibia; NC New Caledonia; NE Niger; NF Norfolk Island;
NG Nigeria; NI Nicaragua; NL Netherlands; NO Norway; NP Nepal; NR Nauru;
NU Niue; NZ New Zealand; OM Oman; PA Panama; PE Peru; PF French Polynesia;
PG Papua New Guinea; PH Philippines; PK Pakistan; PL Poland;
PM Saint Pierre and Miquelon; PR Puerto Rico; PS Palestine; PT Portugal;
PW Palau; PY Paraguay; QA Qatar; RE Reunion; RO Romania; RS Serbia; RU Russia;
RW Rwanda; SA Saudi Arabia; SB Solomon Islands; SC Seychelles; SD Sudan;
SE Sweden; SG Singapore; SH Saint Helena; SI Slovenia;
SJ Svalbard and Jan Mayen; SK Slovakia; SL Sierra Leone; SM San Marino;
SN Senegal; SO Somalia; SR Suriname; SS South Sudan; ST Sao Tome and Principe;
SV El Salvador; SX Sint Maarten; SY Syria; SZ Eswatini; TA Tristan da Cunha;
TC Turks and Caicos; TD Chad; TG Togo; TH Thailand; TJ Tajikistan; TK Tokelau;
TL Timor-Leste; TM Turkmenistan; TN Tunisia; TO Tonga; TR Turkey;
TT Trinidad and Tobago; TV Tuvalu; TW Taiwan; TZ Tanzania; UA Ukraine;
UG Uganda; US United States; UY Uruguay; UZ Uzbekistan; VA Vatican City;
VC Saint Vincent; VE Venezuela; VG British Virgin Islands;
VI US Virgin Islands; VN Vietnam; VU Vanuatu; WF Wallis and Futuna; WS Samoa;
XK Kosovo; YE Yemen; YT Mayotte; ZA South Africa; ZM Zambia; ZW Zimbabwe
"""

COUNTRIES = {entry[:2]: entry[3:] for entry in " ".join(_NAMES.split()).split("; ")}
"""The English short name of each country, such as ``India`` of ``IN``."""


FEWEST_DIGITS = 7
"""A number with fewer digits would find half of the account."""
MOST_DIGITS = 15
"""No number has more (ITU-T E.164)."""
MOST_READINGS = 3
"""The most numbers for which one spelling is searched."""
LONGEST_SPELLING = 200
"""Characters; what is longer is no phone number."""

_ABROAD = ("0011", "011", "00")
"""Prefixes dialed before a country code, beside those of a country's own plan."""

_SCHEME = re.compile(r"(?:tel|callto|sms|smsto|whatsapp):(?://)?", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://)?wa\.me/\+?(?=\d)", re.IGNORECASE)
_CONTEXT = re.compile(r";phone-context=(\+[\d().\- ]+)", re.IGNORECASE)
_PARAMETER = re.compile(r";(?!ext=)[a-z-]+(?:=[^;]*)?", re.IGNORECASE)
_LABEL = re.compile(r"[^\W\d_][^\d+(:]{0,30}(?::|[. ](?=[ +(\d]))\s*")
_BEHIND = (
    r"e?xtn?|extensi[oó]n|x|int(?:erno)?|anexo|ramal|poste|dw|durchwahl|apparat|app|"
    r"toestel|tst|wew|kl(?:appe)?|linka|доб(?:авочный)?|内線|分机"
)
_NUMBER = re.compile(
    r"(?=[^\d]*\d)([+(\d][\d+()\-. /]*?)"
    rf"(?:(?:[ ,;.(]*(?:{_BEHIND})[.:=) ]*|[ ,;#]*[,;#] *(?:ext=)?)\d{{1,7}}#?)?"
    r"[ ().,;\-/]*(?:(?<=[ (,;])[^\d]{1,60})?",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4}")
_TRUNK_ZERO = re.compile(r"\( *0 *\)")

_SAME = {
    "[": "(",
    "]": ")",
    "_": "-",
    "\u2795": "+",
    "~": "-",
    "\u2212": "-",
    "\u2043": "-",
    "\u30fc": "-",
    "\u2044": "/",
    "\u2215": "/",
    "\u00b7": ".",
    "\u2022": ".",
    "\u2027": ".",
    "\u2219": ".",
    "\u22c5": ".",
    "\u3002": ".",
}
_KINDS = {"Pd": "-", "Ps": "(", "Pe": ")", "Zs": " ", "Zl": " ", "Zp": " "}
_DROPPED = frozenset({"Cc", "Cf", "Mn", "Me", "So", "Sk", "Pi", "Pf", "Cs", "Co", "Cn"})


class Certainty(IntEnum):
    """The certainty with which a spelling means a number."""

    VALID = 0
    """The numbering plan has such numbers."""
    SAID = 1
    """The country code was typed; the plan does not have such a number, or not yet."""
    POSSIBLE = 2
    """Its length fits."""
    AS_TYPED = 3
    """The digits, unchanged."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that a spelling may mean; its digits are in no `repr`."""

    digits: str
    """As Plivo has it: the country code first, no ``+``."""
    certainty: Certainty = Certainty.AS_TYPED
    """The certainty of it."""
    region: str = ""
    """Two letters of its country; nothing where several share a code."""
    is_meant: bool = False
    """Whether it can be said that this number was looked for."""

    def __repr__(self) -> str:
        return f"Reading({self.certainty.name}, {self.region!r})"


def plain_spelling(text: str) -> str:
    """Return a spelling with ASCII digits and marks, as a person sees it.

    Telephones and messengers copy numbers with direction marks, special spaces, dashes
    and digits, which nobody sees.
    """
    letters = map(_plain, unicodedata.normalize("NFKC", text[: LONGEST_SPELLING + 1]))
    return " ".join("".join(letters).split())


def _plain(character: str) -> str:
    if character in _SAME:
        return _SAME[character]
    if character.isspace():
        return " "
    if character.isascii():
        return character if character.isprintable() else ""
    kind = unicodedata.category(character)
    if kind == "Nd":
        return str(unicodedata.digit(character))
    return "" if kind in _DROPPED else _KINDS.get(kind, character)


def number_in(plain: str) -> str:
    """Return the part of a plain spelling that is a number, or nothing.

    A label before it, an extension behind it, quotes around it and the parts of a
    ``tel:`` address are taken off.
    """
    bare = plain.strip(" \"'`<>{},;:.=|*#").replace("'", " ")
    if link := _LINK.match(bare):
        # It has the country code, and no plus.
        bare = f"+{bare[link.end() :].partition('?')[0]}"
    elif scheme := _SCHEME.match(bare):
        bare = unquote(bare[scheme.end() :]).partition("?")[0]
        context = _CONTEXT.search(bare)
        bare = _PARAMETER.sub("", bare)
        if context is not None and "+" not in bare:
            bare = context[1] + bare
    elif label := _LABEL.match(bare):
        bare = bare[label.end() :]
    found = _NUMBER.fullmatch(bare.strip())
    return found[1] if found is not None else ""


def phone_number_in(text: str) -> str:
    """Return a text that is nothing but a phone number, or nothing.

    It reads no numbering plan, so it takes no time; a date is no number.
    """
    bare = text.strip()
    if not bare or len(bare) > LONGEST_SPELLING or "\n" in bare:
        return ""
    plain = plain_spelling(bare)
    digits = sum(character.isdigit() for character in number_in(plain))
    is_number = FEWEST_DIGITS <= digits <= MOST_DIGITS
    return bare if is_number and not _DATE.match(plain) else ""


def readings_of(number: str, country: str = "") -> tuple[Reading, ...]:
    """Return the readings of a number, the surest first; at most three.

    The digits as they stand are always among them.

    Args:
        number: what `number_in` has returned.
        country: the two letters of the country whose national spellings are read.

    Raises:
        InputError: it has fewer than 7 or more than 15 digits.
    """
    digits = _digits(number)
    if len(digits) < FEWEST_DIGITS:
        raise InputError(
            "Type the whole number, with its country code. "
            "For the beginning of an id, add a dash."
        )
    read: dict[str, Reading] = {}
    for reading in sorted(_read(number, country), key=_doubt):
        read.setdefault(reading.digits, reading)
    typed = read.pop(digits, Reading(digits))
    found = [*read.values()]
    if len(digits) <= MOST_DIGITS:
        found = sorted([typed, *found[: MOST_READINGS - 1]], key=_doubt)
    if not found:
        raise InputError("A phone number has at most 15 digits. Type one number.")
    is_valid = found[0].certainty is Certainty.VALID
    return tuple(
        replace(each, is_meant=each.is_meant and each.certainty is Certainty.VALID)
        if is_valid
        else each
        for each in found[:MOST_READINGS]
    )


def _doubt(reading: Reading) -> Certainty:
    return reading.certainty


def _digits(number: str) -> str:
    return "".join(filter(str.isdecimal, number))


def _read(number: str, country: str) -> Iterator[Reading]:
    """Yield every reading that the numbering plans know."""
    is_said = "+" in number
    without_zero = _digits(_TRUNK_ZERO.sub("", number))
    for digits in dict.fromkeys((without_zero, _digits(number))):
        abroad = [digits.removeprefix(each) for each in _ABROAD]
        if is_said:
            # Zeros between the plus and the code are left over from dialing.
            abroad.append(digits.lstrip("0"))
        for rest in dict.fromkeys(abroad):
            if rest != digits:
                is_dialed = is_said or digits.startswith("00")
                read = _parsed(f"+{rest}", is_said=is_dialed)
                yield from (each for each in read if is_said or each.is_meant)
        if country and not is_said:
            yield from _parsed(digits, country)
        for reading in _parsed(f"+{digits}", is_said=is_said):
            if is_said and len(digits) <= MOST_DIGITS:
                # The library takes off a zero; who typed a plus may have meant it.
                yield replace(reading, digits=digits, certainty=Certainty.SAID)
            yield reading


def _parsed(
    text: str, country: str = "", *, is_said: bool = False
) -> Iterator[Reading]:
    import phonenumbers  # noqa: PLC0415 - its plans take longer to load than a search

    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return
    code = number.country_code or 0
    digits = f"{code}{phonenumbers.national_significant_number(number)}"
    length = phonenumbers.is_possible_number_with_reason(number)
    is_possible = length == phonenumbers.ValidationResult.IS_POSSIBLE
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        return
    if not (is_possible or is_said):
        return
    if phonenumbers.is_valid_number(number):
        region = phonenumbers.region_code_for_number(number) or ""
        yield Reading(digits, Certainty.VALID, region, is_meant=True)
        return
    regions = phonenumbers.region_codes_for_country_code(code)
    yield Reading(
        digits,
        Certainty.SAID if is_said else Certainty.POSSIBLE,
        regions[0] if len(regions) == 1 else "",
        is_meant=is_possible and (is_said or bool(country)),
    )
