"""The addresses of this app."""

from django.urls import path

from vault.access.views import reach, who

app_name = "access"

ACCESS = "organizations/<uuid:organization>/access/"

urlpatterns = [
    path(f"{ACCESS}who/", who.who, name="who"),
    path(f"{ACCESS}who/projects/<uuid:project>/", who.who_project, name="who_project"),
    path(f"{ACCESS}who/environments/<uuid:environment>/", who.who_environment, name="who_environment"),
    path(f"{ACCESS}who/secrets/<uuid:secret>/", who.who_secret, name="who_secret"),
    path(f"{ACCESS}reach/members/<uuid:membership>/", reach.reach_member, name="reach_member"),
    path(f"{ACCESS}reach/teams/<uuid:team>/", reach.reach_team, name="reach_team"),
    path(f"{ACCESS}reach/machines/<uuid:machine>/", reach.reach_machine, name="reach_machine"),
]
