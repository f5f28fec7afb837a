"""A fitted model as a server: predictions, sessions that go on one step at a time, a live feed, a page.

settings.py   limits, and where sessions are kept
refusals.py   what is refused, and with which status
rows.py       JSON to rows of the model and back
slots.py      sessions as rows of one stream of the model: what is stepped together is one call
sealed.py     the state of a session as bytes that belong to one model
keeping.py    where sessions are kept while nobody uses them: memory and a file, or Redis
batching.py   calls that wait are taken together
sessions.py   sessions by their names: create, step, snapshot, delete, expire
app.py        routes, token, limits, metrics
page.py       the live page
"""

from recurra.serve.settings import Limits, Settings

__all__ = ["Limits", "Settings"]
