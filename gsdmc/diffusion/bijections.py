"""Maps between a variable's support and the reals, where the Gaussian process runs.

They compute in float64: float32 resolves neither the ends of an interval nor the far tail of a logarithm.
Values at the edge of a support, where rounding may put them, are moved inside by `EDGE`.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

from gsdmc.language.kinds import Kind

EDGE = 1e-6
"""The share of an interval's width, or of a simplex's sum, by which values at the edge are moved inside."""

SMALLEST = torch.finfo(torch.float32).tiny
"""What positive values are raised to, when nothing else is known of their scale."""


class Bijection(Protocol):
    """A smooth map of a support onto the reals, channel by channel or vector by vector."""

    def forward(self, values: Tensor) -> Tensor:
        """Values to reals of the same shape; what lies at the edge or outside is moved inside first."""
        ...

    def inverse(self, reals: Tensor) -> Tensor:
        """Reals, however large, to values strictly inside the support, typed like the reals."""
        ...

    def log_jacobian(self, values: Tensor) -> Tensor:
        """The log of |d reals / d values|, `[B, *shape]`: vectors lose their channels."""
        ...


class Identity:
    """All reals, as they are; `event` says whether variables are vectors, with channels last."""

    def __init__(self, event: bool) -> None:
        self.event = event

    def forward(self, values: Tensor) -> Tensor:
        """The values."""
        return values

    def inverse(self, reals: Tensor) -> Tensor:
        """The reals."""
        return reals

    def log_jacobian(self, values: Tensor) -> Tensor:
        """Zeros."""
        return torch.zeros_like(values[..., 0] if self.event else values)


class Log:
    """Positive reals by their logarithm.

    It makes a log-normal variable Gaussian, and a change of units a shift that standardising takes out;
    the inverse of softplus would give the same variable another shape in every unit.
    """

    def forward(self, values: Tensor) -> Tensor:
        """The logarithm."""
        return values.double().clamp(min=SMALLEST).log()

    def inverse(self, reals: Tensor) -> Tensor:
        """The exponential, between the smallest normal and the largest finite number of the dtype."""
        ends = torch.finfo(reals.dtype)
        exact = reals.double().clamp(math.log(ends.tiny), math.log(ends.max)).exp()
        return exact.clamp(ends.tiny, ends.max).to(reals.dtype)

    def log_jacobian(self, values: Tensor) -> Tensor:
        """-log x."""
        return -self.forward(values)


class Probit:
    """An interval by the normal quantile of the place in it, so that a uniform variable becomes Gaussian."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def _place(self, values: Tensor) -> Tensor:
        return ((values.double() - self.low) / (self.high - self.low)).clamp(EDGE, 1 - EDGE)

    def forward(self, values: Tensor) -> Tensor:
        """The standard normal quantile of (x - low) / (high - low)."""
        quantiles: Tensor = torch.special.ndtri(self._place(values))
        return quantiles

    def inverse(self, reals: Tensor) -> Tensor:
        """The point low + (high - low) Φ(z), inside by `EDGE`, and at least by a step of the dtype."""
        place: Tensor = torch.special.ndtr(reals.double()).clamp(EDGE, 1 - EDGE)
        values = (self.low + (self.high - self.low) * place).to(reals.dtype)
        low, high = torch.tensor([self.low, self.high], dtype=reals.dtype, device=reals.device)
        return values.clamp(torch.nextafter(low, high), torch.nextafter(high, low))

    def log_jacobian(self, values: Tensor) -> Tensor:
        """-log(high - low) - log φ(z)."""
        squares = self.forward(values).square()
        return squares / 2 + (math.log(2 * math.pi) / 2 - math.log(self.high - self.low))


class CentredLogRatio:
    """Points of a simplex by their logarithms less the mean of these (Aitchison 1982); back by softmax.

    The K reals sum to 0, so they fill a plane of K - 1 dimensions. Adding one number to all K of them changes
    nothing of the point, and the Jacobian is that of the map from K - 1 shares into the plane.
    """

    def forward(self, values: Tensor) -> Tensor:
        """The differences log p - mean(log p), shares raised to `EDGE`."""
        logs = onto_simplex(values.double()).log()
        return logs - logs.mean(-1, keepdim=True)

    def inverse(self, reals: Tensor) -> Tensor:
        """Softmax, shares raised to `EDGE`."""
        return onto_simplex(torch.softmax(reals.double(), -1)).to(reals.dtype)

    def log_jacobian(self, values: Tensor) -> Tensor:
        """-sum(log p) - log(K) / 2."""
        shares = onto_simplex(values.double())
        return -shares.log().sum(-1) - math.log(values.shape[-1]) / 2


def bijection_of(kind: Kind) -> Bijection:
    """The map of a kind: reals and vectors by their support.

    Counts are left as they are: rounding and zero as the least value keep their support, and a count needs
    the same resolution, half a unit, wherever it lies, which a logarithm would spend on the small ones.

    Raises:
        ValueError: the kind is discrete.
    """
    if kind.discrete:
        raise ValueError(f"a {kind} has no map onto the reals")
    if kind.name == "vector":
        return CentredLogRatio() if kind.support == "simplex" else Identity(event=True)
    if kind.name == "real":
        if kind.bounds is not None:
            return Probit(*kind.bounds)
        if kind.support == "unit":
            return Probit(0.0, 1.0)
        if kind.support == "positive":
            return Log()
    return Identity(event=False)


def onto_simplex(vectors: Tensor) -> Tensor:
    """Vectors `[..., K]` with every entry raised to at least `EDGE`, then scaled to sum to 1."""
    raised = vectors.clamp(min=EDGE)
    return raised / raised.sum(-1, keepdim=True)
