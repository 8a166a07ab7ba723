"""Times in formats: the conversions of strftime in the local time of the server, and the short form of tmux."""

from functools import lru_cache
from typing import Final

from fuguemux.model.live import LiveView

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_COMBINED: Final = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "R": "%H:%M",
    "r": "%I:%M:%S %p",
    "T": "%H:%M:%S",
    "x": "%m/%d/%y",
    "X": "%H:%M:%S",
}
_MINUTE_S: Final = 60
_DAY_S: Final = 24 * 60 * _MINUTE_S


def strftime(text: str, live: LiveView, seconds: int) -> str:
    """`text` with its conversions replaced, in the C locale. An unknown conversion stays as it is."""
    if "%" not in text:
        return text
    return _replace(text, live.local_time(seconds), seconds)


def _replace(text: str, moment: tuple[int, ...], seconds: int) -> str:
    parts: list[str] = []
    at = 0
    while at < len(text):
        sign = text.find("%", at)
        if sign < 0 or sign + 1 == len(text):
            parts.append(text[at:])
            break
        parts.append(text[at:sign])
        letter = text[sign + 1]
        at = sign + 2
        if letter in "EO-_" and at < len(text):
            unpadded, letter = letter == "-", text[at]
            at += 1
            value = _conversion(letter, moment, seconds)
            if value is not None and unpadded:
                value = value.lstrip("0 ") or "0"
        else:
            value = _conversion(letter, moment, seconds)
        parts.append(text[sign:at] if value is None else value)
    return "".join(parts)


@lru_cache(maxsize=64)  # every frame within a second asks for the same values
def _conversion(letter: str, moment: tuple[int, ...], seconds: int) -> str | None:
    if letter in _COMBINED:
        return _replace(_COMBINED[letter], moment, seconds)
    year, month, day, hour, minute, second, weekday, year_day = moment
    # Weeks begin on Sunday for U and on Monday for W. The days before the first such day are week 0.
    sunday_week = (year_day + 6 - (weekday + 1) % 7) // 7
    monday_week = (year_day + 6 - weekday) // 7
    values = {
        "%": "%",
        "n": "\n",
        "t": "\t",
        "a": _DAYS[weekday][:3],
        "A": _DAYS[weekday],
        "b": _MONTHS[month - 1][:3],
        "h": _MONTHS[month - 1][:3],
        "B": _MONTHS[month - 1],
        "C": f"{year // 100:02}",
        "d": f"{day:02}",
        "e": f"{day:2}",
        "H": f"{hour:02}",
        "I": f"{(hour + 11) % 12 + 1:02}",
        "j": f"{year_day:03}",
        "k": f"{hour:2}",
        "l": f"{(hour + 11) % 12 + 1:2}",
        "m": f"{month:02}",
        "M": f"{minute:02}",
        "p": "AM" if hour < 12 else "PM",
        "P": "am" if hour < 12 else "pm",
        "s": str(seconds),
        "S": f"{second:02}",
        "u": str(weekday + 1),
        "U": f"{sunday_week:02}",
        "w": str((weekday + 1) % 7),
        "W": f"{monday_week:02}",
        "y": f"{year % 100:02}",
        "Y": str(year),
    }
    return values.get(letter)


def pretty(live: LiveView, seconds: int) -> str:
    """The time of day if the moment was in the last 24 hours, else a short date."""
    now = live.now_ms() // 1000
    then = live.local_time(seconds)
    today = live.local_time(now)
    age = now - min(seconds, now)
    if age < _DAY_S:
        return strftime("%H:%M", live, seconds)
    same_month = then[:2] == today[:2]
    if same_month or age < 28 * _DAY_S:
        return strftime("%a%d", live, seconds)
    last_year = then[0] == today[0] or (then[0] == today[0] - 1 and then[1] > today[1])
    return strftime("%d%b" if last_year else "%h%y", live, seconds)
