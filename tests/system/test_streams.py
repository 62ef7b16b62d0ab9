import os

import pytest

from ganvas.system.streams import let_go


def test_what_is_buffered_and_follows_goes_nowhere():
    reader, writer = os.pipe()
    stream = os.fdopen(writer, "w")
    stream.write("buffered")
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        stream.flush()
    let_go(stream)
    stream.write("later")
    stream.close()
