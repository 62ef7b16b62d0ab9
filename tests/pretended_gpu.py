"""A GPU that is not there: tensors say that they are on it, and compute on the CPU.

What a GPU would refuse is refused: an operator on tensors of both memories, random numbers from the
other memory's generator, a NumPy array of what is on the device. What the host would wait for is
noted. Autocast casts what it casts on a GPU. No CUDA need be installed. Where there is a GPU, it is
used, and nothing is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _foreach_utils
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map

GPU = torch.device("cuda", 0)
INSIDE = torch.device("lazy", 0)
"""What torch itself takes the tensors' device for: one that autograd asks nothing of."""

WAITING = (
    "_local_scalar_dense", "nonzero", "masked_select", "is_nonzero", "equal", "unique",
    "_linalg_check_errors",
)  # fmt: skip
"""Operators that wait for the device, for a value or for a shape."""

BETWEEN = {
    "copy_", "_to_copy", "index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index",
}  # fmt: skip
"""Operators that take tensors of both memories."""

CAST = {
    "conv1d", "conv2d", "conv_transpose2d", "linear", "matmul", "__matmul__", "mm", "bmm",
    "baddbmm", "addmm", "prelu", "einsum", "pow", "__pow__", "square", "exp", "log", "rsqrt",
    "reciprocal", "__rtruediv__", "sum", "prod", "cumsum", "norm", "softmax", "layer_norm",
    "vector_norm", "linalg_vector_norm", "mse_loss", "l1_loss", "cosine_similarity",
    "normalize", "interpolate", "cat", "stack", "tensordot", "dot", "grid_sample",
}  # fmt: skip
"""Functions that autocast changes on a GPU, as far as the package calls them."""

CUDA: dict[str, Callable[..., Any]] = {
    "_lazy_init": lambda: None,
    "is_available": lambda: True,
    "device_count": lambda: 1,
    "current_device": lambda: 0,
    "set_device": lambda device: None,
    "synchronize": lambda device=None: None,
    "empty_cache": lambda: None,
    "is_bf16_supported": lambda including_emulation=True: True,
    "is_current_stream_capturing": lambda: False,
    "mem_get_info": lambda device=None: (64 << 30, 80 << 30),
    "memory_reserved": lambda device=None: 3 << 30,
    "memory_allocated": lambda device=None: 1 << 30,
    "max_memory_allocated": lambda device=None: 1 << 30,
    "reset_peak_memory_stats": lambda device=None: None,
    "get_device_capability": lambda device=None: (9, 0),
    "get_device_properties": lambda device=None: SimpleNamespace(
        name="pretended", total_memory=80 << 30, major=9, minor=0, multi_processor_count=1
    ),
}
"""What `torch.cuda` says where there is one."""

waits: list[str] = []
"""What the host has waited for, since it was cleared last."""

_call = SimpleNamespace(number=0, is_cast=False)
_accumulators: list[Any] = []
_streams: list[Any] = []


class RefusedError(RuntimeError):
    """Something that a GPU refuses."""


class OnGpu(Tensor):
    """A tensor that says that it is on the GPU. Attributes: values: It, on the CPU."""

    values: Tensor

    @staticmethod
    def __new__(cls, values: Tensor) -> OnGpu:
        shape = torch.empty_strided(
            values.shape, values.stride(), dtype=values.dtype, device="meta"
        )
        tensor = Tensor._make_subclass(
            cls, shape, False, dispatch_device=True, device_for_backend_keys=GPU
        )
        tensor.values, tensor.born = values, _call.number
        return tensor

    device = property(lambda self: GPU)
    is_cuda = property(lambda self: True)
    is_cpu = is_meta = property(lambda self: False)
    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _computed(func, args, kwargs or {})

    def item(self):
        waits.append("item")
        return self.values.item()

    def tolist(self):
        waits.append("tolist")
        return self.values.tolist()

    def cpu(self):
        return self.to("cpu")

    def numpy(self, *_, **__):
        raise RefusedError("can't convert a tensor on a GPU to NumPy")

    __array__ = numpy

    def __bool__(self) -> bool:
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __deepcopy__(self, memo):
        copied = self.detach().clone().requires_grad_(self.requires_grad)
        if isinstance(self, torch.nn.Parameter):
            copied._is_param = True  # what a parameter of a class of its own is known by
        return copied

    def __reduce_ex__(self, protocol):
        return self.values.detach().requires_grad_(self.requires_grad).__reduce_ex__(protocol)


class _Generator(torch._C.Generator):
    """Random numbers of either memory."""

    def __new__(cls, device="cpu"):
        generator = super().__new__(cls)
        if _is_gpu(device):
            _streams.append(generator)
        return generator

    def __init__(self, device="cpu") -> None:
        pass

    @property
    def device(self) -> torch.device:
        return GPU if _is_stream(self) else torch.device("cpu")


def _is_stream(generator: torch.Generator) -> bool:
    """Return whether a generator is on the GPU; torch hands it on as another object."""
    return any(generator._cdata == stream._cdata for stream in _streams)


def _is_gpu(device: object) -> bool:
    return str(device).startswith(("cuda", "lazy"))


def _computed(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Compute an operator, or raise RefusedError."""
    if func is torch.ops.prim.device.default:
        # Autocast asks before the operator, of what was there; autograd asks behind it.
        is_asked = _call.is_cast and args[0].born < _call.number
        return GPU if is_asked else INSIDE
    name, device = func.overloadpacket.__name__, kwargs.get("device")
    tensors = [t for t in tree_iter((args, kwargs)) if isinstance(t, Tensor)]
    there = [t for t in tensors if isinstance(t, OnGpu)]
    here = [t for t in tensors if not isinstance(t, OnGpu)]
    if name == "copy_":
        goes_there = isinstance(args[0], OnGpu)
    else:
        goes_there = bool(there) if device is None else _is_gpu(device)
    # A number of the CPU's may take part in what is computed position by position.
    foreign = [t for t in here if t.ndim or torch.Tag.pointwise not in func.tags]
    if there and foreign and name not in BETWEEN:
        raise RefusedError(f"{func} on {[(tuple(t.shape), str(t.device)) for t in tensors]}")
    if name.startswith("index") and there and not goes_there:
        raise RefusedError(f"{func} with indices on the GPU")
    rng = kwargs.get("generator")
    if rng is not None and _is_stream(rng) != goes_there:
        raise RefusedError(f"{func} with random numbers of the other memory")
    if there or goes_there:
        waits.extend(_waits(name, args, kwargs, here, goes_there))
    originals = {id(t.values): t for t in there}

    def moved(value: Any) -> Any:
        if isinstance(value, OnGpu):
            return value.values
        return torch.device("cpu") if isinstance(value, torch.device) and goes_there else value

    def returned(value: Any) -> Any:
        if not isinstance(value, Tensor) or isinstance(value, OnGpu):
            return value
        if id(value) in originals:
            return originals[id(value)]
        return OnGpu(value) if goes_there and name != "_local_scalar_dense" else value

    return tree_map(returned, func(*tree_map(moved, args), **tree_map(moved, dict(kwargs))))


def _waits(
    name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], here: list[Tensor], up: bool
) -> Iterator[str]:
    """Say what of an operator the host waits for."""
    if name.startswith(WAITING):
        yield name
    if name == "_to_copy" and (here or not up) and not (up and kwargs.get("non_blocking")):
        yield f"{name} to the {'GPU' if up else 'CPU'}"
    if name == "copy_" and here and not (up and args[2:] and args[2]):
        yield f"{name} to the {'GPU' if up else 'CPU'}"
    if "index" in name and name in BETWEEN:
        if any(not isinstance(i, OnGpu) for i in args[1] if i is not None):
            yield f"{name} with indices of the CPU"
        if any(i.dtype == torch.bool for i in args[1] if i is not None):
            yield f"{name} with a mask"


# torch would import its compiler to hide the method from it.
with patch.object(torch, "_disable_dynamo", lambda function, **_: function):

    class _Operators(TorchDispatchMode):
        """Sees the operators that have no tensor, too."""

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return _computed(func, args, kwargs or {})


class _Functions(TorchFunctionMode):
    """Sees functions with the devices that they are called with."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func in (torch.tensor, torch.as_tensor) and _is_gpu(kwargs.get("device")):
            del kwargs["device"]
            return func(*args, **kwargs).to(GPU)
        if func is Tensor.new_tensor and isinstance(args[0], OnGpu):
            return torch.tensor(args[1], dtype=kwargs.get("dtype", args[0].dtype)).to(GPU)
        if func in (Tensor.__getitem__, Tensor.__setitem__):
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            index = tuple(torch.tensor(i) if isinstance(i, list) else i for i in index)
            args = (args[0], index, *args[2:])
        if func is Tensor.to:
            args = tuple(INSIDE if _is_device(a) and _is_gpu(a) else a for a in args)
        if _is_gpu(kwargs.get("device")):
            kwargs["device"] = INSIDE
        if torch.is_autocast_enabled("cuda") and getattr(func, "__name__", "") in CAST:
            _call.number, _call.is_cast = _call.number + 1, True
        try:
            result = func(*args, **kwargs)
        finally:
            _call.is_cast = False
        if func is Tensor.requires_grad_ and isinstance(result, OnGpu) and result.requires_grad:
            # Made now: under autocast it would be made while the device is asked for.
            with torch.enable_grad(), torch._C.DisableTorchFunction():
                _accumulators.append(result.view_as(result).grad_fn.next_functions[0][0])
        return result


def _is_device(value: object) -> bool:
    return isinstance(value, (str, torch.device))


@contextmanager
def pretended_gpu() -> Iterator[None]:
    """Let there be one GPU."""
    if torch.cuda.is_available():
        yield
        return
    overwrites = torch.__future__.get_overwrite_module_params_on_conversion()
    kinds = [*_foreach_utils._foreach_supported_types, OnGpu]
    waits.clear()
    with ExitStack() as stack:
        for name, answer in CUDA.items():
            stack.enter_context(patch.object(torch.cuda, name, answer))
        stack.enter_context(patch.object(torch, "Generator", _Generator))
        stack.enter_context(patch.object(_foreach_utils, "_foreach_supported_types", kinds))
        # Optimisers ask the accelerator itself whether it records.
        for name in [n for n in dir(torch.optim.Optimizer) if n.endswith("_capture_health_check")]:
            stack.enter_context(patch.object(torch.optim.Optimizer, name, lambda self: None))
        # A module's parameters are replaced: what is on the CPU cannot become what is not.
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        stack.callback(torch.__future__.set_overwrite_module_params_on_conversion, overwrites)
        stack.callback(_accumulators.clear)
        stack.callback(_streams.clear)
        stack.enter_context(_Operators())
        stack.enter_context(_Functions())
        yield
