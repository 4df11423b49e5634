"""A crowded organization for a browser to look at: everything that the pages of access list, and long names.

Runs inside the server's own process of `manage.py shell`, as the person who set the instance up.
"""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from accounts.services import Proof
from orgs import services as orgs
from orgs.classification import Classification
from orgs.models import Environment, Membership, Organization, Project, Team
from orgs.permissions import Permission
from orgs.places import Scope
from orgs.roles import Role
from orgs.services.grants import Terms
from vault import tenancy
from vault.access import services as access
from vault.access.models import RequestedRole, ReviewDecision, ReviewLine
from vault.access.selectors.reviews import rows_of
from vault.access.services.asking import Wish
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret, reveal_secret

LONG = "Maximiliane Featherstonehaugh-Cholmondeley von und zu Hohenlohe-Waldenburg-Schillingsfürst"
UNBROKEN = "SPRING_DATASOURCE_HIKARI_CONNECTION_TEST_QUERY_TIMEOUT_IN_MILLISECONDS_OF_THE_REPORTING_REPLICA"
FIRST = [
    "Amara",
    "Bram",
    "Chidi",
    "Dorota",
    "Emeka",
    "Farah",
    "Goran",
    "Hanna",
    "Ines",
    "Jorge",
    "Kaito",
    "Lena",
    "Mateo",
    "Nadia",
    "Olu",
    "Priya",
    "Quentin",
    "Rosa",
    "Stefan",
    "Tereza",
    "Umar",
    "Vida",
    "Wout",
    "Xenia",
    "Yusuf",
    "Zofia",
]
LAST = ["Adeyemi", "Baumgartner", "Castellanos", "Dubois", "Eriksen", "Fernandez", "Grabowski", "Haraldsen"]
MEMBERS, SECRETS, GRANTS = 32, 18, 60
REVIEWER = "Hanna"
LEAVER = "Jorge Baumgartner"


def fill() -> None:
    """Everything, once. Takes a while: each row is made by the service that makes it."""
    with tenancy.everywhere("there is one, and the test made it"):
        organization = Organization.objects.get()
    with tenancy.within(organization.pk):
        _Crowd(organization, User.objects.get()).fill()


class _Crowd:
    def __init__(self, organization: Organization, owner: User) -> None:
        self.organization, self.owner = organization, owner
        self.people: list[Membership] = []

    def fill(self) -> None:
        self._people()
        self._places()
        self._roles_and_teams()
        self._grants()
        self._requests()
        self._break_glass()
        self._reviews()
        self._network()
        self._leaver()

    def _people(self) -> None:
        for number in range(MEMBERS):
            name = LONG if number == 1 else f"{FIRST[number % len(FIRST)]} {LAST[number % len(LAST)]}"
            email = f"{name.split()[0].lower()}.{number}@{'an-unusually-long-subdomain.' * (number == 1)}example.com"
            user = User.objects.create(email=email, email_key=email, name=name, password="!")  # signs in nowhere
            role = Role.ADMIN if number < 3 else Role.OWNER if number == 3 else Role.VIEWER if number % 5 == 0 else None
            self.people.append(
                Membership.objects.create(organization=self.organization, user=user, role=role or Role.MEMBER)
            )

    def _places(self) -> None:
        self.shop = self._project("Web shop", ("Development", "Staging", "Production"), Role.VIEWER)
        self.payroll = self._project(f"Payroll and {UNBROKEN}"[:100], ("Production",))
        self.production = Environment.objects.get(project=self.shop, name="Production")
        self.staging = Environment.objects.get(project=self.shop, name="Staging")
        for number in range(SECRETS):
            name = UNBROKEN if number == 4 else f"{('db', 'mail', 'payment')[number % 3]}/KEY_{number}"
            create_secret(
                actor=self.owner,
                environment=self.production,
                kind=Kind.VALUE,
                name=name,
                classification=Classification.CRITICAL if number % 6 == 0 else None,
                values={"value": f"canary-{number}"},
            )
        self.secrets = list(Secret.objects.filter(environment=self.production).order_by("name_key"))

    def _project(self, name: str, environments: tuple[str, ...], open_as: Role | None = None) -> Project:
        return orgs.create_project(
            actor=self.owner,
            organization=self.organization,
            kind=Project.Kind.APPLICATION,
            name=name,
            environments=environments,
            open_as=open_as,
        )

    def _roles_and_teams(self) -> None:
        made: list[tuple[str, list[Permission]]] = [
            ("Developer", [Permission.SECRET_LIST, Permission.SECRET_REVEAL, Permission.SECRET_WRITE]),
            ("On-call engineer who may open what is needed at night, and nothing besides it", [Permission.SECRET_LIST]),
            ("Access manager", [Permission.SECRET_LIST, Permission.GRANT_MANAGE, Permission.REQUEST_APPROVE]),
        ]
        self.roles = [
            orgs.create_role(
                actor=self.owner,
                organization=self.organization,
                name=name,
                description=f"For everybody who does the work of a {name.lower()}.",
                permissions=permissions,
            )
            for name, permissions in made
        ]
        self.teams: list[Team] = []
        for number, name in enumerate(("Platform", "Night shift", "Payments", f"Team of {LONG}", "Nobody yet")):
            team = orgs.create_team(
                actor=self.owner,
                organization=self.organization,
                name=name[:100],
                description="Keeps the shop running, day and night." if number < 2 else "",
                parent=self.teams[0] if number in (1, 3) else None,
            )
            if number < 4:
                orgs.add_team_members(actor=self.owner, team=team, members=self.people[number * 4 : number * 4 + 14])
            self.teams.append(team)
        self.machines = [
            orgs.create_machine(actor=self.owner, organization=self.organization, name=name, description=description)
            for name, description in (("Deployer", "Rolls out from the pipeline."), (UNBROKEN[:90], ""), ("Backup", ""))
        ]
        orgs.disable_machine(actor=self.owner, machine=self.machines[2])

    def _grants(self) -> None:
        now, whole = timezone.now(), self.organization.pk
        shop, production = Scope(whole, self.shop.pk), Scope(whole, self.shop.pk, self.production.pk)
        scopes = (
            shop,
            production,
            Scope(whole, self.shop.pk, self.production.pk, "db"),
            Scope(whole, self.payroll.pk),
        )
        subjects: list[Any] = [*self.teams[:4], *self.machines[:2], *self.people[4:]]
        for number in range(GRANTS):
            subject = subjects[number % len(subjects)]
            scope = scopes[(number + number // len(subjects)) % len(scopes)]
            highest = Classification(number % 3 + 1)
            terms = Terms(
                scope,
                ends_at=now + timedelta(days=7 + number // 3) if highest > Classification.INTERNAL else None,
                highest=highest,
                reason="The migration of the shop, which takes until spring" if number % 4 == 0 else "",
            )
            role: Any = Role.MEMBER if number % 5 == 0 else self.roles[number % 2]
            orgs.give_grant(actor=self.owner, subject=subject, role=role, terms=terms)
        # Who reviews knows every name in what is reviewed, whatever its class.
        manager = Terms(Scope(whole), ends_at=now + timedelta(days=14), highest=Classification.CRITICAL)
        orgs.give_grant(actor=self.owner, subject=self._person(REVIEWER), role=self.roles[2], terms=manager)

    def _person(self, name: str) -> Membership:
        return next(each for each in self.people if each.user.name.startswith(name))

    def _ask(self, member: Membership, **values: Any) -> Any:
        wish: dict[str, Any] = {
            "role": RequestedRole.MEMBER,
            "minutes": 8 * 60,
            "reason": f"The shop is down, and {UNBROKEN} has to be set anew before the night is over.",
            "environment": self.production.pk,
        }
        return access.ask_for_access(actor=member.user, organization=self.organization, wish=Wish(**(wish | values)))

    def _requests(self) -> None:
        later = self.people[20:]
        for member in later[:6]:
            self._ask(member)
        self._ask(later[6], role=RequestedRole.REVEAL, environment=None, project=self.shop.pk)
        self._ask(self.people[1], team=self.teams[0].pk, path="payment")
        denied, approved, withdrawn = (self._ask(member) for member in later[7:10])
        access.deny_request(actor=self.owner, request=denied, reason="Ask the team on call instead, please.")
        access.approve_request(actor=self.owner, request=approved, minutes=60)
        access.withdraw_request(actor=later[9].user, request=withdrawn)

    def _break_glass(self) -> None:
        named = [
            access.name_for_break_glass(
                actor=self.owner, organization=self.organization, membership=member.pk, project=project
            )
            for member, project in ((self.people[5], None), (self.people[1], self.shop.pk), (self._own(), None))
        ]
        access.break_glass(actor=self.people[5].user, person=named[0], reason="Nobody answers, and the shop is down.")

    def _own(self) -> Membership:
        return Membership.objects.get(organization=self.organization, user=self.owner)

    def _begin(self, name: str, *, project: UUID | None = None) -> Any:
        reviewers = [self._own().pk, self.people[3].pk, self._person(REVIEWER).pk]
        due = timezone.now() + timedelta(days=14)
        return access.begin_review(
            actor=self.owner,
            organization=self.organization,
            name=name,
            reviewers=reviewers,
            due_at=due,
            project=project,
        )

    def _reviews(self) -> None:
        done = self._begin("Payroll, third quarter", project=self.payroll.pk)
        for row in rows_of(done, ReviewLine.objects.filter(campaign=done).order_by("number"), timezone.now()):
            own = row.line.about == self._own().pk
            access.decide_line(
                actor=self.people[3].user if own else self.owner,
                line=row.line,
                verdict=ReviewDecision.Verdict.CONFIRMED,
                seen=row.source.state if row.source else "",
                note="Still needed for the closing of the year" if row.line.number % 2 else "",
            )
        access.close_review(actor=self.owner, campaign=done)
        self._begin("All of it, fourth quarter")

    def _network(self) -> None:
        proof = Proof(person=self.owner.pk, at=int(time.time()), method="password")
        for cidr, note, machine in (
            ("127.0.0.0/8", "This computer", None),
            ("2001:db8:1234::/48", "The office in the north, by the fibre that was laid last year", None),
            ("203.0.113.7/32", "The pipeline", self.machines[0].pk),
        ):
            orgs.add_network(
                actor=self.owner,
                organization=self.organization,
                cidr=cidr,
                note=note,
                machine=machine,
                proof=proof,
                confirmation=self.organization.name,
            )

    def _leaver(self) -> None:
        """Two who have seen things: one is gone, one would leave behind what nobody else opens."""
        for member in (self.people[7], self.people[8]):
            scope = Scope(self.organization.pk, self.shop.pk, self.production.pk)
            orgs.give_grant(actor=self.owner, subject=member, role=Role.ADMIN, terms=Terms(scope))
            for secret in self.secrets:
                if secret.classification is None:
                    reveal_secret(actor=member.user, secret=secret.pk)
        gone = self.people[7]
        access.end_membership(actor=self.owner, membership=gone, confirmation=gone.user.email)
        alone = self._person(LEAVER)
        wages = self._project("Wages, which nobody else does", ("Production",))
        terms = Terms(Scope(self.organization.pk, wages.pk), reason="Nobody else does the wages")
        orgs.give_grant(actor=self.owner, subject=alone, role=Role.MEMBER, terms=terms)
        for name in ("payroll/SALT", UNBROKEN, "bank/PIN"):
            create_secret(
                actor=alone.user,
                environment=Environment.objects.get(project=wages),
                kind=Kind.VALUE,
                name=name,
                values={"value": "canary"},
            )
