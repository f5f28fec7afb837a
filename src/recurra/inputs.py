"""What an input of a labelled sequence is declared as, for the `inputs` of an estimator.

>>> from recurra.inputs import Series, Text
>>> declared = {"review": Text(level="subwords", size=4000), "pulse": Series(time="seconds")}
>>> declared["review"].level
'subwords'
"""

from recurra.data.examples.inputs import Array, Audio, Events, Series, Static, Symbols, Text

__all__ = ["Array", "Audio", "Events", "Series", "Static", "Symbols", "Text"]
