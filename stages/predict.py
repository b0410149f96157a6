"""Expressions from the command line, or a line each from standard input, answered by a trained network.

$ python -m stages.predict "12*(3+4)=" "7-9"
12*(3+4)=  answer 84  true 84  right  probability 0.85
7-9=       answer -2  true -2  right  probability 1.00
"""

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from stages import grammar
from stages.command import BadInput, one_line
from stages.network import alphabet, machine, scores, weights

CALCULATOR = "calculator"  # the study whose network is in git, so that there is one before anything is trained


def predict(trained: weights.Trained, expressions: list[str]) -> Iterable[str]:
    """A line for each well-formed expression: the network's answer beside the true one."""
    sources = [text.removesuffix("=") + "=" for text in expressions]
    decoded, probabilities = scores.decode(trained.model, alphabet.encode_sources(sources), trained.steps)
    width = max(map(len, sources))
    for source, ids, probability in zip(sources, decoded.tolist(), probabilities.tolist(), strict=True):
        answer, true = alphabet.decode(ids), grammar.evaluate(source)
        # Without <eos> the network was cut off, so even the right characters are no answer.
        verdict = "right" if alphabet.EOS in ids and answer == str(true) else "wrong"
        yield f"{source:<{width}}  answer {answer}  true {true}  {verdict}  probability {probability:.2f}"


def read(expressions: Iterable[str], operands: int) -> tuple[list[str], int]:
    """The well-formed expressions, and how many were not; each of those is a line on standard error.

    Expressions that the corpus over 0..operands-1 does not hold stay, with a warning there.
    """
    good, bad = [], 0
    for text in map(str.strip, expressions):
        try:
            grammar.evaluate(text)
        except BadInput as error:
            bad += 1
            print(f"predict: {error}", file=sys.stderr)
            continue
        good.append(text)
        if reason := grammar.unseen(text, operands):
            print(f"predict: warning: {text}: the network never saw {reason}", file=sys.stderr)
    return good, bad


def main() -> None:
    parser = argparse.ArgumentParser(description="Let a trained network calculate.")
    parser.add_argument("expressions", nargs="*", help='such as "12*(3+4)="; none: lines from standard input')
    parser.add_argument("--run", default=CALCULATOR, help="a name under `runs` (default: %(default)s)")
    parser.add_argument("--models", type=Path, default=Path("data/models"), help="folder (default: %(default)s)")
    # An expression that begins with '-' looks like an option; it is malformed, and says so as every other does.
    args, dashed = parser.parse_known_args()
    if unknown := [word for word in dashed if re.match("--[a-z]", word)]:
        parser.error(f"no such option: {' '.join(unknown)}")

    machine.device()
    path = args.models / f"{args.run}.safetensors"
    if args.run == CALCULATOR and not path.exists():
        raise BadInput(f"{path}: no such file; `git checkout {path}` brings it back")
    trained = weights.load(path)
    typed = args.expressions + dashed
    expressions, bad = read(typed or filter(str.strip, sys.stdin or ()), trained.operands)
    if expressions:
        print(*predict(trained, expressions), sep="\n")
    sys.exit(2 if bad else 0)


if __name__ == "__main__":
    if sys.stdin:  # None when it is closed
        sys.stdin.reconfigure(errors="backslashreplace")  # bytes that are no text are malformed, not a crash
    with one_line("predict"):
        main()
