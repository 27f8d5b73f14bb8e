"""Decides how a playlist gets another order or content with as few calls as possible. Pure: from what it holds and what it should hold.

Spotify offers four changes: remove every occurrence of some tracks, move a range, insert tracks at a position, replace everything by at
most a hundred tracks. There is no removal of one occurrence among several, so such a track is removed and put back at its place.
A moved track keeps the date of its addition; one that is sent again gets today's. So of plans with equally many calls the one that sends
the fewest tracks again is taken. See docs/decisions/playlist-arrangement.md.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from beatporter.spotify.plan import WRITE_LIMIT, Present, batches

GAPS = (0, 9, 24, 49)
"""Tracks between two insertions that are sent again to make one insertion of two. From 50 on that never saves a call."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove every occurrence of at most 100 tracks."""

    track_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """Move `length` entries from `start` to before the position `before`, both counted before the move."""

    start: int
    before: int
    length: int


@dataclass(frozen=True, slots=True)
class Insert:
    """Insert at most 100 tracks at a position."""

    position: int
    track_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace the whole content by at most 100 tracks."""

    track_ids: tuple[str, ...]


Operation = Remove | Move | Insert | Replace
"""One call to Spotify."""
Token = tuple[str | None, int]
"""A track id with the number of its occurrence from the top; None for entries that an app cannot send: local files, episodes, gaps."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How to get from what is there to what is wanted.

    Attributes:
        operations: in this order, one call each.
        result: what the playlist holds afterwards.
        sent: tracks that are sent, new ones and those sent again: after a break they may be missing.
        sent_again: how many entries lose the date of their addition.
    """

    operations: tuple[Operation, ...]
    result: tuple[str | None, ...]
    sent: frozenset[str] = frozenset()
    sent_again: int = 0


def plan_arrangement(present: Present, wanted: Present, *, keep_dates: bool = False) -> Arrangement:
    """The plan with the fewest calls.

    Entries that an app cannot send stay where their upper neighbour is, and are never removed; wanted ones that are not there are left out.

    Args:
        present: what the playlist holds.
        wanted: what it should hold, in order.
        keep_dates: send nothing again that can stay, even if that takes more calls.
    """
    there, target = tokens(present), tokens(reachable(present, wanted))
    if there == target:
        return Arrangement((), tuple(present))
    plans = [_plan(there, target, resend_moved=False, gap=0)]
    if not keep_dates:
        plans += [_plan(there, target, resend_moved=True, gap=gap) for gap in GAPS]
        if None not in present:
            plans.append(_rewrite(there, target))
    return min(plans, key=lambda plan: len(plan.operations))  # of several the first: it sends the fewest again


def reachable(present: Present, wanted: Present) -> list[str | None]:
    """What is wanted, with exactly those unsendable entries that are there; additional ones stay below their upper neighbour."""
    gaps = Counter(present)[None]
    kept = [token for token in tokens(wanted) if token[0] is not None or token[1] < gaps]
    extra = {(None, number) for number in range(gaps)} - set(kept)
    return [track_id for track_id, _ in woven(kept, tokens(present), extra)]


def merge_edits(wanted: Present, before: Present, current: Present, sent: Collection[str], *, current_order: bool) -> list[str | None]:
    """What is wanted after a break, with everything that the person did meanwhile.

    Tracks that we send may be missing because of us: they are put back. Any other track that is gone was removed by the person, and
    a track that was neither there before nor wanted was added by them.

    Args:
        wanted: what the interrupted work aimed at.
        before: what the playlist held before it.
        current: what it holds now.
        sent: tracks that the interrupted work sends.
        current_order: keep the order of what is there, but for sent tracks at a wrong place, for work that changes no order; otherwise
            that of `wanted`.
    """
    now, aim, was = Counter(current), Counter(wanted), Counter(before)
    count = {
        track_id: aim[track_id] if track_id in sent or now[track_id] > aim[track_id] == 0 else min(aim[track_id], now[track_id])
        for track_id in aim
    }
    for track_id in now:
        foreign = now[track_id] - max(aim[track_id], was[track_id]) if track_id not in sent else 0
        count[track_id] = count.get(track_id, 0) + max(0, foreign)
    count[None] = now[None]
    there = [token for token in tokens(current) if token[1] < count[token[0]]]
    aimed = [token for token in tokens(wanted) if token[1] < count[token[0]]]
    if current_order:
        misplaced = _misplaced(there, aimed, sent)
        there = [token for token in there if token not in misplaced]
    base, other = (there, aimed) if current_order else (aimed, there)
    return [track_id for track_id, _ in woven(base, other, set(other) - set(base))]


def _misplaced(there: Sequence[Token], aimed: Sequence[Token], sent: Collection[str]) -> set[Token]:
    """Sent entries that are not below the neighbour below which they belong: the person changed the playlist while they were sent."""
    fixed = {token for token in set(there) & set(aimed) if token[0] not in sent}

    def neighbours(entries: Sequence[Token]) -> dict[Token, tuple[Token | None, Token | None]]:
        """For each sent entry the nearest unsent one and the nearest of any kind above it."""
        found: dict[Token, tuple[Token | None, Token | None]] = {}
        anchor: Token | None = None
        above: Token | None = None
        for token in entries:
            if token in fixed:
                anchor = above = token
            elif token[0] in sent:
                found[token] = (anchor, above)
                above = token
        return found

    known = set(there)
    aimed_there = [token for token in aimed if token in known]
    now, then = neighbours(there), neighbours(aimed_there)
    return {token for token in now if now[token] != then.get(token)}


def woven(base: Sequence[Token], reference: Sequence[Token], extra: Collection[Token]) -> list[Token]:
    """The base with extra entries, each below the entry that is above it in the reference, on top if there is none."""
    known = set(base)
    below: dict[Token | None, list[Token]] = {}
    anchor: Token | None = None
    for token in reference:
        if token in extra:
            below.setdefault(anchor, []).append(token)
        elif token in known:
            anchor = token
    found = list(below.get(None, ()))
    for token in base:
        found.append(token)
        found += below.get(token, ())
    return found


def tokens(entries: Present) -> list[Token]:
    """Each entry with the number of its occurrence."""
    seen: Counter[str | None] = Counter()
    found: list[Token] = []
    for track_id in entries:
        found.append((track_id, seen[track_id]))
        seen[track_id] += 1
    return found


def carried_out(present: Present, operation: Operation) -> list[str | None]:
    """What a playlist holds after a change, by Spotify's rules."""
    if isinstance(operation, Replace):
        return list(operation.track_ids)
    if isinstance(operation, Remove):
        gone = set(operation.track_ids)
        return [track_id for track_id in present if track_id not in gone]
    if isinstance(operation, Insert):
        return [*present[: operation.position], *operation.track_ids, *present[operation.position :]]
    moved = present[operation.start : operation.start + operation.length]
    rest = [*present[: operation.start], *present[operation.start + operation.length :]]
    place = operation.before - operation.length if operation.before > operation.start else operation.before
    return [*rest[:place], *moved, *rest[place:]]


def _plan(there: Sequence[Token], target: Sequence[Token], *, resend_moved: bool, gap: int) -> Arrangement:
    """Remove, move, insert.

    Args:
        resend_moved: remove and insert what changes its order, instead of moving it.
        gap: between two insertions, send as many staying tracks again as this to make them one.
    """
    counts, wanted = Counter(track_id for track_id, _ in there), Counter(track_id for track_id, _ in target)
    removed: set[str | None] = {track_id for track_id in counts if counts[track_id] > wanted[track_id] and track_id is not None}
    stays = staying(there, target)
    if resend_moved:
        removed |= {token[0] for token in _both(there, target) if token not in stays and token[0] is not None}
        removed |= _in_gaps(target, stays, removed, gap)
    left = [token for token in there if token[0] not in removed]
    known = set(left)
    moves, left = _moves(left, [token for token in target if token in known])
    inserts = list(_inserts(left, target))
    gone = sorted(track_id for track_id in removed if track_id is not None)
    removals = [Remove(batch) for batch in batches(gone)]
    sent = frozenset(track_id for insert in inserts for track_id in insert.track_ids)
    again = len(set(there) & (set(target) - known))
    return Arrangement((*removals, *moves, *inserts), tuple(track_id for track_id, _ in target), sent, again)


def _rewrite(there: Sequence[Token], target: Sequence[Token]) -> Arrangement:
    """Replace everything by the first hundred, and add the rest at the end."""
    ids = [track_id for track_id, _ in target if track_id is not None]
    rest = [Insert(number * WRITE_LIMIT, batch) for number, batch in enumerate(batches(ids[WRITE_LIMIT:]), 1)]
    return Arrangement((Replace(tuple(ids[:WRITE_LIMIT])), *rest), tuple(ids), frozenset(ids), len(set(there) & set(target)))


def _both(there: Sequence[Token], target: Sequence[Token]) -> set[Token]:
    return set(there) & set(target)


def staying(there: Sequence[Token], target: Sequence[Token]) -> set[Token]:
    """The largest set of entries that are in both and keep their order; the others move around them."""
    places = {token: place for place, token in enumerate(target)}
    common = [token for token in there if token in places]
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, token in enumerate(common):
        place = places[token]
        at = bisect_left(ends, place)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1], last[at : at + 1] = [place], [number]
    found: set[Token] = set()
    number = last[-1] if last else -1
    while number >= 0:
        found.add(common[number])
        number = before[number]
    return found


def _in_gaps(target: Sequence[Token], stays: Collection[Token], removed: Collection[str | None], gap: int) -> set[str | None]:
    """Tracks in short runs of staying entries between two insertions."""
    runs = [(staying, [token[0] for token in run]) for staying, run in groupby(target, lambda one: one in stays and one[0] not in removed)]
    between = runs[1:-1] if len(runs) > 2 else []
    return {track_id for staying, run in between if staying and len(run) <= gap and None not in run for track_id in run}


def _moves(left: list[Token], order: Sequence[Token]) -> tuple[list[Move], list[Token]]:
    """Moves that bring what is left into order, neighbours that stay neighbours together; and the result."""
    stays = staying(left, order)
    moves: list[Move] = []
    for start, length in _blocks(left, order, stays):
        at = left.index(order[start])
        above = left.index(order[start - 1]) + 1 if start else 0
        if above != at:
            moves.append(Move(at, above, length))
            block = left[at : at + length]
            del left[at : at + length]
            place = above - length if above > at else above
            left[place:place] = block
    return moves, left


def _blocks(left: Sequence[Token], order: Sequence[Token], stays: Collection[Token]) -> Iterator[tuple[int, int]]:
    """Runs of moving entries, as place in the order and length, that are neighbours both in the order and where they are."""
    follows = dict(pairwise(left))
    place = 0
    while place < len(order):
        length = 1
        if order[place] not in stays:
            while (
                place + length < len(order)
                and order[place + length] not in stays
                and follows.get(order[place + length - 1]) == order[place + length]
            ):
                length += 1
            yield place, length
        place += length


def _inserts(left: Sequence[Token], target: Sequence[Token]) -> Iterator[Insert]:
    """Insertions of what is missing, the lowest first, so that none shifts another; of a long run the last hundred first."""
    known = set(left)
    runs: list[tuple[int, list[str]]] = []
    above = 0
    for there, run in groupby(target, lambda token: token in known):
        entries = list(run)
        if there:
            above += len(entries)
        else:
            runs.append((above, [track_id for track_id, _ in entries if track_id is not None]))
    for position, ids in reversed(runs):
        for batch in reversed(list(batches(ids))):
            yield Insert(position, batch)


def calls_of(operations: Iterable[Operation]) -> dict[str, int]:
    """How many calls of each kind, in words."""
    names = {Remove: "removals", Move: "moves", Insert: "insertions", Replace: "replacements"}
    return dict(Counter(names[type(operation)] for operation in operations))
