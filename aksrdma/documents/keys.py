"""Scalars as keys: JSON has only texts, so Kubernetes writes numbers and booleans out.

Source: `convertToJSONableObject` of sigs.k8s.io/yaml v1.6.0, yaml.go.
"""

from __future__ import annotations

import math

from aksrdma.documents.scalars import INT64, Scalar, ScalarError

_KEY_EXPONENT_FROM = 6


def key_text(value: Scalar) -> str:
    """Return a resolved scalar as a key of a JSON object, as sigs.k8s.io/yaml writes it.

    Raises:
        ScalarError: for null and for integers beyond 64 signed bits, which it refuses.
    """
    if type(value) is str:
        return value
    if value is None:
        raise ScalarError("null cannot be a key")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not -INT64 <= value < INT64:
            raise ScalarError(f"{value} is too big for a key")
        return str(value)
    return _float_key(float(value))


def _float_key(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    single = _single(value)
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    return _shortest(single)


def _single(value: float) -> float:
    """Return the float of 32 bits that is nearest."""
    import struct

    try:
        nearest: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return nearest


def _shortest(single: float) -> str:
    """Return the fewest digits that read back as the same float of 32 bits, as Go's FormatFloat 'g' writes them."""
    for digits in range(9):
        text = f"{single:.{digits}e}"
        if _single(float(text)) == single:
            break
    mantissa, _, exponent = text.partition("e")
    if -4 <= int(exponent) < _KEY_EXPONENT_FROM:
        return f"{single:.{max(0, digits - int(exponent))}f}"
    return f"{mantissa}e{int(exponent):+03d}"
