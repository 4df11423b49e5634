"""All addresses. Plain paths, rows named by uid; every app keeps its own list."""

from django.contrib import admin
from django.urls import include, path

from accounts.gate import sessionless
from orgs.views import home
from vault.health import healthz, readyz

urlpatterns = [
    path("", home, name="home"),
    path("", include("accounts.urls")),
    path("", include("orgs.urls")),
    path("", include("vault.secrets.urls")),
    path("", include("vault.custody.urls")),
    path("", include("vault.access.urls")),
    path("support/", admin.site.urls),
    path("healthz", sessionless(healthz), name="healthz"),
    path("readyz", sessionless(readyz), name="readyz"),
]

handler400 = "vault.errors.bad_request"
handler403 = "vault.errors.permission_denied"
handler404 = "vault.errors.page_not_found"
handler500 = "vault.errors.server_error"
