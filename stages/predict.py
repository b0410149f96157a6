"""Answer expressions with a trained network: from the command line, from a pipe or file, or at a prompt.

$ python -m stages.predict "12 * (3 + 4)" "7-9="
12*(3+4)=  answer 84  true 84  right  probability 1.00
7-9=       answer -2  true -2  right  probability 1.00

With steps the line ends with them, and with the first wrong one if there is one:

36*(4-27)=  answer -848  true -828  wrong  probability 0.40  work 36*-23=-108+720=-848  36*-23: -108+720 is wrong

A network that asks itself shows its questions below, as many as fit:

87+65=  answer 152  true 152  right  probability 1.00
    7+5=12
    8+6=14
    14+1=15
        4+1=5
"""

import argparse
import re
from pathlib import Path

from stages.common.messages import printable
from stages.network import CALCULATOR

MODELS = Path(__file__).parents[1] / "data" / "models"  # in the repository, whatever the current folder


def arguments() -> argparse.Namespace:
    """The command line, read before the slow imports."""
    parser = argparse.ArgumentParser(description="Answer expressions with a trained network.")
    parser.add_argument("expressions", nargs="*", help='such as "12*(3+4)"; if none: a prompt, or standard input')
    parser.add_argument("--run", default=CALCULATOR, help="a name under `runs` (default: %(default)s)")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of model files (default: %(default)s)")
    # An expression that begins with '-' looks like an option. It is malformed, and reported like any other.
    args, dashed = parser.parse_known_args()
    if unknown := [word for word in dashed if re.match("--[a-z]", word)]:
        parser.error(f"no such option: {printable(' '.join(unknown))}")
    args.expressions += dashed
    return args


if __name__ == "__main__":
    ARGUMENTS = arguments()

import io
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress

from stages.arithmetic import asking, grammar, twins, work
from stages.common.command import one_line
from stages.common.messages import BadInput
from stages.network import machine, scores, tokens, weights

CHUNK = 1 << 18  # most bytes of standard input read at a time
Answer = tuple[str, bool, float, str]  # the answer, whether it ended, its probability, and the work
END = "Ctrl-Z and Enter" if sys.platform == "win32" else "Ctrl-D"


def predict(trained: weights.Trained, model: Path, expressions: list[str], most: int) -> Iterator[str]:
    """A line for each well-formed expression, with its work; at most `most` lines of questions below it.

    Raises BadInput naming the file `model` if a probability is NaN.
    """
    sources = [text.removesuffix("=") + "=" for text in expressions]
    answers = asked(trained, sources, most) if trained.scratchpad == "questions" else written(trained, sources)
    width = max(map(len, sources))
    for source, (answer, ended, probability, shown) in zip(sources, answers, strict=True):
        scores.check(model, f"probability of an answer to {source}", probability)
        true = grammar.value(source)
        # Without an end the answer was cut off, so it is wrong even if its characters are correct.
        verdict = "right" if ended and answer == str(true) else "wrong"
        yield f"{source:<{width}}  answer {answer}  true {true}  {verdict}  probability {probability:.2f}{shown}"


def written(trained: weights.Trained, sources: list[str]) -> Iterator[Answer]:
    """The answers of a network that writes each in one go, with its steps if it has any."""
    decoded, probabilities = scores.decode(trained, tokens.encode_sources(sources))
    for source, ids, probability in zip(sources, decoded.tolist(), probabilities.tolist(), strict=True):
        text = tokens.decode(ids)
        *steps, answer = text.split("=") if trained.scratchpad != "none" else [text]
        mistake = work.wrong(source, text) if steps else None
        shown = f"  work {text}" if steps else ""
        yield answer, tokens.EOS in ids, probability, shown + (f"  {mistake}" if mistake else "")


def asked(trained: weights.Trained, sources: list[str], most: int) -> Iterator[Answer]:
    """The answers of a network that asks itself, with the first wrong one and at most `most` lines of questions."""
    questions = [source.removesuffix("=") for source in sources]
    memory = scores.ask(trained, questions)
    for question in questions:
        own, wrong = memory[question], asking.wrong(question, memory)
        what = wrong and (f"{memory[wrong].value} is wrong" if memory[wrong].value else memory[wrong].fault)
        below = asking.tree(question, memory, most) if most else []
        named = wrong and (wrong != question or own.fault)  # a wrong value of its own is there already
        shown = "\n".join([f"  {wrong}: {what}" if named else "", *below])
        yield own.value or "none", bool(own.value), own.probability, shown


def read(expressions: Iterable[str], operands: int) -> tuple[list[str], int]:
    """The well-formed expressions without blanks, and the number of malformed ones.

    Standard error gets a line for each malformed one, and a warning if the corpus over 0..operands-1 lacks one.
    """
    good, bad = [], 0
    for text in expressions:
        try:
            grammar.value(text)
        except BadInput as error:
            bad += 1
            print(f"predict: {error}", file=sys.stderr)
            continue
        good.append(text := grammar.without_blanks(text))
        if reason := twins.unseen(text, operands):
            print(f"predict: warning: {text}: the network never saw {reason}", file=sys.stderr)
    return good, bad


def lines() -> Iterator[list[str]]:
    """Batches of the non-blank lines of standard input: typed at a prompt on a terminal, else as they arrive."""
    at_prompt = sys.stdin.isatty() and sys.stdout.isatty()  # no prompt if the output goes to a file
    for batch in typed() if at_prompt else arrived(sys.stdin.buffer):  # type: ignore[arg-type]  # it has read1
        yield [line for line in batch if line.strip()]


def typed() -> Iterator[list[str]]:
    """Each line typed at a prompt, until Ctrl-D."""
    with suppress(ImportError):
        import readline  # noqa: F401 - gives `input` a history; imported here because Windows lacks it

    try:
        while True:
            yield [input("> ")]
    except (EOFError, KeyboardInterrupt) as end:
        print()  # the cursor is still after the prompt
        if isinstance(end, KeyboardInterrupt):
            raise


def arrived(stream: io.BufferedIOBase) -> Iterator[list[str]]:
    """The lines that have arrived, at most ANSWERED at a time; waits only if there are none."""
    rest = b""
    while True:
        chunk = stream.read1(CHUNK)
        *lines, rest = (rest + (chunk or b"\n")).replace(b"\r", b"\n").split(b"\n")
        # Bytes that are not UTF-8 make an expression malformed. Windows writes a byte order mark
        texts = [line.decode("utf-8", "backslashreplace").removeprefix("\ufeff") for line in lines]
        for start in range(0, len(texts), tokens.ANSWERED):
            yield texts[start : start + tokens.ANSWERED]
        if not chunk:
            return


def main(args: argparse.Namespace) -> None:
    machine.device()
    path = args.models / f"{args.run}.safetensors"
    if args.run == CALCULATOR and not path.exists():
        raise BadInput(f"{path}: no such file; `git checkout {path}` brings it back")
    trained = weights.load(path)
    given, malformed = args.expressions, 0
    typing = not given and sys.stdin.isatty()
    if typing:
        print(f"{args.run}: type an expression such as 12 * (3 + 4); {END} exits", file=sys.stderr)
    most = shutil.get_terminal_size().lines - 4 if given or typing else 0  # a line for each row of a pipe or file
    for batch in [given] if given else lines():
        expressions, bad = read(batch, trained.operands)
        malformed += bad
        if expressions:
            print(*predict(trained, path, expressions, most), sep="\n", flush=True)
    # At a terminal the person has already seen each message, so the exit status is 0
    sys.exit(2 if malformed and not typing else 0)


if __name__ == "__main__":
    with one_line("predict"):
        main(ARGUMENTS)
