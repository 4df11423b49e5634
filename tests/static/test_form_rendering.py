"""Forms render with labels, hints and errors wired together, whatever their text holds."""

import re

import pytest
from django import forms

from vault.forms import HoldfastRenderer


class Sample(forms.Form):
    """One of each kind of control."""

    default_renderer = HoldfastRenderer()

    name = forms.CharField(help_text="Use <b>letters</b>.")
    note = forms.CharField(required=False)
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect, help_text="One of them.")
    agree = forms.BooleanField(help_text="Really.")
    hidden = forms.IntegerField(widget=forms.HiddenInput)


def ids_of(html: str) -> list[str]:
    return re.findall(r'\bid="([^"]+)"', html)


@pytest.fixture
def empty() -> str:
    return str(Sample())


@pytest.fixture
def refused() -> str:
    form = Sample({"name": '"><script>alert(1)</script>', "kind": "<img src=x>", "hidden": "none"})
    form.add_error("name", "Not <i>this</i>.")
    form.add_error(None, "All of it is wrong.")
    return str(form)


def test_it_labels_every_control(empty: str) -> None:
    for control in re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*\bid="([^"]+)"', empty):
        assert f'for="{control}"' in empty


def test_it_says_which_fields_are_optional(empty: str) -> None:
    assert empty.count("optional</span>") == 1
    assert re.search(r'for="id_note">Note <span class="field__optional">', empty)


@pytest.mark.parametrize("state", ["empty", "refused"])
def test_it_describes_controls_only_by_elements_that_exist(state: str, request: pytest.FixtureRequest) -> None:
    html = request.getfixturevalue(state)
    described = {name for value in re.findall(r'aria-describedby="([^"]*)"', html) for name in value.split()}
    assert described
    assert described <= set(ids_of(html))


def test_it_ties_hint_and_error_to_the_control(refused: str) -> None:
    name = re.search(r'<input[^>]*name="name"[^>]*>', refused)
    assert name
    assert 'aria-describedby="id_name_helptext id_name_error"' in name[0]
    assert 'aria-invalid="true"' in name[0]


def test_it_repeats_no_id(refused: str) -> None:
    assert len(ids_of(refused)) == len(set(ids_of(refused)))


def test_it_lists_the_errors_first_and_leads_to_their_fields(refused: str) -> None:
    summary = refused[: refused.index('class="field')]
    assert "All of it is wrong." in summary
    leads = re.findall(r'href="#([^"]+)"', summary)
    assert leads == ["id_name", "id_kind", "id_agree"]
    assert set(leads) <= set(ids_of(refused))
    assert "Enter a whole number." in summary, "an error of a hidden field has no other place"


def test_it_keeps_what_was_typed(refused: str) -> None:
    assert 'value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in refused


def test_it_escapes_hints_errors_and_values(refused: str) -> None:
    assert "&lt;b&gt;letters&lt;/b&gt;" in refused
    assert "&lt;i&gt;this&lt;/i&gt;" in refused
    assert "<script" not in refused
    assert "<img" not in refused


def test_it_says_a_single_general_error_once() -> None:
    form = Sample({"name": "n", "kind": "a", "agree": "on", "hidden": "1"})
    form.add_error(None, "The password is not right.")
    assert str(form).count("The password is not right.") == 1
