"""What somebody typed in a form that was refused: it goes back to that form and to no other."""

from collections.abc import Mapping

from leads.http.console.staff import FREE_TEXT


class Typed:
    """The fields of a form as they came, by the name the form carries; nothing where nothing was refused."""

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        self._fields = dict(fields or {})
        self._is_given_back = False

    def back_to(self, form: str) -> Mapping[str, str]:
        """Return what was typed, where it was typed in this form; nothing for any other."""
        if self._fields.get("form") != form:
            return {}
        self._is_given_back = True
        return self._fields

    @property
    def left(self) -> Mapping[str, str]:
        """What was written in a form that this page does not show any more; asked last, when every form has been drawn."""
        return {} if self._is_given_back else {name: text for name, text in self._fields.items() if name in FREE_TEXT}
