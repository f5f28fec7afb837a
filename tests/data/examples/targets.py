"""What files of tags and of numbers are searched for."""

from recurra.tasks import get

TAGS, NUMBERS = get("tag").target, get("regress").target
