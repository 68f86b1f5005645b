"""A model of ours as one Python file that needs NumPy alone."""

from __future__ import annotations

import inspect
from base64 import b85encode
from textwrap import TextWrapper
from typing import Any

import numpy as np

from made_np._version import __version__
from made_np.distributions.registry import output_config
from made_np.files import atomic_write
from made_np.interop import plain_heads
from made_np.interop.answers import as_leaving
from made_np.interop.plain_heads import ACTIVATIONS, HEADS, NEEDS
from made_np.model.made import MADE
from made_np.typing import Array

__all__ = ["to_numpy_script"]

WIDTH = 118
"""Of a line of the script, at most."""

NET = '''
def parameters():
    """Return the parameters by name: W (out, in), b (out,), U as W (they tell units their masks)."""
    found, start = {}, 0
    for name, shape in SHAPES.items():
        size = int(np.prod(shape))
        found[name] = THETA[start : start + size].reshape(shape)
        start += size
    return found


def masks(k):
    """Return the mask of each weight matrix under mask set k: who has a wire to whom follows from degrees."""
    position = np.argsort(ORDERS[k])
    inputs = np.append(np.repeat(position + 1, N_INPUTS), np.zeros(N_CONTEXT, int))
    outputs = np.repeat(position + 1, N_RAW)
    found, below = {}, inputs
    for layer, degrees in enumerate(map(np.array, DEGREES[k])):
        found[str(layer)] = degrees[:, None] >= below
        below = degrees
    if DEGREES[k]:
        found[str(len(DEGREES[k]))] = outputs[:, None] > below
    if DIRECT is not None:
        found["_direct"] = outputs[:, None] > inputs[DIRECT]
    return found


def product(name, h, mask):
    """Return the masked product of a layer with its inputs, and what tells its units their mask."""
    p = PARAMETERS
    return h @ (p["W" + name] * mask).T + ((p["U" + name] * mask).sum(1) if "U" + name in p else 0)


def encode(x, context=None):
    """Return what the network sees of rows (n, D)."""
    units = []
    for d, config in enumerate(FEATURES):
        own = ENCODE[config["name"]](config, x[:, d])
        units.append(np.pad(own, [(0, 0), (0, N_INPUTS[d] - own.shape[1])]))
    return np.hstack(units + ([] if context is None else [np.asarray(context, float)]))


def raw_outputs(x, k=0, context=None):
    """Return the raw outputs (n, O) under mask set k."""
    units = h = encode(np.asarray(x, float), context)
    wires, degrees = masks(k), [np.array(own) for own in DEGREES[k]]
    for layer in range(len(degrees)):
        y = activation(product(str(layer), h, wires[str(layer)]) + PARAMETERS[f"b{layer}"])
        if RESIDUAL and layer and len(degrees[layer]) == len(degrees[layer - 1]):
            y = y + h * (degrees[layer] >= degrees[layer - 1])
        h = y
    raw = np.tile(PARAMETERS[f"b{len(degrees)}"], (len(units), 1))
    if degrees:
        raw = raw + product(str(len(degrees)), h, wires[str(len(degrees))])
    return raw if DIRECT is None else raw + product("_direct", units[:, DIRECT], wires["_direct"])


def log_prob(x, context=None):
    """Return log p(x) of rows (n, D) in nats, of the mixture of all mask sets."""
    x = np.asarray(x, float)
    each = []
    for k in range(len(ORDERS)):
        raw = np.split(raw_outputs(x, k, context), np.cumsum(N_RAW)[:-1], axis=1)
        each.append(sum(LOG_PROB[c["name"]](c, raw[d], x[:, d]) for d, c in enumerate(FEATURES)))
    return np.logaddexp.reduce(each) - math.log(len(each))


def sample(n, rng=None, context=None, uniforms=None):
    """Return n rows (n, D), feature by feature in the order of generation; each row draws its mask set."""
    rng = np.random.default_rng(rng)
    sets = rng.integers(len(ORDERS), size=n)
    u = rng.random((n, len(FEATURES))) if uniforms is None else uniforms
    x = np.zeros((n, len(FEATURES)))
    for k, order in enumerate(ORDERS):
        rows = np.flatnonzero(sets == k)
        own, y = x[rows], None if context is None else np.asarray(context)[rows]
        for d in order:
            raw = np.split(raw_outputs(own, k, y), np.cumsum(N_RAW)[:-1], axis=1)[d]
            own[:, d] = DRAW[FEATURES[d]["name"]](FEATURES[d], raw, u[rows, d])
        x[rows] = own
    return x
'''
"""What a script has besides its constants and its distributions."""

MAIN = """
if __name__ == "__main__":
    context = np.zeros((5, N_CONTEXT)) if N_CONTEXT else None
    rows = sample(5, 0, context)
    print(rows)
    print(log_prob(rows, context))
"""
"""What it does when it is run."""


def to_numpy_script(made: MADE, theta: Array, path: Any) -> None:
    """Write one Python file that scores and draws as this model does, with NumPy alone.

    It has ``log_prob(x)`` (n,) nats, ``sample(n, rng)`` rows (n, D), ``raw_outputs(x, k)``, and computes in float64.
    Run it, and it prints some rows with their scores. The code comes first, the parameters stand at the end.

    Parameters
    ----------
    made : MADE
        With any of our distributions but ``WithAtoms``, and with a number of mask sets.
    theta : ndarray, shape (P,)
    path : str or path-like
        The file to create or to replace.

    Raises
    ------
    ValueError, TypeError
        `made` has a distribution or an activation of your own, ``WithAtoms``, or endlessly many mask sets.
    OSError
        The file cannot be written.
    """
    text = _text(made, as_leaving(made, theta, "a script", HEADS))
    with atomic_write(path) as file:
        file.write(text.encode())


def _text(made: MADE, theta: Array) -> str:
    configs = [output_config(output) for output in made.outputs.feature_outputs]
    names = sorted({config["name"] for config in configs})
    parts = [
        f'"""A MADE of {made.n_features} features, by made_np {__version__}: log_prob(x), sample(n). NumPy does."""',
        "import base64\nimport math\nfrom statistics import NormalDist\n\nimport numpy as np",
        _constants(made, configs),
        *_sources(names, made.activation),
        f'def activation(z):\n    """Return what hidden units answer."""\n    return {ACTIVATIONS[made.activation]}',
        *(_table(title, names, place) for place, title in enumerate(("LOG_PROB", "DRAW", "ENCODE"))),
        NET.strip(),
        _weights(theta),
        MAIN.strip(),
    ]
    return "\n\n\n".join(parts) + "\n"


def _constants(made: MADE, configs: list[dict[str, Any]]) -> str:
    """Return what tells this model from others."""
    sets = [made.mask_sets[k] for k in range(made.n_masks or 0)]
    network = made.network
    columns = np.arange(network.n_inputs) if network.direct_units is None else network.direct_units
    values = {
        "FEATURES": configs,
        "N_INPUTS": list(made.outputs.input_sizes),
        "N_RAW": [output.n_raw for output in made.outputs.feature_outputs],
        "N_CONTEXT": made.n_context,
        "RESIDUAL": made.residual,
        "DIRECT": columns.tolist() if network.direct else None,
        "ORDERS": [one.order.tolist() for one in sets],
        "DEGREES": [[layer.tolist() for layer in one.degrees] for one in sets],
        "SHAPES": dict(zip(made.layout.names, made.layout.shapes, strict=True)),
    }
    lines = TextWrapper(WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines.fill(f"{name} = {value!r}") for name, value in values.items())


def _sources(names: list[str], activation: str) -> list[str]:
    """Return the source of the functions that a model needs, in the sequence in which they stand in their file."""
    wanted = [plain_heads.softplus, plain_heads.sigmoid]
    wanted += [plain_heads.normal_cdf] if activation == "gelu" else []
    for name in names:
        wanted += [*NEEDS[name], *HEADS[name]]
    found = {inspect.getsourcelines(function)[1]: inspect.getsource(function).strip() for function in wanted}
    return [text.replace(": Any", "").replace(" -> Any", "") for _, text in sorted(found.items())]


def _table(title: str, names: list[str], place: int) -> str:
    rows = "".join(f'    "{name}": {HEADS[name][place].__name__},\n' for name in names)
    return f"{title} = {{\n{rows}}}"


def _weights(theta: Array) -> str:
    """Return the parameters as text: bytes of numbers, the low ones first."""
    small = theta.astype(theta.dtype.newbyteorder("<"))
    code = b85encode(small.tobytes()).decode()
    lines = "\n".join(code[k : k + WIDTH] for k in range(0, len(code), WIDTH))
    return (
        f'BYTES = """\n{lines}\n"""\n'
        f'THETA = np.frombuffer(base64.b85decode("".join(BYTES.split())), "{small.dtype.str}").astype(float)\n'
        "PARAMETERS = parameters()"
    )
