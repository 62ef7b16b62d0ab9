"""Training a generator against a discriminator, on crops of pictures."""
