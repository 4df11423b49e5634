"""Where something holds, in words."""

from orgs.models import Environment, Project

EVERYWHERE = "the whole organization"


def words_of_scope(project: Project | None, environment: Environment | None = None, path: str = "") -> str:
    """The scope as people call it, such as “Website / Production / db”. The one environment of shared passwords, which
    is not shown anywhere, is not named here either."""
    if project is None:
        return EVERYWHERE
    parts = [project.name]
    if environment is not None and project.kind != Project.Kind.PASSWORDS:
        parts.append(environment.name)
    return " / ".join([*parts, path] if path else parts)
