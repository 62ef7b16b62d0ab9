import numpy as np
import pytest

from ganvas.assets.openvino_ir import constants
from ganvas.errors import AssetError

GRAPH = """<?xml version="1.0"?><net version="10"><layers>
<layer id="10" name="b" type="Const"><data element_type="i64" offset="24" size="16" shape="2"/>
<output><port id="0"><dim>2</dim></port></output></layer>
<layer id="2" name="a" type="Const"><data element_type="f32" offset="0" size="24" shape="2, 3"/>
<output><port id="0"><dim>2</dim><dim>3</dim></port></output></layer>
<layer id="3" name="add" type="Add"/></layers></net>"""
A = np.arange(6, dtype=np.float32).reshape(2, 3)
B = np.array([7, 8])
WEIGHTS = A.tobytes() + B.tobytes()


def test_constants_come_in_the_order_of_their_ids():
    a, b = constants(GRAPH.encode(), WEIGHTS)
    assert (a.name, b.name) == ("a", "b")
    assert np.array_equal(a.value, A)
    assert np.array_equal(b.value, B)


def test_entities_are_refused():
    harmful = '<!DOCTYPE net [<!ENTITY x "xxxxxxxxxx">]>' + GRAPH.split("?>")[1]
    with pytest.raises(AssetError, match="DOCTYPE"):
        constants(harmful.encode(), WEIGHTS)


@pytest.mark.parametrize(
    ("graph", "weights"),
    [
        (b"<net>", WEIGHTS),
        (GRAPH.encode(), WEIGHTS[:20]),
        (GRAPH.replace("f32", "f99").encode(), WEIGHTS),
    ],
)
def test_a_broken_network_is_an_asset_error(graph, weights):
    with pytest.raises(AssetError, match="not an OpenVINO IR"):
        constants(graph, weights)
