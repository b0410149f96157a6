"""What can be said of a claim.

('GRU 2.9 s, LSTM 3.4 s', CONFIRMED)
"""

CONFIRMED, CONTRADICTED, CHANCE, UNMEASURED = "confirmed", "contradicted", "within chance", "not yet measured"

Finding = tuple[str, str]  # the measured values, and the verdict
