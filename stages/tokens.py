"""The tokens that a network reads and writes, each by its id; the page's calculator has them from here too.

TOKENS[2]  ->  '0'
"""

PAD = 0  # fills a row up to its table's longest, and is never in the loss; also the token before an answer's first
EOS = 1  # ends every answer, so that its length is learned too; a source needs none, it ends with '='
TOKENS = ("<pad>", "<eos>", *"0123456789+-*()=")
