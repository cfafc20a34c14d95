"""What may be done to a note."""

# [start: star]
from notes.models import Note


def star(note: Note, times: int = 1) -> int:
    """Give a note stars."""
    if times < 1:
        raise ValueError(
            "at least one star",
        )
    note.stars += times
    note.save()
    return note.stars


# [end: star]


def unstar(note: Note) -> None:
    note.stars = 0
    note.save()
