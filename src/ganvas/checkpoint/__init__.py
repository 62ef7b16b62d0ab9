"""Reading the generator files that people have, without ever running what is in them."""
