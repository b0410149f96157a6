"""What can be said of a claim.

[('GRU 2.9 s, LSTM 3.4 s', CONFIRMED), ('GRU 5.0 s, LSTM 4.9 s', CONTRADICTED)]  ->  ('GRU 2.9 s, …', CONTRADICTED)
"""

CONFIRMED, CONTRADICTED, CHANCE, UNMEASURED = "confirmed", "contradicted", "within chance", "not yet measured"

Finding = tuple[str, str]  # the measured values, and the verdict


def together(findings: list[Finding]) -> Finding:
    """All that was measured, and the one verdict: a claim holds where every part of it does."""
    verdicts = {verdict for _, verdict in findings}
    worst = next(one for one in (UNMEASURED, CONTRADICTED, CHANCE, CONFIRMED) if one in verdicts)
    return "; ".join(said for said, _ in findings), worst
