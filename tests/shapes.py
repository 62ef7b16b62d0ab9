"""What checks, in every call that a test makes, the types and shapes that annotations state.

`pytest --jaxtyping-packages` puts it around the functions of the mathematics and of the generators'
interface.
"""

from beartype import BeartypeConf, beartype

# An int is a float, as PEP 484 has it.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
