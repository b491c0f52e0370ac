"""A value that is worked out the first time it is asked for."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):
    """`functools.cached_property` without the lock that, up to Python 3.11, all objects of a class share.

    Lines that send side by side would wait for each other at it; at worst the same value is worked out twice.
    """

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        self.work_out, self.__doc__ = work_out, work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, thing: None, owner: type) -> Self: ...
    @overload
    def __get__(self, thing: Any, owner: type) -> T: ...
    def __get__(self, thing: Any, owner: type) -> Self | T:
        if thing is None:
            return self
        # What stands in an object's own dictionary comes before this: the next look finds the value itself.
        value = vars(thing)[self.name] = self.work_out(thing)
        return value
