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
from stages.command import BadInput, one_line, shown
from stages.network import alphabet, machine, scores, weights

CALCULATOR = "calculator"  # the study whose network is in git, so that there is one before anything is trained
MODELS = Path(__file__).parents[1] / "data" / "models"  # the repository's, in whatever folder the command is run


def predict(trained: weights.Trained, expressions: list[str]) -> Iterable[str]:
    """A line for each well-formed expression: the network's answer beside the true one.

    Raises BadInput where a probability is NaN.
    """
    sources = [text.removesuffix("=") + "=" for text in expressions]
    decoded, probabilities = scores.decode(trained.model, alphabet.encode_sources(sources), trained.steps)
    known = probabilities.isfinite()
    if not known.all():
        raise BadInput(f"the probability of its answer to {sources[int(known.int().argmin())]} is NaN; train it again")
    width = max(map(len, sources))
    for source, ids, probability in zip(sources, decoded.tolist(), probabilities.tolist(), strict=True):
        answer, true = alphabet.decode(ids), grammar.evaluate(source)
        # Without <eos> the network was cut off, so even the right characters are no answer.
        verdict = "right" if alphabet.EOS in ids and answer == str(true) else "wrong"
        yield f"{source:<{width}}  answer {answer}  true {true}  {verdict}  probability {probability:.2f}"


def read(expressions: Iterable[str], operands: int) -> tuple[list[str], int]:
    """The well-formed expressions, and how many were malformed; each of those is a line on standard error.

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
    parser.add_argument("--models", type=Path, default=MODELS, help="folder (default: %(default)s)")
    # An expression that begins with '-' looks like an option; it is malformed, and says so as every other does.
    args, dashed = parser.parse_known_args()
    if unknown := [word for word in dashed if re.match("--[a-z]", word)]:
        parser.error(f"no such option: {shown(' '.join(unknown))}")
    if not re.fullmatch("[A-Za-z0-9_-]+", args.run):
        raise BadInput(f"--run: must be a run's name: letters, digits, '_' and '-' (found {shown(args.run)})")

    machine.device()
    path = args.models / f"{args.run}.safetensors"
    if args.run == CALCULATOR and not path.exists():
        raise BadInput(f"{path}: no such file; `git checkout {path}` brings it back")
    trained = weights.load(path)
    given = args.expressions + dashed
    if not given:  # Windows begins a file with a byte order mark
        given = filter(str.strip, (line.removeprefix("\ufeff") for line in sys.stdin or ()))
    expressions, bad = read(given, trained.operands)
    try:
        answers = list(predict(trained, expressions)) if expressions else []
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
    for line in answers:
        print(line)
    sys.exit(2 if bad else 0)


if __name__ == "__main__":
    if sys.stdin:  # None when it is closed
        # Bytes that are no text are malformed, not a crash
        sys.stdin.reconfigure(encoding="utf-8", errors="backslashreplace")
    with one_line("predict"):
        main()
