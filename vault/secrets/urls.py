"""The addresses of this app."""

from django.urls import path

from vault.secrets.views import activity, editing, env_import, generator, listing, project, showing, trash, versions

app_name = "secrets"

urlpatterns = [
    path("search/", listing.search, name="search"),
    path("palette/", listing.palette, name="palette"),
    path("generator/", generator.generator, name="generator"),
    path("organizations/<uuid:organization>/secrets/", listing.list_, name="list"),
    path("organizations/<uuid:organization>/secrets/new/", listing.place, name="place"),
    path("organizations/<uuid:organization>/trash/", trash.trash, name="trash"),
    path("projects/<uuid:project>/", project.project, name="project"),
    path("environments/<uuid:environment>/secrets/new/", editing.create, name="create"),
    path("environments/<uuid:environment>/import/", env_import.env_import, name="env_import"),
    path("secrets/<uuid:secret>/", showing.detail, name="detail"),
    path("secrets/<uuid:secret>/edit/", editing.edit, name="edit"),
    path("secrets/<uuid:secret>/reveal/", showing.reveal, name="reveal"),
    path("secrets/<uuid:secret>/code/", showing.code, name="code"),
    path("secrets/<uuid:secret>/download/", showing.download, name="download"),
    path("secrets/<uuid:secret>/versions/", versions.versions, name="versions"),
    path("secrets/<uuid:secret>/versions/<int:number>/", showing.version, name="version"),
    path("secrets/<uuid:secret>/versions/<int:number>/restore/", versions.version_restore, name="version_restore"),
    path("secrets/<uuid:secret>/activity/", activity.activity, name="activity"),
    path("secrets/<uuid:secret>/trash/", trash.trash_one, name="trash_one"),
    path("secrets/<uuid:secret>/untrash/", trash.untrash, name="untrash"),
    path("secrets/<uuid:secret>/purge/", trash.purge, name="purge"),
]
