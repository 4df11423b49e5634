"""Settings: development on 127.0.0.1 without any configuration, production by `HOLDFAST_ENV=production`.

Reference of all variables: docs/operators/configuration.md.
"""

import logging
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from vault.addresses import networks
from vault.database.configuration import postgresql_database
from vault.development import development_secret
from vault.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

# --- where we are -----------------------------------------------------------------------------------------------------
HOLDFAST_ENV = env.text("HOLDFAST_ENV", "development")
if HOLDFAST_ENV not in {"development", "production"}:
    env.problems.append("HOLDFAST_ENV must be development or production")
PRODUCTION = HOLDFAST_ENV == "production"
DEBUG = False  # A debug page shows local variables, and here those are other people's secrets.
VAR_DIR = Path(env.text("HOLDFAST_VAR_DIR", str(BASE_DIR / "var")))
# Rebuilding a root key and checking a signed report work on a host that has nothing yet, so that whatever is missing
# or wrong here is no reason to refuse them; and nothing is made up for them.
OFFLINE = Path(sys.argv[0]).name == "manage.py" and sys.argv[1:3] in (["keys", "recover"], ["keys", "verify-report"])

# --- keys -------------------------------------------------------------------------------------------------------------
ROOT_KEY: str | None = env.variables.get("HOLDFAST_ROOT_KEY", "").strip() or None
ROOT_KEY_FILE: Path | None = (
    Path(env.variables["HOLDFAST_ROOT_KEY_FILE"]) if env.variables.get("HOLDFAST_ROOT_KEY_FILE") else None
)
# How long a provider that unseals root keys may fail: at the start, between two looks, and before they are dropped.
ROOT_KEY_WAIT_SECONDS = env.number("HOLDFAST_ROOT_KEY_WAIT_SECONDS", 30, least=0)
ROOT_KEY_REFRESH_SECONDS = env.number("HOLDFAST_ROOT_KEY_REFRESH_SECONDS", 300)
ROOT_KEY_GRACE_SECONDS = env.number("HOLDFAST_ROOT_KEY_GRACE_SECONDS", 3600, least=0)
AWS_KMS_KEY_ID = env.text("HOLDFAST_AWS_KMS_KEY_ID")
AWS_KMS_ENDPOINT = env.text("HOLDFAST_AWS_KMS_ENDPOINT")
PKCS11_MODULE = env.text("HOLDFAST_PKCS11_MODULE")
PKCS11_TOKEN = env.text("HOLDFAST_PKCS11_TOKEN")
PKCS11_KEY_LABEL = env.text("HOLDFAST_PKCS11_KEY_LABEL", "holdfast")
# A PIN and a token are read when they are used: an agent may write their files late, and renew them.
PKCS11_PIN = env.variables.get("HOLDFAST_PKCS11_PIN", "").strip()
PKCS11_PIN_FILE = env.variables.get("HOLDFAST_PKCS11_PIN_FILE", "")
OPENBAO_ADDR = env.text("HOLDFAST_OPENBAO_ADDR").rstrip("/")
OPENBAO_TOKEN = env.variables.get("HOLDFAST_OPENBAO_TOKEN", "").strip()
OPENBAO_TOKEN_FILE = env.variables.get("HOLDFAST_OPENBAO_TOKEN_FILE", "")
OPENBAO_KEY = env.text("HOLDFAST_OPENBAO_KEY", "holdfast")
OPENBAO_MOUNT = env.text("HOLDFAST_OPENBAO_MOUNT", "transit").strip("/")
OPENBAO_CACERT = env.text("HOLDFAST_OPENBAO_CACERT")
for _name, _text in (("HOLDFAST_AWS_KMS_ENDPOINT", AWS_KMS_ENDPOINT), ("HOLDFAST_OPENBAO_ADDR", OPENBAO_ADDR)):
    if _text:
        env.tls_address(_name, _text)
SECRET_KEY = env.text("HOLDFAST_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("HOLDFAST_SECRET_KEY_FALLBACKS")
if PRODUCTION:
    if not (ROOT_KEY or ROOT_KEY_FILE):
        env.missing("HOLDFAST_ROOT_KEY_FILE", "a file with the root key, made by `manage.py generate_root_key`")
    if len(SECRET_KEY) < 50:
        env.missing("HOLDFAST_SECRET_KEY", "at least 50 random characters that sign sessions and forms")
else:
    ROOT_KEY_FILE = ROOT_KEY_FILE or (None if ROOT_KEY else VAR_DIR / "development-root-key")
    SECRET_KEY = SECRET_KEY or ("" if OFFLINE else development_secret(VAR_DIR / "development-secret-key"))

# --- addresses --------------------------------------------------------------------------------------------------------
ALLOWED_HOSTS = env.words("HOLDFAST_ALLOWED_HOSTS")
if not ALLOWED_HOSTS:
    if PRODUCTION:
        env.missing("HOLDFAST_ALLOWED_HOSTS", "the host names people use, such as vault.example.com")
    else:
        ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
elif "*" in ALLOWED_HOSTS and PRODUCTION:
    env.problems.append("HOLDFAST_ALLOWED_HOSTS must name hosts: * would let anybody forge the Host header")
# Links in mails and invitations come from here alone, never from the Host header of a request.
BASE_URL = env.text("HOLDFAST_BASE_URL").rstrip("/")
if not BASE_URL:
    BASE_URL = (
        f"https://{[*ALLOWED_HOSTS, 'localhost'][0].removeprefix('.')}"
        if PRODUCTION
        else f"http://{env.text('HOST', '127.0.0.1')}:{env.text('PORT', '8000')}"
    )
_base = env.address(
    "HOLDFAST_BASE_URL", BASE_URL, example="https://vault.example.com", schemes=frozenset({"http", "https"})
)
if PRODUCTION and _base.scheme == "http":
    env.problems.append("HOLDFAST_BASE_URL must be an https address in production")
HTTPS = _base.scheme == "https"
TRUSTED_PROXIES = env.words("HOLDFAST_TRUSTED_PROXIES")  # addresses or networks whose X-Forwarded-For we believe
try:
    networks(TRUSTED_PROXIES)
except ValueError as wrong:
    env.problems.append(f"HOLDFAST_TRUSTED_PROXIES: {wrong}")
CSRF_TRUSTED_ORIGINS = [BASE_URL] if HTTPS else []

# --- database ---------------------------------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL")
DATABASES: dict[str, dict[str, Any]] = {}
# Who owns the tables, for `migrate` alone; DATABASE_URL names the application's role, which owns nothing.
OWNER_DATABASE: dict[str, Any] = {}
APPLICATION_ROLE = ""
if DATABASE_URL:
    if _application := postgresql_database(env, "DATABASE_URL", DATABASE_URL, production=PRODUCTION):
        DATABASES = {"default": _application}
        APPLICATION_ROLE = _application["USER"]
        if not APPLICATION_ROLE:
            env.problems.append("DATABASE_URL must name the application's role: postgresql://user:password@host/name")
    if _owner_url := env.text("HOLDFAST_OWNER_DATABASE_URL"):
        OWNER_DATABASE = postgresql_database(env, "HOLDFAST_OWNER_DATABASE_URL", _owner_url, production=PRODUCTION)
        if DATABASES and OWNER_DATABASE and OWNER_DATABASE["NAME"] != _application["NAME"]:
            env.problems.append("HOLDFAST_OWNER_DATABASE_URL and DATABASE_URL must name the same database")
else:
    if PRODUCTION:
        env.missing("DATABASE_URL", "the PostgreSQL database, as postgresql://user:password@host/name")
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR_DIR / "holdfast.sqlite3",
            "OPTIONS": {
                # IMMEDIATE: a transaction takes the write lock when it begins, so that two writers queue instead of
                # failing. FULL: an acknowledged commit survives a power cut, which WAL alone does not promise.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- mail -------------------------------------------------------------------------------------------------------------
SMTP_URL = env.text("HOLDFAST_SMTP_URL")  # smtp://user:password@host:587 (STARTTLS) or smtps://…:465
EMAIL_CONFIGURED = bool(SMTP_URL)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = EMAIL_HOST_USER = EMAIL_HOST_PASSWORD = ""
EMAIL_PORT, EMAIL_USE_SSL, EMAIL_USE_TLS = 587, False, False
if SMTP_URL:
    _smtp = env.address(
        "HOLDFAST_SMTP_URL", SMTP_URL, example="smtp://user:password@host:587", schemes=frozenset({"smtp", "smtps"})
    )
    EMAIL_HOST = _smtp.hostname or ""
    EMAIL_USE_SSL = _smtp.scheme == "smtps"
    EMAIL_PORT = _smtp.port or (465 if EMAIL_USE_SSL else 587)
    EMAIL_USE_TLS = not EMAIL_USE_SSL and (PRODUCTION or _smtp.port == 587)
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_smtp.username or ""), unquote(_smtp.password or "")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("HOLDFAST_MAIL_FROM", "Holdfast <holdfast@localhost>")

# --- application ------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "vault.apps.VaultConfig",
    "vault.keys",
    "vault.custody",
    "vault.access",
    "vault.secrets",
    "orgs",
    "accounts.apps.AccountsConfig",
    "vault.seals",
    "audit",
    "django_otp",
    "accounts.apps.SupportAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.forms",  # the templates of the widgets, for vault.forms.HoldfastRenderer
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "vault.middleware.RequestContextMiddleware",
    "vault.seals.middleware.SealReportsMiddleware",  # its events carry the context of the request
    "vault.middleware.SecurityHeadersMiddleware",  # outside of the next, whose redirects to https need them too
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "vault.middleware.RequestLimitsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    "orgs.middleware.TenancyMiddleware",
    "accounts.middleware.GateMiddleware",
    "accounts.middleware.TooManyAttemptsMiddleware",
    "orgs.middleware.AccessDeniedMiddleware",
]
ROOT_URLCONF = "vault.urls"
WSGI_APPLICATION = "vault.wsgi.application"
APPEND_SLASH = True
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "vault.context.template_context",
                "accounts.context.template_context",
                "orgs.context.template_context",
                "vault.custody.context.template_context",
                "vault.access.context.template_context",
            ],
        },
    }
]
FORM_RENDERER = "vault.forms.HoldfastRenderer"

# --- people -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
PASSWORD_HASHERS = ["accounts.hashers.BoundedArgon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "home"
OTP_TOTP_ISSUER = "Holdfast"
ARGON2_CONCURRENCY = env.number("HOLDFAST_ARGON2_CONCURRENCY", 2)  # 64 MiB each, per process

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_NAME = "__Host-holdfast" if HTTPS else "holdfast"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_IDLE_SECONDS = 60 * env.number("HOLDFAST_SESSION_IDLE_MINUTES", 30)
SESSION_ABSOLUTE_SECONDS = 60 * env.number("HOLDFAST_SESSION_ABSOLUTE_MINUTES", 12 * 60)
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "holdfast_csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
# Lax: following a link from a mail to a page would come without a strict cookie and get a new one, and every form that
# is open in another tab would be refused. The cookie proves nothing by itself.
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "vault.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- the browser ------------------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
# Nothing for other sites. Not "no-referrer": with that, browsers send `Origin: null` with our own forms too (Fetch,
# "append a request Origin header"), and the CSRF check refuses every one of them.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 63072000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
# The setting's name is Django 6's, so that the upgrade deletes our middleware for it.
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
    "manifest-src": ["'self'"],
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["'none'"],
}
# A file of 1 MiB with its form, or a text of 1 MiB of which every byte takes three when a form encodes it.
REQUEST_BODY_LIMIT = DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BODY_LIMIT  # uploads stay in memory: a temporary file is plaintext at rest
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

# --- cache: only the limiter's counters, never anything of a secret ---------------------------------------------------
CACHES = {"default": {"BACKEND": "vault.cache.LockingDatabaseCache", "TIMEOUT": 300}}
RATELIMIT_USE_CACHE = "default"
# django-ratelimit's checks know only stock backends; ours locks the row (tests/accounts/test_limiter_counts.py).
# security.W002 looks for Django's own middleware; vault.middleware.SecurityHeadersMiddleware sends X-Frame-Options.
SILENCED_SYSTEM_CHECKS = ["django_ratelimit.E003", "django_ratelimit.W001", "security.W002"]

# --- words, numbers, files --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("HOLDFAST_STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "vault.staticfiles.HashedStaticFilesStorage"},
}

# --- the vault --------------------------------------------------------------------------------------------------------
TRASH_DAYS = 30
INVITATION_HOURS = 72
SETUP_LINK_HOURS = 24
# How long a key of each purpose writes, and the root key wraps, before a rotation is due; and how often a key may wrap
# before housekeeping rotates it by itself: at most 2^32 random nonces under one key (NIST SP 800-38D §8.3), with room
# to spare.
_ROTATION_DAYS = env.number("HOLDFAST_KEY_ROTATION_DAYS", 365)
KEY_ROTATION_DAYS = dict.fromkeys(("data", "totp", "token", "audit", "row", "sign"), _ROTATION_DAYS)
ROOT_KEY_ROTATION_DAYS = env.number("HOLDFAST_ROOT_KEY_ROTATION_DAYS", 2 * 365)
KEY_WRAP_ROTATE_AT = 2**31

if not OFFLINE:
    env.raise_problems()

# --- logs -------------------------------------------------------------------------------------------------------------
# A line that cannot be written would otherwise be printed raw, with the values in its exception.
logging.raiseExceptions = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "vault.logs.formatter", "as_json": PRODUCTION}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # SQL with its parameters holds ciphertext and names: never at DEBUG, whatever the root level is.
        "django.db.backends": {"level": "WARNING"},
        # What these say below that is whole answers of a provider, with root keys in them.
        "botocore": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        # Django's own handlers for these would mail tracebacks to ADMINS, or write them in another form.
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # What is refused has its line from vault.request, by route; this one would add the address as it was typed.
        "django.request": {"level": "ERROR"},
    },
}
