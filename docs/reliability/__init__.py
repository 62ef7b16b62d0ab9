"""What practice does to a program, on purpose: the parts of `docs/campaign.py`."""
