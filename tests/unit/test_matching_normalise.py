"""Spelling: what counts as equal, what stays apart, and that nothing gets lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatporter.matching.credits import names_person, same_name
from beatporter.matching.normalise import _ASCII, _fold, compact, joined_names, normalise, title_words


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(min_size=1).filter(lambda text: bool(text.strip())))
def test_no_name_becomes_empty(text: str) -> None:
    assert normalise(text)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_leads_where_the_long_one_does(text: str) -> None:
    assert text.casefold().translate(_ASCII) == _fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("L.I.F.E", "life"),
        ("D.A.N.C.E", "D.A.N.C.E."),
        ("B.O.T.A. (Baddest Of Them All)", "BOTA (Baddest of Them All)"),
        ("Øostil", "oostil"),
        ("RÜFÜS DU SOL", "Rufus du Sol"),
        ("Zoë Johnston", "Zoe Johnston"),
        ("Straße", "STRASSE"),
        ("Łódź", "lodz"),
        ("Didn't Miss You", "Didn’t Miss You"),
        ("Waitin'", "waitin"),
        ("Marea (we’ve lost dancing)", "Marea (We've Lost Dancing)"),
        ("Sultan + Shepard", "Sultan & Shepard"),
        ("You & Me", "You and Me"),
        ("Fred again..", "Fred Again"),
        ("A$AP Ferg", "ASAP Ferg"),
        ("（Original Mix）", "(original mix)"),
        ("Ｆｕｌｌ Ｗｉｄｔｈ", "full width"),
        ("KI/KI", "Ki Ki"),
        ("i_o", "I.O"),
    ],
)
def test_these_spellings_are_one(one: str, other: str) -> None:
    assert compact(one) == compact(other)


@pytest.mark.parametrize(("one", "other"), [("&ME", "Me"), ("ΒΔΚ", "BAK"), ("й", "и"), ("が", "か"), ("M0B", "MOB"), ("Pt. 2", "Pt. 3")])
def test_these_spellings_stay_apart(one: str, other: str) -> None:
    assert compact(one) != compact(other)


@pytest.mark.parametrize("name", ["ΒΔΚ", "じゃじゃ馬娘", "Адская колыбельная", "紅蓮華", "노을 바람", "!!!", "†", "'", "???"])
def test_names_of_other_scripts_and_signs_survive(name: str) -> None:
    assert normalise(name).strip()
    assert normalise(name) != normalise(f"{name} x")


def test_a_roman_number_of_a_part_is_its_digit() -> None:
    assert title_words(normalise("The Rapture Pt.III")) == title_words(normalise("The Rapture, Part 3"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("FISHER (OZ)", "FISHER"),
        ("Weiss (UK)", "WEISS"),
        ("Anyma (ofc)", "Anyma"),
        ("The Chemical Brothers", "Chemical Brothers"),
        ("DJ Fudge", "Fudge"),
        ("TH;EN", "THEN"),
        ("Öwnboss", "Ownboss"),
        ("AN21 & Steve Angello", "AN21 & Steve Angelo"),
    ],
)
def test_these_names_are_one_artist(one: str, other: str) -> None:
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(("one", "other"), [("Rampa", "Rampage"), ("Kolsch", "Kolbe"), ("Space 92", "Space 93"), ("SCRIPT", "SCRIPTS UK")])
def test_these_names_are_two_artists(one: str, other: str) -> None:
    assert not same_name(one, other)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Prok & Fitch", ("Prok", "Fitch")),
        ("Anyma x Layton Giordani", ("Anyma", "Layton Giordani")),
        ("A-Trak vs. Mele", ("A-Trak", "Mele")),
        ("Seven Lions feat. HALIENE", ("Seven Lions", "HALIENE")),
        ("&ME", ()),
        ("Rampa", ()),
        ("X-Press 2", ()),
    ],
)
def test_joint_names_come_apart(name: str, parts: tuple[str, ...]) -> None:
    assert joined_names(name) == parts


def test_a_joint_name_is_credited_by_its_parts_and_a_part_by_the_joint_name() -> None:
    assert names_person("Prok & Fitch", ("Fitch", "Prok"))
    assert names_person("Fitch", ("Prok & Fitch",))
    assert not names_person("Prok & Fitch", ("Prok",))
