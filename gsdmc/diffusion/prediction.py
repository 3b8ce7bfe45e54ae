"""What the network predicts of a real in the Gaussian process, and how errors of it weigh."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

PredictionName = Literal["x0", "v", "noise"]
Weighting = Literal["flat", "snr"]

LEAST_SIGNAL = 1e-2
"""Signal below which data are not recovered from predicted noise: they shrink to 0, their mean, instead."""

SNR_CAP = 5.0
"""The signal-to-noise ratio above which more of it hardly adds weight (Hang et al. 2023 take 5)."""


def target(prediction: PredictionName, x0: Tensor, epsilon: Tensor, signal: Tensor, noise: Tensor) -> Tensor:
    """What the network should give, from the data and the noise of the state signal · x0 + noise · ε.

    `x0` is the data, `noise` the noise, and `v` = signal · ε - noise · x0 (Salimans & Ho 2022).
    """
    if prediction == "x0":
        return x0
    return epsilon if prediction == "noise" else signal * epsilon - noise * x0


def recover(prediction: PredictionName, out: Tensor, state: Tensor, signal: Tensor, noise: Tensor) -> Tensor:
    """The data that the network's output stands for.

    `v` is the preconditioning of Karras et al. 2022 (EDM, table 1), up to the sign of the output: with data
    of unit variance and σ = noise / signal, its skip weight 1 / (σ² + 1) on the unscaled state is signal on
    ours, its output weight σ / √(σ² + 1) is noise, its input weight makes our state of theirs, and its loss
    weight 1 / (output weight)² makes the error of the output weigh the same at every time.

    Predicted noise says little of the data where there is little signal. Below `LEAST_SIGNAL` this divides by
    `LEAST_SIGNAL`, which shrinks the data to 0: that is what is known of standardised data there.
    """
    if prediction == "x0":
        return out
    if prediction == "v":
        return signal * state - noise * out
    return (state - noise * out) / signal.clamp(min=LEAST_SIGNAL)


def scale(prediction: PredictionName, signal: Tensor, noise: Tensor) -> Tensor:
    """By how much the recovered data move when the output moves by one, without its sign."""
    if prediction == "x0":
        return signal.new_ones(signal.shape)
    return noise if prediction == "v" else noise / signal.clamp(min=LEAST_SIGNAL)


def error_weight(weighting: Weighting, prediction: PredictionName, signal: Tensor, noise: Tensor) -> Tensor:
    """The weight of the output's squared error.

    `flat` is 1, so that the prediction decides. With `snr` the squared error of the data weighs
    (1 + γ) SNR / (γ + SNR) whatever is predicted, 1 where there is as much signal as noise: like predicting
    noise where there is more of it, like predicting data where there is less. This is min-SNR weighting
    (Hang et al. 2023) without its corner, and the noise error's sigmoid weighting (Kingma & Gao 2023) with a
    bias of log γ.
    """
    if weighting == "flat":
        return signal.new_ones(signal.shape)
    top = {"x0": signal.square(), "v": (signal * noise).square(), "noise": noise.square()}[prediction]
    return (1 + SNR_CAP) * top / (SNR_CAP * noise.square() + signal.square())
