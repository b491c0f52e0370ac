"""Questions for the rows of one table, several of which are asked in one round trip; the answers are to be looked at, not changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, inspect

from leads.db import Base
from leads.round_trips import Row, Statement

T = TypeVar("T", bound=Base)


@dataclass(frozen=True, eq=False)
class Question(Generic[T]):
    """A query for rows of a model, made ready once; which of their columns it reads, in its order."""

    model: type[T]
    statement: Statement
    columns: Sequence[str]

    @classmethod
    def of(cls, model: type[T], query: Select[*tuple[Any, ...]]) -> "Question[T]":
        """Return the question a query stands for; it names columns of this model only."""
        mapped = inspect(model)
        return cls(model, Statement.of(query), [mapped.get_property_by_column(each).key for each in query.selected_columns])

    def answered(self, rows: Iterable[Row]) -> Sequence[T]:
        """Return rows as objects of the model. No session knows them: what is set on one of them is never written."""
        return [self.model(**dict(zip(self.columns, row, strict=True))) for row in rows]
