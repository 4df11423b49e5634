"""Whatever two processes do in whatever order, every value stays readable, and no key ever sees a nonce twice.

One process is this one, the other a real second one (`Companion`), with a memory and connections of its own. Requests
begin or do not begin between steps: a process that has not looked for a while must be right, too.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.test import override_settings
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import TOTPDevice
from orgs.models import Project
from orgs.roles import Role
from orgs.services import create_project
from tests.cast import make_organization, make_person
from tests.proof import acts
from tests.proof.children import Companion, Surroundings
from tests.proof.nonces import Nonces
from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.fields.rewrapping import Mode, outstanding
from vault.keys import keyrings, lifecycle, rootkeys
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose
from vault.secrets.models import SecretVersion

pytestmark = pytest.mark.proof

EXAMPLES = 12
STEPS = 30

ELSEWHERE = st.booleans()
PURPOSES = st.sampled_from([Purpose.DATA, Purpose.DATA, Purpose.TOTP])
LIMITS = st.integers(1, 3)
AUTHENTICATOR_KEYS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=32, max_size=32)


class LifeOfKeys(RuleBasedStateMachine):
    """The model is what values must be; the rest is asked of the database."""

    log: Path

    @initialize()
    def found(self) -> None:
        self.person = make_person(f"person-{uuid4().hex}")
        self.organization = make_organization("Example", {Role.OWNER: self.person})
        project = create_project(
            actor=self.person, organization=self.organization, kind=Project.Kind.PASSWORDS, name="Values"
        )
        self.place = project.environments.get().pk
        self.values: dict[tuple[UUID, int], str] = {}
        self.key = ""
        self.written = 0
        self.rotating_root = ""
        self.nonces = Nonces()
        self.other = Companion(Surroundings.of_this_test(self.log))

    def do(self, elsewhere: bool, act: Callable[..., Any], *arguments: object) -> Any:
        """In this process or in the other one."""
        return self.other.do(act, *arguments) if elsewhere else act(*arguments)

    def scope_of(self, purpose: Purpose) -> str:
        return self.organization.key_scope if purpose is Purpose.DATA else SYSTEM_SCOPE

    def another_value(self) -> str:
        self.written += 1
        return f"value {self.written}"

    @property
    def secrets(self) -> list[UUID]:
        return list(dict.fromkeys(uid for uid, _ in self.values))  # in the order in which they were made

    # --- values -------------------------------------------------------------------------------------------------------

    @rule(elsewhere=ELSEWHERE)
    def a_request_begins(self, elsewhere: bool) -> None:
        self.do(elsewhere, acts.begin_request)

    @rule(elsewhere=ELSEWHERE)
    def create(self, elsewhere: bool) -> None:
        value = self.another_value()
        uid = self.do(elsewhere, acts.create, self.person.pk, self.place, f"Secret {self.written}", value)
        self.values[uid, 1] = value

    @precondition(lambda self: self.values)
    @rule(elsewhere=ELSEWHERE, data=st.data())
    def edit(self, elsewhere: bool, data: st.DataObject) -> None:
        uid, value = data.draw(st.sampled_from(self.secrets)), self.another_value()
        number = self.do(elsewhere, acts.edit, self.person.pk, uid, value)
        assert (uid, number) not in self.values
        self.values[uid, number] = value

    @precondition(lambda self: self.values)
    @rule(elsewhere=ELSEWHERE, data=st.data(), savepoint=st.booleans())
    def edit_and_roll_back(self, elsewhere: bool, data: st.DataObject, savepoint: bool) -> None:
        uid = data.draw(st.sampled_from(self.secrets))
        made = self.do(elsewhere, _rolled_back, self.person.pk, uid, self.another_value(), savepoint)
        for number, envelope in made:
            row = SecretVersion(organization=self.organization, secret_id=uid, number=number)
            self.nonces.see(row, envelope, "payload", stored=False)

    @precondition(lambda self: self.values)
    @rule(elsewhere=ELSEWHERE, data=st.data())
    def remove(self, elsewhere: bool, data: st.DataObject) -> None:
        uid = data.draw(st.sampled_from(self.secrets))
        self.do(elsewhere, acts.remove, self.person.pk, uid)
        self.values = {place: value for place, value in self.values.items() if place[0] != uid}

    @rule(elsewhere=ELSEWHERE, key=AUTHENTICATOR_KEYS)
    def enrol(self, elsewhere: bool, key: str) -> None:
        self.do(elsewhere, acts.enrol, self.person.pk, key)
        self.key = key

    # --- keys ---------------------------------------------------------------------------------------------------------

    @rule(elsewhere=ELSEWHERE, purpose=PURPOSES)
    def add_pending(self, elsewhere: bool, purpose: Purpose) -> None:
        if elsewhere and self.rotating_root:
            return  # it was started without the root key that wraps now
        self.do(elsewhere, acts.add_pending, self.scope_of(purpose), purpose)

    @rule(elsewhere=ELSEWHERE, purpose=PURPOSES)
    def activate(self, elsewhere: bool, purpose: Purpose) -> None:
        self.do(elsewhere, acts.activate, self.scope_of(purpose), purpose)

    @rule(elsewhere=ELSEWHERE, purpose=PURPOSES)
    def rotate(self, elsewhere: bool, purpose: Purpose) -> None:
        self.add_pending(elsewhere, purpose)
        self.activate(not elsewhere, purpose)

    @rule(elsewhere=ELSEWHERE, purpose=PURPOSES, mode=st.sampled_from(Mode), limit=LIMITS)
    def take_over(self, elsewhere: bool, purpose: Purpose, mode: Mode, limit: int) -> None:
        scope = self.scope_of(purpose)
        before = outstanding(scope, purpose)
        batch = self.do(elsewhere, acts.take_over, scope, purpose, mode, limit)
        assert not batch.unreadable
        assert batch.done == min(before, limit)
        assert outstanding(scope, purpose) == before - batch.done

    @rule(elsewhere=ELSEWHERE, purpose=PURPOSES, destroying=st.booleans())
    def give_up(self, elsewhere: bool, purpose: Purpose, destroying: bool) -> None:
        self._see()
        for rows, outcome in self.do(elsewhere, _given_up, self.scope_of(purpose), purpose, destroying):
            assert outcome == ("refused" if rows else "done")

    @rule(elsewhere=ELSEWHERE, purpose=PURPOSES)
    def destroy_too_early(self, elsewhere: bool, purpose: Purpose) -> None:
        assert self.do(elsewhere, acts.destroy_too_early, self.scope_of(purpose), purpose) == []

    @rule()
    def rotate_root(self) -> None:
        """Begins, or finishes what was begun: a process that has only the old root key works in between."""
        if self.rotating_root:
            self._restart_other()
            self._finish_root_rotation()
            self._restart_other()
        else:
            self.rotating_root = generate_root_key_text()
            settings.ROOT_KEY = f"{settings.ROOT_KEY} {self.rotating_root}"
            acts.restart()
            rootkeys.begin_root_rotation(rootkeys.next_root_key(None))

    def _finish_root_rotation(self) -> None:
        rootkeys.finish_root_rotation(RootKey.from_text(self.rotating_root))
        settings.ROOT_KEY, self.rotating_root = self.rotating_root, ""
        acts.restart()

    # --- processes ----------------------------------------------------------------------------------------------------

    @rule()
    def restart(self) -> None:
        acts.restart()

    @rule()
    def kill_the_other_process(self) -> None:
        self._restart_other()

    def _restart_other(self) -> None:
        self.other.kill()
        self.other = Companion(Surroundings.of_this_test(self.log))

    # --- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def every_value_reads_as_it_was_written(self) -> None:
        for elsewhere in (False, True):
            values, keys = self.do(elsewhere, acts.read_all, self.organization.pk)
            assert values == self.values
            assert keys.get(self.person.pk, "") == self.key

    @invariant()
    def no_key_sees_a_nonce_twice(self) -> None:
        self._see()
        self.nonces.assert_counted()

    def _see(self) -> None:
        self.nonces.see_stored(self.organization.pk)

    @invariant()
    def one_key_writes(self) -> None:
        for purpose in (Purpose.DATA, Purpose.TOTP):
            of_it = WrappedKey.objects.filter(scope=self.scope_of(purpose), purpose=purpose.value)
            assert of_it.filter(state=KeyState.ACTIVE.value).count() == 1
            assert of_it.filter(state=KeyState.PENDING.value).count() <= 1

    def teardown(self) -> None:
        if not hasattr(self, "other"):
            return
        self.other.kill()
        if self.rotating_root:
            self._finish_root_rotation()
        SecretVersion.objects.filter(organization=self.organization).delete()
        TOTPDevice.objects.all().delete()
        lifecycle.destroy_scope(self.organization.key_scope)


def _rolled_back(person: UUID, uid: UUID, value: str, savepoint: bool) -> list[tuple[int, bytes]]:
    return acts.edit_and_roll_back(person, uid, value, savepoint=savepoint)


def _given_up(scope: str, purpose: Purpose, destroying: bool) -> list[tuple[int, str]]:
    return acts.give_up(scope, purpose, destroying=destroying)


@pytest.mark.django_db(transaction=True)
def test_every_value_stays_readable_and_no_nonce_is_used_twice(tmp_path: Path) -> None:
    LifeOfKeys.log = tmp_path / "children.log"
    with override_settings(ROOT_KEY=settings.ROOT_KEY):
        run_state_machine_as_test(
            LifeOfKeys,
            settings=hypothesis_settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                phases=(Phase.generate,),  # to make a failing run shorter would take minutes: its steps are printed
                suppress_health_check=list(HealthCheck),
            ),
        )
    keyrings.forget()
