"""The page that `report` makes: what is drawn, tabled and claimed on it, and the templates that set it.

results, inputs                          what the other stages left, as one value; each table checked as it is read
datasets, learning, failures, certainty  pictures, a file for each part of the page
arithmetic, verdicts                     what makes an expression hard; how far chance reaches
tables, gallery                          rows of numbers, rows of answers
claims, references                       what the original report says, and how it is measured
studies                                  what a study found
whole, limits, calculator                the network of the whole corpus: what was kept, what it can do, and itself
style, render                            how a picture looks, and how the page is set
"""
