"""How far two spots on the Earth are from each other."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, isfinite, radians, sin, sqrt
from typing import Final

_RADIUS_KM: Final = 6371.0088
_GRID: Final = 10_000  # a ten-thousandth of a degree is eleven metres at most


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody or something is, in degrees."""

    latitude: float
    longitude: float

    @classmethod
    def read(cls, latitude: object, longitude: object) -> Spot | None:
        """The spot, if these are degrees of one."""
        for value, most in ((latitude, 90), (longitude, 180)):
            if isinstance(value, bool) or not isinstance(value, int | float):
                return None
            if not isfinite(value) or abs(value) > most:
                return None
        assert isinstance(latitude, int | float)
        assert isinstance(longitude, int | float)
        return cls(float(latitude), float(longitude))

    @classmethod
    def of_grid(cls, north: int, east: int) -> Spot | None:
        return cls.read(north / _GRID - 90, east / _GRID - 180)

    @property
    def grid(self) -> tuple[int, int]:
        """The spot to eleven metres, as two whole numbers that are never negative."""
        return round((self.latitude + 90) * _GRID), round((self.longitude + 180) * _GRID)


def kilometres(one: Spot, other: Spot) -> float:
    """Along the surface, as the crow flies; right to half a percent."""
    north = radians(other.latitude - one.latitude)
    east = radians(other.longitude - one.longitude)
    half = (
        sin(north / 2) ** 2 + cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(east / 2) ** 2
    )
    return 2 * _RADIUS_KM * asin(min(1.0, sqrt(half)))
