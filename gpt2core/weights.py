"""What a weight may be: real floating-point numbers that float32 holds exactly. Opening and saving ask the same question."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from gpt2core.errors import InvalidSetting, NotFinite, NotWeights

# Every value of these types is a float32 too. float64 is not among them: its tensors are looked at value by value.
HELD_BY_FLOAT32 = (
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.float8_e4m3fn,
    torch.float8_e4m3fnuz,
    torch.float8_e5m2,
    torch.float8_e5m2fnuz,
    torch.float8_e8m0fnu,
)
# Not float8: what is too large for it is cut off there without a sign of it, and e8m0 has neither sign nor zero.
SAVED_AS = (torch.float32, torch.float16, torch.bfloat16)


def check_kind(name: str, tensor: Tensor) -> None:
    """Looks at no value. Raises: NotWeights by the tensor's name and type."""
    if tensor.layout is not torch.strided or tensor.is_nested:
        kind = "nested" if tensor.is_nested else f"sparse ({_short(tensor.layout)})"
        raise NotWeights(
            "{name} is {kind} in the file; weights must be dense. Save it as an ordinary float32 tensor.",
            name=name,
            kind=kind,
        )
    if tensor.is_meta:
        raise NotWeights(
            "{name} has a shape in the file but no values (a meta tensor). Save the model after its weights have been loaded.",
            name=name,
        )
    if tensor.dtype not in (*HELD_BY_FLOAT32, torch.float64):
        raise NotWeights(
            "{name} is of type {dtype} in the file; weights must be floating-point numbers that float32 can hold. "
            "Save the model in float32, without quantization.",
            name=name,
            dtype=_short(tensor.dtype),
        )


def check_held(tensors: Mapping[str, Tensor]) -> None:
    """Strides and shared memory let a few numbers in a file pass for billions; copies of those would fill the memory.

    Raises: NotWeights where the tensors claim more than twice the bytes that there are.
    """
    held = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors.values() if _has_storage(t)}
    room = 2 * sum(held.values())  # twice: an output head may be the embedding under a second name
    for name, tensor in tensors.items():
        room -= tensor.numel() * tensor.element_size() if _has_storage(tensor) else 0
        if room < 0:
            raise NotWeights(
                "{name} claims the shape {shape}, for which the file does not hold enough numbers. "
                "Save it again with tensor.contiguous().",
                name=name,
                shape=list(tensor.shape),
            )


def check_values(name: str, tensor: Tensor) -> None:
    """Looks at every value. Raises: NotWeights, NotFinite, by the tensor's name."""
    check_kind(name, tensor)
    values = tensor.detach()
    _check_finite(name, values)
    if values.dtype is torch.float64 and not torch.equal(values.float().double(), values):
        raise NotWeights(
            "{name} is of type float64 in the file and holds numbers that float32 cannot. Save the model in float32: model.float().",
            name=name,
        )


def as_float32(name: str, tensor: Tensor) -> Tensor:
    """A copy of the same numbers in float32. Raises: NotWeights, NotFinite."""
    check_values(name, tensor)
    return tensor.detach().to("cpu", torch.float32, copy=True).contiguous()


def as_saved(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """The tensor as a file will hold it, rounded to `dtype`; what as_float32 would refuse is refused here.

    Raises: InvalidSetting for another dtype than SAVED_AS; NotWeights, NotFinite.
    """
    if dtype not in SAVED_AS:
        raise InvalidSetting(
            "A model cannot be saved as {dtype}. Choose float32, float16 or bfloat16.",
            dtype=_short(dtype),
        )
    check_kind(name, tensor)
    _check_finite(name, tensor.detach())
    saved = tensor.detach().to("cpu", dtype).contiguous()
    if not _is_finite(saved):
        raise NotFinite(
            "{name} holds weights too large for {dtype}. Use an earlier checkpoint."
            if dtype in (torch.float32, torch.bfloat16)
            else "{name} holds weights too large for {dtype}. Save the model as float32 or bfloat16.",
            name=name,
            dtype=_short(dtype),
        )
    return saved


def _check_finite(name: str, tensor: Tensor) -> None:
    if not _is_finite(tensor):
        raise NotFinite(
            "{name} holds NaN or infinite weights, so no number computed from it would mean anything. Use an earlier checkpoint.",
            name=name,
        )


def _is_finite(tensor: Tensor) -> bool:
    """The least and the largest tell, NaN is both; looking at every one for itself takes 25 times as long."""
    if not tensor.numel():
        return True
    least, largest = torch.aminmax(tensor.float() if tensor.element_size() == 1 else tensor)
    return math.isfinite(least) and math.isfinite(largest)


def _has_storage(tensor: Tensor) -> bool:
    return tensor.layout is torch.strided and not tensor.is_meta and not tensor.is_nested


def _short(torch_name: object) -> str:
    return str(torch_name).removeprefix("torch.")
