"""The cells of Markdown tables.

'| LSTM, full | 1,267 |'  ->  ['LSTM, full', '1,267']
"""


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")[1:-1]]
