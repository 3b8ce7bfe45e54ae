"""A device that isn't there: tensors that say they are elsewhere, and compute on the CPU.

No GPU is needed to find code that mixes tensors of two devices, or waits for a device where it need not:
under `Elsewhere` the device `FAR` keeps its data on the CPU, refuses to meet a CPU tensor with dimensions,
and notes whatever would make a CUDA program wait for its GPU.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

FAR = torch.device("meta")
"""The name that every part of torch knows and no code of ours does."""

COPIES = ("_to_copy", "copy_")
WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "_unique2", "unique_dim")
"""Operations whose result, or its shape, the program reads."""


class Far(Tensor):
    """A tensor on `FAR`; `near` holds its data."""

    near: Tensor

    @staticmethod
    def __new__(cls, near: Tensor) -> Far:
        """Wrap a CPU tensor."""
        made: Far = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            near.shape,
            strides=near.stride(),
            storage_offset=near.storage_offset(),
            dtype=near.dtype,
            device=FAR,
        )
        made.near = near
        return made

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        """Without an operation."""
        return f"Far({list(self.shape)}, {self.dtype})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Refuse what happens outside `Elsewhere`."""
        raise RuntimeError(f"{func} on {FAR} outside of Elsewhere")


class Numbers(TorchFunctionMode):
    """Numbers become tensors here before they go to `FAR`, and tensors numbers: torch can't do it there."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run a function."""
        kwargs = dict(kwargs or {})
        if func is Tensor.tolist and isinstance(args[0], Far):
            args = (args[0].cpu(),)
        if func is Tensor.new_tensor and isinstance(args[0], Far):
            kwargs = {"dtype": args[0].dtype, "device": FAR} | kwargs
            func, args = torch.tensor, args[1:]
        if func is torch.tensor and kwargs.get("device") == FAR:
            return torch.tensor(*args, **kwargs | {"device": "cpu"}).to(FAR)
        return func(*args, **kwargs)


class Elsewhere(TorchDispatchMode):
    """While it lasts, there is a device `FAR`.

    Attributes:
        waits: the operations so far for which a program would have waited for the device.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []
        self._numbers = Numbers()

    def __enter__(self) -> Elsewhere:
        """Begin."""
        self._numbers.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        """End."""
        super().__exit__(*raised)
        self._numbers.__exit__(*raised)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation on the CPU, with its device as it would be."""
        kwargs = dict(kwargs or {})
        name = func.name().partition("::")[2].partition(".")[0]
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        far = any(isinstance(t, Far) for t in tensors)
        device = kwargs.get("device")
        if device is not None:
            kwargs["device"] = torch.device("cpu")
        if far and name not in COPIES and any(not isinstance(t, Far) and t.dim() for t in tensors):
            shapes = [(str(t.device), list(t.shape)) for t in tensors]
            raise RuntimeError(f"{name} of tensors on two devices: {shapes}")
        self._note(name, func, args, kwargs, device, far)
        out = func(*tree_map(_near, args), **tree_map(_near, kwargs))
        if (device == FAR) if device is not None else far:
            out = tree_map(lambda t: Far(t) if isinstance(t, Tensor) else t, out)
            return return_and_correct_aliasing(func, args, kwargs, out) if far else out
        return out

    def _note(self, name: str, func: Any, args: Any, kwargs: Any, device: Any, far: bool) -> None:
        crossing = name in COPIES and (
            (device == FAR and not far) or (device is not None and device != FAR and far)
        )
        if name == "copy_":
            crossing = isinstance(args[0], Far) != isinstance(args[1], Far)
        waits = crossing and not (
            kwargs.get("non_blocking") or (name == "copy_" and len(args) > 2 and args[2])
        )
        masks = name in ("index", "index_put_", "index_put") and any(
            t is not None and t.dtype in (torch.bool, torch.uint8) for t in args[1]
        )
        counts = name == "repeat_interleave" and kwargs.get("output_size") is None
        if waits or (far and (name in WAITING or masks or counts)):
            self.waits.append(name)


def _near(x: Any) -> Any:
    return x.near if isinstance(x, Far) else x
