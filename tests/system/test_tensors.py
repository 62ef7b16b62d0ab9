"""Files of named tensors: equal bytes, and a line for what is none."""

import pytest
import torch

from ganvas.errors import ConfigError, InputError
from ganvas.system.tensors import read_as, read_tensors, write_tensors


def read(path, restore=lambda tensors, metadata: tensors["a"]):
    return read_as("thing", path, ("thing-1",), restore)


def test_what_was_written_is_read(tmp_path):
    file = tmp_path / "a"
    write_tensors(file, {"a": torch.arange(3.0)}, {"format": "thing-1", "word": "ü"})
    assert read(file).equal(torch.arange(3.0))
    assert read_tensors(file)[1]["word"] == "ü"


def test_equal_content_gives_equal_bytes_in_whatever_order_the_metadata_comes(tmp_path):
    words = [(f"key{k}", str(k)) for k in range(20)]
    for name, order in (("a", words), ("b", words[::-1])):
        write_tensors(tmp_path / name, {"a": torch.ones(2)}, dict(order))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_line_says_what_is_wrong_with_a_file(tmp_path):
    file = tmp_path / "a"
    with pytest.raises(InputError, match="no such thing"):
        read(file)
    file.write_bytes(b"no tensors")
    with pytest.raises(InputError, match="not a readable safetensors file"):
        read(file)
    write_tensors(file, {"a": torch.ones(1)}, {"format": "other-1"})
    with pytest.raises(InputError, match="not a ganvas thing"):
        read(file)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (KeyError("b"), "a broken thing: 'b' is missing"),
        (IndexError("no row 3"), "a broken thing: no row 3"),
        (ConfigError("the key is unknown"), "a broken thing: the key is unknown"),
    ],
)
def test_a_fault_of_the_content_is_the_files_fault(tmp_path, fault, reason):
    file = tmp_path / "a"
    write_tensors(file, {"a": torch.ones(1)}, {"format": "thing-1"})

    def restore(tensors, metadata):
        raise fault

    with pytest.raises(InputError, match=reason):
        read(file, restore)


def test_a_fault_of_the_program_is_not_hidden(tmp_path):
    file = tmp_path / "a"
    write_tensors(file, {"a": torch.ones(1)}, {"format": "thing-1"})

    def restore(tensors, metadata):
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError):
        read(file, restore)
