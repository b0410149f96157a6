"""Expressions answered by a trained network: from the command line, from a pipe or file, or at a prompt.

$ python -m stages.predict "12 * (3 + 4)" "7-9="
12*(3+4)=  answer 84  true 84  right  probability 1.00
7-9=       answer -2  true -2  right  probability 1.00
"""

import argparse
import io
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from stages import grammar, params
from stages.command import BadInput, one_line, shown
from stages.model_file import CALCULATOR
from stages.network import alphabet, machine, scores, weights
from stages.network.batches import ANSWERED

MODELS = Path(__file__).parents[1] / "data" / "models"  # the repository's, in whatever folder the command is run
CHUNK = 1 << 18  # bytes of standard input that are read at a time, where as many have arrived
END = "Ctrl-Z and Enter" if sys.platform == "win32" else "Ctrl-D"
LINE = 1 << 12  # bytes of a line that are kept, so that input without line ends fits in memory


def predict(trained: weights.Trained, model: Path, expressions: list[str]) -> Iterator[str]:
    """A line for each well-formed expression without blanks: the network's answer beside the true one.

    Raises BadInput where a probability of the network in the file `model` is NaN.
    """
    sources = [text.removesuffix("=") + "=" for text in expressions]
    decoded, probabilities = scores.decode(trained.model, alphabet.encode_sources(sources), trained.steps)
    width = max(map(len, sources))
    for source, ids, probability in zip(sources, decoded.tolist(), probabilities.tolist(), strict=True):
        scores.check(model, f"probability of an answer to {source}", probability)
        answer, true = alphabet.decode(ids), grammar.evaluate(source)
        # Without <eos> the network was cut off, so even the right characters are no answer.
        verdict = "right" if alphabet.EOS in ids and answer == str(true) else "wrong"
        yield f"{source:<{width}}  answer {answer}  true {true}  {verdict}  probability {probability:.2f}"


def read(expressions: Iterable[str], operands: int) -> tuple[list[str], int]:
    """The well-formed expressions without blanks, and how many were malformed; standard error has a line for each.

    Expressions that the corpus over 0..operands-1 does not hold stay, with a warning there.
    """
    good, bad = [], 0
    for text in expressions:
        try:
            grammar.evaluate(text)
        except BadInput as error:
            bad += 1
            print(f"predict: {error}", file=sys.stderr)
            continue
        good.append(text := grammar.without_blanks(text))
        if reason := grammar.unseen(text, operands):
            print(f"predict: warning: {text}: the network never saw {reason}", file=sys.stderr)
    return good, bad


def lines() -> Iterator[list[str]]:
    """Batches of the non-blank lines of standard input: typed at a prompt on a terminal, else as they arrive."""
    if sys.stdin is None:  # closed
        return
    at_prompt = sys.stdin.isatty() and sys.stdout.isatty()  # a prompt does not belong in a file
    for batch in typed() if at_prompt else arrived(sys.stdin.buffer):  # type: ignore[arg-type]  # it has read1
        yield [line for line in batch if line.strip()]


def typed() -> Iterator[list[str]]:
    """Each line typed at a prompt, until Ctrl-D."""
    with suppress(ImportError):
        import readline  # noqa: F401 - gives `input` a history; here, because Windows has none

    while True:
        try:
            yield [input("> ")]
        except (EOFError, KeyboardInterrupt) as end:
            print()  # the cursor is still behind the prompt
            if isinstance(end, EOFError):
                return
            raise


def arrived(stream: io.BufferedIOBase) -> Iterator[list[str]]:
    """The lines that have arrived, at most 1,024 at a time; waits only when there are none.

    A line longer than LINE bytes is cut and ends with '…', which makes it malformed whatever was cut off.
    """
    rest = b""
    while chunk := stream.read1(CHUNK):
        *lines, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
        rest = rest[: LINE + 1]
        for start in range(0, len(lines), ANSWERED):
            yield [_text(line) for line in lines[start : start + ANSWERED]]
    yield [_text(rest)]


def _text(line: bytes) -> str:
    """The line without the byte order mark that Windows puts first; bytes that are not UTF-8 are escaped."""
    text = line[:LINE].decode("utf-8", "backslashreplace").removeprefix("\ufeff")
    return text + "…" if len(line) > LINE else text


def main() -> None:
    parser = argparse.ArgumentParser(description="Let a trained network calculate.")
    parser.add_argument("expressions", nargs="*", help='such as "12*(3+4)"; none: a prompt, or standard input by lines')
    parser.add_argument("--run", default=CALCULATOR, help="a name under `runs` (default: %(default)s)")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder (default: %(default)s)")
    # An expression that begins with '-' looks like an option; it is malformed, and says so as every other does.
    args, dashed = parser.parse_known_args()
    if unknown := [word for word in dashed if re.match("--[a-z]", word)]:
        parser.error(f"no such option: {shown(' '.join(unknown))}")
    if not re.fullmatch(params.NAME, args.run):
        raise BadInput(f"--run: must be a run's name: letters, digits, '_' and '-' (found {shown(args.run)})")

    machine.device()
    path = args.models / f"{args.run}.safetensors"
    if args.run == CALCULATOR and not path.exists():
        raise BadInput(f"{path}: no such file; `git checkout {path}` brings it back")
    trained = weights.load(path)
    given, malformed = args.expressions + dashed, 0
    typing = not given and sys.stdin is not None and sys.stdin.isatty()
    if typing:
        print(f"{args.run} answers expressions such as 12 * (3 + 4); {END} ends", file=sys.stderr)
    for batch in [given] if given else lines():
        expressions, bad = read(batch, trained.operands)
        malformed += bad
        if expressions:
            print(*predict(trained, path, expressions), sep="\n", flush=True)
    # At a terminal the person has already seen each message, so ending the session is no error
    sys.exit(2 if malformed and not typing else 0)


if __name__ == "__main__":
    if isinstance(sys.stdin, io.TextIOWrapper):  # None when it is closed
        # Bytes that are no text are malformed, not a crash
        sys.stdin.reconfigure(encoding="utf-8", errors="backslashreplace")
    with one_line("predict"):
        main()
