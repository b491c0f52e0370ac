"""Days and times as a person says them, in the office's zone, in English and Spanish."""

from datetime import datetime
from zoneinfo import ZoneInfo

DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
    "es": ("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
}


def day_in_words(moment: datetime, zone: ZoneInfo, language: str) -> str:
    """Return the local day: `Tuesday, October 6` or `martes 6 de octubre`."""
    local = moment.astimezone(zone)
    day, month = DAYS[language][local.weekday()], MONTHS[language][local.month - 1]
    return f"{day} {local.day} de {month}" if language == "es" else f"{day}, {month} {local.day}"


def time_in_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return the local time of day: `5:00 PM`."""
    return moment.astimezone(zone).strftime("%-I:%M %p")


def in_words(moment: datetime, zone: ZoneInfo, language: str) -> str:
    """Return the local day and time: `Tuesday, October 6, 5:00 PM`."""
    return f"{day_in_words(moment, zone, language)}, {time_in_words(moment, zone)}"
