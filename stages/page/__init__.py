"""The page that `report` makes: its pictures, tables and claims, and its templates.

results, inputs                          the outputs of the other stages as one value
datasets, learning, failures, certainty  pictures, a file per section
hardships                                what makes an expression hard
bars                                     bars of exact match and of seconds
grids, runs, gallery                     tables of numbers, the scores of every run, rows of answers
rows, panels                             the rows of a study; its pictures and tables
seeds                                    the runs over seeds and draws
chance, verdicts, sentences              intervals, verdicts by a rule, and their evidence in words
claims, evidence, contrasts, references  the original report's claims, how each is judged, and the report's figures
whole, limits, calculator                the network of the whole corpus: its results, its failures, its weights
style, render                            how a picture looks; the page from its templates
"""
