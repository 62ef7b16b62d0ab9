"""The page of a dissection: one HTML file that opens from disk and runs no script."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from ganvas.report.page import read_static
from ganvas.system.files import write_text
from ganvas.system.page import head

Strips = Mapping[str, Mapping[str, Sequence[tuple[int, Image.Image]]]]
"""By concept and layer: units with their pictures."""

_BODY = """<main class="dissection">
{body}
</main>
</body>
</html>
"""


def write_page(folder: Path, data: Mapping[str, Any], strips: Strips, name: str) -> Path:
    """Write ``index.html`` into a dissection's folder and return its path.

    Args:
        folder: The folder.
        data: The table of the dissection, plain values.
        strips: Pictures of the best units.
        name: What the generator is called.

    Raises:
        StorageError: The page cannot be written.
    """
    style = "\n".join(read_static(f"style/{name}.css") for name in ("theme", "dissection"))
    title = f"{name} dissected"
    body = "\n".join(_body(data, strips, title))
    write_text(folder / "index.html", head(title, style) + _BODY.format(body=body))
    return folder / "index.html"


def _body(data: Mapping[str, Any], strips: Strips, title: str) -> Iterator[str]:
    shown = [c for c in data["concepts"] if c["present"]]
    absent = [c["name"] for c in data["concepts"] if not c["present"]]
    yield f"<header><h1>{html.escape(title)}</h1>"
    yield (
        f"<p>{data['samples']} pictures, layers {html.escape(', '.join(data['layers']))}. "
        "IoU: how well the pixels above a unit's threshold agree with the concept's. Fresh: the "
        "threshold is chosen on half of the pictures and the IoU counted on the others. "
        "Pictures are lit where the unit is active.</p>"
    )
    if absent:
        names = html.escape(", ".join(absent))
        yield f"<p>In no picture: {names}.</p>"
    yield "</header>"
    yield from _effects(data["effects"])
    yield (
        "<nav>"
        + " ".join(f'<a href="#{_anchor(c["name"])}">{html.escape(c["name"])}</a>' for c in shown)
        + "</nav>"
    )
    for concept in shown:
        yield from _concept(concept, data["samples"], strips.get(concept["name"], {}))


def _effects(effects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not effects:
        return
    yield "<section><h2>What the units cause</h2><table><thead><tr>"
    heads = ("concept", "layer", "units", "pictures", "removed", "by random units",
             "other pixels changed", "by random units", "added", "by random units")  # fmt: skip
    yield "".join(f"<th>{head}</th>" for head in heads) + "</tr></thead><tbody>"
    for one in effects:
        units = f"{len(one['units'])} by {one['ranking']}"
        cells = [one["concept"], one["layer"], units, str(one["pictures"])]
        for part in ("removed", "others", "added"):
            cells += [_share(one["best"][part]), _share(one["chance"][part])]
        yield "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
    yield "</tbody></table></section>"


def _share(share: Mapping[str, float]) -> str:
    return f"{share['value']:.1%} [{share['low']:.1%}, {share['high']:.1%}]"


def _concept(
    concept: Mapping[str, Any],
    samples: int,
    layers: Mapping[str, Sequence[tuple[int, Image.Image]]],
) -> Iterator[str]:
    name = concept["name"]
    yield f'<section id="{_anchor(name)}"><h2>{html.escape(name)}</h2>'
    yield (
        f"<p>{concept['share']:.2%} of all pixels; {concept['present']} of {samples} pictures show "
        f"it. {_styles(concept['styles'])}</p>"
    )
    for layer, units in concept["layers"].items():
        pictures = dict(layers.get(layer, ()))
        yield f'<h3>{html.escape(layer)}</h3><div class="units">'
        for unit in units[: max(len(pictures), 4)]:
            yield _unit(unit, pictures.get(unit["unit"]))
        yield "</div>"
        rest = ", ".join(f"{u['unit']} ({u['iou']:.2f})" for u in units[4:])
        if rest:
            yield f'<p class="rest">then {rest}</p>'
    yield "</section>"


def _styles(styles: Sequence[Mapping[str, Any]]) -> str:
    entries = ", ".join(
        f"affine {s['affine']} channel {s['channel']} (r = {s['correlation']:+.2f})" for s in styles
    )
    return f"Styles that its area goes with: {html.escape(entries)}." if entries else ""


def _unit(unit: Mapping[str, Any], picture: Image.Image | None) -> str:
    image = ""
    if picture is not None:
        alt = html.escape(f"pictures lit where unit {unit['unit']} is active")
        image = f'<img src="{_data_url(picture)}" alt="{alt}" loading="lazy">'
    return (
        f"<figure>{image}<figcaption><b>unit {unit['unit']}</b> IoU {unit['iou']:.2f}, fresh "
        f"{unit['fresh_iou']:.2f}, quality ratio {unit['quality']:.2f}</figcaption></figure>"
    )


def _data_url(picture: Image.Image) -> str:
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=80, method=3)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()


def _anchor(name: str) -> str:
    return "concept-" + "".join(c if c.isalnum() and c.isascii() else "-" for c in name)
