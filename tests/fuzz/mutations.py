"""Random damage to the bytes of a file: a flipped bit, a cut, a swap.

b'src,tgt'  ->  b'src,tft', 'flipped'
"""

import random


def flipped(rng: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def replaced(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + rng.randbytes(rng.choice((1, 2, 8))) + content[at + 1 :]


def cut(rng: random.Random, content: bytes) -> bytes:
    return content[: rng.randrange(len(content))]


def beheaded(rng: random.Random, content: bytes) -> bytes:
    return content[rng.randint(1, len(content)) :]


def swapped(rng: random.Random, content: bytes) -> bytes:
    size = min(rng.choice((1, 4, 8, 32, 128)), len(content) // 2)
    one = rng.randrange(len(content) - 2 * size + 1)
    other = rng.randrange(one + size, len(content) - size + 1)
    a, b = content[one : one + size], content[other : other + size]
    return content[:one] + b + content[one + size : other] + a + content[other + size :]


def doubled(rng: random.Random, content: bytes) -> bytes:
    at, size = rng.randrange(len(content)), rng.choice((1, 8, 64))
    return content[: at + size] + content[at:]


def removed(rng: random.Random, content: bytes) -> bytes:
    at, size = rng.randrange(len(content)), rng.choice((1, 8, 64))
    return content[:at] + content[at + size :]


def zeroed(rng: random.Random, content: bytes) -> bytes:
    at, size = rng.randrange(len(content)), rng.choice((1, 8, 64))
    return content[:at] + bytes(len(content[at : at + size])) + content[at + size :]


BYTES = flipped, replaced, cut, beheaded, swapped, doubled, removed, zeroed
ONE_BIT = (flipped,) * 5  # added to BYTES, because a flipped bit is the hardest damage to detect


def described(done: list) -> str:
    """The changes in words, as in 'line doubled, scalar replaced'."""
    return ", ".join(one if isinstance(one, str) else one.__name__.replace("_", " ") for one in done) or "as it is"
