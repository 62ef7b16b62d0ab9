"""The spread of w, fitted once."""

import gc
import weakref

from ganvas.generator import Generator
from ganvas.generator.tiny import TinyGenerator
from ganvas.generator.whitening import latent_whitening


def test_it_is_fitted_once_and_does_not_keep_its_generator(monkeypatch):
    generator = TinyGenerator().eval()
    drawn = []

    def counted(self, *how):
        drawn.append(how)
        return sample(self, *how)

    sample = Generator.sample_w
    monkeypatch.setattr(Generator, "sample_w", counted)
    first = latent_whitening(generator, undo=True)
    assert latent_whitening(generator, undo=True) is first
    assert latent_whitening(generator, undo=False) is not first
    assert len(drawn) == 2
    alone = weakref.ref(generator)
    del generator
    gc.collect()
    assert alone() is None
