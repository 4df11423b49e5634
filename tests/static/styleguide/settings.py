"""The real settings without people, database and sessions: what is looked at here is the look alone."""

from pathlib import Path

from vault.settings import *  # noqa: F403  # everything that is not said below stays as it is

HERE = Path(__file__).resolve().parent
ROOT_URLCONF = "tests.static.styleguide.urls"
INSTALLED_APPS = ["django.forms", "django.contrib.staticfiles"]
MIDDLEWARE = [
    "vault.middleware.SecurityHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tests.static.styleguide.pages.SomebodyMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE.parents[2] / "templates", HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"holdfast": "vault.templatetags.holdfast"},
            "context_processors": ["django.template.context_processors.request"],
        },
    }
]
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
